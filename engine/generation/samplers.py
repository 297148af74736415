"""From a model's log-probabilities to the distribution that the next word is drawn from.

Pure functions over (vocabulary,) arrays in float64, applied in this order: forbidden words,
repetition penalty (Keskar 2019), temperature, top-k, nucleus (Holtzman 2020), min-p (Nguyen 2024).
"""

from __future__ import annotations

import math
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.protocol.values import SamplerSettings

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]
NEUTRAL = SamplerSettings(temperature=1.0, top_p=1.0)
"""Leaves a model's own distribution as it is."""
_BORDERS = (5e-4, 2e-5, 0.0)
"""Odds from which on words are looked at for a nucleus, which seldom needs the less likely."""


def distribution(
    log_probabilities: Floats,
    settings: SamplerSettings,
    forbidden: Collection[int] = (),
    unwanted: Collection[int] = (),
    recent: Collection[int] = (),
) -> Floats:
    """(vocabulary,) probabilities that sum to 1, zero where a word may not come.

    ``forbidden`` words never come; ``unwanted`` ones only if nothing else is left. ``recent`` words
    are penalised. Temperature 0 leaves one word, the likeliest, and of equals the one with the
    lowest id.

    Raises:
        ModelError: when every word is forbidden.
    """
    scores = log_probabilities.astype(np.float64, copy=True)
    if forbidden:
        scores[list(forbidden)] = -np.inf
    if not math.isfinite(scores.max()):
        raise ModelError("Every word is banned, so there is nothing to write.", "Ban fewer words.")
    if unwanted:
        without = scores.copy()
        without[list(unwanted)] = -np.inf
        if math.isfinite(without.max()):
            scores = without
    if settings.repetition_penalty > 1 and recent:
        scores[list(set(recent))] *= settings.repetition_penalty
    if settings.temperature <= 0:
        greedy = np.zeros_like(scores)
        greedy[int(np.argmax(scores))] = 1.0
        return greedy
    scores -= scores.max()
    with np.errstate(over="ignore"):  # hopeless words become impossible ones
        scores /= settings.temperature
    odds = np.exp(scores)
    odds = top_k(odds, settings.top_k)
    odds /= odds.sum()
    odds = top_p(odds, settings.top_p)
    odds = min_p(odds, settings.min_p)
    normal: Floats = odds / odds.sum()
    return normal


def top_k(odds: Floats, k: int) -> Floats:
    """Only the ``k`` likeliest; ties at the border go to the lowest ids. 0 keeps all."""
    if k <= 0 or k >= odds.size:
        return odds
    return _only(odds, _likeliest(odds, k))


def top_p(odds: Floats, p: float) -> Floats:
    """The smallest set of likeliest words that holds at least ``p``; ``odds`` sum to 1.

    Ties at the border go to the lowest ids. The set is never empty.
    """
    if p >= 1:
        return odds
    for border in _BORDERS:
        # All that are left out are less likely than all that are here.
        some = (odds >= border).nonzero()[0]
        order = some[(-odds[some]).argsort(kind="stable")]
        enough = int(odds[order].cumsum().searchsorted(p - 1e-12)) + 1
        if enough <= order.size:
            break
    return _only(odds, order[:enough])


def min_p(odds: Floats, share: float) -> Floats:
    """Only words at least ``share`` as likely as the likeliest."""
    if share <= 0:
        return odds
    return np.where(odds >= share * odds.max(), odds, 0.0)


def draw(odds: Floats, dice: np.random.Generator) -> int:
    """One id, drawn from ``odds`` with exactly one random number."""
    edges = odds.cumsum()
    picked = int(edges.searchsorted(dice.random() * edges[-1], side="right"))
    return picked if picked < odds.size and odds[picked] else int(odds.nonzero()[0][-1])


def entropy(odds: Floats) -> float:
    """Bits."""
    some = odds[odds > 0]
    return max(0.0, float(-(some * np.log2(some)).sum()))


def likeliest(odds: Floats, number: int) -> Ids:
    """Ids of the ``number`` likeliest words that may come, best first; ties by id."""
    some = odds.nonzero()[0]
    return some[_likeliest(odds[some], min(number, some.size))]


def _only(odds: Floats, kept: Ids) -> Floats:
    cut = np.zeros_like(odds)
    cut[kept] = odds[kept]
    return cut


def _likeliest(odds: Floats, number: int) -> Ids:
    if number <= 0:
        return np.empty(0, dtype=np.int64)
    if number < odds.size:
        border = np.partition(odds, odds.size - number)[odds.size - number]
        chosen = (odds >= border).nonzero()[0]
    else:
        chosen = np.arange(odds.size)
    best: Ids = chosen[(-odds[chosen]).argsort(kind="stable")]
    return best[:number]
