"""Linear maps of the few rows that writing has: a token of each alternative, step after step.

The weights are laid out for that once, as the kernels want them, which they would otherwise do at
every product. What counts is how many bytes of weights go by, so where the processor multiplies in
bfloat16 several rows take half the time so, and so does a single row against a table too large for
its caches. On others FBGEMM keeps large weights in float16 and multiplies in float32. The sums, the
bias and the result are in float32.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

LOW = torch.bfloat16
ROWS = 3
"""From so many rows on narrow weights are quicker: in bfloat16 whatever their number."""
USUAL_ROWS = 8
LARGE = 2_000_000
"""Weights from which on they are quicker for a single row, too."""
WORTH_IT = 300_000
"""Weights from which on float16 is quicker for several rows."""

Product = Callable[[Tensor], Tensor]


@functools.cache
def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for it; never measured, so that it never wavers."""
    has: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))


@functools.cache
def _keeps_float16() -> bool:
    """Whether torch multiplies float32 with float16 weights here; it does on x86."""
    one = torch.ones(1, 1)
    try:
        packed = torch.ops.quantized.linear_prepack_fp16(one, None)
        return bool(torch.ops.quantized.linear_dynamic_fp16(one, packed) == 1)
    except (AttributeError, RuntimeError):
        return False


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


def _float16(weight: Tensor, bias: Tensor) -> Product | None:
    """As :func:`_laid_out`, for rows in float32 and weights that are kept in float16."""
    if not _keeps_float16():
        return None
    packed = torch.ops.quantized.linear_prepack_fp16(weight, bias)
    product = torch.ops.quantized.linear_dynamic_fp16
    return lambda rows: product(rows, packed)


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
        narrow = None
        if low:
            narrow = self._narrow(weight)
        elif weight.numel() >= WORTH_IT:
            narrow = _float16(weight, self._bias) or _laid_out(weight, self._bias)
        if narrow is not None and weight.numel() >= LARGE:
            self._single = self._several = narrow
            return
        # For a single row the libraries are twice as fast on the columns.
        columns = weight.t().contiguous()
        self._single = lambda rows: torch.addmm(self._bias, rows, columns)
        self._several = narrow or self._single

    def __call__(self, rows: Tensor) -> Tensor:
        return (self._several if len(rows) >= ROWS else self._single)(rows)

    def _narrow(self, weight: Tensor) -> Product:
        product = _laid_out(weight.to(LOW))
        return lambda rows: product(rows.to(LOW)).float().add_(self._bias)
