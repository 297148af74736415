"""The draft in the editor: lines with marks, changed in place, its offsets always known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import overload

from textual.document._document import DocumentBase, EditResult, Location
from textual.geometry import Size

from tui.editor.passage import Marks, Passage, Span, by_line, cut, joined
from tui.editor.sums import PrefixSums


class PageDocument(DocumentBase):
    """Lines of text with marks. Only ``\\n`` ends a line: whatever else a draft holds, it keeps."""

    def __init__(self, content: Passage | None = None) -> None:
        content = content or Passage()
        self._lines = list(content.lines)
        self._marks: list[Marks] = list(content.marks)
        self._lengths = PrefixSums(len(line) + 1 for line in self._lines)

    # -- changing

    def exchange(self, start: Location, end: Location, passage: Passage) -> Passage:
        """Put ``passage`` in the place of what stands from ``start`` to ``end``; returns that."""
        removed = self.passage(start, end)
        (first, left), (last, right) = start, end
        head, tail = self._lines[first][:left], self._lines[last][right:]
        head_marks = cut(self._marks[first], 0, left)
        tail_marks = cut(self._marks[last], right, len(self._lines[last]))
        lines, marks = list(passage.lines), list(passage.marks)
        marks[0] = joined(head_marks, marks[0], left)
        lines[0] = head + lines[0]
        marks[-1] = joined(marks[-1], tail_marks, len(lines[-1]))
        lines[-1] += tail
        self._lines[first : last + 1] = lines
        self._marks[first : last + 1] = marks
        self._lengths.replace(first, last + 1, [len(line) + 1 for line in lines])
        return removed

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        start, end = sorted((start, end))
        removed = self.exchange(start, end, Passage.of(text))
        return EditResult(end_of(start, text), removed.text)

    # -- reading

    def passage(self, start: Location, end: Location) -> Passage:
        """A copy of what stands from ``start`` to ``end``, marks included."""
        (first, left), (last, right) = start, end
        if first == last:
            line = self._lines[first][left:right]
            return Passage((line,), (cut(self._marks[first], left, left + len(line)),))
        top, bottom = self._lines[first], self._lines[last]
        return Passage(
            (top[left:], *self._lines[first + 1 : last], bottom[:right]),
            (
                cut(self._marks[first], left, len(top)),
                *self._marks[first + 1 : last],
                cut(self._marks[last], 0, right),
            ),
        )

    def marks(self, row: int) -> Marks:
        """The marks on one line."""
        return self._marks[row]

    def spans(self, layer: str) -> list[Span]:
        """All marks of one layer by offset in the text; those with only line ends between are one.

        Looks at every line.
        """
        found: list[Span] = []
        offset = 0
        goes_on = -1  # where a mark must begin to be one with the last
        for line, marks in zip(self._lines, self._marks, strict=True):
            for mark in marks:
                if mark.layer != layer:
                    continue
                span = Span(mark.start + offset, mark.end + offset, layer, mark.value)
                if found and found[-1].value == span.value and span.start == goes_on:
                    span = span._replace(start=found.pop().start)
                found.append(span)
                goes_on = span.end
            if goes_on == offset + len(line):
                goes_on += 1
            offset += len(line) + 1
        return found

    def mark(self, layer: str, spans: Iterable[Span]) -> None:
        """Have ``layer`` consist of ``spans``, by offset. Looks at every line."""
        fresh = by_line(self._lines, spans)
        for row, marks in enumerate(self._marks):
            if fresh[row] or any(mark.layer == layer for mark in marks):
                self._marks[row] = (*(m for m in marks if m.layer != layer), *fresh[row])

    @property
    def length(self) -> int:
        """Characters, line ends included."""
        return self._lengths.total - 1

    def offset_of(self, location: Location) -> int:
        """Characters before ``location``."""
        row, column = location
        return self._lengths.before(row) + column

    def location_of(self, offset: int) -> Location:
        """Where the character ``offset`` stands; the nearest place where there is none."""
        offset = max(0, min(offset, self.length))
        row = self._lengths.find(offset)
        return row, offset - self._lengths.before(row)

    def before(self, location: Location, most: int) -> str:
        """At most ``most`` characters that stand before ``location``."""
        start = self.location_of(max(0, self.offset_of(location) - most))
        return self.get_text_range(start, location)

    def after(self, location: Location, most: int) -> str:
        """At most ``most`` characters that stand behind ``location``."""
        end = self.location_of(self.offset_of(location) + most)
        return self.get_text_range(location, end)

    # -- what a text area asks

    @property
    def lines(self) -> list[str]:
        return self._lines

    @property
    def text(self) -> str:
        """The whole draft, put together anew each time."""
        return "\n".join(self._lines)

    @property
    def newline(self) -> str:  # type: ignore[override]
        return "\n"

    @property
    def line_count(self) -> int:
        return len(self._lines)

    @property
    def start(self) -> Location:
        return (0, 0)

    @property
    def end(self) -> Location:
        return (len(self._lines) - 1, len(self._lines[-1]))

    def get_line(self, index: int) -> str:
        return self._lines[index]

    def get_text_range(self, start: Location, end: Location) -> str:
        start, end = sorted((start, end))
        (first, left), (last, right) = start, end
        if first == last:
            return self._lines[first][left:right]
        middle = self._lines[first + 1 : last]
        return "\n".join((self._lines[first][left:], *middle, self._lines[last][:right]))

    def get_size(self, tab_width: int) -> Size:
        return Size(max(map(len, self._lines)), len(self._lines))

    @overload
    def __getitem__(self, line_index: int) -> str: ...

    @overload
    def __getitem__(self, line_index: slice) -> list[str]: ...

    def __getitem__(self, line_index: int | slice) -> str | list[str]:
        return self._lines[line_index]


def end_of(start: Location, text: str) -> Location:
    """Where ``text`` ends when it begins at ``start``."""
    breaks = text.count("\n")
    if not breaks:
        return start[0], start[1] + len(text)
    return start[0] + breaks, len(text) - text.rindex("\n") - 1
