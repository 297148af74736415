"""The attention of a whole span: words written down the side, words looked at along the top."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.editor.shape import Shape
from tui.inspect.attention_text import Looking
from tui.inspect.token_rows import tint
from tui.inspect.words import named, percent, quoted
from tui.render import fit, width
from tui.widgets.keyed import Keyed

NAME = 12
"""Cells for the words down the side."""
COLUMN = 2
"""Cells a column; a wide character fits."""
MOST_HEAD = 8
Weights = Callable[[int], dict[int, float]]


def upright(words: list[str], rows: int) -> list[list[str]]:
    """``rows`` rows of two-cell pieces that spell each word downwards, ending at the last row."""
    spelled = []
    for word in words:
        shape = Shape(word)
        pieces = []
        at = 0
        while at < len(word):
            after = shape.next(at)
            piece = shape.shown(word, at, after)
            pieces.append(piece if width(piece) <= COLUMN else "▯")
            at = after if after > at else at + 1
        if len(pieces) > rows:
            pieces = [*pieces[: max(0, rows - 1)], "…"][:rows]
        spelled.append([""] * (rows - len(pieces)) + pieces)
    return [
        [piece + " " * (COLUMN - width(piece)) for piece in (column[row] for column in spelled)]
        for row in range(rows)
    ]


def first_shown(first: int, cursor: int, shown: int, total: int) -> int:
    """Where to begin so that ``cursor`` is among the ``shown`` of ``total``, moving least."""
    if shown <= 0:
        return cursor
    first = min(first, cursor)
    first = max(first, cursor - shown + 1)
    return max(0, min(first, total - shown))


class Matrix(Keyed, Widget, can_focus=True):
    """Shades for weights; arrows move a cursor whose weight is read out below."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "matrix--attention",
        "matrix--copying",
        "matrix--name",
        "matrix--here",
    }
    DEFAULT_CSS = """
    Matrix { height: 1fr; padding: 0 1; }
    Matrix > .matrix--attention { color: $primary; }
    Matrix > .matrix--copying { color: $success; }
    Matrix > .matrix--name { color: $quiet; }
    Matrix > .matrix--here { color: $accent; text-style: bold; }
    """
    key_group = "tokens"

    class Moved(Message):
        """The cursor is in another row."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._looking: Looking | None = None
        self._weights: Weights = lambda _row: {}
        self._cache: dict[int, dict[int, float]] = {}
        self._copying = False
        self.row = self.column = 0
        self._top = self._left = 0

    def show(self, looking: Looking | None, weights: Weights, row: int, *, copying: bool) -> None:
        """Other weights, with the cursor at explained token ``row``."""
        self._looking, self._weights, self._copying = looking, weights, copying
        self._cache.clear()
        self.row = row
        if looking is not None and looking.reply.tokens:
            seen = self._of(row)
            self.column = max(seen, key=lambda c: seen[c]) if seen else looking.base + row
            self._left = max(0, looking.base + row + 2 - self._columns)
        self.refresh()

    def _of(self, row: int) -> dict[int, float]:
        if row not in self._cache:
            self._cache[row] = self._weights(row)
        return self._cache[row]

    # -- moving

    def _move(self, rows: int, columns: int) -> None:
        if self._looking is None or not self._looking.reply.tokens:
            return
        before = self.row
        self.row = min(max(0, self.row + rows), len(self._looking.reply.tokens) - 1)
        self.column = min(max(0, self.column + columns), self._looking.columns - 1)
        if self.row != before:
            self.post_message(self.Moved(self.row))
        self.refresh()

    def action_left(self) -> None:
        self._move(0, -1)

    def action_right(self) -> None:
        self._move(0, 1)

    def action_select_left(self) -> None:
        self._move(0, -10)

    def action_select_right(self) -> None:
        self._move(0, 10)

    def action_up(self) -> None:
        self._move(-1, 0)

    def action_down(self) -> None:
        self._move(1, 0)

    def action_page_up(self) -> None:
        self._move(1 - max(2, self._rows), 0)

    def action_page_down(self) -> None:
        self._move(max(2, self._rows) - 1, 0)

    def action_start(self) -> None:
        self._move(0, -(1 << 30))

    def action_end(self) -> None:
        self._move(0, 1 << 30)

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is not None and at.x >= NAME + 1 and at.y >= self._head:
            self._move(
                self._top + at.y - self._head - self.row,
                self._left + (at.x - NAME - 1) // COLUMN - self.column,
            )

    # -- drawing

    @property
    def _head(self) -> int:
        """Rows for the words along the top."""
        return min(MOST_HEAD, max(1, self.content_size.height // 3))

    @property
    def _rows(self) -> int:
        return max(0, self.content_size.height - self._head - 1)

    @property
    def _columns(self) -> int:
        return max(0, (self.content_size.width - NAME - 1) // COLUMN)

    def read_out(self) -> str:
        """The weight under the cursor in words."""
        looking = self._looking
        if looking is None or not looking.reply.tokens:
            return ""
        weight = self._of(self.row).get(self.column, 0.0)
        verb = "would be copied from" if self._copying else "looked at"
        here = quoted(looking.reply.tokens[self.row].word)
        if self.column >= looking.base + self.row:
            return f"{here} could not look at {quoted(looking.word(self.column))}, which came later"
        return f"{here} {verb} {quoted(looking.word(self.column))}: {percent(weight)}"

    def render_lines(self, crop: Region) -> list[Strip]:
        """Settle what is in view before any row is drawn."""
        if self._looking is not None:
            tokens = len(self._looking.reply.tokens)
            self._top = first_shown(self._top, self.row, self._rows, tokens)
            self._left = first_shown(self._left, self.column, self._columns, self._looking.columns)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        wide, plain = self.content_size.width, self.rich_style
        looking = self._looking
        if looking is None or not looking.reply.tokens or self._columns < 1:
            return Strip.blank(wide, plain)
        if y < self._head:
            return self._head_line(y, plain).adjust_cell_length(wide, plain)
        row = self._top + y - self._head
        if y == self._head + self._rows:
            text = Segment(fit(self.read_out(), wide), plain + self._style("here"))
            return Strip([text]).adjust_cell_length(wide, plain)
        if row >= len(looking.reply.tokens):
            return Strip.blank(wide, plain)
        return self._row_line(row, plain).adjust_cell_length(wide, plain)

    def _style(self, name: str) -> Style:
        return Style(color=self.get_component_rich_style(f"matrix--{name}").color)

    def _shown_columns(self) -> range:
        assert self._looking is not None
        return range(self._left, min(self._looking.columns, self._left + self._columns))

    def _head_line(self, y: int, plain: Style) -> Strip:
        assert self._looking is not None
        columns = self._shown_columns()
        words = [named(self._looking.word(column), 20) for column in columns]
        pieces = upright(words, self._head)[y]
        segments = [Segment(" " * (NAME + 1), plain)]
        quiet, here = plain + self._style("name"), plain + self._style("here")
        for column, piece in zip(columns, pieces, strict=True):
            segments.append(Segment(piece, here if column == self.column else quiet))
        return Strip(segments)

    def _row_line(self, row: int, plain: Style) -> Strip:
        looking = self._looking
        assert looking is not None
        name = fit(named(looking.reply.tokens[row].word, NAME), NAME, pad=True) + " "
        own = row == self.row
        segments = [Segment(name, plain + self._style("here" if own else "name"))]
        weights = self._of(row)
        colour = self.get_component_styles(
            "matrix--copying" if self._copying else "matrix--attention"
        ).color
        background = self.background_colors[1]
        quiet = plain + self._style("name")
        for column in self._shown_columns():
            weight = weights.get(column, 0.0)
            sign = "  "
            if own and column == self.column:
                sign = "◆ "
            elif column == looking.base + row:
                sign = "╲ "
            if weight >= 0.002:
                shade = tint(background, colour, 2 * weight**0.5)
                style = Style(color=plain.color, bgcolor=shade.rich_color)
                segments.append(Segment(sign, plain + style))
            else:
                segments.append(Segment(sign, quiet))
        return Strip(segments)
