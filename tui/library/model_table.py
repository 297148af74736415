"""The table of models."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rich.text import Text
from textual.binding import Binding
from textual.widgets import DataTable

from engine.protocol.values import ModelCard
from tui.library.made import made
from tui.render import fit, visible, width

COLUMNS = ("", "name", "kind", "state", "perplexity", "corpus", "words", "weights", "made")
NUMBERS = frozenset({"perplexity", "words", "weights"})
LEFT_OUT = ("made", "corpus", "kind", "weights", "words")
"""Columns that give way where not all fit whole, the first of them first; the facts beside the
table, or the model's name, say most of it too."""


class ModelTable(DataTable[Any], inherit_bindings=False):
    """One row a model; Enter is left to the room, so that it can show what it does."""

    BINDINGS = [  # noqa: RUF012
        Binding("up", "cursor_up", show=False),
        Binding("down", "cursor_down", show=False),
        Binding("left", "scroll_left", show=False),
        Binding("right", "scroll_right", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown", "page_down", show=False),
        Binding("home", "scroll_top", show=False),
        Binding("end", "scroll_bottom", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, cursor_type="row")
        self._names: list[str] = []
        self._rows: list[tuple[Text, ...]] = []
        self._columns: tuple[str, ...] = ()

    @property
    def chosen(self) -> str:
        """Name of the model under the cursor; empty when there is none."""
        row = self.cursor_row
        return self._names[row] if 0 <= row < len(self._names) else ""

    def fill(self, cards: Sequence[ModelCard], *, model: str, compared: Collection[str]) -> None:
        """Show ``cards``, the ``model`` that writes marked; the cursor stays on its row."""
        chosen = self.chosen or model
        self._names = [card.name for card in cards]
        self._rows = []
        for card in cards:
            mark = ("▸" if card.name == model else " ") + ("∿" if card.name in compared else " ")
            self._rows.append((Text(mark), *row_of(card)))
        self._draw_rows(chosen)

    def on_resize(self) -> None:
        if self._rows and self._fitting() != self._columns:
            self._draw_rows(self.chosen)

    def _draw_rows(self, chosen: str) -> None:
        """Show the rows in the columns that fit, the cursor on ``chosen``."""
        columns = self._fitting()
        if columns != self._columns:
            self._columns = columns
            self.clear(columns=True)
            for name in columns:
                self.add_column(Text(name, justify="right" if name in NUMBERS else "left"))
        self.clear()
        for row in self._rows:
            cells = dict(zip(COLUMNS, row, strict=True))
            self.add_row(*(cells[name] for name in columns))
        if chosen in self._names:
            self.move_cursor(row=self._names.index(chosen), animate=False)

    def _fitting(self) -> tuple[str, ...]:
        """The columns that the table's width has room for; all before it has one."""
        wide = {
            name: max([width(name), *(cell.cell_len for cell in cells)]) + 2 * self.cell_padding
            for name, *cells in zip(COLUMNS, *self._rows, strict=True)
        }
        for name in LEFT_OUT:
            if not self.size.width or sum(wide.values()) <= self.size.width:
                break
            del wide[name]
        return tuple(wide)


def row_of(card: ModelCard) -> tuple[Text, ...]:
    """The cells of one model after the marks."""
    return (
        Text(fit(card.name, 32)),
        Text(visible(card.kind)),
        Text("bundled" if card.bundled else card.state),
        Text("" if card.perplexity is None else f"{card.perplexity:,.1f}", justify="right"),
        Text(fit(card.corpus, 28)),
        Text(f"{card.vocabulary_size:,}", justify="right"),
        Text(f"{card.parameters:,}", justify="right"),
        Text(made(card.created, "%Y-%m-%d %H:%M")),
    )
