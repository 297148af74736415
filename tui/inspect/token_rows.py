"""A text as rows of coloured tokens. Nothing here knows of widgets."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tui.editor.shape import Shape, breaks
from tui.inspect.words import LINE_END

MOST = 0.5
"""Share of the tint in the strongest background; more would swallow the letters."""
LEVELS = 12

StyleOf = Callable[[int], Style]


@dataclass(slots=True)
class TokenRows:
    """``text`` broken to ``width`` cells, with tokens that lie in it in order.

    ``spans`` are character offsets, end exclusive; text between them belongs to no token. One
    cell is kept free at the right for the sign of a line end.
    """

    text: str
    spans: Sequence[tuple[int, int]]
    width: int
    shape: Shape = field(init=False)
    starts: list[int] = field(init=False)
    _token_starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.shape = Shape(self.text)
        self.spans = [(self._whole(start), self._whole(end)) for start, end in self.spans]
        broken = (self._whole(at) for at in breaks(self.text, self.shape, max(1, self.width - 1)))
        self.starts = list(dict.fromkeys((0, *broken)))
        self._token_starts = [start for start, _end in self.spans]

    def __len__(self) -> int:
        return len(self.starts)

    def ends(self, row: int) -> tuple[int, int]:
        """First character of ``row`` and of the row after it."""
        end = self.starts[row + 1] if row + 1 < len(self.starts) else len(self.text)
        return self.starts[row], end

    def row_of(self, token: int) -> int:
        """The row in which ``token`` begins."""
        return self.row_at(self.spans[token][0]) if self.spans else 0

    def row_at(self, offset: int) -> int:
        """The row that holds a character."""
        return max(0, bisect_right(self.starts, offset) - 1)

    def beside(self, token: int, rows: int) -> int:
        """The token nearest to straight above (``rows`` < 0) or below ``token``."""
        if not self.spans:
            return 0
        row = self.row_of(token)
        wanted = min(max(0, row + rows), len(self.starts) - 1)
        if wanted == row:
            return token if rows == 0 else (0 if rows < 0 else len(self.spans) - 1)
        cell = self.shape.cell(self.spans[token][0]) - self.shape.cell(self.starts[row])
        first, end = self.ends(wanted)
        at = self.shape.index(self.shape.cell(first) + cell)
        found = bisect_right(self._token_starts, min(at, max(first, end - 1))) - 1
        return min(max(0, found), len(self.spans) - 1)

    def token_at(self, row: int, cell: int) -> int | None:
        """The token under a cell of the picture."""
        if not 0 <= row < len(self.starts):
            return None
        first, end = self.ends(row)
        at = min(self.shape.index(self.shape.cell(first) + cell), max(first, end - 1))
        found = bisect_right(self._token_starts, at) - 1
        return found if found >= 0 and at < self.spans[found][1] else None

    def segments(self, row: int, style_of: StyleOf, plain: Style) -> list[Segment]:
        """The row's text in pieces, each exactly as wide as its letters."""
        first, end = self.ends(row)
        made: list[Segment] = []
        at = first
        token = max(0, bisect_right(self._token_starts, first) - 1)
        stop = bisect_left(self._token_starts, end)
        for index in range(token, stop):
            start, last = self.spans[index]
            start, last = max(start, at), min(last, end)
            if last <= start:
                continue
            self._add(made, at, start, plain)
            self._add(made, start, last, style_of(index))
            at = last
        self._add(made, at, end, plain)
        return made

    def _whole(self, offset: int) -> int:
        """``offset`` moved to where no cell is cut in two."""
        return offset if offset >= len(self.text) else self.shape.start(offset)

    def _add(self, made: list[Segment], start: int, end: int, style: Style) -> None:
        if start >= end:
            return
        shown = self.shape.shown(self.text, start, end)
        if self.text[end - 1] == "\n" and style.bgcolor is not None:
            shown += LINE_END
        if shown:
            made.append(Segment(shown, style))


def tint(background: Color, colour: Color, strength: float) -> Color:
    """``background`` with ``colour`` laid over it, in one of a few steps, 0 to 1."""
    level = round(min(1.0, max(0.0, strength)) * LEVELS) / LEVELS
    return background.blend(colour, level * MOST, alpha=1)
