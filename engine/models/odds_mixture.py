"""The script model's odds: its softmax, mixed with counted n-grams, copies and what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from engine.models.contract import Sources
from engine.models.ngram_mixture import NgramMixture
from engine.models.script_state import Memory

Mix = Callable[[Tensor], Tensor]
"""(batch, time, words) probabilities with something mixed in; may change what it is given."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one window of attention came to."""

    features: Tensor
    """(batch, time, embedding), what the softmax sees."""
    attention: Tensor | None
    copying: Tensor | None
    """(batch, time, positions): probability of copying, and from there."""
    share: Tensor | None
    """(batch, time): probability that the next word is copied."""
    ids: Tensor | None
    """(batch, positions)"""
    memory: Memory | None


class Counts(NamedTuple):
    """Counted n-grams, and where to look them up."""

    ngrams: NgramMixture
    histories: Tensor
    """(batch, time, 4): the words before each prediction."""


def mixed(
    logits: Tensor, looked: Looked, counts: Counts | None, again: Mix | None, extra_words: int
) -> Tensor:
    """(batch, time, vocabulary + ``extra_words``) log-probabilities.

    ``logits`` (batch, time, vocabulary) are the softmax's; ``again`` mixes in what was said before.
    """
    copies = looked.share is not None and looked.copying is not None
    if not copies and again is None and counts is None:
        odds = torch.log_softmax(logits, dim=-1)
        return functional.pad(odds, (0, extra_words), value=float("-inf"))
    chances = torch.softmax(logits, dim=-1)
    if counts is not None:
        chances = counts.ngrams.mix(chances, counts.histories)
    if extra_words:
        chances = functional.pad(chances, (0, extra_words))
    if looked.share is not None and looked.copying is not None and looked.ids is not None:
        chances *= (1 - looked.share)[..., None]
        rows = looked.ids.clamp_min(0)[:, None].expand_as(looked.copying)
        chances.scatter_add_(2, rows, looked.copying)
    return (chances if again is None else again(chances)).log_()


def sources(
    own: Tensor,
    targets: Tensor,
    looked: Looked,
    counts: Counts | None,
    said: tuple[Tensor, Tensor] | None,
) -> Sources:
    """What became of ``own``, the softmax's probability of ``targets``; all (batch, time).

    ``said`` is what was said before gives to them, and to all words.
    """
    counted = copied = again = torch.zeros_like(own)
    if counts is not None:
        share = counts.ngrams.share
        counted = share * counts.ngrams.of_targets(counts.histories, targets)
        own = own * (1 - share)
    if looked.share is not None and looked.copying is not None and looked.ids is not None:
        same = looked.ids[:, None, :] == targets[:, :, None]
        copied = (looked.copying * same).sum(-1)
        own, counted = own * (1 - looked.share), counted * (1 - looked.share)
    if said is not None:
        again, whole = said
        own, counted, copied = (part * (1 - whole) for part in (own, counted, copied))
    return Sources(own, counted, copied, again)
