"""Brackets in pairs: what is closed was opened in the same line, and what was opened is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.corpus.vocabulary import NEWLINE_ID, Vocabulary

MOST_ENCLOSED = 60
"""Tokens after which a line may end though a bracket is open; the writer may have meant no pair."""
_PAIRS = (("(", ")"), ("[", "]"))
_HOLLOW = (".", ",", "!", "?", ":", ";", "...", "--")
"""Marks that nothing stands before in a bracket."""


@dataclass(frozen=True, slots=True)
class Brackets:
    """The brackets of one vocabulary, by id; those that it does not have are left out."""

    pairs: tuple[tuple[int, int], ...]
    hollow: frozenset[int]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> Brackets:
        known = [pair for pair in _PAIRS if all(mark in vocabulary for mark in pair)]
        return cls(
            tuple((vocabulary.id_of(opening), vocabulary.id_of(end)) for opening, end in known),
            frozenset(vocabulary.id_of(mark) for mark in _HOLLOW if mark in vocabulary),
        )

    def is_open(self, recent: Sequence[int]) -> bool:
        """Whether the line that ``recent`` tokens end in has a bracket that is not closed."""
        return bool(self._open(_line(recent)))

    def unfit(self, recent: Sequence[int]) -> set[int]:
        """Ids that do not fit behind ``recent`` tokens, the newest last."""
        line = _line(recent)
        still = self._open(line)
        ends = {end for _opening, end in self.pairs}
        if not still:
            return ends
        place, wanted = still[-1]
        unfit = ends - {wanted} | {opening for opening, end in self.pairs if end == wanted}
        since = len(line) - 1 - place
        if since < MOST_ENCLOSED:
            unfit.add(NEWLINE_ID)
        if not since:
            unfit |= {wanted, *self.hollow}
        return unfit

    def _open(self, line: Sequence[int]) -> list[tuple[int, int]]:
        """Place of each bracket that is open at the end of ``line``, and what would close it."""
        closing = dict(self.pairs)
        still: list[tuple[int, int]] = []
        for place, number in enumerate(line):
            if number in closing:
                still.append((place, closing[number]))
            elif still and number == still[-1][1]:
                still.pop()
        return still


def _line(recent: Sequence[int]) -> list[int]:
    line = list(recent[-4 * MOST_ENCLOSED :])
    return line[len(line) - line[::-1].index(NEWLINE_ID) :] if NEWLINE_ID in line else line
