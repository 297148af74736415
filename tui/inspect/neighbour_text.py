"""Neighbour lists side by side, in cells. Nothing here knows of widgets."""

from __future__ import annotations

from textual.content import Content

from engine.protocol.messages import Neighbours, OddOneOutFound
from engine.protocol.values import NeighbourList
from tui.corpus.summary_text import strip
from tui.inspect.words import named
from tui.render import content, fit

LEAST_WIDTH = 30
"""A table that would get less than this goes under the others."""
GAP = 2


def head(found: Neighbours) -> Content:
    """The word and how often it was seen."""
    text = named(found.word, 60)
    if found.count:
        text += f"   seen {found.count:,} times"
    note = f"\n{found.note}" if found.note else ""
    return Content.assemble(Content.styled(text, "bold $accent"), content(note, "$warning"))


def tables(found: Neighbours, width: int) -> Content:
    """The lists side by side where they fit, else one under another."""
    if not found.tables:
        return Content.styled("no neighbours", "$quiet")
    beside = max(1, min(len(found.tables), (width + GAP) // (LEAST_WIDTH + GAP)))
    each = min(56, (width + GAP) // beside - GAP)
    rows: list[Content] = []
    for first in range(0, len(found.tables), beside):
        columns = [_column(table, each) for table in found.tables[first : first + beside]]
        for number in range(max(map(len, columns))):
            parts = [
                column[number] if number < len(column) else Content(" " * each)
                for column in columns
            ]
            rows.append(Content(" " * GAP).join(parts))
        rows.append(Content(""))
    return Content("\n").join(rows[:-1])


def likenesses(found: OddOneOutFound, width: int) -> Content:
    """How like each word is to the others, the least like first."""
    width = min(56, width)
    name_width = max(4, min(20, width - 12))
    bar = max(0, width - name_width - 8)
    rows = [Content.styled(fit(f"{found.table}: mean cosine with the others", width), "$accent")]
    for one in found.words:
        line = Content.assemble(
            fit(named(one.word, name_width), name_width, pad=True),
            f" {one.similarity:>6.3f} ",
            (strip(one.similarity, bar), "$chart-1"),
        )
        rows.append(line.truncate(width))
    return Content("\n").join(rows)


def _column(table: NeighbourList, width: int) -> list[Content]:
    """A table's rows, each exactly ``width`` cells."""
    name_width = max(4, min(20, width - 22))
    bar = max(0, width - name_width - 18)
    rows = [
        Content.styled(fit(table.table, width, pad=True), "$accent"),
        Content.styled(
            fit(f"{'word':<{name_width}} cosine{'':{bar}}   count", width, pad=True), "$quiet"
        ),
    ]
    for one in table.neighbours:
        line = Content.assemble(
            fit(named(one.word, name_width), name_width, pad=True),
            f" {one.similarity:>6.3f} ",
            (fit(strip(one.similarity, bar), bar, pad=True), "$chart-1"),
            (f" {one.count:>8,}", "$quiet"),
        )
        rows.append(line.truncate(width, pad=True))
    if not table.neighbours:
        rows.append(Content.styled(fit("nothing near", width, pad=True), "$quiet"))
    return rows
