"""Linear maps of the few rows that writing has: a token of each alternative, step after step.

The weights are laid out for that once. Where the processor multiplies in bfloat16, several rows
take half the time so, and so does a single row against a table too large for its caches: what
counts then is how many bytes of weights go by. The sums, the bias and the result are in float32.
Where torch was built with oneDNN, weights for several rows are laid out as its kernels want them,
which they would otherwise do at every product.
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
WORTH_IT = 300_000
"""Weights in float32 from which on oneDNN's kernels are quicker for several rows."""

Product = Callable[[Tensor], Tensor]


@functools.cache
def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for it; never measured, so that it never wavers."""
    has: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


def _lays_out(kind: torch.dtype) -> bool:
    """Whether oneDNN is there, and multiplies ``kind`` on this processor."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    return kind != LOW or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _laid_out(weight: Tensor, bias: Tensor | None = None) -> Product:
    """What multiplies rows (rows, in) with ``weight`` (out, in), all of one precision."""
    if not _lays_out(weight.dtype):
        return functools.partial(functional.linear, weight=weight, bias=bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, USUAL_ROWS)
    product = torch.ops.mkldnn._linear_pointwise
    return lambda rows: product(rows, packed, bias, "none", [], "")


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
        if low and weight.numel() >= LARGE:
            self._single = self._several = self._narrow(weight)
            return
        # For a single row the libraries are twice as fast on the columns.
        columns = weight.t().contiguous()
        self._single = lambda rows: torch.addmm(self._bias, rows, columns)
        if low:
            self._several = self._narrow(weight)
        else:
            large = weight.numel() >= WORTH_IT
            self._several = _laid_out(weight, self._bias) if large else self._single

    def __call__(self, rows: Tensor) -> Tensor:
        return (self._several if len(rows) >= ROWS else self._single)(rows)

    def _narrow(self, weight: Tensor) -> Product:
        product = _laid_out(weight.to(LOW))
        return lambda rows: product(rows.to(LOW)).float().add_(self._bias)
