"""Where each character stands on the screen: wrapped lines, and pending text in their flow."""

from __future__ import annotations

from bisect import bisect_right

from textual.document._document import Location
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset

from tui.editor.page_document import PageDocument
from tui.editor.shape import Shape, breaks, shape_of
from tui.editor.sums import PrefixSums


class PageLayout(WrappedDocument):
    """A wrapped document with an overlay: text that is shown at a place but is not in the document.

    A line that holds the overlay is laid out as if the text stood in it. A *place* is an index
    into a line as shown; places before the overlay are columns.
    """

    def __init__(self, document: PageDocument, width: int = 0) -> None:
        self.page = document
        self.document = document
        self._wrapped_at = width
        self._breaks: list[tuple[int, ...]] = []
        self._heights = PrefixSums()
        self.overlay = ""
        self.overlay_at: Location = (0, 0)
        self._shown = ""
        """The line with the overlay in it."""
        self._shape_shown = Shape("")
        self.wrap(width)

    # -- wrapping

    @property
    def width(self) -> int:
        """Cells in a row; 0 before it is known."""
        return self._wrapped_at

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Lay out the whole document for rows of ``width`` cells."""
        self._wrapped_at = width
        self._put_overlay()
        self._breaks = [self._breaks_of(row) for row in range(len(self.page.lines))]
        self._heights = PrefixSums(len(found) + 1 for found in self._breaks)

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Lay out again what an edit changed."""
        self._put_overlay()
        self._wrap_rows(start[0], old_end[0] + 1, new_end[0] + 1)

    def show_overlay(self, text: str, at: Location) -> None:
        """Show ``text`` at ``at`` in place of the overlay before; empty shows none."""
        before = self.overlay_at[0] if self.overlay else None
        self.overlay, self.overlay_at = text, at
        self._put_overlay()
        for row in {before, at[0]} - {None}:
            assert row is not None
            if row < len(self._breaks):
                self._wrap_rows(row, row + 1, row + 1)

    def _put_overlay(self) -> None:
        if self.overlay and self.overlay_at[0] < len(self.page.lines):
            line, column = self.page.lines[self.overlay_at[0]], self.overlay_at[1]
            self._shown = line[:column] + self.overlay + line[column:]
            self._shape_shown = Shape(self._shown)

    def _wrap_rows(self, first: int, old_last: int, new_last: int) -> None:
        fresh = [self._breaks_of(row) for row in range(first, new_last)]
        heights = [len(found) + 1 for found in fresh]
        old = [len(found) + 1 for found in self._breaks[first:old_last]]
        self._breaks[first:old_last] = fresh
        if heights != old:
            self._heights.replace(first, old_last, heights)

    def _breaks_of(self, row: int) -> tuple[int, ...]:
        line = self.page.lines[row]
        shows_overlay = bool(self.overlay) and row == self.overlay_at[0]
        short = len(line) <= self._wrapped_at and line.isascii() and line.isprintable()
        if short and not shows_overlay:
            return ()
        return breaks(self.shown_line(row), self.shape(row), self._wrapped_at)

    # -- lines as shown

    def shown_line(self, row: int) -> str:
        """A line, the overlay included where it stands in it."""
        if self.overlay and row == self.overlay_at[0]:
            return self._shown
        return self.page.lines[row]

    def place(self, location: Location) -> int:
        """The place of a column; the one of the overlay is in front of it."""
        row, column = location
        if self.overlay and row == self.overlay_at[0] and column > self.overlay_at[1]:
            return column + len(self.overlay)
        return column

    def column(self, row: int, place: int) -> int:
        """The column at a place; all of the overlay is at the column where it stands."""
        if self.overlay and row == self.overlay_at[0] and place > self.overlay_at[1]:
            return max(self.overlay_at[1], place - len(self.overlay))
        return place

    def rows_of(self, row: int) -> tuple[int, ...]:
        """The places at which each row on the screen of this line begins."""
        return (0, *self._breaks[row])

    def bounds(self, row: int, section: int) -> tuple[int, int]:
        """The places at which one row on the screen begins and ends, without a newline."""
        starts = self.rows_of(row)
        line = self.shown_line(row)
        end = starts[section + 1] if section + 1 < len(starts) else len(line)
        if end > starts[section] and line[end - 1] == "\n":
            end -= 1
        return starts[section], end

    # -- screen rows

    @property
    def height(self) -> int:
        return self._heights.total

    def rows_on_page(self, row: int) -> tuple[int, int]:
        """The first screen row of a line, and how many it has."""
        return self._heights.before(row), self._heights[row]

    def locate(self, y: int) -> tuple[int, int]:
        """Line and section that are shown in the row ``y``."""
        row = self._heights.find(max(0, y))
        section = y - self._heights.before(row)
        return row, max(0, min(section, self._heights[row] - 1))

    def offset_of_place(self, row: int, place: int) -> Offset:
        """Cell and screen row of a place in a line."""
        starts = self.rows_of(row)
        section = bisect_right(starts, place) - 1
        shape = self.shape(row)
        x = shape.cell(place) - shape.cell(starts[section])
        if self._wrapped_at:
            x = min(x, self._wrapped_at)
        return Offset(x, self._heights.before(row) + section)

    def location_to_offset(self, location: Location) -> Offset:
        return self.offset_of_place(location[0], self.place(location))

    def overlay_end(self) -> Offset:
        """Cell and screen row behind the overlay."""
        row, column = self.overlay_at
        return self.offset_of_place(row, column + len(self.overlay))

    def offset_to_location(self, offset: Offset) -> Location:
        x, y = offset
        row, section = self.locate(y)
        return row, self.get_target_document_column(row, max(0, x), section)

    def get_target_document_column(self, line_index: int, x_offset: int, y_offset: int) -> int:
        """The column in cell ``x_offset`` of one of a line's rows; -1 is the last."""
        starts = self.rows_of(line_index)
        section = y_offset if y_offset >= 0 else len(starts) - 1
        start, end = self.bounds(line_index, section)
        shape = self.shape(line_index)
        place = min(shape.index(shape.cell(start) + x_offset), end)
        if place == end > start and section + 1 < len(starts) and starts[section + 1] == end:
            place = shape.start(end - 1)  # the end itself is shown in the next row
        return self.column(line_index, place)

    def get_offsets(self, line_index: int) -> list[int]:
        return list(self._breaks[line_index])

    def get_sections(self, line_index: int) -> list[str]:
        line = self.shown_line(line_index)
        count = len(self._breaks[line_index]) + 1
        return [line[slice(*self.bounds(line_index, section))] for section in range(count)]

    def get_tab_widths(self, line_index: int) -> list[int]:
        return []

    def shape(self, row: int) -> Shape:
        """The cells of a line as shown."""
        if self.overlay and row == self.overlay_at[0]:
            return self._shape_shown
        return shape_of(self.page.lines[row])
