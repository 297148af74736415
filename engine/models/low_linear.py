"""Linear maps of many rows, with matrix products in bfloat16 for training on CPUs that have it.

Several maps of the same rows are one product of their weights side by side: the rows are made
narrow once, and one large product is nearer to the machine's peak than several small ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

LOW = torch.bfloat16


class _LowLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        low_rows, low_weight = rows.to(LOW), weight.to(LOW)
        ctx.save_for_backward(low_rows, low_weight)
        return torch.addmm(bias.to(LOW), low_rows, low_weight.t()).float()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        low_rows, low_weight = ctx.saved_tensors
        down = grads[0].to(LOW)
        return (
            (down @ low_weight).float(),
            (down.t() @ low_rows).float(),
            (down.new_ones(1, len(down)) @ down).view(-1).float(),
        )


def low_linear(values: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(..., out) float32 from ``values`` (..., in); ``weight`` is (out, in), ``bias`` (out,).

    Can be differentiated once.
    """
    rows = values.reshape(-1, values.shape[-1])
    if bias is None:
        bias = weight.new_zeros(len(weight))
    made: Tensor = _LowLinear.apply(rows, weight, bias)  # type: ignore[no-untyped-call]
    return made.view(*values.shape[:-1], -1)


def project(values: Tensor, maps: Mapping[str, nn.Linear], low: bool) -> dict[str, Tensor]:
    """What each of ``maps`` makes of ``values`` (..., in), by its name: (..., out of the map).

    All of them are one product, with ``low`` in bfloat16.
    """
    if not maps:
        return {}
    weights: list[Tensor] = [one.weight for one in maps.values()]
    biases: list[Tensor] = [
        one.weight.new_zeros(one.out_features) if one.bias is None else one.bias
        for one in maps.values()
    ]
    product = low_linear if low else functional.linear
    made = product(values, torch.cat(weights), torch.cat(biases))
    parts = torch.split(made, [len(weight) for weight in weights], dim=-1)
    return dict(zip(maps, parts, strict=True))
