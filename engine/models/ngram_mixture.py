"""Counted n-grams mixed into a network's odds.

What a network of few minutes knows least, the set phrases of a corpus, counts know after a second;
each is sure where the other is not, and a fixed share for the counts brings the perplexity down by
a tenth (Mikolov 2011). The share is tuned on validation text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.contract import LanguageModel
from engine.models.kneser_ney import HISTORY, KneserNey
from engine.models.text_odds import text_odds

SHARES = tuple(n / 20 for n in range(1, 13))
LEAST_GAIN = 0.001
"""Nats a word below which counts are not worth their time."""


@dataclass(frozen=True, slots=True)
class NgramMixture:
    """Counts that have a share of a model's odds."""

    counts: KneserNey
    share: float

    def of_targets(self, history: Tensor, targets: Tensor) -> Tensor:
        """(batch, time) what the counts alone give to ``targets``, 0 for words that are not known.

        ``history`` is (batch, time, 4), as in :class:`KneserNey`.
        """
        before = history.reshape(-1, HISTORY).cpu().numpy()
        wanted = targets.reshape(-1).cpu().numpy()
        known = wanted < self.counts.vocabulary_size
        counted = self.counts.probabilities(before, np.where(known, wanted, 0)) * known
        return torch.from_numpy(counted.astype(np.float32)).to(targets.device).view_as(targets)

    def mix(self, chances: Tensor, history: Tensor) -> Tensor:
        """(..., vocabulary) ``chances`` with the counts mixed in; ``history`` is (..., 4)."""
        before = history.reshape(-1, HISTORY).cpu().numpy()
        counted = torch.from_numpy(self.counts.distributions(before)).to(chances.device)
        return torch.lerp(chances, counted.view_as(chances), self.share)


@runtime_checkable
class MixesNgrams(Protocol):
    """A model that can mix counts into its predictions."""

    ngrams: NgramMixture | None


def histories(ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """(tokens, 4): the last words of ``ids`` (tokens,) up to each, -1 where there are none."""
    padded = np.concatenate((np.full(HISTORY - 1, -1), ids)).astype(np.int64)
    return np.lib.stride_tricks.sliding_window_view(padded, HISTORY)


@torch.no_grad()
def tune_share(
    model: LanguageModel[Any],
    counts: KneserNey,
    ids: NDArray[np.int32],
    device: torch.device,
    most_tokens: int = 12_000,
) -> float | None:
    """The share of ``counts`` that predicts ``ids`` best, None where none is worth it."""
    ids = ids[:most_tokens]
    alone = text_odds(model, ids, device)
    counted = counts.probabilities(histories(ids[:-1]), ids[1:].astype(np.int64))
    losses = {
        share: -float(np.log((1 - share) * alone + share * counted).mean())
        for share in (0.0, *SHARES)
    }
    best = min(SHARES, key=losses.__getitem__)
    return best if losses[best] < losses[0.0] - LEAST_GAIN else None
