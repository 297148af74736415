"""Suffix arrays: all places of a text in the alphabetical order of what follows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]


def suffix_array(text: Ids, depth: int = 1024) -> Ids:
    """Positions of ``text`` sorted by what follows, compared over ``depth`` words at least.

    Prefix doubling (Manber & Myers 1993): places that agree so far are sorted by the rank of the
    place as many words further on, which doubles the length compared; places that stand alone in
    their group are settled and left out.
    """
    size = len(text)
    if size == 0:
        return np.empty(0, dtype=np.int32)
    order = np.argsort(text, kind="stable").astype(np.int64)
    rank = np.empty(size, dtype=np.int64)
    rank[order] = _first_of_group(text[order], np.arange(size))
    open_ = _not_alone(rank[order], np.arange(size))
    reach = 1
    while len(open_) and reach < depth:
        places = order[open_]
        beyond = places + reach
        further = np.where(beyond < size, rank[np.minimum(beyond, size - 1)] + 1, 0)
        key = rank[places] * (size + 1) + further
        by_key = np.argsort(key, kind="stable")
        places, key = places[by_key], key[by_key]
        order[open_] = places
        rank[places] = _first_of_group(key, open_)
        open_ = open_[_not_alone(rank[places], np.arange(len(open_)))]
        reach *= 2
    return order.astype(np.int32)


def _first_of_group(sorted_values: NDArray[Any], slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each value the slot of the first that equals it."""
    new = np.empty(len(sorted_values), dtype=np.bool_)
    new[:1] = True
    np.not_equal(sorted_values[1:], sorted_values[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    first: NDArray[np.int64] = np.repeat(slots[starts], np.diff(np.append(starts, len(slots))))
    return first


def _not_alone(ranks: NDArray[np.int64], slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """The slots whose rank occurs more than once; equal ranks stand together."""
    same = ranks[1:] == ranks[:-1]
    shared: NDArray[np.int64] = slots[np.append(same, False) | np.append(False, same)]
    return shared


def interval(text: Ids, suffixes: Ids, query: Sequence[int]) -> tuple[int, int]:
    """The slots of ``suffixes`` whose places begin with ``query``, end exclusive."""
    wanted = list(query)
    length = len(wanted)

    def boundary(after_equal: bool) -> int:
        low, high = 0, len(suffixes)
        while low < high:
            middle = (low + high) // 2
            start = int(suffixes[middle])
            here = text[start : start + length].tolist()
            if here < wanted or (after_equal and here == wanted):
                low = middle + 1
            else:
                high = middle
        return low

    low = boundary(False)
    return low, boundary(True)


def lower_bounds(text: Ids, suffixes: Ids, queries: Ids) -> NDArray[np.int64]:
    """For each row of ``queries`` (queries, length) the first slot not before it.

    All rows are searched at once.
    """
    count, length = queries.shape
    low = np.zeros(count, dtype=np.int64)
    high = np.full(count, len(suffixes), dtype=np.int64)
    while (active := np.flatnonzero(low < high)).size:
        middle = (low[active] + high[active]) // 2
        starts = suffixes[middle].astype(np.int64)
        less = _before(text, starts, queries[active], length)
        low[active[less]] = middle[less] + 1
        high[active[~less]] = middle[~less]
    return low


def _before(text: Ids, starts: NDArray[np.int64], queries: Ids, length: int) -> NDArray[np.bool_]:
    """Whether the ``length`` words at each start come before the query in its row."""
    less = np.zeros(len(starts), dtype=np.bool_)
    open_ = np.arange(len(starts))
    for offset in range(length):
        places = starts[open_] + offset
        here = np.where(places < len(text), text[np.minimum(places, len(text) - 1)], -1)
        wanted = queries[open_, offset]
        less[open_[here < wanted]] = True
        open_ = open_[here == wanted]
        if not open_.size:
            break
    return less


def common_prefix(text: Ids, place: int, query: Ids) -> int:
    """How many words at ``place`` are those of ``query``."""
    there = text[place : place + len(query)]
    differing = np.flatnonzero(there != query[: len(there)])
    return int(differing[0]) if differing.size else len(there)
