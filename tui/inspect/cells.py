"""Cells: what single cells of the memory do over a text, and which of them mark a thing."""

from __future__ import annotations

from typing import Literal

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.protocol.messages import Activations, CellsFound, FindCells, GetActivations
from tui.inspect import cell_text
from tui.inspect.cell_text import HINT, CellName
from tui.inspect.query_line import QueryLine
from tui.inspect.subject import Subject
from tui.inspect.token_text import TokenText
from tui.inspect.view import InspectView
from tui.inspect.window import Window
from tui.inspect.words import quoted
from tui.render import content

NUMBER = 20


class CellsView(InspectView):
    """The text coloured by one cell, beside the cells that best mark what was asked."""

    view_id = "cells"
    title = "Cells"
    DEFAULT_CSS = """
    CellsView #cells-body { height: 1fr; }
    CellsView #cells-text { width: 1fr; height: 1fr; }
    CellsView.-middle #cells-panel { width: 36; }
    CellsView #cells-panel { width: 40; padding: 0 1; border-left: solid $chart-faint; }
    CellsView #cells-panel Static { height: auto; }
    CellsView #cells-about { margin: 0 0 1 0; }
    CellsView #cells-list { height: 1fr; min-height: 3; border: none; padding: 0;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        background: $background; }
    CellsView #cells-gates { margin: 1 0 0 0; max-height: 50%; }
    CellsView.-narrow #cells-body { layout: vertical; }
    CellsView.-narrow #cells-panel { width: 1fr; height: 12; border-left: none;
        border-top: solid $chart-faint; }
    CellsView.-flat #cells-gates { display: none; }
    CellsView.-flat.-narrow #cells-panel { height: 7; }
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._of: Literal["h", "c"] = "c"
        self._cell: CellName | None = None
        self._feature = ""
        self._spans: tuple[tuple[int, int], ...] = ()
        self._window: Window | None = None
        self._read: tuple[tuple[str, str], int] | None = None
        self._activations: Activations | None = None
        self._found: CellsFound | None = None

    def compose(self) -> ComposeResult:
        yield QueryLine(
            f"{self.cold_open.way_to('inspect.ask')} finds cells for: {HINT}", id="cells-line"
        )
        yield self.note_line()
        with Horizontal(id="cells-body"):
            yield TokenText("activation", id="cells-text")
            with Vertical(id="cells-panel"):
                yield Static("", id="cells-about", markup=False)
                yield OptionList(id="cells-list", markup=False)
                yield Static("", id="cells-gates", markup=False)

    def main(self) -> Widget:
        return self.text

    @property
    def text(self) -> TokenText:
        return self.query_one("#cells-text", TokenText)

    @property
    def list(self) -> OptionList:
        return self.query_one("#cells-list", OptionList)

    # -- asking

    def present(self) -> None:
        if self.lacks(text=True):
            self._read = None
            self._clear("")
            return
        subject = self.subject
        covered = self._window is not None and (
            self._window.start <= subject.cursor <= self._window.end
        )
        if self._read == (subject.identity, subject.version) and covered:
            self._place_cursor()
            return
        if self._read is None or self._read[0] != subject.identity:
            self._cell = None
        self._read = (subject.identity, subject.version)
        self._window = subject.window()
        text = self._window.sent(subject.text)
        self._spans = ()
        self._feature = self._feature or cell_text.likely_feature(text)
        self._clear(self._window.shown(subject.text), subject.cursor - self._window.start)
        self._find()

    def again(self) -> None:
        self._read = None
        self.present()

    def _clear(self, text: str, at: int = 0) -> None:
        self._activations, self._found = None, None
        self.text.show_plain(text, at)
        self.list.clear_options()
        for name in ("about", "gates"):
            self.query_one(f"#cells-{name}", Static).update("")

    def _find(self) -> None:
        """Find the cells for the feature or the selection, then show the best of them."""
        if self._window is None:
            return
        self.note("")
        self.query_one("#cells-about", Static).update("reading…")
        text = self._window.sent(self.subject.text)
        find = FindCells(
            model=self.subject.model,
            text=text,
            feature="" if self._spans else self._feature,
            spans=self._spans,
            number=NUMBER,
            of=self._of,
        )
        self.run_worker(self._get_cells(find), exclusive=True, group="cells")

    async def _get_cells(self, find: FindCells) -> None:
        found = await self.fetch(find)
        if found is None:
            self._found = None
            self.list.clear_options()
            self.query_one("#cells-gates", Static).update("")
            # Without an answer a cell can still be shown, so that there is a text to select in.
            if self._activations is None:
                await self._get_values(self._cell or CellName(0, 0), find.text, keep_note=True)
            self._tell()
            return
        self.note("")
        self._found = found
        self._list_cells()
        if found.cells:
            best = found.cells[0]
            await self._get_values(CellName(best.layer, best.cell), find.text)

    def _show_cell(self, cell: CellName) -> None:
        if self._window is None:
            return
        text = self._window.sent(self.subject.text)
        self.run_worker(self._get_values(cell, text), exclusive=True, group="cells")

    async def _get_values(self, cell: CellName, text: str, *, keep_note: bool = False) -> None:
        values = await self.fetch(
            GetActivations(
                model=self.subject.model, text=text, layer=cell.layer, cell=cell.cell, of=self._of
            )
        )
        if values is None:
            return
        if not keep_note:
            self.note("")
        self._cell = cell
        self._show(values)

    # -- showing

    def _show(self, values: Activations) -> None:
        window = self._window
        if window is None:
            return
        if self._activations is None or self._activations.offsets != values.offsets:
            self.text.show(window.shown(self.subject.text), values.offsets, 0)
        self._activations = values
        self._place_cursor()
        self.text.shade(cell_text.stretched(values.values))
        self._tell()

    def _place_cursor(self) -> None:
        values, window = self._activations, self._window
        if values is None or window is None or not values.offsets:
            return
        at = self.subject.cursor - window.start
        index = max((i for i, (s, _e) in enumerate(values.offsets) if s <= at), default=0)
        self.text.place(index)

    def _list_cells(self) -> None:
        found = self._found
        if found is None:
            return
        width = max(24, self.list.content_size.width - 2)
        self.list.clear_options()
        for score in found.cells:
            self.list.add_option(Option(cell_text.score_line(score, width)))
        gates = self.query_one("#cells-gates", Static)
        gates.update(cell_text.saturation_table(found.saturation, width))
        self._tell()

    def _tell(self) -> None:
        about = self.query_one("#cells-about", Static)
        if self._found is None and self._cell is None:
            about.update("")
            return
        values, here, of = self._activations, None, self._of
        if values is not None and values.values:
            here, of = values.values[min(self.text.cursor, len(values.values) - 1)], values.of
        marks = "the selection" if self._spans else quoted(self._feature)
        about.update(content(cell_text.about(self._cell, here, of, self._found, marks)))

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 96, "-middle")
        self.set_class(event.size.width < 72, "-narrow")
        self.set_class(event.size.height < 18, "-flat")
        self.call_after_refresh(self._list_cells)

    # -- keys

    @on(TokenText.Moved)
    def _moved(self, event: TokenText.Moved) -> None:
        event.stop()
        if self._window is not None:
            self.subject.cursor = self._window.start + event.start
        self._tell()

    @on(TokenText.PastEnd)
    def _past_end(self, event: TokenText.PastEnd) -> None:
        event.stop()
        window, subject = self._window, self.subject
        if window is None:
            return
        if event.direction < 0 and window.start > 0:
            subject.cursor = window.start - 1
        elif event.direction > 0 and window.end < len(subject.text):
            subject.cursor = window.end + 1
        else:
            return
        self.present()

    @on(OptionList.OptionHighlighted)
    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionHighlighted | OptionList.OptionSelected) -> None:
        event.stop()
        if self._found is None or event.option_index >= len(self._found.cells):
            return
        score = self._found.cells[event.option_index]
        cell = CellName(score.layer, score.cell)
        if cell != self._cell:
            self._show_cell(cell)

    def ask(self) -> None:
        """Go to the line where a feature or a cell is named."""
        self.screen.set_focus(self.query_one(QueryLine))

    @on(QueryLine.Submitted)
    def _submitted(self, event: QueryLine.Submitted) -> None:
        event.stop()
        if self.lacks(text=True):
            return
        wanted = cell_text.read(event.value)
        if isinstance(wanted, CellName):
            self._show_cell(wanted)
        elif wanted:
            self._feature, self._spans = wanted, ()
            self._find()
        else:
            self.note(f"Name a feature or a cell: {HINT}")
            return
        self.screen.set_focus(self.text)

    @on(QueryLine.Left)
    def _left(self, event: QueryLine.Left) -> None:
        event.stop()
        self.screen.set_focus(self.text)

    def find_cells(self) -> None:
        """Find cells for the selected words."""
        values = self._activations
        if values is None or not self.text.selected:
            return
        chosen = self.text.selected
        self._spans = ((values.offsets[chosen.start][0], values.offsets[chosen.stop - 1][1]),)
        self._find()

    def change_state(self) -> None:
        """Look at h instead of c, or the other way round."""
        values = self._activations
        if self._of == "c" and values is not None and values.of == "h":
            self.cold_open.say("This model's cells have no c: their h is all that there is.")
            return
        self._of = "h" if self._of == "c" else "c"
        if not self.lacks(text=True):
            self._find()
