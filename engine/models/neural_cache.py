"""The continuous cache: recent words are likely where the state is like the one before them.

Grave, Joulin & Usunier, "Improving neural language models with a continuous cache" (2017). It
needs no training: past hidden states and the words that followed them are kept, and what it says
is mixed with what the model says. Its two numbers are tuned on validation text.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.contract import LanguageModel

FLATNESSES = (0.1, 0.2, 0.4, 0.7, 1.0)
SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """How sharply the cache chooses, and how much it is believed; a share of 0 is no cache."""

    flatness: float
    share: float
    size: int


@dataclass(frozen=True, slots=True)
class Cache:
    """The last states and the word that followed each, oldest first; never changed in place."""

    states: Tensor
    """(positions, hidden)"""
    words: Tensor
    """(positions,)"""

    @classmethod
    def empty(cls, hidden_size: int) -> Cache:
        return cls(torch.zeros(0, hidden_size), torch.zeros(0, dtype=torch.long))

    def add(self, state: Tensor, word: int, size: int) -> Cache:
        """With ``word``, which followed ``state`` (hidden,); no more than ``size`` are kept."""
        followed = torch.tensor([word], device=self.words.device)
        return Cache(
            torch.cat((self.states, state[None]))[-size:], torch.cat((self.words, followed))[-size:]
        )

    def mix(self, odds: Tensor, state: Tensor, settings: CacheSettings) -> Tensor:
        """(vocabulary,) log-probabilities: ``odds`` mixed with the cache as ``state`` sees it."""
        if settings.share == 0 or not len(self.words):
            return odds
        weights = torch.softmax(settings.flatness * (self.states @ state), dim=0)
        chances = (1 - settings.share) * odds.exp()
        return chances.index_add(0, self.words, settings.share * weights).log()


def cache_probability(states: Tensor, words: Tensor, size: int, flatness: float) -> Tensor:
    """(time,) probability that a cache of ``size`` gives to each of ``words`` (time,).

    ``states`` is (time, hidden): the state that each word followed. The first word's is 0.
    """
    time = len(words)
    step = torch.arange(time)
    age = step[:, None] - step[None, :]
    allowed = (age > 0) & (age <= size)
    scores = (flatness * (states @ states.t())).masked_fill(~allowed, float("-inf"))
    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    same = words[:, None] == words[None, :]
    return (weights * same).sum(-1)


@torch.no_grad()
def tune_cache(
    model: LanguageModel[Any], ids: NDArray[np.int32], size: int = 500, most_tokens: int = 3000
) -> tuple[CacheSettings, float, float]:
    """The settings that predict ``ids`` best, and the mean loss in nats without and with them."""
    text = torch.from_numpy(np.asarray(ids[:most_tokens], dtype=np.int64))
    state = model.initial_state(1)
    states, odds = [], []
    for at in range(len(text) - 1):
        step_odds, state, traces = model.step(text[at : at + 1], state)
        states.append(traces.hidden[0, -1])
        odds.append(step_odds[0, text[at + 1]])
    seen, model_odds, words = torch.stack(states), torch.stack(odds).double(), text[1:]
    without = -float(model_odds.mean())
    best, lowest = CacheSettings(FLATNESSES[0], 0.0, size), without
    by_flatness = {f: cache_probability(seen, words, size, f).double() for f in FLATNESSES}
    for flatness, share in itertools.product(FLATNESSES, SHARES):
        # The very first word has no cache behind it.
        trust = torch.full_like(model_odds, share)
        trust[0] = 0
        mixed = (1 - trust) * model_odds.exp() + trust * by_flatness[flatness]
        loss = -float(mixed.clamp_min(1e-30).log().mean())
        if loss < lowest:
            best, lowest = CacheSettings(flatness, share, size), loss
    return best, without, lowest
