"""Words as the inspector names them, and what it takes to put one in another's place."""

from __future__ import annotations

from engine.protocol.values import Alternative
from tui.render import fit, visible

LINE_END = "↵"
# Blanks are as engine/corpus/detokenizer.py has them.
_OPENING = "([{«“‘¿¡$#@"
_TIGHT = "/\\^~|=<>+&"
_QUOTES = "\"'`*_"


def named(word: str, cells: int = 40) -> str:
    """A token in at most ``cells`` cells; a line end and blanks get a sign."""
    word = word.replace("\r\n", "\n").replace("\n", LINE_END)
    return fit(word.strip(" ") or "␣", cells)


def quoted(word: str) -> str:
    """A token inside a sentence."""
    return f"“{visible(named(word), newlines=False)}”"


def bits(value: float) -> str:
    """A surprise or an entropy."""
    return f"{value:.1f} bits"


def percent(share: float) -> str:
    """A probability in six cells at most; small ones are not rounded to nothing."""
    if share <= 0:
        return "0%"
    if share < 0.0001:
        return "<.01%"
    return f"{share:.2%}" if share < 0.01 else f"{share:.1%}"


def replacement(text: str, start: int, end: int, instead: Alternative) -> tuple[int, int, str]:
    """The span to replace and the text to put there.

    An alternative brings its own blank, so the blanks before the word give way to it, but not the
    indentation of a line. It gets one behind it where what it replaces, such as a bracket, stood
    close before a word.
    """
    head = text[:start].rstrip(" \t")
    line_start = not head or head.endswith("\n")
    wanted = instead.text or instead.word
    follows = text[end : end + 1]
    begins = bool(follows) and (follows.isalnum() or follows in _OPENING)
    if begins and _is_close(text[:end]) and _is_apart(wanted):
        wanted += " "
    if line_start:
        return start, end, wanted.lstrip(" ")
    return len(head), end, wanted


def _is_close(text: str) -> bool:
    """Whether a word may stand directly behind ``text``."""
    return text.endswith((*_OPENING, *_TIGHT, *_QUOTES))


def _is_apart(word: str) -> bool:
    """Whether a blank belongs between ``word``, with its own blank, and a word behind it."""
    opens = word.startswith(" ") and word.endswith(tuple(_QUOTES))
    return not opens and not word.endswith((*_OPENING, *_TIGHT, "\n"))
