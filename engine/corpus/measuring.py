"""What is counted while a corpus is read: lines, scenes, speakers, words."""

from __future__ import annotations

import re

from msgspec import Struct

from engine.corpus.casing import CasingCounter
from engine.corpus.tokenizer import NEWLINE, is_cue, is_word, normalised, tokenize_with_offsets

LENGTH_STEPS = (2, 5, 10, 15, 20, 30, 50, 100)
"""Upper bounds, in words, of the buckets of the line-length histogram; the last is open."""
_SCENE = re.compile(
    r"^(?:\[(?!Episode\b)[^\]\n]+\]|(?:INT|EXT|INT/EXT|I/E|EST)[. ].*)$", re.M | re.I
)


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


class PieceReading(Struct):
    """One piece of a corpus, read: its tokens as ids into its own list of types."""

    types: list[str]
    counts: list[int]
    ids: bytes
    """int32, one a token."""
    tallies: Tallies
    casing: CasingCounter


def read_piece(text: str) -> PieceReading:
    """Tokenise ``text`` (whole lines) and count everything in it."""
    import numpy as np

    table: dict[str, int] = {}
    ids: list[int] = []
    tallies = Tallies()
    text = normalised(text)
    words, speaker, in_line = 0, "", 0
    casing = CasingCounter()
    for token, start in tokenize_with_offsets(text):
        casing.observe(token, text[start : start + len(token)])
        ids.append(table.setdefault(token, len(table)))
        if token == NEWLINE:
            if in_line:
                _end_line(tallies, speaker, words)
            words, speaker, in_line = 0, "", 0
            continue
        in_line += 1
        if is_cue(token) and in_line == 1:
            speaker = token
        elif is_word(token):
            words += 1
    if in_line:
        _end_line(tallies, speaker, words)
    tallies.scenes = len(_SCENE.findall(text))
    array = np.array(ids, dtype=np.int32)
    counts = np.bincount(array, minlength=len(table)).tolist()
    return PieceReading(list(table), counts, array.tobytes(), tallies, casing)


def _end_line(tallies: Tallies, speaker: str, words: int) -> None:
    tallies.lines += 1
    bucket = next((i for i, top in enumerate(LENGTH_STEPS) if words <= top), len(LENGTH_STEPS))
    tallies.lengths[bucket] = tallies.lengths.get(bucket, 0) + 1
    if speaker:
        tally = tallies.speakers.setdefault(speaker, SpeakerTally())
        tally.lines += 1
        tally.words += words


def length_labels() -> tuple[str, ...]:
    """Names of the histogram's buckets."""
    lows = (0, *(top + 1 for top in LENGTH_STEPS))
    bounded = [f"{low}-{top}" for low, top in zip(lows, LENGTH_STEPS, strict=False)]
    return (*bounded, f"over {LENGTH_STEPS[-1]}")
