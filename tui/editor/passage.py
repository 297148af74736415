"""Text with marks on it: who wrote which characters, what was copied, how surprising it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

ORIGIN = "origin"
"""The layer that says which characters a model wrote; the value is the generation's name."""


class Span(NamedTuple):
    """Characters ``start`` up to ``end`` carry ``value`` in ``layer``."""

    start: int
    end: int
    layer: str
    value: str = ""


Marks = tuple[Span, ...]
"""Spans of one line, by column."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a draft, line by line, as it is put in and taken out."""

    lines: tuple[str, ...] = ("",)
    marks: tuple[Marks, ...] = ((),)

    @classmethod
    def of(cls, text: str, layer: str = "", value: str = "") -> Passage:
        """``text``, wholly marked where a layer is named."""
        lines = tuple(text.split("\n"))
        if not layer:
            return cls(lines, ((),) * len(lines))
        return cls(
            lines, tuple((Span(0, len(line), layer, value),) if line else () for line in lines)
        )

    @classmethod
    def marked(cls, text: str, spans: Iterable[Span]) -> Passage:
        """``text`` with ``spans`` by character offset, which may reach over line ends."""
        lines = tuple(text.split("\n"))
        return cls(lines, tuple(tuple(of_line) for of_line in by_line(lines, spans)))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def spans(self, layer: str) -> tuple[Span, ...]:
        """The marks of one layer by offset in the text, line by line."""
        found: list[Span] = []
        offset = 0
        for line, marks in zip(self.lines, self.marks, strict=True):
            found.extend(
                mark._replace(start=mark.start + offset, end=mark.end + offset)
                for mark in marks
                if mark.layer == layer
            )
            offset += len(line) + 1
        return tuple(found)

    def keeping(self, layers: Collection[str]) -> Passage:
        """Without the marks of other layers."""
        kept = (tuple(mark for mark in marks if mark.layer in layers) for marks in self.marks)
        return Passage(self.lines, tuple(kept))

    def __bool__(self) -> bool:
        return len(self.lines) > 1 or bool(self.lines[0])


def by_line(lines: Sequence[str], spans: Iterable[Span]) -> list[list[Span]]:
    """``spans`` by offset in the joined text, cut up into columns of each line."""
    found: list[list[Span]] = [[] for _ in lines]
    row = start = 0
    for span in sorted(spans):
        while row < len(lines) and start + len(lines[row]) < span.start:
            start += len(lines[row]) + 1
            row += 1
        at, first = row, start
        while at < len(lines) and first < span.end:
            begin, end = max(0, span.start - first), min(len(lines[at]), span.end - first)
            if begin < end:
                found[at].append(Span(begin, end, span.layer, span.value))
            first += len(lines[at]) + 1
            at += 1
    return found


def cut(marks: Marks, start: int, end: int) -> Marks:
    """The marks on columns ``start`` up to ``end``, counted from ``start``."""
    if not marks:
        return ()
    return tuple(
        Span(max(m.start, start) - start, min(m.end, end) - start, m.layer, m.value)
        for m in marks
        if m.start < end and m.end > start
    )


def joined(left: Marks, right: Marks, offset: int) -> Marks:
    """Marks of two pieces put together, the right one at column ``offset``; equals are merged."""
    if not right:
        return left
    merged = list(left)
    for mark in right:
        moved = Span(mark.start + offset, mark.end + offset, mark.layer, mark.value)
        for index in range(len(left) - 1, -1, -1):
            other = merged[index]
            if other.end == moved.start == offset and other[2:] == moved[2:]:
                merged[index] = other._replace(end=moved.end)
                break
        else:
            merged.append(moved)
    return tuple(merged)
