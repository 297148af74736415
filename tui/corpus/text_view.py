"""The text of a corpus, fetched page by page as it is scrolled."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.protocol.messages import CorpusPage
from tui.render import fit, visible

PAGE = 200
KEPT_PAGES = 30

Fetch = Callable[[int, int], Awaitable[CorpusPage | None]]


class TextView(ScrollView, can_focus=True):
    """Lines of any number; only those near the view are held."""

    DEFAULT_CSS = "TextView { background: $background; padding: 0 1; }"
    BINDINGS = [  # noqa: RUF012
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fetch: Fetch | None = None
        self._pages: OrderedDict[int, tuple[str, ...]] = OrderedDict()
        self._asked: set[int] = set()
        self._found: int | None = None
        self._total = 0

    def open(self, fetch: Fetch) -> None:
        """Show another text, from its beginning."""
        self._fetch = fetch
        self._pages.clear()
        self._asked.clear()
        self._found = None
        self._total = 0
        self.scroll_to(y=0, animate=False)
        self._want(0)

    def go_to(self, line: int) -> None:
        """Show ``line``, marked, a few lines below the top."""
        self._found = line
        self.scroll_to(y=max(0, line - 3), animate=False)
        self.refresh()

    @property
    def place(self) -> int:
        """The line that was gone to, or the first that is shown."""
        return self.top_line if self._found is None else self._found

    @property
    def top_line(self) -> int:
        return int(self.scroll_offset.y)

    def _want(self, page: int) -> None:
        if page in self._pages or page in self._asked or self._fetch is None:
            return
        self._asked.add(page)
        self.run_worker(self._get(page, self._fetch), group="pages")

    async def _get(self, page: int, fetch: Fetch) -> None:
        got = await fetch(page * PAGE, PAGE)
        self._asked.discard(page)
        if got is None or fetch is not self._fetch:
            return
        self._pages[page] = got.lines
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)
        if got.total_lines != self._total:
            self._total = got.total_lines
            self.virtual_size = Size(self.size.width, self._total)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        number = self.top_line + y
        width = self.size.width
        if number >= self._total:
            return Strip.blank(width, self.rich_style)
        page, offset = divmod(number, PAGE)
        lines = self._pages.get(page)
        if lines is None:
            self._want(page)
            text = "…"
        else:
            text = visible(lines[offset]) if offset < len(lines) else ""
        style = self.rich_style + Style(reverse=True) if number == self._found else self.rich_style
        shown = fit(f"{number + 1:>7}  {text}", width, pad=True)
        return Strip([Segment(shown, style)]).adjust_cell_length(width, self.rich_style)
