"""Linear maps of the few rows that writing has: a token of each alternative, step after step.

The weights are laid out for that once. Where the processor multiplies in bfloat16, several rows
take half the time so, and so does a single row against a table too large for its caches: what
counts then is how many bytes of weights go by. The sums, the bias and the result are in float32.
Where torch was built with oneDNN, the narrow weights are laid out as its kernels want them, which
they would otherwise do at every product.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

LOW = torch.bfloat16
ROWS = 3
"""From so many rows on bfloat16 is quicker whatever the size."""
USUAL_ROWS = 8
LARGE = 2_000_000
"""Weights from which on it is quicker for a single row, too."""


@functools.cache
def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for it; never measured, so that it never wavers."""
    has: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def _laid_out(weight: Tensor) -> Callable[[Tensor], Tensor]:
    """What multiplies rows (rows, in) with ``weight`` (out, in), both in bfloat16."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return functools.partial(functional.linear, weight=weight)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, USUAL_ROWS)
    product = torch.ops.mkldnn._linear_pointwise
    return lambda rows: product(rows, packed, None, "none", [], "")


class StepMap:
    """(rows, out) = ``rows`` (rows, in) · weightᵀ + bias, for weights that stay as they are.

    Several weights (out of each, in) and biases are one map of their rows one below the other.
    """

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor | None], low: bool):
        weight = torch.cat(tuple(weights))
        self._bias = torch.cat(
            [
                weight.new_zeros(len(one)) if bias is None else bias
                for one, bias in zip(weights, biases, strict=True)
            ]
        )
        self._always = low and weight.numel() >= LARGE
        self._low = _laid_out(weight.to(LOW)) if low else None
        # For a single row the libraries are twice as fast on the columns.
        self._columns = None if self._always else weight.t().contiguous()

    def __call__(self, rows: Tensor) -> Tensor:
        if self._columns is None or (self._low is not None and len(rows) >= ROWS):
            assert self._low is not None
            return self._low(rows.to(LOW)).float().add_(self._bias)
        return torch.addmm(self._bias, rows, self._columns)
