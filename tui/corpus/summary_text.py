"""A corpus in lines of text: figures, histogram and split, drawn in cells."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.values import CorpusSummary
from tui.render import fit

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def strip(share: float, width: int) -> str:
    """A horizontal bar that fills ``share`` of ``width`` cells."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[part] if part else "")


def overview(summary: CorpusSummary) -> str:
    """Size, encoding, tokens, vocabulary and scenes."""
    encodings = ", ".join(summary.encodings)
    lines = [
        f"{summary.name}",
        f"{summary.bytes:,} bytes in {len(summary.paths)} "
        f"file{'s' if len(summary.paths) != 1 else ''}, {summary.lines:,} lines, {encodings}",
        f"{summary.tokens:,} tokens, {summary.types:,} different; {summary.scenes:,} scenes",
        f"vocabulary {summary.vocabulary_size:,} words seen {summary.cutoff}+ times:"
        f" {summary.coverage:.2%} of the text",
    ]
    return "\n".join(lines + [f"note: {note}" for note in summary.notes])


def cutoffs(summary: CorpusSummary) -> str:
    """What other cut-offs would keep; the chosen one is marked."""
    rows = ["cut-off   words  coverage"]
    for at in summary.cutoffs:
        mark = "▸" if at.cutoff == summary.cutoff else " "
        rows.append(f"{mark}{at.cutoff:>5}  {at.size:>7,}  {at.coverage:>8.2%}")
    return "\n".join(rows)


def split_bar(summary: CorpusSummary, width: int) -> str:
    """The split as one bar, with its figures under it."""
    split = summary.split
    total = max(1, split.train + split.validation + split.test)
    inner = max(12, width - 2)
    test = max(1, round(inner * split.test / total)) if split.test else 0
    validation = max(1, round(inner * split.validation / total)) if split.validation else 0
    train = max(0, inner - test - validation)
    return (
        "█" * train + "▓" * validation + "░" * test + "\n"
        f"█ training {split.train:,}  ▓ validation {split.validation:,}  ░ test {split.test:,}"
    )


def histogram(rows: Sequence[tuple[str, int]], width: int) -> str:
    """Counts by label, each with its bar."""
    most = max((count for _label, count in rows), default=0) or 1
    label_width = max((len(label) for label, _count in rows), default=0)
    inner = max(8, width - label_width - 10)
    return "\n".join(
        f"{label:>{label_width}} {strip(count / most, inner)} {count:,}" for label, count in rows
    )


def speakers(summary: CorpusSummary, most: int, by_words: bool) -> str:
    """The cast with lines and words."""
    cast = sorted(summary.speakers, key=lambda s: (-(s.words if by_words else s.lines), s.name))[
        :most
    ]
    marks = ("lines", "words ▾") if by_words else ("lines ▾", "words")
    rows = [f"{'speaker':<20}{marks[0]:>9}{marks[1]:>10}"]
    rows += [f"{fit(s.name, 20, pad=True)}{s.lines:>9,}{s.words:>10,}" for s in cast]
    hidden = len(summary.speakers) - len(cast)
    return "\n".join(rows + ([f"and {hidden:,} more"] if hidden else []))


def frequent(summary: CorpusSummary, width: int) -> str:
    """The most frequent words, running."""
    words = "  ".join(f"{word} {count:,}" for word, count in summary.frequent)
    lines, line = [], ""
    for piece in words.split("  "):
        if line and len(line) + 2 + len(piece) > max(20, width):
            lines.append(line)
            line = piece
        else:
            line = f"{line}  {piece}" if line else piece
    return "\n".join([*lines, line])
