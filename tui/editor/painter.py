"""Drawing one row of the page: text in runs of one style each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.editor.shape import Shape


class Run(NamedTuple):
    """Places ``start`` up to ``end`` of a line get ``style`` on top of what they have."""

    start: int
    end: int
    style: Style


def paint(
    line: str,
    shape: Shape,
    start: int,
    end: int,
    runs: Sequence[Run],
    base: Style,
    width: int,
    behind: Style | None = None,
) -> Strip:
    """The places ``start`` up to ``end`` of ``line`` as a strip of ``width`` cells.

    Later runs lie over earlier ones. ``behind`` is the style of one more cell behind the text,
    where a cursor or the end of a selection is shown.
    """
    edges = {start, end}
    for run in runs:
        edges.add(min(max(run.start, start), end))
        edges.add(min(max(run.end, start), end))
    segments: list[Segment] = []
    for left, right in pairwise(sorted(edges)):
        style = base
        for run in runs:
            if run.start <= left and run.end >= right:
                style += run.style
        segments.append(Segment(shape.shown(line, left, right), style))
    cells = shape.cell(end) - shape.cell(start)
    if behind is not None and cells < width:
        segments.append(Segment(" ", base + behind))
        cells += 1
    return Strip(segments, cells).adjust_cell_length(width, base)
