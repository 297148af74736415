"""Where the cursor goes, by what is shown: wrapped rows, and characters that share a cell."""

from __future__ import annotations

from bisect import bisect_right

from textual.document._document import Location
from textual.document._document_navigator import DocumentNavigator

from tui.editor.layout import PageLayout
from tui.editor.shape import shape_of


class PageNavigator(DocumentNavigator):
    """Moves over a page."""

    def __init__(self, layout: PageLayout) -> None:
        super().__init__(layout)
        self._layout = layout

    def get_location_left(self, location: Location) -> Location:
        row, column = location
        if column:
            return row, shape_of(self._layout.page.lines[row]).start(column - 1)
        return (row - 1, len(self._layout.page.lines[row - 1])) if row else (0, 0)

    def get_location_right(self, location: Location) -> Location:
        row, column = location
        line = self._layout.page.lines[row]
        if column < len(line):
            return row, shape_of(line).next(column)
        return (row + 1, 0) if row + 1 < len(self._layout.page.lines) else location

    def get_location_above(self, location: Location) -> Location:
        row, section = self._section(location)
        x = max(self._layout.location_to_offset(location).x, self.last_x_offset)
        if section:
            return row, self._layout.get_target_document_column(row, x, section - 1)
        if not row:
            return 0, 0
        return row - 1, self._layout.get_target_document_column(row - 1, x, -1)

    def get_location_below(self, location: Location) -> Location:
        row, section = self._section(location)
        x = max(self._layout.location_to_offset(location).x, self.last_x_offset)
        if section + 1 < len(self._layout.rows_of(row)):
            return row, self._layout.get_target_document_column(row, x, section + 1)
        lines = self._layout.page.lines
        if row + 1 >= len(lines):
            return row, len(lines[row])
        return row + 1, self._layout.get_target_document_column(row + 1, x, 0)

    def get_location_end(self, location: Location) -> Location:
        row, section = self._section(location)
        return row, self._layout.get_target_document_column(row, 1 << 30, section)

    def get_location_home(self, location: Location, smart_home: bool = False) -> Location:
        row, section = self._section(location)
        return row, self._layout.column(row, self._layout.rows_of(row)[section])

    def _section(self, location: Location) -> tuple[int, int]:
        row = location[0]
        place = self._layout.place(location)
        return row, bisect_right(self._layout.rows_of(row), place) - 1
