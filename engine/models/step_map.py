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
"""Weights from which on bfloat16 is quicker for a single row, too."""
LARGE_FLOAT16 = 1_000_000
WORTH_FLOAT16 = 150_000
"""Weights from which on float16 is quicker for a single row and for several."""

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


def _laid_out(weight: Tensor) -> Product:
    """What multiplies rows (rows, in) with ``weight`` (out, in), both in bfloat16."""
    # Torch may be built without oneDNN, and oneDNN cannot do it on every processor.
    there = hasattr(torch.ops.mkldnn, "_linear_pointwise")
    if not there or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return functools.partial(functional.linear, weight=weight)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, USUAL_ROWS)
    product = torch.ops.mkldnn._linear_pointwise
    return lambda rows: product(rows, packed, None, "none", [], "")


def _float16(weight: Tensor, bias: Tensor) -> Product | None:
    """What multiplies rows in float32 with ``weight`` kept in float16, and adds ``bias`` (out,).

    None where torch cannot, or where it is not worth it.
    """
    if weight.numel() < WORTH_FLOAT16 or not _keeps_float16():
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
        narrow = self._narrow(weight) if low else _float16(weight, self._bias)
        if narrow is not None and weight.numel() >= (LARGE if low else LARGE_FLOAT16):
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
