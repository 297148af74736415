"""The box for one line of text: whatever is in it, no terminal obeys it."""

from __future__ import annotations

from rich.style import Style
from textual.strip import Strip
from textual.widgets import Input

from tui.editor.painter import Run, paint
from tui.editor.shape import Shape, shape_of


class LineBox(Input):
    """An input that draws control, bidi and zero-width characters as the signs for them.

    Its value keeps them, so that what is selected on the page can be looked for.
    """

    @property
    def _drawn(self) -> tuple[str, Shape]:
        line = self.value.replace("\n", "␊")  # for a shape, a newline would end the row
        return line, shape_of(line)

    @property
    def content_width(self) -> int:
        """Cells of the line, and one for the cursor behind it."""
        if not self.value:
            return super().content_width
        return self._position_to_cell(len(self.value)) + 1

    def _position_to_cell(self, position: int) -> int:
        return self._drawn[1].cell(position)

    def _cell_offset_to_index(self, offset: int) -> int:
        return self._drawn[1].index(max(0, offset + self.scroll_offset.x))

    def render_line(self, y: int) -> Strip:
        """The part of the line that is scrolled to, as the input does it."""
        if y or not self.value:
            return super().render_line(y)
        line, shape = self._drawn
        runs: list[Run] = []
        behind: Style | None = None
        if self.has_focus:
            start, end = sorted(self.selection)
            selected = self.get_component_rich_style("input--selection")
            runs.append(Run(shape.start(start), shape.start(end), selected))
            if self._cursor_visible:
                cursor = self.get_component_rich_style("input--cursor")
                at = self.cursor_position
                runs.append(Run(shape.start(at), shape.next(at), cursor))
                behind = cursor if self.cursor_at_end else None
        whole = paint(line, shape, 0, len(line), runs, Style(), self.content_width, behind)
        left, cells = self.scroll_offset.x, self.scrollable_content_region.width + 1
        strip = whole.crop(left, left + cells).extend_cell_length(cells)
        return strip.apply_style(self.rich_style)
