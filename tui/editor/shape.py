"""How a line looks: which characters share a cell, how wide they are, where the line breaks.

Control, bidi and zero-width characters take the cells of the sign that stands for them, so that
what is drawn and where the cursor goes always agree.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len, split_graphemes

from tui.render import visible

REMEMBERED = 2000
_PIECE = re.compile(r"\n|[^\S\n]+|\S+")


class Shape:
    """The cells of a line; for plain ASCII each character has one, a newline too."""

    __slots__ = ("_cells", "_shown", "_starts", "length")

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self._shown: list[str] | None = None
        if text.isascii() and (text.isprintable() or text.replace("\n", "").isprintable()):
            return  # a newline ends its row, so that its cell is never before anything
        self._shown = []
        self._starts: list[int] = []
        self._cells: list[int] = []
        cell = 0
        for start, shown, width in _clusters(text):
            self._starts.append(start)
            self._cells.append(cell)
            self._shown.append(shown)
            cell += width
        self._starts.append(len(text))
        self._cells.append(cell)

    def cell(self, index: int) -> int:
        """Cells before the character ``index``; those that share one begin together."""
        if self._shown is None:
            return index
        return self._cells[bisect_right(self._starts, index) - 1]

    def index(self, cell: int) -> int:
        """The first character in ``cell``; the end where there is none."""
        if self._shown is None:
            return min(cell, self.length)
        return self._starts[bisect_right(self._cells, cell) - 1]

    def start(self, index: int) -> int:
        """The first character that shares a cell with ``index``."""
        if self._shown is None:
            return index
        return self._starts[bisect_right(self._starts, index) - 1]

    def next(self, index: int) -> int:
        """The first character behind those that share a cell with ``index``."""
        if self._shown is None:
            return min(index + 1, self.length)
        return self._starts[min(bisect_right(self._starts, index), len(self._starts) - 1)]

    def shown(self, text: str, start: int, end: int) -> str:
        """What is drawn for ``text`` from ``start`` to ``end``."""
        if self._shown is None:
            return text[start:end].replace("\n", "")
        # What shares a cell is drawn where it begins, and nowhere again.
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return "".join(self._shown[first:last])


def shape_of(text: str) -> Shape:
    """The shape of a line; those of short lines are remembered, and the last few long ones."""
    return _last_long(text) if len(text) > REMEMBERED else _remembered(text)


@lru_cache(maxsize=4096)
def _remembered(text: str) -> Shape:
    return Shape(text)


@lru_cache(maxsize=16)
def _last_long(text: str) -> Shape:
    return Shape(text)


def _clusters(text: str) -> Iterator[tuple[int, str, int]]:
    """First character, what is drawn, and cells of each group that is drawn together."""
    run = 0
    for index, character in enumerate(text):
        sign = "" if character == "\n" else visible(character, newlines=False)
        if sign == character:
            continue
        yield from _plain(text, run, index)
        yield index, sign, cell_len(sign)
        run = index + 1
    yield from _plain(text, run, len(text))


def _plain(text: str, start: int, end: int) -> Iterator[tuple[int, str, int]]:
    if start == end:
        return
    piece = text[start:end]
    for first, last, width in split_graphemes(piece)[0]:
        shown = piece[first:last]
        if width == 0:  # a mark without a letter under it would land on the cell before
            shown, width = f"◌{shown}", 1
        yield start + first, shown, width


def breaks(text: str, shape: Shape, width: int) -> tuple[int, ...]:
    """Where ``text`` goes on in the next row: after a newline, else between words if it can be.

    Blanks at the end of a row hang over its edge. ``width`` is in cells; 0 breaks at newlines only.
    """
    if "\n" not in text and (not width or shape.cell(len(text)) <= width):
        return ()
    found: list[int] = []
    row = 0
    for match in _PIECE.finditer(text):
        start, end = match.span()
        if text[start] == "\n":
            row = end
            found.append(row)
        elif width and not text[start].isspace() and shape.cell(end) - shape.cell(row) > width:
            if (begins := shape.start(start)) > row:  # never between what shares a cell
                row = begins
                found.append(row)
            while shape.cell(end) - shape.cell(row) > width:
                fits = shape.index(shape.cell(row) + width)
                row = fits if fits > row else shape.next(row)
                if row >= end:
                    break
                found.append(row)
    return tuple(found)
