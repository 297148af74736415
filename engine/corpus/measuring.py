"""What is counted while a corpus is read: lines, scenes, speakers, words."""

from __future__ import annotations

import re

from msgspec import Struct

LENGTH_STEPS = (2, 5, 10, 15, 20, 30, 50, 100)
"""Upper bounds, in words, of the buckets of the line-length histogram; the last is open."""
_SCENE = re.compile(
    r"\n(?:\[(?!(?i:Episode\b))[^\]\n]+\][ \t]*(?=\n|\Z)|(?i:INT/EXT|INT|EXT|I/E|EST)[. ])"
)


def scenes_in(text: str) -> int:
    """How many scene headings begin a line of ``text``: ``[A laundry.]`` or ``INT. LAUNDRY``."""
    return len(_SCENE.findall("\n" + text))


class SpeakerTally(Struct):
    lines: int = 0
    words: int = 0


class Tallies(Struct):
    """Counts over a text, mergeable so that pieces can be read side by side."""

    lines: int = 0
    scenes: int = 0
    lengths: dict[int, int] = {}
    speakers: dict[str, SpeakerTally] = {}

    def merge(self, other: Tallies) -> None:
        """Add what ``other`` has counted."""
        self.lines += other.lines
        self.scenes += other.scenes
        for bucket, count in other.lengths.items():
            self.lengths[bucket] = self.lengths.get(bucket, 0) + count
        for cue, tally in other.speakers.items():
            mine = self.speakers.setdefault(cue, SpeakerTally())
            mine.lines += tally.lines
            mine.words += tally.words


def length_labels() -> tuple[str, ...]:
    """Names of the histogram's buckets."""
    lows = (0, *(top + 1 for top in LENGTH_STEPS))
    bounded = [f"{low}-{top}" for low, top in zip(lows, LENGTH_STEPS, strict=False)]
    return (*bounded, f"over {LENGTH_STEPS[-1]}")
