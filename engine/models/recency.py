"""What a text has said may come again: words, the more surely the rarer, and phrases.

A cache of single words (Kuhn & De Mori 1990) and of the words that followed the last one and the
last two (Jelinek 1991). Attention and copying see the last words only, and a name that was
introduced a page ago would be as good as unknown again. Here every word of the last pages has some
odds of its own, which fade over a thousand words; a word that the training text shows often, which
the network knows better how to place, has less. What followed the present words before has a share
that grows with how often it could be seen.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.models.attention import causal_window
from engine.models.contract import LanguageModel
from engine.models.text_odds import WINDOW, text_odds

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

REACH = 2048
"""Words back that are looked at."""
FADING = 1000.0
"""Words after which a third is left of the odds that a word was given."""
FAMILIAR = 5.0
"""Times in the training text at which a word is given half of what a new one is."""
DOUBT = 0.5
"""Times that a phrase has to be seen for half of its share."""
STRENGTHS = (0.0, 5e-5, 1e-4, 1.5e-4, 2e-4, 3e-4, 4e-4)
"""Odds that a new word is given. Of ``FADING`` words it is less than half of all odds."""
PAIRS = (0.0, 0.015, 0.03, 0.06)
TRIPLES = (0.0, 0.03, 0.06, 0.1, 0.15)
LEAST_GAIN = 0.002
"""Nats a word below which it is not worth its time."""


@dataclass(frozen=True, slots=True)
class Given:
    """Words that are given odds of their own; the rest is the model's."""

    words: Tensor
    """(batch, positions) ids, -1 where there is no word"""
    odds: Tensor
    """(batch, time, positions); they sum to less than 1"""

    def mixed_into(self, chances: Tensor) -> Tensor:
        """(batch, time, words) ``chances`` with them."""
        chances = chances * (1 - self.odds.sum(-1, keepdim=True))
        rows = self.words.clamp_min(0)[:, None].expand_as(self.odds)
        return chances.scatter_add_(2, rows, self.odds)


@dataclass(frozen=True)
class Recency:
    """How much is given to what was said.

    What a text has said is ``said``, (batch, REACH): its last words, oldest first, -1 where there
    are none.
    """

    novelty: Tensor
    """(vocabulary + 1,): 1 for a new word, less for a familiar one; the last is for all words that
    the vocabulary does not hold."""
    strength: float
    """Odds that a new word is given."""
    pairs: float
    """Share of what followed the last word."""
    triples: float
    """Share of what followed the last two."""

    @classmethod
    def of(cls, counts: Tensor, strength: float, pairs: float, triples: float) -> Recency:
        """``counts`` (vocabulary,) are those in the training text."""
        padded = torch.nn.functional.pad(counts.float(), (0, 1))
        return cls(1 / (1 + padded / FAMILIAR), strength, pairs, triples)

    def nothing(self, batch_size: int) -> Tensor:
        """``said`` before any text."""
        return torch.full((batch_size, REACH), -1, dtype=torch.int32, device=self.novelty.device)

    def after(self, said: Tensor, ids: Tensor) -> Tensor:
        """``said`` after reading ``ids`` (batch, time)."""
        return torch.cat((said, ids.int()), 1)[:, -REACH:]

    def weigh(self, said: Tensor, ids: Tensor) -> Given:
        """What the words of ``said`` and ``ids`` (batch, time) are given after each of ``ids``."""
        words = torch.cat((said.long(), ids), 1)
        alone, one, two = self._parts(words, ids)
        share_two = self.triples * _trusted(two)
        share_one = self.pairs * _trusted(one) * (1 - share_two)
        rest = self.strength * (1 - share_one - share_two)
        odds = alone * rest + one * (share_one / _count(one)) + two * (share_two / _count(two))
        return Given(words, odds)

    def mix(self, chances: Tensor, said: Tensor, ids: Tensor) -> Tensor:
        """(batch, time, words) ``chances`` after each of ``ids`` (batch, time), with what was said.

        May change ``chances``.
        """
        return self.weigh(said, ids).mixed_into(chances)

    def weigh_last(self, words: Ints) -> tuple[Ints, Floats]:
        """Words (batch, positions) and the odds that each is given, after the last of ``words``.

        ``words`` is (batch, REACH + 1), -1 where there is none. It comes to :meth:`weigh` for one
        step: there are few places that follow the same words, and none before the text begins.
        """
        begins = int((words >= 0).any(0).argmax())
        words = words[:, begins:]
        batch, positions = words.shape
        odds = self._table.take(words + 1, mode="clip")
        odds *= self._step_fading[begins:]
        row, place = np.divmod((words[:, :-1] == words[:, -1:]).ravel().nonzero()[0], positions - 1)
        if row.size:
            twice = (place > 0) & (words[row, place - 1] == words[row, -2])
            ones = np.bincount(row, minlength=batch)
            twos = np.bincount(row[twice], minlength=batch)
            share_two = self.triples * twos / (twos + DOUBT)
            share_one = self.pairs * ones / (ones + DOUBT) * (1 - share_two)
            odds *= (1 - share_one - share_two).astype(np.float32)[:, None]
            odds[row, place + 1] += (share_one / np.maximum(ones, 1))[row]
            row, place = row[twice], place[twice]
            odds[row, place + 1] += (share_two / np.maximum(twos, 1))[row]
        return words, odds

    @functools.cached_property
    def _table(self) -> Floats:
        """(vocabulary + 2,): ``novelty`` behind that of no word."""
        table: Floats = np.append(np.float32(0), self.novelty.cpu().numpy())
        return table

    @functools.cached_property
    def _step_fading(self) -> Floats:
        """(REACH + 1,): the odds of a new word, by where it stands."""
        fading: Tensor = self.strength * _within(1, torch.device("cpu"))[1][0]
        return fading.numpy()

    def of_targets(self, said: Tensor, ids: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, time): odds of each of ``targets`` after each of ``ids``, and of all words."""
        given = self.weigh(said, ids)
        same = given.words[:, None, :] == targets[:, :, None]
        return (given.odds * same).sum(-1), given.odds.sum(-1)

    def _parts(self, words: Tensor, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, time, REACH + time) each: for every position of ``words``, what is given to the
        word there by itself, whether it followed the last word, and whether the last two."""
        time = ids.shape[1]
        allowed, fading = _within(time, ids.device)
        known = self.novelty[words.clamp_max(len(self.novelty) - 1)]
        alone = (known * (words >= 0))[:, None] * fading
        before = words[:, REACH - 1 : REACH - 1 + time]
        followed = (words[:, None, :-1] == ids[:, :, None]) & allowed[:, 1:]
        twice = followed[:, :, 1:] & (words[:, None, :-2] == before[:, :, None])
        pad = torch.nn.functional.pad
        return alone, pad(followed.float(), (1, 0)), pad(twice.float(), (2, 0))


def _count(places: Tensor) -> Tensor:
    return places.sum(-1, keepdim=True).clamp_min(1)


def _trusted(places: Tensor) -> Tensor:
    """(batch, time, 1) from 0 to 1, by how often there was something to see."""
    seen = places.sum(-1, keepdim=True)
    return seen / (seen + DOUBT)


def _within(time: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """(time, REACH + time) each: which positions a step sees, and what is left of them."""
    # As in causal_window: a card's recorded steps would go on using what is not kept any more.
    return _fading(time, device) if device.type == "cuda" else _kept_fading(time, device)


def _fading(time: int, device: torch.device) -> tuple[Tensor, Tensor]:
    allowed = causal_window(time, REACH, device)
    step = torch.arange(time, device=device)[:, None] + REACH
    age = step - torch.arange(REACH + time, device=device)[None]
    return allowed, torch.exp(-age.clamp_min(0) / FADING) * allowed


@functools.lru_cache(maxsize=8)
def _kept_fading(time: int, device: torch.device) -> tuple[Tensor, Tensor]:
    with torch.inference_mode(False):
        return _fading(time, device)


@runtime_checkable
class HasRecency(Protocol):
    """A model that can make likelier what a text has said."""

    recency: Recency | None


@torch.no_grad()
def tune_recency(
    model: LanguageModel[Any], counts: Tensor, ids: NDArray[np.int32], device: torch.device
) -> Recency | None:
    """The shares that predict ``ids`` best, None where they are not worth it.

    ``counts`` (vocabulary,) are those in the training text; the model has no recency yet.
    """
    found = text_odds(model, ids, device)
    text = torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(device)[None]
    recency = Recency.of(counts.to(device), 1.0, 1.0, 1.0)
    said, told = recency.nothing(1), []
    for at in range(0, len(ids) - 1, WINDOW):
        read, targets = text[:, at : at + WINDOW + 1][:, :-1], text[:, at + 1 : at + WINDOW + 1]
        told.append(_evidence(recency, said, read, targets))
        said = recency.after(said, read)
    alone, whole, one, trust_one, two, trust_two = np.concatenate(told, axis=1)

    def loss(strength: float, pairs: float, triples: float) -> float:
        odds = (1 - strength * whole) * found + strength * alone
        odds = odds + pairs * trust_one * (one - odds)
        odds = odds + triples * trust_two * (two - odds)
        return -float(np.log(odds).mean())

    shares = min(itertools.product(STRENGTHS, PAIRS, TRIPLES), key=lambda s: loss(*s))
    if loss(*shares) > loss(0.0, 0.0, 0.0) - LEAST_GAIN:
        return None
    return replace(recency, strength=shares[0], pairs=shares[1], triples=shares[2])


def _evidence(recency: Recency, said: Tensor, ids: Tensor, targets: Tensor) -> NDArray[np.float64]:
    """(6, time) for one row: odds of each of ``targets`` by itself and of all words; what followed
    the last word, and how far to trust it; the same of the last two."""
    words = torch.cat((said.long(), ids), 1)
    alone, one, two = recency._parts(words, ids)
    same = (words[:, None, :] == targets[:, :, None]).float()
    rows = [(alone * same).sum(-1), alone.sum(-1)]
    for places in (one, two):
        rows += [(places * same).sum(-1) / _count(places)[..., 0], _trusted(places)[..., 0]]
    evidence: NDArray[np.float64] = torch.cat(rows).cpu().double().numpy()
    return evidence
