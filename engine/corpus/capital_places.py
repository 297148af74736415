"""Where capitals may stand, as a table: the places of ``casing`` for whole pieces of text at once.

:class:`~engine.corpus.casing.Place` says it token by token. Words all do the same to it, so only
marks need to be followed; the table has a row for every state that marks and gaps can lead to.
"""

from __future__ import annotations

import functools
import itertools
from operator import getitem, itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.corpus.casing import PLACES, Place
from engine.corpus.tokenizer import NEWLINE, is_cue

WORD = 0
"""The kind of tokens after which no place is left: words, and marks that open nothing."""
_MARKS = ("word", "cue:", NEWLINE, ".", "!", "?", "...", "(", ")", "[", ":", ",", '"')
"""One token of every kind."""
_QUOTES = frozenset("\"'“‘«")
_KINDS = {mark: kind for kind, mark in enumerate(_MARKS)} | dict.fromkeys(_QUOTES, len(_MARKS) - 1)
ELSEWHERE = 0
PLACE_NAMES = ("", *sorted(PLACES))
"""Openers by number; number 0 stands for all that are no place for a capital."""


class _Table(NamedTuple):
    rows: list[list[Any]]
    """Row of a state: the row that follows each ``2 * kind + gap``; at its end, its number."""
    openers: NDArray[np.int8]
    """(states,), the number in ``PLACE_NAMES`` of the opener."""


def kind_of(token: str) -> int:
    """What ``token`` does to the place."""
    return 1 if is_cue(token) else _KINDS.get(token, WORD)


def openers_before(kinds: NDArray[np.int8]) -> NDArray[np.int8]:
    """The place of each token, (tokens,), as a number in ``PLACE_NAMES``; ``kinds`` likewise."""
    table = _table()
    before = np.zeros(len(kinds) + 1, dtype=np.int8)
    marks = np.flatnonzero(kinds)
    gaps = np.diff(marks, prepend=-1) > 1
    steps = (2 * kinds[marks] + gaps).tolist()
    rows = itertools.accumulate(steps, getitem, initial=table.rows[0])
    states = np.fromiter(map(itemgetter(-1), rows), dtype=np.int32, count=len(steps) + 1)
    before[0] = table.openers[states[0]]
    before[marks + 1] = table.openers[states[1:]]
    return before[:-1]


@functools.cache
def _table() -> _Table:
    start = Place()
    numbers: dict[Place, int] = {}
    rows: list[list[Any]] = []
    openers: list[int] = []
    following: list[tuple[list[Any], list[Place]]] = []
    waiting = [start]
    while waiting:
        place = waiting.pop()
        if place in numbers:
            continue
        numbers[place] = len(rows)
        row: list[Any] = []
        openers.append(PLACE_NAMES.index(place.opener) if place.opener in PLACES else ELSEWHERE)
        nexts = []
        for mark in _MARKS:
            for gap in (False, True):
                after = (place.push(_MARKS[WORD]) if gap else place).push(mark)
                nexts.append(after)
                waiting.append(after)
        rows.append(row)
        following.append((row, nexts))
    for number, (row, nexts) in enumerate(following):
        row.extend(rows[numbers[state]] for state in nexts)
        row.append(number)
    return _Table(rows, np.array(openers, dtype=np.int8))
