"""The softmax over the vocabulary, with the embedding as its weights (Press & Wolf 2017)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _TargetLogProbability(torch.autograd.Function):
    """Log-probability of each target, keeping one (rows, vocabulary) matrix and no more.

    autograd alone would keep logits, log-probabilities and their gradient; here the probabilities
    are turned into the gradient in place.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, table: Tensor, bias: Tensor, targets: Tensor, low: bool
    ) -> Tensor:
        kind = torch.bfloat16 if low else rows.dtype
        narrow_rows, narrow_table = rows.to(kind), table.to(kind)
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
        wide = grads[0]
        grad = probabilities.mul_(-wide[:, None].to(probabilities.dtype))
        grad.scatter_add_(1, targets[:, None], wide[:, None].to(grad.dtype))
        row_kind, table_kind = ctx.kinds
        return (
            (grad @ table).to(row_kind),
            (grad.t() @ rows).to(table_kind),
            grad.sum(0, dtype=torch.float32),
            None,
            None,
        )


def target_log_probability(
    rows: Tensor, table: Tensor, bias: Tensor, targets: Tensor, bfloat16: bool
) -> Tensor:
    """(rows,) log-probability of ``targets`` (rows,) under softmax(``rows`` · ``table``ᵀ + bias).

    ``rows`` is (rows, embedding), ``table`` (vocabulary, embedding). With ``bfloat16`` the matrix
    products run in that precision; sums stay in float32 where the kernel keeps them so.
    Can be differentiated once.
    """
    picked: Tensor = _TargetLogProbability.apply(rows, table, bias, targets, bfloat16)  # type: ignore[no-untyped-call]
    return picked
