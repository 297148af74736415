"""A corpus in lines of text: figures, histogram and split, drawn in cells.

Everything here gives :class:`Content` of at most the width asked for, so that columns stay in line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from textual.content import Content

from engine.protocol.values import CorpusSummary, SpeakerCount
from tui.render import content, fit, width

Order = Literal["lines", "words", "name"]
ORDERS: tuple[Order, ...] = ("lines", "words", "name")
MOST_SPEAKERS = 500
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_COLUMN = 24
"""Cells that a label and its figure need."""


def strip(share: float, cells: int) -> str:
    """A horizontal bar that fills ``share`` of ``cells`` cells."""
    eighths = round(min(1.0, max(0.0, share)) * cells * 8)
    full, part = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[part] if part else "")


def heading(title: str, hint: str = "", cells: int = 0) -> Content:
    """A section's title, with the key that changes it at the right."""
    gap = max(2, cells - width(title) - width(hint))
    return Content.assemble((title, "$accent"), (" " * gap + hint if hint else "", "$quiet"))


def pairs(rows: Sequence[tuple[str, str]], cells: int) -> Content:
    """Labels with their figures, in as many columns as fit, filled downwards."""
    columns = max(1, min(len(rows), cells // _COLUMN))
    high = -(-len(rows) // columns)
    each = cells // columns
    label = max(len(name) for name, _ in rows) + 2
    lines: list[Content] = []
    for top in range(high):
        parts: list[tuple[str, str] | str] = []
        for name, value in rows[top::high]:
            parts += [(f"{name:<{label}}", "$quiet"), fit(value, each - label - 1, pad=True), " "]
        lines.append(Content.assemble(*parts).rstrip())
    return Content("\n").join(lines)


def overview(summary: CorpusSummary, cells: int) -> Content:
    """Name, size, encoding, tokens and scenes."""
    rows = [
        ("files", f"{summary.files:,}"),
        ("encoding", ", ".join(summary.encodings)),
        ("bytes", f"{summary.bytes:,}"),
        ("lines", f"{summary.lines:,}"),
        ("scenes", f"{summary.scenes:,}"),
        ("speakers", _number_of_speakers(summary)),
        ("types", f"{summary.types:,}"),
        ("a speech", _mean(summary)),
    ]
    tokens = f"{summary.tokens:,} tokens"
    name = fit(summary.name, cells - len(tokens) - 2)
    gap = " " * (cells - width(name) - len(tokens))
    parts = [Content.assemble((name, "bold"), gap, tokens), pairs(rows, cells)]
    parts += [content(f"▲ {note}", "$warning") for note in summary.notes]
    return Content("\n").join(parts)


def _number_of_speakers(summary: CorpusSummary) -> str:
    """The engine lists no more than ``MOST_SPEAKERS``."""
    listed = len(summary.speakers)
    return f"{listed:,}" if listed < MOST_SPEAKERS else f"over {listed - 1:,}"


def _mean(summary: CorpusSummary) -> str:
    """Words in a speech, on average."""
    lines = sum(speaker.lines for speaker in summary.speakers)
    words = sum(speaker.words for speaker in summary.speakers)
    return f"{words / lines:.1f} words" if lines else "none"


def cutoffs(summary: CorpusSummary, cells: int, hint: str = "") -> Content:
    """How many words each cut-off keeps, and how much of the text they cover; one is marked."""
    lines = [
        heading("Vocabulary", hint, cells),
        Content.styled("  times    words  coverage", "$quiet"),
    ]
    most = max((at.size for at in summary.cutoffs), default=0) or 1
    for at in summary.cutoffs:
        row = f"{at.cutoff:>6,}+ {at.size:>8,} {at.coverage:>9.2%}"
        bar = strip(at.size / most, max(0, min(24, cells - len(row) - 3)))
        chosen = at.cutoff == summary.cutoff
        mark = ("▸", "$accent") if chosen else (" ", "")
        lines.append(
            Content.assemble(mark, (row[1:], "bold" if chosen else ""), "  ", (bar, "$chart-1 60%"))
        )
    return Content("\n").join(lines)


def split_bar(summary: CorpusSummary, cells: int) -> Content:
    """The split as one bar, with its figures under it."""
    split = summary.split
    total = max(1, split.train + split.validation + split.test)
    cells = max(12, cells)
    test = max(1, round(cells * split.test / total)) if split.test else 0
    validation = max(1, round(cells * split.validation / total)) if split.validation else 0
    validation = min(validation, cells - test)
    train = max(0, cells - test - validation)
    parts = (
        ("training", split.train, "$chart-1"),
        ("validation", split.validation, "$chart-2"),
        ("test", split.test, "$chart-3"),
    )
    bar = Content.assemble(
        ("█" * train, "$chart-1"), ("█" * validation, "$chart-2"), ("█" * test, "$chart-3")
    )
    rows = [
        Content.assemble(
            ("■ ", colour), f"{name:<11}{tokens:>14,}", (f"{tokens / total:>8.1%}", "$quiet")
        )
        for name, tokens, colour in parts
    ]
    return Content("\n").join([heading("Split by whole scenes, in tokens"), bar, *rows])


def histogram(rows: Sequence[tuple[str, int]], cells: int) -> Content:
    """Lines by their number of words, each with its bar."""
    most = max((count for _label, count in rows), default=0) or 1
    label_width = max((len(label) for label, _count in rows), default=0)
    inner = max(8, cells - label_width - 10)
    lines = [
        Content.assemble(
            (f"{label:>{label_width}} ", "$quiet"),
            (strip(count / most, inner), "$chart-1 75%"),
            f" {count:,}",
        )
        for label, count in rows
    ]
    return Content("\n").join([heading("Words a line"), *lines])


def in_order(cast: Iterable[SpeakerCount], order: Order) -> list[SpeakerCount]:
    """The cast sorted by lines, by words (most first) or by name."""
    if order == "name":
        return sorted(cast, key=lambda s: s.name.casefold())
    return sorted(cast, key=lambda s: (-(s.words if order == "words" else s.lines), s.name))


def speakers(
    summary: CorpusSummary, most: int, order: Order, cells: int, hint: str = ""
) -> Content:
    """The cast with lines and words, ``most`` of it."""
    cast = in_order(summary.speakers, order)[:most]
    if not cast:
        return Content("\n").join(
            [heading("Cast"), Content.styled("Nobody speaks in this text.", "$quiet")]
        )
    name_width = min(24, max(12, cells - 21))
    marks = {name: " ▾" if name == order else "" for name in ORDERS}
    head = (
        f"{'name' + marks['name']:<{name_width}}"
        f"{'lines' + marks['lines']:>9}{'words' + marks['words']:>10}"
    )
    busiest = max((s.words if order == "words" else s.lines) for s in cast) or 1
    inner = max(0, min(30, cells - name_width - 22))
    lines = [heading("Cast", hint, cells), Content.styled(head, "$quiet")]
    for speaker in cast:
        share = (speaker.words if order == "words" else speaker.lines) / busiest
        figures = f"{speaker.lines:>9,}{speaker.words:>10,}"
        lines.append(
            Content.assemble(
                fit(speaker.name, name_width, pad=True),
                figures,
                "  ",
                (strip(share, inner), "$chart-1 60%"),
            )
        )
    hidden = len(summary.speakers) - len(cast)
    if hidden:
        lines.append(Content.styled(f"and {hidden:,} more", "$quiet"))
    return Content("\n").join(lines)


def frequent(summary: CorpusSummary, cells: int) -> Content:
    """The most frequent words, running."""
    lines: list[list[Content]] = [[]]
    taken = 0
    for word, count in summary.frequent:
        piece = Content.assemble(fit(word, 24), " ", (f"{count:,}", "$quiet"))
        if taken and taken + 2 + piece.cell_length > cells:
            lines.append([])
            taken = 0
        lines[-1].append(piece)
        taken += piece.cell_length + 2
    rows = [Content("  ").join(line) for line in lines]
    return Content("\n").join([heading("Most frequent words"), *rows])
