"""What a terminal can and cannot send, as tried in tmux and over SSH.

Keys are written as Textual names them: ``ctrl+g``, ``f5``, ``shift+tab``, ``question_mark``.
"""

from __future__ import annotations

import re

_NAMED = frozenset(
    {
        *("enter", "tab", "escape", "space", "backspace", "delete", "insert"),
        *("home", "end", "pageup", "pagedown", "up", "down", "left", "right"),
        *("minus", "plus", "comma", "full_stop", "slash", "backslash", "question_mark"),
        *("exclamation_mark", "at", "left_square_bracket", "right_square_bracket"),
        *("less_than_sign", "greater_than_sign", "colon", "semicolon", "equals_sign"),
        *("underscore", "asterisk", "ampersand", "percent_sign", "dollar_sign", "number_sign"),
        *("apostrophe", "quotation_mark", "tilde", "grave_accent", "vertical_line"),
        *("circumflex_accent", "left_parenthesis", "right_parenthesis"),
    }
)
_FUNCTION = re.compile(r"f([1-9]|1[0-9]|2[0-4])\Z")
_CONTROL_SYMBOLS = frozenset(
    {"@", "space", "backslash", "right_square_bracket", "circumflex_accent", "underscore"}
)
_CURSOR = frozenset({"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "delete"})
_SAME_AS = {"h": "Backspace", "i": "Tab", "j": "a line break", "m": "Enter"}
_MULTIPLEXER = {"ctrl+a": "GNU screen", "ctrl+b": "tmux"}
_PUNCTUATION = {
    "-": "minus", "+": "plus", ",": "comma", ".": "full_stop", "/": "slash", "?": "question_mark",
    "!": "exclamation_mark", "[": "left_square_bracket", "]": "right_square_bracket",
    "<": "less_than_sign", ">": "greater_than_sign", ":": "colon", ";": "semicolon",
    "=": "equals_sign", "_": "underscore", "*": "asterisk", "&": "ampersand",
    "%": "percent_sign", "$": "dollar_sign", "#": "number_sign", "'": "apostrophe",
    '"': "quotation_mark", "~": "tilde", "`": "grave_accent", "|": "vertical_line",
    "^": "circumflex_accent", "(": "left_parenthesis", ")": "right_parenthesis", "\\": "backslash",
    " ": "space", "@": "at",
}  # fmt: skip
_SHOWN = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "escape": "Esc", "enter": "Enter",
    "tab": "Tab", "space": "Space", "backspace": "Backspace", "delete": "Del", "insert": "Ins",
    "home": "Home", "end": "End", "pageup": "PgUp", "pagedown": "PgDn",
} | {name: character for character, name in _PUNCTUATION.items() if character != " "}  # fmt: skip


def normal(key: str) -> str:
    """``key`` in Textual's spelling: ``Ctrl+G`` → ``ctrl+g``, ``?`` → ``question_mark``."""
    key = key.strip()
    if len(key) == 1:
        return _PUNCTUATION.get(key, key)
    *modifiers, last = key.replace("++", "+plus").split("+")
    modifiers = [
        {"control": "ctrl", "c": "ctrl", "^": "ctrl", "option": "alt"}.get(m.lower(), m.lower())
        for m in modifiers
    ]
    if len(last) > 1 or "ctrl" in modifiers:
        last = {"esc": "escape", "return": "enter", "del": "delete", "pgup": "pageup"}.get(
            last.lower(), {"pgdn": "pagedown", "ins": "insert"}.get(last.lower(), last.lower())
        )
    if len(last) == 1 and not (last == "@" and "ctrl" in modifiers):
        last = _PUNCTUATION.get(last, last)
    return "+".join([*modifiers, last])


def with_twins(key: str) -> tuple[str, ...]:
    """``key`` and the other names under which terminals send it."""
    if key in ("ctrl+@", "ctrl+space"):
        return ("ctrl+@", "ctrl+space")
    return (key,)


def shown(key: str, *, short: bool = False) -> str:
    """``key`` as a person writes it: ``Ctrl+G`` (``^G`` where space is short), ``F5``, ``?``."""
    if key == "ctrl+@":
        key = "ctrl+space"
    *modifiers, last = key.split("+")
    last = _SHOWN.get(last, last.upper() if modifiers or _FUNCTION.match(last) else last)
    if short and modifiers == ["ctrl"]:
        return f"^{last}"
    return "+".join([*(m.capitalize() for m in modifiers), last])


def never_arrives(key: str) -> str:
    """Why no terminal can be counted on to send ``key``; empty when one can."""
    *modifiers, last = key.split("+")
    if unknown := set(modifiers) - {"ctrl", "shift", "alt"}:
        return f"terminals do not send {'+'.join(sorted(unknown))}"
    if not (len(last) == 1 or last in _NAMED or _FUNCTION.match(last)):
        return "there is no such key"
    if not modifiers:
        return ""
    if "alt" in modifiers:
        if len(modifiers) == 1 and len(last) == 1 and last.isalpha():
            return ""
        return "Alt gets lost on the way, but for letters"
    if modifiers == ["shift"]:
        if last == "tab" or last in _CURSOR or _FUNCTION.match(last):
            return ""
        return "Shift alone cannot be told apart there"
    if set(modifiers) == {"ctrl", "shift"}:
        return "" if last in _CURSOR else "Ctrl+Shift arrives as Ctrl"
    if last in _SAME_AS:
        return f"it arrives as {_SAME_AS[last]}"
    if last in _CURSOR or last in _CONTROL_SYMBOLS or _FUNCTION.match(last):
        return ""
    if len(last) == 1 and last.isascii() and last.isalpha():
        return ""
    return f"Ctrl does not combine with {_SHOWN.get(last, last)}"


def taken_by(key: str) -> str:
    """The terminal multiplexer that keeps ``key`` to itself; empty when none does."""
    return _MULTIPLEXER.get(key, "")


def types_text(key: str) -> bool:
    """Whether ``key`` puts a character into an editor."""
    return (
        "+" not in key
        and (len(key) == 1 or key == "space" or (key in _SHOWN and len(_SHOWN[key]) == 1))
        and key not in {"up", "down", "left", "right"}
    )
