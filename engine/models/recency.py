"""What a text has said may come again, and the more surely the rarer the word is otherwise.

A cache of single words (Kuhn & De Mori 1990). Attention and copying see the last words only, and a
name that was introduced a page ago would be as good as unknown again. Here every word that is read
is given some odds of its own from then on, which fade over a thousand words; a word that the
training text shows often, which the network knows better how to place, is given less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.contract import LanguageModel
from engine.models.text_odds import WINDOW, text_odds

FADING = 1000.0
"""Words after which a third is left of the odds that a word was given."""
FAMILIAR = 5.0
"""Times in the training text at which a word is given half of what a new one is."""
STRENGTHS = (5e-5, 1e-4, 1.5e-4, 2e-4, 3e-4, 4e-4)
"""What a new word is given. ``FADING`` of them are less than half of all odds."""
EXTRAS = 256
"""Words of the draft only that are followed."""
LEAST_GAIN = 0.002
"""Nats a word below which it is not worth its time."""


@dataclass(frozen=True, slots=True)
class Recency:
    """How much each word is given when it is read.

    What a text has come to is ``recent``, (batch, vocabulary + EXTRAS): the odds that each word
    has for having been said.
    """

    strengths: Tensor
    """(vocabulary + EXTRAS,)"""

    @classmethod
    def of(cls, counts: Tensor, strength: float) -> Recency:
        """``counts`` (vocabulary,) are those in the training text; new words get ``strength``."""
        padded = torch.nn.functional.pad(counts.float(), (0, EXTRAS))
        return cls(strength / (1 + padded / FAMILIAR))

    def nothing(self, batch_size: int) -> Tensor:
        """``recent`` before any text."""
        return self.strengths.new_zeros(batch_size, len(self.strengths))

    def after(self, recent: Tensor, ids: Tensor) -> Tensor:
        """``recent`` after reading ``ids`` (batch, time)."""
        time = ids.shape[1]
        followed, given = self._given(ids)
        if time > 1:
            given = given * _FADED ** torch.arange(time - 1, -1, -1, device=ids.device)
        return (recent * _FADED**time).scatter_add_(1, followed, given)

    def of_targets(self, recent: Tensor, ids: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, time) odds of each of ``targets`` after each of ``ids``, and of all words."""
        time = ids.shape[1]
        followed, given = self._given(ids)
        fading, before = _fading(time, ids.device)
        same = followed[:, None, :] == targets[:, :, None]
        own = (same * given[:, None, :] * fading).sum(-1)
        old = recent.gather(1, targets.clamp_max(len(self.strengths) - 1))
        return own + before * old, self._whole(recent, given, fading, before)

    def of_all(self, recent: Tensor, ids: Tensor, words: int) -> tuple[Tensor, Tensor]:
        """(batch, time, ``words``) odds of every word after each of ``ids``; (batch, time) of all.

        Words beyond those that are followed have none.
        """
        time = ids.shape[1]
        followed, given = self._given(ids)
        fading, before = _fading(time, ids.device)
        if time == 1:
            odds = (recent * _FADED).scatter_add_(1, followed, given)[:, None]
        else:
            placed = recent.new_zeros(len(recent), time, recent.shape[1])
            placed.scatter_(2, followed[:, :, None], given[:, :, None])
            odds = fading @ placed + before[:, None] * recent[:, None]
        missing = words - odds.shape[2]
        odds = torch.nn.functional.pad(odds, (0, missing)) if missing > 0 else odds[:, :, :words]
        return odds, self._whole(recent, given, fading, before)

    def _given(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Where to find ``ids`` in ``recent``, and what each is given."""
        last = len(self.strengths) - 1
        followed = ids.clamp_max(last)
        return followed, self.strengths[followed] * (ids <= last)

    def _whole(self, recent: Tensor, given: Tensor, fading: Tensor, before: Tensor) -> Tensor:
        return given @ fading.t() + before * recent.sum(-1, keepdim=True)


_FADED = math.exp(-1 / FADING)


def _fading(time: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """What is left at each step of what each step of a window gave, (time, time), and of what was
    there before, (time,)."""
    step = torch.arange(time, device=device)
    passed = step[:, None] - step[None, :]
    left = torch.where(passed >= 0, _FADED ** passed.clamp_min(0), 0.0)
    return left, _FADED ** (step + 1)


@runtime_checkable
class HasRecency(Protocol):
    """A model that can make likelier what a text has said."""

    recency: Recency | None


@torch.no_grad()
def tune_recency(
    model: LanguageModel[Any], counts: Tensor, ids: NDArray[np.int32], device: torch.device
) -> Recency | None:
    """The strength that predicts ``ids`` best, None where none is worth it.

    ``counts`` (vocabulary,) are those in the training text; the model has no recency yet.
    """
    alone = text_odds(model, ids, device)
    text = torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(device)[None]
    unit = Recency.of(counts.to(device), 1.0)
    recent, told, whole = unit.nothing(1), [], []
    for at in range(0, len(ids) - 1, WINDOW):
        window = text[:, at : at + WINDOW + 1]
        odds, mass = unit.of_targets(recent, window[:, :-1], window[:, 1:])
        recent = unit.after(recent, window[:, :-1])
        told.append(odds[0].double().cpu().numpy())
        whole.append(mass[0].double().cpu().numpy())
    own, mass_ = np.concatenate(told), np.concatenate(whole)
    losses = {
        strength: -float(np.log((1 - strength * mass_) * alone + strength * own).mean())
        for strength in (0.0, *STRENGTHS)
    }
    best = min(STRENGTHS, key=losses.__getitem__)
    return Recency.of(counts.to(device), best) if losses[best] < losses[0.0] - LEAST_GAIN else None
