"""Interpolated modified Kneser-Ney n-grams (Chen & Goodman 1999), small and in memory."""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.corpus.corpus import load_corpus

Ids = NDArray[np.int32]
Context = tuple[int, ...]


class KneserNey:
    """Probabilities of the next word from the ``order - 1`` words before it."""

    def __init__(self, ids: Ids, vocabulary_size: int, order: int = 5) -> None:
        self.order, self.vocabulary_size = order, vocabulary_size
        words = [int(x) for x in ids]
        counts: dict[Context, int] = defaultdict(int)
        for start in range(len(words) - order + 1):
            counts[tuple(words[start : start + order])] += 1
        self._levels: list[_Level] = [_Level(counts)]
        for _lower in range(order - 1):
            # Below the highest order a word counts by how many different words it follows.
            continuations: dict[Context, int] = defaultdict(int)
            for gram in counts:
                continuations[gram[1:]] += 1
            counts = continuations
            self._levels.insert(0, _Level(counts))

    def probability(self, history: Context, word: int) -> float:
        """P(``word`` | the last ``order - 1`` words of ``history``)."""
        chance = 1 / self.vocabulary_size
        for length, level in enumerate(self._levels):
            if length > len(history):
                break
            chance = level.interpolate(history[len(history) - length :], word, chance)
        return chance

    def nll(self, ids: Ids) -> float:
        """Mean negative log-likelihood in nats of ``ids`` after the first word."""
        words = [int(x) for x in ids]
        total = 0.0
        for at in range(1, len(words)):
            history = tuple(words[max(0, at - self.order + 1) : at])
            total -= math.log(self.probability(history, words[at]))
        return total / (len(words) - 1)


class _Level:
    """Counts of one order, their discounts, and what those leave for the order below."""

    def __init__(self, counts: dict[Context, int]) -> None:
        self._counts = counts
        of = [sum(1 for n in counts.values() if n == k) for k in (1, 2, 3, 4)]
        n1, n2, n3, n4 = (max(1, n) for n in of)
        y = n1 / (n1 + 2 * n2)
        self._discounts = (
            0.0,
            max(0.05, 1 - 2 * y * n2 / n1),
            max(0.05, 2 - 3 * y * n3 / n2),
            max(0.05, 3 - 4 * y * n4 / n3),
        )
        self._totals: dict[Context, int] = defaultdict(int)
        self._left: dict[Context, float] = defaultdict(float)
        for gram, count in counts.items():
            self._totals[gram[:-1]] += count
            self._left[gram[:-1]] += min(self._discounts[min(count, 3)], count)

    def interpolate(self, context: Context, word: int, below: float) -> float:
        total = self._totals.get(context)
        if not total:
            return below
        count = self._counts.get((*context, word), 0)
        own = max(0.0, count - self._discounts[min(count, 3)]) if count else 0.0
        return own / total + self._left[context] / total * below


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, nargs="+")
    parser.add_argument("--order", type=int, default=5)
    arguments = parser.parse_args()
    corpus = load_corpus(arguments.corpus)
    train, validation, test = corpus.parts()
    begun = time.perf_counter()
    model = KneserNey(train, len(corpus.vocabulary), arguments.order)
    took = time.perf_counter() - begun
    print(f"Kneser-Ney {arguments.order}-gram, built in {took:.0f} s:")
    print(f"validation perplexity {math.exp(model.nll(validation)):.1f}")
    print(f"test perplexity {math.exp(model.nll(test)):.1f}")


if __name__ == "__main__":
    main()
