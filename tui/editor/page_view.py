"""The look of the page: what stands on each row of the screen, and what a change draws again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar, cast

from rich.style import Style
from textual.document._document import Location, Selection
from textual.geometry import Region, Size
from textual.reactive import Reactive, reactive
from textual.strip import Strip
from textual.widgets import TextArea

from tui.editor.layout import PageLayout
from tui.editor.navigator import PageNavigator
from tui.editor.page_document import PageDocument
from tui.editor.painter import Run, paint
from tui.editor.passage import ORIGIN, Passage, Span
from tui.editor.script_lines import pieces

LAYERS = (ORIGIN, "surprise", "copied", "found")
"""Layers of marks in the order in which they are drawn; each has a component class."""
SURPRISE_LEVELS = ("1", "2", "3")
MOST_PAINTED = 2000
"""Rows whose drawing is remembered."""


class PageView(TextArea):
    """A text area over a :class:`PageDocument`, drawn as a script, with layers of marks.

    An overlay may stand in its flow (see :class:`PageLayout`). Nothing here reads the whole
    document but opening it, a change of width, and setting a layer.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "script--pending",
        "script--offer",
        "script--cue",
        "script--aside",
        "script--scene",
        "script--origin",
        "script--copied",
        "script--found",
        *(f"script--surprise-{level}" for level in SURPRISE_LEVELS),
    }
    DEFAULT_CSS = """
    PageView {
        border: none; padding: 0 1; background: $background;
        overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1;
        scrollbar-background: $background; scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        &:focus { border: none; }
        .script--pending { color: $pending-text; text-style: italic; }
        .script--offer { color: $quiet; text-style: italic; }
        .script--cue { text-style: bold; }
        .script--aside { text-style: italic; }
        .script--scene { color: $accent; }
        .script--origin { color: $model-text; }
        .script--surprise-1 { background: $warning 12%; }
        .script--surprise-2 { background: $warning 24%; }
        .script--surprise-3 { background: $warning 40%; }
        .script--copied { text-style: underline; }
        .script--found { background: $input-selection-background; }
    }
    """

    # A key redraws the rows that it changes, and the screen is not laid out again for it.
    selection: Reactive[Selection] = reactive(
        Selection(), init=False, always_update=True, repaint=False
    )
    virtual_size = Reactive(Size(0, 0), layout=False, repaint=False)

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        self.overlay_style = "script--pending"
        self._hidden: set[str] = set()
        self._styles: dict[str, Style] = {}
        self._painted: dict[tuple[object, ...], Strip] = {}
        self._base = Style()
        super().__init__(
            text, soft_wrap=True, tab_behavior="focus", id=id, highlight_cursor_line=False
        )
        self.cursor_blink = False

    # -- the document behind the widget

    @property
    def page(self) -> PageDocument:
        """The document; pending text is never in it."""
        return cast(PageDocument, self.document)

    @property
    def layout_of_page(self) -> PageLayout:
        return cast(PageLayout, self.wrapped_document)

    @property
    def draft(self) -> str:
        """The whole text, put together anew each time."""
        return self.page.text

    def _set_document(self, text: str, language: str | None) -> None:
        self._show(PageDocument(Passage.of(text)))

    def _show(self, document: PageDocument) -> None:
        self.document = document
        self.wrapped_document = PageLayout(document, self.wrap_width)
        self.navigator = PageNavigator(self.wrapped_document)
        self._forget_painted()
        self.move_cursor((0, 0))
        self._refresh_size()
        self.refresh()

    def _refresh_size(self) -> None:
        self.virtual_size = size = Size(0, self.wrapped_document.height)
        self._scroll_update(size)

    def _rewrap_and_refresh_virtual_size(self) -> None:
        if self.wrap_width != self.layout_of_page.width:
            self.layout_of_page.wrap(self.wrap_width)
        self._forget_painted()
        self._refresh_size()
        self.refresh()

    def find_matching_bracket(self, bracket: str, search_from: Location) -> Location | None:
        """Brackets are not matched in a script; looking for one could read the whole draft."""
        return None

    # -- marks

    def set_marks(self, layer: str, spans: Iterable[Span]) -> None:
        """Have ``layer`` consist of ``spans``, by character offset."""
        self.page.mark(layer, spans)
        self.refresh()

    def show_layer(self, layer: str, shown: bool) -> None:
        """Draw a layer of marks, or not."""
        (self._hidden.discard if shown else self._hidden.add)(layer)
        self._forget_painted()
        self.refresh()

    def layer_shown(self, layer: str) -> bool:
        return layer not in self._hidden

    # -- drawing

    def notify_style_update(self) -> None:
        self._forget_painted()
        super().notify_style_update()

    def _forget_painted(self) -> None:
        self._painted.clear()
        self._styles.clear()

    def _refresh_rows(self, rows: Collection[int]) -> None:
        """Draw some lines again, as far as they are on the screen."""
        layout = self.layout_of_page
        top, height = self.scroll_offset.y, self.size.height
        if len(rows) > height:
            self.refresh()
            return
        last = self.page.line_count - 1
        for row in rows:
            if row <= last:
                y, lines = layout.rows_on_page(row)
                if y < top + height and y + lines > top:
                    self.refresh(Region(0, y - top, self.size.width, lines))

    def render_lines(self, crop: Region) -> list[Strip]:
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One row of the widget."""
        width = self.scrollable_content_region.width
        layout = self.layout_of_page
        row_on_page = y + self.scroll_offset.y
        base = self._base
        if row_on_page >= layout.height:
            return Strip.blank(width, base)
        row, section = layout.locate(row_on_page)
        line = layout.shown_line(row)
        selected = self._selected(row, len(line))
        cursor = -1
        if row == self.cursor_location[0] and self._draw_cursor:
            cursor = layout.place(self.cursor_location)
        if layout.overlay and row == layout.overlay_at[0]:
            return self._paint(row, section, selected, cursor, width)
        key = (line, section, self.page.marks(row), selected, cursor, width, base)
        if (painted := self._painted.get(key)) is None:
            if len(self._painted) > MOST_PAINTED:
                self._painted.clear()
            painted = self._painted[key] = self._paint(row, section, selected, cursor, width)
        return painted

    def _paint(
        self, row: int, section: int, selected: tuple[int, int] | None, cursor: int, width: int
    ) -> Strip:
        layout, theme = self.layout_of_page, self._theme
        line, shape = layout.shown_line(row), layout.shape(row)
        start, end = layout.bounds(row, section)
        hard = section + 1 == len(layout.rows_of(row)) or line[end] == "\n"
        runs = self._runs(row, line, start, end)
        behind: Style | None = None
        if selected is not None and theme.selection_style is not None:
            runs.append(Run(*selected, theme.selection_style))
            if selected[1] > len(line) and hard:
                behind = theme.selection_style
        if cursor >= 0 and theme.cursor_style is not None:
            runs.append(Run(cursor, shape.next(cursor), theme.cursor_style))
            if cursor == end and hard:
                behind = theme.cursor_style
        return paint(line, shape, start, end, runs, self._base, width, behind)

    def _runs(self, row: int, line: str, start: int, end: int) -> list[Run]:
        """Marks, the overlay and the parts of the script, lowest first."""
        layout = self.layout_of_page
        runs: list[Run] = []
        for layer in LAYERS:
            if layer not in self._hidden:
                runs.extend(
                    Run(
                        layout.place((row, mark.start)),
                        layout.place((row, mark.end)),
                        self._layer_style(layer, mark.value),
                    )
                    for mark in self.page.marks(row)
                    if mark.layer == layer
                )
        first, last = 0, len(line)
        if layout.overlay and row == layout.overlay_at[0]:
            column = layout.overlay_at[1]
            runs.append(Run(column, column + len(layout.overlay), self._style(self.overlay_style)))
            first = line.rfind("\n", 0, start) + 1
            last = (line.find("\n", end) + 1 or last + 1) - 1
        runs.extend(
            Run(piece.start + first, piece.end + first, self._style(f"script--{piece.part}"))
            for piece in pieces(line[first:last])
        )
        return runs

    def _selected(self, row: int, length: int) -> tuple[int, int] | None:
        """The selected places of a line; one more than it has where its line end is selected."""
        top, bottom = sorted(self.selection)
        if top == bottom or not top[0] <= row <= bottom[0]:
            return None
        start = top[1] if row == top[0] else 0
        return start, bottom[1] if row == bottom[0] else length + 1

    def _layer_style(self, layer: str, value: str) -> Style:
        return self._style(
            f"script--surprise-{value}" if layer == "surprise" else f"script--{layer}"
        )

    def _style(self, name: str) -> Style:
        if (style := self._styles.get(name)) is None:
            style = self.get_component_rich_style(name, partial=True)
            if style.bgcolor is not None:  # the whole style has it mixed with what lies under it
                style += Style(bgcolor=self.get_component_rich_style(name).bgcolor)
            self._styles[name] = style
        return style
