"""The render edge: text of strangers becomes something that is safe and honest to show.

A terminal obeys control characters, and readers are fooled by characters that reorder or hide
others. Every string that did not come from the program itself goes through :func:`visible`,
most often by way of :func:`content`, and never into markup.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, split_graphemes
from textual.content import Content
from textual.style import Style

_TAB = "    "
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_HOSTILE = re.compile(rf"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_INVISIBLE}]")
_HOSTILE_BUT_NEWLINE = re.compile(rf"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff{_INVISIBLE}]")


def visible(text: str, *, newlines: bool = True) -> str:
    """``text`` with every control, bidi and zero-width character replaced by a visible sign.

    C0 controls become their pictures (ESC is ␛), the rest their code point (⟨U+202E⟩), a tab four
    spaces. ``newlines`` says whether line breaks stay; they become ␊ otherwise. The result
    contains nothing that a terminal obeys, and doing it twice changes nothing more.
    """
    return (_HOSTILE_BUT_NEWLINE if newlines else _HOSTILE).sub(_sign, text)


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code == 0x09:
        return _TAB
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return f"⟨U+{code:04X}⟩"


def content(text: str, style: str | Style = "", *, newlines: bool = True) -> Content:
    """``text`` for a widget, made visible, in one style, with no markup read from it."""
    return Content.styled(visible(text, newlines=newlines), style)


def width(text: str) -> int:
    """How many cells ``text`` takes on the screen."""
    return cell_len(text)


def fit(text: str, cells: int, *, pad: bool = False, ellipsis: str = "…") -> str:
    """``text`` made visible on one line and cut to at most ``cells`` cells.

    Wide characters are never halved and combining ones never lose their base. ``pad`` fills up
    with spaces, so that the result is exactly ``cells`` wide.
    """
    cells = max(0, cells)
    text = visible(text, newlines=False)
    taken = cell_len(text)
    if taken > cells:
        room = cells - cell_len(ellipsis)
        if room < 0:
            ellipsis, room = "", cells
        text, taken = _head(text, room)
        text += ellipsis
        taken += cell_len(ellipsis)
    return text + " " * (cells - taken) if pad else text


def cut_middle(text: str, cells: int) -> str:
    """``text`` as :func:`fit` has it, but with its end kept, since that is where names differ."""
    if width(visible(text, newlines=False)) <= cells:
        return fit(text, cells)
    tail = visible(text, newlines=False)[-cells:]
    while width(tail) > cells * 3 // 8:
        tail = tail[1:]
    return fit(text, cells - width(tail)) + tail


def _head(text: str, cells: int) -> tuple[str, int]:
    spans, _ = split_graphemes(text)
    end = taken = 0
    for _, stop, size in spans:
        if taken + size > cells:
            break
        end, taken = stop, taken + size
    head = text[:end]
    return head, cell_len(head)
