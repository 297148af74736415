"""From a model's log-probabilities to the distribution that the next word is drawn from.

Forbidden words, repetition penalty (Keskar 2019), temperature, top-k, nucleus (Holtzman 2020) and
min-p (Nguyen 2024), applied in this order. Few words are left, as a rule, so that a distribution
names those and what is asked of it costs little.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.protocol.values import SamplerSettings

Floats = NDArray[np.floating[Any]]
Ids = NDArray[np.int64]
NEUTRAL = SamplerSettings(temperature=1.0, top_p=1.0)
"""Leaves a model's own distribution as it is."""
COLDEST = 1e-6
"""Temperature below which nothing changes any more, and numbers would overflow."""
_BORDERS = (5e-4, 2e-5, 0.0)
"""Odds from which on words are looked at for a nucleus, which seldom needs the less likely."""


@dataclass(frozen=True, slots=True)
class Odds:
    """The words that may come next; all others never do."""

    ids: Ids
    """(words,) in ascending order"""
    chances: NDArray[np.float64]
    """(words,) positive probabilities, which sum to 1"""

    def of(self, number: int) -> float:
        """The probability of word ``number``."""
        place = int(self.ids.searchsorted(number))
        there = place < self.ids.size and self.ids[place] == number
        return float(self.chances[place]) if there else 0.0

    def rank(self, number: int) -> int:
        """1 for the likeliest word, and so on; equals share a rank."""
        return 1 + int(np.count_nonzero(self.chances > self.of(number)))

    def draw(self, dice: np.random.Generator) -> int:
        """One word, drawn with exactly one random number."""
        edges = self.chances.cumsum()
        picked = int(edges.searchsorted(dice.random() * edges[-1], side="right"))
        return int(self.ids[min(picked, self.ids.size - 1)])

    def entropy(self) -> float:
        """Bits."""
        return max(0.0, -float(self.chances @ np.log2(self.chances)))

    def likeliest(self, number: int) -> list[tuple[int, float]]:
        """The ``number`` likeliest words with their odds, best first; ties by id."""
        best = likeliest(self.chances, number)
        return list(zip(self.ids[best].tolist(), self.chances[best].tolist(), strict=True))


def distribution(
    log_probabilities: Floats,
    settings: SamplerSettings,
    forbidden: Collection[int] = (),
    unwanted: Collection[int] = (),
    recent: Collection[int] = (),
) -> Odds:
    """What may come under ``log_probabilities`` (vocabulary,), which need not sum to 1.

    ``forbidden`` words never come; ``unwanted`` ones only if nothing else is left. ``recent`` words
    are penalised. Temperature 0 leaves one word, the likeliest, and of equals the one with the
    lowest id.

    Raises:
        ModelError: when every word is forbidden.
    """
    scores = log_probabilities.copy()
    if forbidden:
        scores[list(forbidden)] = -np.inf
    top = scores.max()
    if not math.isfinite(top):
        raise ModelError("Every word is banned, so there is nothing to write.", "Ban fewer words.")
    if unwanted:
        without = scores.copy()
        without[list(unwanted)] = -np.inf
        if math.isfinite(without.max()):
            scores, top = without, without.max()
    if settings.repetition_penalty > 1 and recent:
        scores[list(set(recent))] *= settings.repetition_penalty
        top = scores.max()
    if settings.temperature <= 0:
        return Odds(np.array([int(np.argmax(scores))]), np.ones(1))
    scores -= top
    scores /= max(settings.temperature, COLDEST)
    odds: Floats = np.exp(scores, out=scores)
    ids: Ids | None = None
    rules: tuple[tuple[Callable[[Floats, Any], Ids | None], float], ...] = (
        (top_k, settings.top_k),
        (top_p, settings.top_p),
        (min_p, settings.min_p),
    )
    for rule, value in rules:
        if (kept := rule(odds, value)) is not None:
            odds, ids = odds[kept], kept if ids is None else ids[kept]
    # Of words that nothing has left out, some are impossible.
    possible = odds.nonzero()[0]
    chances = odds[possible].astype(np.float64)
    return Odds(possible if ids is None else ids[possible], chances / chances.sum())


def top_k(odds: Floats, k: int) -> Ids | None:
    """Where in ``odds`` (words,) the ``k`` likeliest are, in ascending order; None for all.

    Ties at the border go to the first. 0 keeps all.
    """
    return np.sort(likeliest(odds, k)) if 0 < k < odds.size else None


def top_p(odds: Floats, p: float) -> Ids | None:
    """Where the smallest set of likeliest words is that holds at least the share ``p`` of ``odds``.

    In ascending order; None for all. Ties at the border go to the first. The set is never empty.
    """
    if p >= 1:
        return None
    whole = float(odds.sum())
    for border in _BORDERS:
        # All that are left out are less likely than all that are here.
        some = (odds >= border * whole).nonzero()[0]
        few = odds[some].astype(np.float64)
        order = (-few).argsort(kind="stable")
        enough = int(few[order].cumsum().searchsorted((p - 1e-12) * whole)) + 1
        if enough <= order.size:
            break
    return np.sort(some[order[:enough]])


def min_p(odds: Floats, share: float) -> Ids | None:
    """Where words are at least ``share`` as likely as the likeliest; None for all."""
    return (odds >= share * odds.max()).nonzero()[0] if share > 0 else None


def likeliest(odds: Floats, number: int) -> Ids:
    """Where in ``odds`` the ``number`` likeliest are, best first; ties by place."""
    if number <= 0:
        return np.empty(0, dtype=np.int64)
    if number < odds.size:
        border = np.partition(odds, odds.size - number)[odds.size - number]
        chosen = (odds >= border).nonzero()[0]
    else:
        chosen = np.arange(odds.size)
    best: Ids = chosen[(-odds[chosen]).argsort(kind="stable")]
    return best[:number]
