"""The softmax over the vocabulary, with the embedding as its weights (Press & Wolf 2017).

In training the sum over the vocabulary can be estimated: frequent words and the targets at hand
are always in it, the others are drawn anew for each window and stand for those that were not
(Horvitz & Thompson 1952; for language models, Bengio & Senécal 2003). The estimate of the sum has
no bias, and most of its mass is in the words that are always there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

WORDS_STEP = 128
"""Samples are filled up to a multiple of this: what a product of a new shape has to prepare takes
ten times as long as the product itself, and drawn anew each sample had a size of its own."""


class _TargetLogProbability(torch.autograd.Function):
    """Log-probability of each target, keeping one (rows, words) matrix and no more.

    autograd alone would keep logits, log-probabilities and their gradient; here the probabilities
    are turned into the gradient in place.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, table: Tensor, bias: Tensor, targets: Tensor, low: bool
    ) -> Tensor:
        kind = torch.bfloat16 if low else rows.dtype
        narrow_rows, narrow_table = rows.to(kind), table.to(kind)
        # Autocast would make float32 of the largest matrix there is.
        with torch.autocast(rows.device.type, enabled=False):
            logits = torch.addmm(bias.to(kind), narrow_rows, narrow_table.t())
            probabilities = torch.softmax(logits, dim=-1)
        del logits
        picked = probabilities.gather(1, targets[:, None]).squeeze(1).float()
        ctx.save_for_backward(narrow_rows, narrow_table, probabilities, targets)
        ctx.kinds = rows.dtype, table.dtype
        return picked.clamp_min(1e-30).log()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        rows, table, probabilities, targets = ctx.saved_tensors
        down = -grads[0][:, None].to(probabilities.dtype)
        grad = probabilities.mul_(down)
        at_target = targets[:, None]
        # Not scatter_add_, which in bfloat16 goes through a float32 copy of everything.
        grad.scatter_(1, at_target, grad.gather(1, at_target) - down)
        row_kind, table_kind = ctx.kinds
        return (
            (grad @ table).to(row_kind),
            (grad.t() @ rows).to(table_kind),
            (grad.new_ones(1, len(grad)) @ grad).view(-1).to(table_kind),
            None,
            None,
        )


def target_log_probability(
    rows: Tensor, table: Tensor, bias: Tensor, targets: Tensor, bfloat16: bool
) -> Tensor:
    """(rows,) log-probability of ``targets`` (rows,) under softmax(``rows`` · ``table``ᵀ + bias).

    ``rows`` is (rows, embedding), ``table`` (vocabulary, embedding). With ``bfloat16`` the matrix
    products run in that precision. Can be differentiated once.
    """
    picked: Tensor = _TargetLogProbability.apply(rows, table, bias, targets, bfloat16)  # type: ignore[no-untyped-call]
    return picked


def log_frequencies(counts: Tensor) -> Tensor:
    """(vocabulary,) logarithm of each word's share of ``counts``; what never came has some, too.

    What a bias starts from: left to gradients, the frequencies are learnt by driving memory cells
    into saturation, where they stay; given at the start, the cells are free for what depends on the
    past.
    """
    return ((counts.float() + 0.5) / (counts.sum() + 0.5 * len(counts))).log()


def inclusion_probabilities(counts: Tensor, candidates: int) -> Tensor:
    """(vocabulary,) chance of each word to be in a sample of about ``candidates`` words.

    In proportion to the root of ``counts``, which is near to what keeps the estimate's variance
    low, and 1 for words so frequent that they had better always be there.
    """
    weight = (counts.cpu().double() + 1).sqrt()  # Apple's cards have no doubles
    if candidates <= 0 or candidates >= len(counts):
        return torch.ones_like(weight, dtype=torch.float32)
    low, high = 0.0, float(len(counts) / weight.min())
    for _ in range(60):
        factor = (low + high) / 2
        if float((weight * factor).clamp_max(1).sum()) < candidates:
            low = factor
        else:
            high = factor
    return (weight * high).clamp_max(1).float()


@dataclass(frozen=True, slots=True)
class Drawn:
    """The words that one window compares."""

    words: Tensor
    """(words,) ids, the last ones there to fill up"""
    place: Tensor
    """(vocabulary,) where in ``words`` each id is; meaningless for those that are not."""
    correction: Tensor
    """(words,) what is added to a score so that the word stands for those left out; nothing, being
    minus infinity, is left of what only fills up"""


def draw(inclusion: Tensor, always: Tensor) -> Drawn:
    """A sample of the vocabulary with ``always`` (any shape, ids) in it.

    ``inclusion`` is (vocabulary,), from :func:`inclusion_probabilities`.
    """
    drawn = torch.rand(len(inclusion), device=inclusion.device) < inclusion
    correction = -inclusion.log()
    drawn[always] = True
    correction[always] = 0.0
    words = drawn.nonzero().squeeze(1)
    place = torch.zeros_like(inclusion, dtype=torch.long)
    place[words] = torch.arange(len(words), device=words.device)
    missing = -len(words) % WORDS_STEP
    return Drawn(
        functional.pad(words, (0, missing)),
        place,
        functional.pad(correction[words], (0, missing), value=float("-inf")),
    )
