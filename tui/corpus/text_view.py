"""The text of a corpus, fetched page by page as it is scrolled, its long lines wrapped."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.protocol.messages import CorpusPage
from tui.render import content, fit

PAGE = 200
KEPT_PAGES = 30
LONGEST = 20_000
"""Characters of one line that are shown; files without line breaks exist."""

Fetch = Callable[[int, int], Awaitable[CorpusPage | None]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the screen: a piece of a line, the first piece with its number."""

    line: int
    first: bool
    text: Content


class TextView(ScrollView, can_focus=True):
    """Lines of any number; only those near the view are held.

    The scroll position is the number of the line at the top, so the text can be wrapped without
    its height being known; ``_into`` is how many rows of that line have gone past the top.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "text-view--number",
        "text-view--found",
        "text-view--match",
    }
    DEFAULT_CSS = """
    TextView { background: $background; padding: 0; scrollbar-gutter: stable;
      scrollbar-size-vertical: 1; overflow-x: hidden; }
    TextView .text-view--number { color: $quiet; }
    TextView .text-view--found { color: $accent; text-style: bold; }
    TextView .text-view--match { color: $background; background: $accent; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._fetch: Fetch | None = None
        self._pages: OrderedDict[int, tuple[str, ...]] = OrderedDict()
        self._asked: set[int] = set()
        self._found: int | None = None
        self._wanted = ""
        self._total = 0
        self._into = 0
        self._ending = False
        self._awaited = False
        """Whether a line was gone to before the text was there."""
        self._rows: list[Row] = []
        self._rows_for: tuple[object, ...] = ()
        self._version = 0

    # -- what is shown

    def open(self, fetch: Fetch) -> None:
        """Show another text, from its beginning."""
        self._fetch = fetch
        self._pages.clear()
        self._asked.clear()
        self._found, self._wanted = None, ""
        self._total = 0
        self._ending = self._awaited = False
        self._changed()
        self.scroll_to(y=0, animate=False)
        self._want(0)

    def go_to(self, line: int, wanted: str = "") -> None:
        """Show ``line`` a little below the top, with ``wanted`` marked in it."""
        self._found, self._wanted = line, wanted
        self._changed()
        self._awaited = not self._total
        self._to_found()

    def _to_found(self) -> None:
        if self._found is not None:
            self.scroll_to(y=max(0, self._found - 3), animate=False, force=True)

    @property
    def place(self) -> int:
        """The line that was gone to, if it is still in view, else the first that is shown."""
        rows = self._layout()
        if self._found is not None and any(row.line == self._found for row in rows):
            return self._found
        return self.top_line

    @property
    def top_line(self) -> int:
        """Number of the line at the top, from 0."""
        return int(self.scroll_offset.y)

    @property
    def total_lines(self) -> int:
        return self._total

    def _changed(self) -> None:
        self._version += 1
        self.refresh()

    # -- pages

    def _want(self, page: int) -> None:
        if page in self._pages or page in self._asked or self._fetch is None:
            return
        self._asked.add(page)
        self.run_worker(self._get(page, self._fetch), group="pages")

    def ask_again(self) -> None:
        """Ask once more for what did not come, as when the engine was lost."""
        self._asked.clear()
        self._changed()
        if not self._total:
            self._want(0)

    async def _get(self, page: int, fetch: Fetch) -> None:
        got = await fetch(page * PAGE, PAGE)
        if got is None or fetch is not self._fetch:
            return  # A page that failed stays asked for, or its error would be said for ever.
        self._asked.discard(page)
        self._pages[page] = got.lines
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)
        self._total = got.total_lines
        self._changed()
        self._set_height()
        if self._awaited:
            self._awaited = False
            self._to_found()
        if self._ending:
            self.action_scroll_end()

    def _set_height(self) -> None:
        """Let the scroll bar end where the last line is the last row."""
        height, tail = self.size.height, self._total
        room = height
        while tail > 0 and room > 0:
            text = self._line(tail - 1, ask=False)
            taken = 1 if text is None else len(self._wrapped(tail - 1, text))
            if taken > room and tail < self._total:
                break
            room -= taken
            tail -= 1
        self.virtual_size = Size(self._width, tail + height)

    def on_resize(self) -> None:
        self._changed()
        self._set_height()

    # -- rows

    def _line(self, number: int, *, ask: bool = True) -> str | None:
        page, offset = divmod(number, PAGE)
        lines = self._pages.get(page)
        if lines is None:
            if ask:
                self._want(page)
            return None
        if page in self._pages:
            self._pages.move_to_end(page)
        return lines[offset] if offset < len(lines) else ""

    @property
    def _width(self) -> int:
        """Cells beside the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _margin(self) -> int:
        return len(f"{max(self._total, 100):,}") + 1

    def _wrapped(self, number: int, text: str) -> list[Content]:
        left = len(text) - LONGEST
        shown = content(text[:LONGEST] if left > 0 else text, newlines=False)
        if number == self._found and self._wanted:
            style = self.get_visual_style("text-view--match")
            pattern = re.compile(re.escape(self._wanted), re.IGNORECASE)
            for match in pattern.finditer(shown.plain):
                shown = shown.stylize(style, match.start(), match.end())
        if left > 0:
            shown += Content(f" … and {left:,} more characters on this line")
        return shown.wrap(max(10, self._width - self._margin - 3)) or [Content("")]

    def _layout(self) -> list[Row]:
        """The rows on the screen, from the line at the top on."""
        key = (self._version, self.top_line, self._into, self.size, self.app.theme)
        if key != self._rows_for:
            self._rows_for = key
            rows: list[Row] = []
            skip, number = self._into, self.top_line
            while number < self._total and len(rows) < self.size.height + skip:
                text = self._line(number)
                pieces = self._wrapped(number, text) if text is not None else [Content("…")]
                rows += [Row(number, index == 0, piece) for index, piece in enumerate(pieces)]
                number += 1
            self._rows = rows[skip : skip + self.size.height]
        return self._rows

    def render_line(self, y: int) -> Strip:
        width, rows = self._width, self._layout()
        base = self.rich_style
        if y >= len(rows):
            return Strip.blank(width, base)
        row = rows[y]
        kind = "found" if row.line == self._found else "number"
        style = base + self.get_component_rich_style(f"text-view--{kind}", partial=True)
        number = f"{row.line + 1:,}" if row.first else ""
        margin = Segment(fit(f"{number:>{self._margin}}", self._margin) + "  ", style)
        text = row.text.render_segments(self.visual_style)
        return Strip([margin, *text]).adjust_cell_length(width, base)

    # -- moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._into = 0

    def action_page_down(self) -> None:
        """On to what stands at the bottom; a line that fills the screen goes by in parts."""
        rows = self._layout()
        if not rows:
            return
        last = rows[-1].line
        if last == self.top_line:
            whole = self._line(last)
            if whole is not None and self._into + len(rows) < len(self._wrapped(last, whole)):
                self._into += max(1, self.size.height - 1)
                self.refresh()
                return
            last += 1
        self.scroll_to(y=last, animate=False)

    def action_page_up(self) -> None:
        """Back until what stands at the top stands at the bottom."""
        if self._into:
            self._into = max(0, self._into - self.size.height + 1)
            self.refresh()
            return
        line, room = self.top_line, self.size.height - 1
        while line > 0 and room > 0:
            text = self._line(line - 1)
            room -= 1 if text is None else len(self._wrapped(line - 1, text))
            if room < 0 and line < self.top_line:
                break
            line -= 1
        self.scroll_to(y=line, animate=False)

    def action_scroll_end(self) -> None:
        """To the last line, whose page may still have to come."""
        self._ending = self._line(max(0, self._total - 1)) is None
        self.scroll_to(y=self._total, animate=False)
