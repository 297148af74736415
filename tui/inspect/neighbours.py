"""Neighbours: which words a model takes for alike, in each of its tables."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine.protocol.messages import FindOddOneOut, Neighbours, OddOneOutFound
from tui.inspect import neighbour_text
from tui.inspect.queries import HINT, Query, read
from tui.inspect.query_line import QueryLine
from tui.inspect.subject import Subject
from tui.inspect.view import InspectView
from tui.inspect.words import quoted
from tui.render import content

NUMBER = 20


class NeighboursView(InspectView):
    """One line to ask, the answer below it."""

    view_id = "neighbours"
    title = "Neighbours"
    DEFAULT_CSS = """
    NeighboursView #neighbours-answer { padding: 1 1; }
    NeighboursView #neighbours-answer Static { height: auto; margin: 0 0 1 0; }
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._query: Query | None = None
        self._identity = ("", "")
        self._found: Neighbours | OddOneOutFound | None = None

    def compose(self) -> ComposeResult:
        yield QueryLine(HINT, id="neighbours-line")
        yield self.note_line()
        with VerticalScroll(id="neighbours-answer"):
            yield Static("", id="neighbours-head", markup=False)
            yield Static("", id="neighbours-tables", markup=False)

    def main(self) -> Widget:
        return self.line

    @property
    def line(self) -> QueryLine:
        return self.query_one(QueryLine)

    def ask(self) -> None:
        """Go to the line."""
        self.screen.set_focus(self.line)

    def present(self) -> None:
        if self.lacks(text=False):
            self._empty()
        elif self._query is None:
            self.note(f"Type a word and press Enter, or: {HINT}")
        elif self._identity != self.subject.identity:
            self.again()

    def again(self) -> None:
        if not self.lacks(text=False):
            self._put(self.line.value)

    @on(QueryLine.Submitted)
    def _submitted(self, event: QueryLine.Submitted) -> None:
        event.stop()
        self.again()

    @on(QueryLine.Left)
    def _left(self, event: QueryLine.Left) -> None:
        event.stop()
        self.screen.set_focus(self.query_one("#neighbours-answer", VerticalScroll))

    def _put(self, typed: str) -> None:
        """Ask what was typed, or say why it cannot be asked."""
        query = read(typed, self.subject.model, NUMBER)
        if isinstance(query, str):
            self._query = None
            self._empty()
            self.note(query)
            return
        self._query, self._identity = query, self.subject.identity
        self.line.select_all()  # the next question takes its place
        self.note("looking…")
        self.run_worker(self._get(query), exclusive=True, group="neighbours")

    async def _get(self, query: Query) -> None:
        if isinstance(query, FindOddOneOut):
            odd = await self.fetch(query)
            self._empty()
            if odd is not None:
                self._found = odd
                self.note("")
                self._show()
            return
        found = await self.fetch(query)
        if found is None:
            self._empty()
            return
        self._found = found
        self.note("")
        self._show()

    def _empty(self) -> None:
        self._found = None
        for name in ("head", "tables"):
            self.query_one(f"#neighbours-{name}", Static).update(Content(""))

    def _show(self) -> None:
        if self._found is None:
            return
        width = max(20, self.query_one("#neighbours-answer").content_size.width - 1)
        if isinstance(self._found, OddOneOutFound):
            head = content(f"{quoted(self._found.word)} is the one that does not belong.")
            tables = neighbour_text.likenesses(self._found, width)
        else:
            head, tables = (
                neighbour_text.head(self._found),
                neighbour_text.tables(self._found, width),
            )
        self.query_one("#neighbours-head", Static).update(head)
        self.query_one("#neighbours-tables", Static).update(tables)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._show)
