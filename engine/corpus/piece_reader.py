"""Pieces of a corpus to ids and counts, tens of megabytes a second.

A token never holds a blank, but for a speaker's cue. So a text is cut at its blanks, each
different stretch between them is taken apart by the tokenizer once, and everything after that is
arithmetic on arrays of ids.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from engine.corpus.capital_places import ELSEWHERE, PLACE_NAMES, kind_of, openers_before
from engine.corpus.casing import CasingCounter
from engine.corpus.measuring import LENGTH_STEPS, SpeakerTally, Tallies, scenes_in
from engine.corpus.tokenizer import NEWLINE, cue_name, is_cue, is_word, pieces_of

MOST_STRETCHES = 300_000
"""So many different stretches are remembered before starting afresh: some 60 MB."""
_EMPTY, _BREAK = 0, 1
_NO_COLON, _COLON_INSIDE, _COLON_AT_END = range(3)
_IS_WORD, _IS_CUE, _UPPER, _TELLS, _IS_I = 1, 2, 4, 8, 16
_PARENTHESIS = PLACE_NAMES.index("(")

Ints = NDArray[np.int64]


class PieceReading(Struct):
    """One piece of a corpus, read: ids into the list of types that its reader keeps."""

    afresh: bool
    """Whether the reader has begun a new list of types with this piece."""
    new_types: list[str]
    """What the list of types has gained."""
    ids: bytes
    """int32, one a token."""


class Totals(Struct):
    """What a reader has counted in all its pieces."""

    tallies: Tallies
    casing: CasingCounter


class PieceReader:
    """Reads pieces (whole lines) of a text and remembers what it has taken apart."""

    def __init__(self) -> None:
        self._tallies, self._casing = Tallies(), CasingCounter()
        self._begin()

    def _begin(self) -> None:
        self._stretches = _Stretches(self)
        self._cues: dict[str, int | None] = {}
        self._colons = bytearray((_NO_COLON, _NO_COLON))
        self._as_cue = array("i", (_EMPTY, _BREAK))
        """For each stretch the one to put in its place where it alone begins a line."""
        self._starts = array("i", (0, 0, 1))
        self._parts = array("i")
        self._surface_ids: dict[str, int] = {}
        self._flags = bytearray()
        self._kinds = bytearray()
        self._token_of = array("i")
        self._token_ids: dict[str, int] = {}
        self._names: list[str] = []
        self._parts.append(self._surface(NEWLINE, NEWLINE))
        self._told = 0
        self._seen: Ints = np.zeros(0, dtype=np.int64)
        self._seen_inside: Ints = np.zeros(0, dtype=np.int64)

    def read(self, text: str) -> PieceReading:
        """Tokenise ``text`` and count everything in it."""
        if len(self._stretches) > MOST_STRETCHES:
            self._keep_counts()
            self._begin()
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")
        text = text.replace("\t", " ")
        stretches = text.replace("\n", " \n ").split(" ")
        found = np.fromiter(
            map(self._stretches.__getitem__, stretches), dtype=np.int32, count=len(stretches)
        )
        self._put_cues(stretches, found)
        surfaces = self._expanded(_without_empty_lines(found))
        flags = np.frombuffer(bytes(self._flags), dtype=np.uint8)[surfaces]
        tokens = np.array(self._token_of, dtype=np.int32)[surfaces]
        self._tallies.scenes += scenes_in(text)
        self._tally(tokens, flags)
        self._count_casing(surfaces, flags)
        told, self._told = self._told, len(self._token_ids)
        return PieceReading(told == 0, list(islice(self._token_ids, told, None)), tokens.tobytes())

    def totals(self) -> Totals:
        """The counts over all pieces up to now."""
        self._keep_counts()
        return Totals(self._tallies, self._casing)

    def _keep_counts(self) -> None:
        """Put the counts of surfaces under their names and begin them again."""
        names = list(self._surface_ids)
        flags = np.frombuffer(bytes(self._flags), dtype=np.uint8)[: len(self._seen)]
        for bit, counts, counter in (
            (_IS_WORD, self._seen, self._casing.anywhere),
            (_IS_CUE, self._seen, self._casing.cues),
            (_IS_WORD, self._seen_inside, self._casing.inside),
        ):
            for number in np.flatnonzero((flags & bit > 0) & (counts > 0)).tolist():
                counter[names[number]] += int(counts[number])
        self._seen = np.zeros(0, dtype=np.int64)
        self._seen_inside = np.zeros(0, dtype=np.int64)

    def _put_cues(self, stretches: Sequence[str], found: NDArray[np.int32]) -> None:
        """Make one of the stretches that form a speaker's cue, in place."""
        colons = np.frombuffer(bytes(self._colons), dtype=np.uint8)[found]
        where = np.flatnonzero(colons)
        if not len(where):
            return
        breaks = np.flatnonzero(found == _BREAK)
        lines = np.searchsorted(breaks, where)
        first = np.diff(lines, prepend=-1) > 0
        where, lines = where[first], lines[first]
        begins = np.concatenate(([0], breaks + 1))
        filled = np.flatnonzero(found)
        starts = filled[np.searchsorted(filled, begins[lines])]
        alone = where == starts
        as_cue = np.array(self._as_cue, dtype=np.int32)
        found[where[alone]] = as_cue[found[where[alone]]]
        several = ~alone & (colons[where] == _COLON_AT_END)
        for start, end in zip(starts[several].tolist(), where[several].tolist(), strict=True):
            beginning = " ".join(stretches[start : end + 1])
            if (cue := self._cue(beginning)) is not None:
                found[start] = cue
                found[start + 1 : end + 1] = _EMPTY

    def _cue(self, beginning: str) -> int | None:
        """The id of a line's beginning up to its colon as one stretch, if it is a cue."""
        if beginning in self._cues:
            return self._cues[beginning]
        made = None
        if (name := cue_name(beginning)) is not None:
            cue = self._surface(f"{name.lower()}:", f"{name}:")
            made = self._add([cue, *self._parts_of(beginning[len(name) : -1])], _NO_COLON)
        self._cues[beginning] = made
        return made

    def learn(self, stretch: str) -> int:
        """Take apart a stretch that has not been met yet; returns its id."""
        parts = self._parts_of(stretch)
        colon = stretch.find(":")
        kind = _COLON_INSIDE if 0 <= colon < len(stretch) - 1 else _COLON_AT_END
        number = self._add(parts, _NO_COLON if colon < 0 else kind)
        if colon == len(stretch) - 1 >= 1 and (cue := self._cue(stretch)) is not None:
            self._as_cue[number] = cue
        return number

    def _parts_of(self, text: str) -> list[int]:
        """The surfaces in a text that has no speaker's cue, blanks left out."""
        stretches = text.split(" ")
        return [self._surface(*piece) for stretch in stretches for piece in pieces_of(stretch)]

    def _add(self, parts: Sequence[int], colon: int) -> int:
        number = len(self._colons)
        self._colons.append(colon)
        self._as_cue.append(number)
        self._parts.extend(parts)
        self._starts.append(len(self._parts))
        return number

    def _surface(self, token: str, surface: str) -> int:
        found = self._surface_ids.get(surface)
        if found is not None:
            return found
        word, upper = is_word(token), surface[:1].isupper()
        tells = not surface.isupper() or len(surface) == 1
        is_i = token == "i" or token.startswith("i'")
        self._flags.append(
            _IS_WORD * word
            | _IS_CUE * is_cue(token)
            | _UPPER * upper
            | _TELLS * tells
            | _IS_I * is_i
        )
        self._kinds.append(kind_of(token))
        number = self._token_ids.setdefault(token, len(self._token_ids))
        self._token_of.append(number)
        self._surface_ids[surface] = made = len(self._surface_ids)
        return made

    def _expanded(self, found: NDArray[np.int32]) -> NDArray[np.int32]:
        """The surfaces that the stretches consist of."""
        starts = np.array(self._starts, dtype=np.int32)
        lengths = np.diff(starts)[found]
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        offsets = np.repeat(starts[found] - (ends - lengths), lengths)
        return np.array(self._parts, dtype=np.int32)[offsets + np.arange(total)]

    def _tally(self, tokens: NDArray[np.int32], flags: NDArray[np.uint8]) -> None:
        if not len(tokens):
            return
        breaks = np.flatnonzero(tokens == self._token_ids[NEWLINE])
        starts = np.concatenate(([0], breaks + 1))
        ends = np.concatenate((breaks, [len(tokens)]))
        so_far = np.concatenate(([0], np.cumsum(flags & _IS_WORD, dtype=np.int64)))
        words = so_far[ends] - so_far[starts]
        lengths = ends - starts
        filled = lengths > 0
        buckets = np.bincount(np.searchsorted(LENGTH_STEPS, words[filled])).tolist()
        opener = np.minimum(starts, len(tokens) - 1)
        cued = filled & (flags[opener] & _IS_CUE > 0)
        speakers = np.where(cued, tokens[opener], -1)
        # A cue on a line of its own has the lines up to the next cue or empty line for its speech.
        latest = np.maximum.accumulate(np.where(cued | ~filled, np.arange(len(filled)), 0))
        goes_on = filled & ~cued & cued[latest] & (lengths[latest] == 1)
        saying = np.where(goes_on, speakers[latest], speakers)
        said = saying >= 0
        lines_of = np.bincount(speakers[cued], minlength=1)
        words_of = np.bincount(saying[said], weights=words[said], minlength=1)
        cues = np.flatnonzero(lines_of)
        names = self._names_of(cues) if len(cues) else []
        self._tallies.merge(
            Tallies(
                lines=int(filled.sum()),
                lengths={i: n for i, n in enumerate(buckets) if n},
                speakers={
                    name: SpeakerTally(int(lines_of[cue]), int(words_of[cue]))
                    for name, cue in zip(names, cues.tolist(), strict=True)
                },
            )
        )

    def _count_casing(self, surfaces: NDArray[np.int32], flags: NDArray[np.uint8]) -> None:
        kinds = np.frombuffer(bytes(self._kinds), dtype=np.int8)[surfaces]
        openers = openers_before(kinds)
        word = (flags & _IS_WORD) > 0
        elsewhere = openers == ELSEWHERE
        self._seen = self._sum(self._seen, surfaces)
        inside = word & elsewhere & ((flags & _TELLS) > 0)
        self._seen_inside = self._sum(self._seen_inside, surfaces[inside])
        upper = (flags & _UPPER) > 0
        placed = word & ~elsewhere & ((flags & _IS_I) == 0)
        counter = self._casing
        counter.seen_after.update(_places(openers[placed]))
        counter.upper_after.update(_places(openers[placed & upper]))
        enclosed = np.flatnonzero(word & (openers == _PARENTHESIS))
        if len(enclosed):
            tokens = np.array(self._token_of, dtype=np.int32)[surfaces[enclosed]]
            for name, capital in zip(self._names_of(tokens), upper[enclosed].tolist(), strict=True):
                counter.parenthesised[name] += 1 if capital else -1

    def _names_of(self, tokens: NDArray[Any]) -> list[str]:
        self._names.extend(islice(self._token_ids, len(self._names), None))
        names = self._names
        return [names[i] for i in tokens.tolist()]

    def _sum(self, counts: Ints, surfaces: NDArray[np.int32]) -> Ints:
        more = np.bincount(surfaces, minlength=len(self._surface_ids))
        more[: len(counts)] += counts
        return more


class _Stretches(dict[str, int]):
    """Ids of stretches; a new one is learned by asking for it."""

    def __init__(self, reader: PieceReader) -> None:
        super().__init__({"": _EMPTY, "\n": _BREAK})
        self._reader = reader

    def __missing__(self, stretch: str) -> int:
        number = self._reader.learn(stretch)
        self[stretch] = number
        return number


def _without_empty_lines(found: NDArray[np.int32]) -> NDArray[np.int32]:
    """``found`` with runs of empty lines as one empty line, and without blanks."""
    kept = found[found != _EMPTY]
    breaks = kept == _BREAK
    surplus = breaks.copy()
    surplus[:2] = False
    surplus[2:] &= breaks[1:-1] & breaks[:-2]
    left: NDArray[np.int32] = kept[~surplus]
    return left


def _places(openers: NDArray[np.int8]) -> Counter[str]:
    counts = np.bincount(openers, minlength=1).tolist()
    return Counter({PLACE_NAMES[i]: n for i, n in enumerate(counts) if n})
