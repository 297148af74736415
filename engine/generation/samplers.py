"""From a model's log-probabilities to the distribution that the next word is drawn from.

Forbidden words, repetition penalty, temperature, top-k, nucleus (Holtzman 2020) and min-p (Nguyen
2024), applied in this order. The penalty takes the odds of recent words to its power, which spares
those that are all but certain; Keskar (2019) divides scores, which have no fixed level. Few words
are left, as a rule, so that a distribution names those and what is asked of it costs little.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.protocol.values import SamplerSettings

Floats = NDArray[np.floating[Any]]
Ids = NDArray[np.int64]
NEUTRAL = SamplerSettings(temperature=1.0, top_p=1.0)
"""Leaves a model's own distribution as it is."""
COLDEST = 1e-6
"""Temperature below which nothing changes any more, and numbers would overflow."""
USUAL = 0.1
"""Temperature from which on the differences of scores keep their precision as they are."""
_BORDERS = (5e-4, 2e-5, 0.0)
"""Odds above which words are put in order; the less likely are seldom needed."""


@dataclass(frozen=True, slots=True)
class Odds:
    """The words that may come next; all others never do."""

    ids: Ids
    """(words,) the likeliest first; of equals the one with the lowest id"""
    chances: NDArray[np.float64]
    """(words,) positive probabilities, which sum to 1"""

    def of(self, number: int) -> float:
        """The probability of word ``number``."""
        place = (self.ids == number).nonzero()[0]
        return float(self.chances[place[0]]) if place.size else 0.0

    def rank(self, chance: float) -> int:
        """Of a word with ``chance``: 1 for the likeliest, and so on; equals share a rank."""
        return 1 + int(np.count_nonzero(self.chances > chance))

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
        best = self.ids[:number].tolist(), self.chances[:number].tolist()
        return list(zip(*best, strict=True))


def restrict(
    scores: Floats,
    settings: SamplerSettings,
    forbidden: Collection[int] = (),
    unwanted: Collection[int] = (),
    recent: Collection[int] = (),
) -> None:
    """Change ``scores`` (vocabulary,), log-probabilities, to what the context asks for.

    ``forbidden`` words never come; ``unwanted`` ones only if nothing else is left. ``recent`` words
    are penalised.
    """
    if forbidden:
        scores[list(forbidden)] = -np.inf
    if unwanted:
        places = list(unwanted)
        kept = scores[places]
        scores[places] = -np.inf
        if not math.isfinite(scores.max()):
            scores[places] = kept
    if settings.repetition_penalty > 1 and recent:
        scores[list(set(recent))] *= settings.repetition_penalty


def distributions(scores: NDArray[np.float32], settings: SamplerSettings) -> list[Odds]:
    """What may come under each row of ``scores`` (rows, vocabulary), which are used up.

    Temperature 0 leaves one word, the likeliest, and of equals the one with the lowest id.

    Raises:
        ModelError: when a row leaves no word.
    """
    if settings.temperature <= 0:
        best = scores.argmax(1)
        if not np.isfinite(scores[np.arange(len(best)), best]).all():
            raise _nothing_left()
        return [Odds(best[row : row + 1], np.ones(1)) for row in range(len(best))]
    if settings.temperature < USUAL:
        with np.errstate(invalid="ignore"):  # a row without words is told below
            scores -= scores.max(1, keepdims=True)
    scores *= np.float32(1 / max(settings.temperature, COLDEST))
    # numpy would need several passes, and its exponential is slower.
    odds = torch.softmax(torch.from_numpy(scores), 1).numpy()
    rules = settings.top_k or settings.top_p < 1 or settings.min_p > 0
    return [_odds(row, settings, _BORDERS if rules else _BORDERS[-1:]) for row in odds]


def _odds(odds: NDArray[np.float32], settings: SamplerSettings, borders: Sequence[float]) -> Odds:
    kept = None
    for border in borders:
        ids = ordered((odds > border).nonzero()[0], odds)
        chances = odds[ids].astype(np.float64)
        if (kept := prefix(chances, settings, complete=border == 0)) is not None:
            break
    if not ids.size:
        raise _nothing_left()
    chances = chances[:kept]
    return Odds(ids[:kept], chances / chances.sum())


def _nothing_left() -> ModelError:
    return ModelError("Every word is banned, so there is nothing to write.", "Ban fewer words.")


def ordered(ids: Ids, odds: NDArray[np.float32]) -> Ids:
    """``ids`` by their ``odds`` (vocabulary,), best first; ties by id."""
    # Read as whole numbers, positive floats are in the same order, and one sort does for both.
    keys = odds[ids].view(np.int32).astype(np.int64)
    keys *= -(1 << 32)
    keys += ids
    keys.sort()
    keys &= (1 << 32) - 1
    return keys


def prefix(
    chances: NDArray[np.float64], settings: SamplerSettings, *, complete: bool
) -> int | None:
    """How many of ``chances``, the likeliest words' in order, the rules keep: at least one.

    Those of all words add up to 1. Unless these are ``complete``, it may be that they do not tell:
    then None.
    """
    size, mass = chances.size, 1.0
    kept = size if complete else size + 1
    if not size or (size < settings.top_k and not complete):
        return None
    if 0 < settings.top_k <= size:
        kept = settings.top_k
        mass = float(chances[:kept].sum())
    if settings.top_p < 1:
        enough = int(chances.cumsum().searchsorted((settings.top_p - 1e-12) * mass)) + 1
        kept = min(kept, enough)
    if settings.min_p > 0:
        likely = int(np.count_nonzero(chances >= settings.min_p * chances[0]))
        kept = min(kept, likely) if likely < size else kept
    return kept if kept <= size else None
