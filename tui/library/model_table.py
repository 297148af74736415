"""The table of models."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from rich.text import Text
from textual.binding import Binding
from textual.widgets import DataTable

from engine.protocol.values import ModelCard
from tui.library.made import made
from tui.render import fit, visible

COLUMNS = ("", "name", "kind", "state", "perplexity", "corpus", "words", "weights", "made")
NUMBERS = frozenset({"perplexity", "words", "weights"})


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

    @property
    def chosen(self) -> str:
        """Name of the model under the cursor; empty when there is none."""
        row = self.cursor_row
        return self._names[row] if 0 <= row < len(self._names) else ""

    def fill(self, cards: Sequence[ModelCard], *, model: str, compared: Collection[str]) -> None:
        """Show ``cards``, the ``model`` that writes marked; the cursor stays on its row."""
        chosen = self.chosen or model
        if not self.columns:
            for name in COLUMNS:
                self.add_column(Text(name, justify="right" if name in NUMBERS else "left"))
        self.clear()
        self._names = [card.name for card in cards]
        for card in cards:
            mark = ("▸" if card.name == model else " ") + ("∿" if card.name in compared else " ")
            self.add_row(Text(mark), *row_of(card))
        if chosen in self._names:
            self.move_cursor(row=self._names.index(chosen), animate=False)


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
