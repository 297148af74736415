"""Words as the inspector names them, and what it takes to put one in another's place."""

from __future__ import annotations

from engine.protocol.values import Alternative
from tui.render import fit, visible

LINE_END = "↵"


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
        return "0 %"
    if share < 0.0001:
        return "<.01 %"
    return f"{share:.2%}" if share < 0.01 else f"{share:.1%}"


def replacement(text: str, start: int, end: int, instead: Alternative) -> tuple[int, int, str]:
    """The span to replace and the text to put there, so that the blanks around it stay right."""
    wanted = instead.text or instead.word
    before = text[start - 1 : start] if start else ""
    if wanted.startswith(" ") and (not before or before.isspace()):
        return start, end, wanted[1:]
    if before == " " and not wanted.startswith(" "):
        return start - 1, end, wanted
    return start, end, wanted
