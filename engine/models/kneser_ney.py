"""Counted n-grams: which words have followed which, with interpolated Kneser-Ney smoothing.

Chen & Goodman, "An empirical study of smoothing techniques for language modeling" (1999): the
modified discounts for counts of one, two and more, and below the highest order a word counts by
how many different words it follows.

The n-grams of an order are numbered by their sorted keys, a key being the first word and the
number of the rest among those of the order below; so a text is counted by one sort an order, and
looked up by one binary search an order.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ORDER = 5
HISTORY = ORDER - 1
"""Words back that the counts look."""
MOST_COUNTED = 2_000_000
"""Words of a text that are counted, from its beginning, so that memory stays bounded."""
REMEMBERED_BYTES = 16 * 1024 * 1024
"""Of whole distributions after single words that are kept, the least recently used going first."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Level:
    """The n-grams of one order; those of order 1 are the vocabulary itself."""

    keys: Ints
    """(grams,) sorted"""
    own: Floats
    """(grams,) probability of the last word that the order itself gives: (count - D) / total."""
    left: Floats
    """(grams of the order below,) share that each context leaves to the order below."""
    starts: Ints
    """(grams of the order below + 1,) where each context's words begin in the next two."""
    words: Ints
    """(grams,) last words, by context."""
    chances: Floats
    """(grams,) ``own``, by context."""


class KneserNey:
    """Probabilities of the next word from the four words before it.

    ``ids`` is (tokens,), five at least, all below ``vocabulary_size``. Histories are (n, 4), oldest
    first, -1 where there is nothing before.

    Raises:
        ValueError: when ``ids`` are too few, or not of the vocabulary.
    """

    def __init__(self, ids: NDArray[np.int32], vocabulary_size: int) -> None:
        self.vocabulary_size = vocabulary_size
        self.ids = np.array(ids[:MOST_COUNTED], dtype=np.int32)
        """(counted,): the text that was counted."""
        if len(self.ids) < ORDER or self.ids.min() < 0 or self.ids.max() >= vocabulary_size:
            raise ValueError("the text that n-grams are counted in is damaged")
        text = self.ids.astype(np.int64)
        # Of each order: the keys, the number of the gram at each position, and a position of each.
        keys: list[Ints] = [np.arange(vocabulary_size)]
        numbers: list[Ints] = [text]
        repeats = np.bincount(text, minlength=vocabulary_size)
        places: list[Ints] = [np.zeros(vocabulary_size, dtype=np.int64)]
        for _order in range(2, ORDER + 1):
            rest = numbers[-1][1:]
            key = text[: len(rest)] * len(keys[-1]) + rest
            found, place, number, repeats = np.unique(
                key, return_index=True, return_inverse=True, return_counts=True
            )
            keys.append(found)
            places.append(place)
            numbers.append(number)
        counts = [repeats]
        for order in range(ORDER - 1, 0, -1):
            below = len(keys[order - 1])
            follows = np.bincount(keys[order] % below, minlength=below)
            # The first gram of the text follows nothing, and yet it was there.
            counts.insert(0, np.maximum(follows, order > 1))
        self._levels = [_first_level(counts[0])]
        for order in range(2, ORDER + 1):
            place = places[order - 1]
            self._levels.append(
                _level(
                    keys[order - 1],
                    counts[order - 1],
                    numbers[order - 2][place],
                    text[place + order - 1],
                    len(keys[order - 2]),
                )
            )
        first = self._levels[0]
        self._single: Floats = first.own + first.left[0] / np.float32(vocabulary_size)
        kept = max(8, REMEMBERED_BYTES // (4 * vocabulary_size))
        self._after = functools.lru_cache(maxsize=kept)(self._after_word)

    def probabilities(self, history: Ints, targets: Ints) -> Floats:
        """(n,): of each of ``targets`` (n,) after its history."""
        chance = self._single[targets]
        gram, there = targets, np.ones(len(targets), dtype=np.bool_)
        context, known = history[:, -1], history[:, -1] >= 0
        for order in range(2, ORDER + 1):
            level, below = self._levels[order - 1], len(self._levels[order - 2].keys)
            gram, there = _look_up(level.keys, history[:, ORDER - order], gram, below, there)
            own = np.where(there, level.own[gram], 0)
            left = np.where(known, level.left[np.where(known, context, 0)], 1)
            chance = own + left * chance
            if order < ORDER:
                word = history[:, HISTORY - order]
                context, known = _look_up(level.keys, word, context, below, known)
        return chance.astype(np.float32)

    def distributions(self, history: Ints) -> Floats:
        """(n, vocabulary): of every word after each history."""
        odds = np.zeros((len(history), self.vocabulary_size), dtype=np.float32)
        for row, before in enumerate(history.tolist()):
            self.add_after(before, 1.0, odds[row])
        return odds

    def add_after(self, before: Sequence[int], share: float, odds: Floats) -> None:
        """Add ``share`` of the odds after ``before`` (4 words) to ``odds`` (vocabulary,)."""
        number = before[-1]
        if number < 0:
            odds += np.float32(share) * self._single
            return
        parts: list[tuple[Ints, Floats, float]] = []
        for order in range(3, ORDER + 1):
            # The context of this order is a gram of the order before.
            keys, word = self._levels[order - 2].keys, before[ORDER - order]
            key = word * len(self._levels[order - 3].keys) + number
            number = int(keys.searchsorted(key))
            if word < 0 or number == len(keys) or keys[number] != key:
                break
            level = self._levels[order - 1]
            start, end = level.starts[number : number + 2].tolist()
            parts.append((level.words[start:end], level.chances[start:end], level.left[number]))
        # Each order has what those above it leave.
        for words, chances, left in reversed(parts):
            odds[words] += chances * np.float32(share)
            share *= left
        odds += np.float32(share) * self._after(before[-1])

    def _after_word(self, word: int) -> Floats:
        """(vocabulary,) odds after ``word`` alone."""
        level = self._levels[1]
        part = slice(level.starts[word], level.starts[word + 1])
        odds: Floats = self._single * level.left[word]
        odds[level.words[part]] += level.chances[part]
        return odds


def _discounts(counts: Ints) -> Floats:
    """(grams,) what of each of ``counts`` is not believed."""
    ones, twos, threes, fours = (max(1, int((counts == k).sum())) for k in (1, 2, 3, 4))
    y = ones / (ones + 2 * twos)
    by_count = np.array(
        [
            0.0,
            max(0.05, 1 - 2 * y * twos / ones),
            max(0.05, 2 - 3 * y * threes / twos),
            max(0.05, 3 - 4 * y * fours / threes),
        ],
        dtype=np.float32,
    )
    discounts: Floats = np.minimum(by_count[np.minimum(counts, 3)], counts).astype(np.float32)
    return discounts


def _first_level(counts: Ints) -> _Level:
    everything = np.zeros(len(counts), dtype=np.int64)
    words = np.arange(len(counts))
    return _level(words, counts, everything, words, 1)


def _level(keys: Ints, counts: Ints, contexts: Ints, words: Ints, size: int) -> _Level:
    """One order, from each gram's key, count, context (of ``size``) and last word."""
    lost = _discounts(counts)
    totals = np.bincount(contexts, weights=counts, minlength=size)
    left = np.bincount(contexts, weights=lost, minlength=size)
    own = ((counts - lost) / np.maximum(totals[contexts], 1)).astype(np.float32)
    # A context that nothing followed leaves everything to the order below.
    shares = np.where(totals > 0, left / np.maximum(totals, 1), 1).astype(np.float32)
    by_context = np.argsort(contexts, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(contexts, minlength=size))))
    return _Level(keys, own, shares, starts, words[by_context], own[by_context])


def _look_up(
    keys: Ints, word: Ints, rest: Ints, below: int, valid: NDArray[np.bool_]
) -> tuple[Ints, NDArray[np.bool_]]:
    """Numbers in ``keys`` of the grams ``word`` + ``rest``, 0 where they are not there; whether."""
    key = word * below + rest
    place = np.minimum(keys.searchsorted(key), len(keys) - 1)
    there = valid & (word >= 0) & (keys[place] == key)
    return np.where(there, place, 0), there
