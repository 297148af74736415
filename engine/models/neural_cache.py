"""The continuous cache: recent words are likely where the state is like the one before them.

Grave, Joulin & Usunier, "Improving neural language models with a continuous cache" (2017). It
needs no training: past hidden states and the words that followed them are kept, and what it says
is mixed with what the model says. Its two numbers are tuned on validation text.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.contract import LanguageModel, State

FLATNESSES = (0.1, 0.2, 0.4, 0.7, 1.0, 1.5)
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
WINDOW = 256
LEAST_GAIN = 0.005
"""Nats a word below which a cache is not worth its time."""


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """How sharply the cache chooses, and how much it is believed."""

    flatness: float
    share: float


@runtime_checkable
class HasCache(Protocol):
    """A model that can mix a neural cache into its predictions."""

    span: int
    cache: CacheSettings | None

    def outputs(self, ids: Tensor, state: Any) -> Tensor:
        """(batch, time, hidden): the last layer's state after each of ``ids`` (batch, time)."""


def cache_weights(outputs: Tensor, states: Tensor, allowed: Tensor, flatness: float) -> Tensor:
    """(batch, time, positions) weights that sum to 1, or to 0 where nothing is ``allowed``.

    ``outputs`` is (batch, time, hidden); ``states`` (batch, positions, hidden) are those before
    the word at each position; ``allowed`` is (batch, time, positions).
    """
    scores = (flatness * outputs) @ states.transpose(1, 2)
    weights = torch.softmax(scores.masked_fill(~allowed, -1e9), dim=-1)
    return weights * allowed.any(-1, keepdim=True)


@torch.no_grad()
def tune_cache(
    model: LanguageModel[Any], ids: NDArray[np.int32], device: torch.device, most_tokens: int = 4000
) -> tuple[CacheSettings | None, float, float]:
    """The settings that predict ``ids`` best, None where none is worth it.

    Also the mean loss in nats without the cache and with it. The model is used as it is without
    one, and must be one of :class:`HasCache`.
    """
    assert isinstance(model, HasCache)
    text = torch.from_numpy(np.asarray(ids[:most_tokens], dtype=np.int64)).to(device)
    state: State = model.initial_state(1)
    outputs, odds = [], []
    for at in range(0, len(text) - 1, WINDOW):
        window = text[None, at : at + WINDOW + 1]
        outputs.append(model.outputs(window[:, :-1], state)[0])
        told, state = model.score(window[:, :-1], window[:, 1:], state)
        odds.append(told[0])
    seen, without = torch.cat(outputs), torch.cat(odds).cpu().double()
    states = torch.cat((torch.zeros_like(seen[:1]), seen[:-1]))
    by_flatness = {f: _probability(seen, states, text, model.span, f) for f in FLATNESSES}
    plain = -float(without.mean())
    best, lowest = None, plain - LEAST_GAIN
    for flatness, share in itertools.product(FLATNESSES, SHARES):
        mixed = (1 - share) * without.exp() + share * by_flatness[flatness]
        loss = -float(mixed.clamp_min(1e-30).log().mean())
        if loss < lowest:
            best, lowest = CacheSettings(flatness, share), loss
    return best, plain, plain if best is None else lowest


def _probability(
    outputs: Tensor, states: Tensor, text: Tensor, span: int, flatness: float
) -> Tensor:
    """(time,) what a cache alone gives to each next word of ``text`` (time + 1,)."""
    time = len(outputs)
    found = []
    for at in range(0, time, WINDOW):
        end, first = min(time, at + WINDOW), max(0, at - span + 1)
        step = torch.arange(at, end, device=text.device)[:, None]
        position = torch.arange(first, end, device=text.device)[None]
        allowed = (position <= step) & (position > step - span)
        weights = cache_weights(
            outputs[None, at:end], states[None, first:end], allowed[None], flatness
        )
        same = text[None, first:end] == text[at + 1 : end + 1, None]
        found.append((weights[0] * same).sum(-1).cpu().double())
    return torch.cat(found)
