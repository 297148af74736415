"""Linear maps of the few rows that writing has: a token of each alternative, step after step.

The weights are laid out for that once, as the kernels want them, which they would otherwise do at
every product. What counts is how many bytes of weights go by: those that do not stay in the
processor's caches are kept in float16, where torch can do that, and multiplied in float32.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SEVERAL = 3
"""Rows from which on the libraries treat a product as one of matrices."""

Product = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Worth:
    """How many weights a map needs to be quicker in float16."""

    one_row: int
    several: int


WORTH = {"AVX512": Worth(500_000, 100_000)}
"""By what torch calls a processor's ability; three such and one of the others were tried."""
WORTH_ELSEWHERE = Worth(1_000_000, 150_000)


@functools.cache
def _keeps_float16() -> bool:
    """Whether torch multiplies float32 with float16 weights here; it does on x86."""
    one = torch.ones(1, 1)
    try:
        packed = torch.ops.quantized.linear_prepack_fp16(one, None)
        return bool(torch.ops.quantized.linear_dynamic_fp16(one, packed) == 1)
    except (AttributeError, RuntimeError):
        return False


class StepMap:
    """(rows, out) = ``rows`` (rows, in) · weightᵀ + bias, for weights that stay as they are.

    Several weights (out of each, in) and biases are one map of their rows one below the other.
    """

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor | None]) -> None:
        weight = torch.cat(tuple(weights))
        bias = torch.cat(
            [
                weight.new_zeros(len(one)) if bias is None else bias
                for one, bias in zip(weights, biases, strict=True)
            ]
        )
        worth = WORTH.get(torch.backends.cpu.get_cpu_capability(), WORTH_ELSEWHERE)
        # Nothing is laid out that no number of rows asks for.
        in_float16 = functools.cache(lambda: _in_float16(weight, bias))
        in_float32 = functools.cache(lambda: _in_float32(weight, bias))

        def product(least: int) -> Product:
            narrow = weight.numel() >= least and _keeps_float16()
            return in_float16() if narrow else in_float32()

        self._one_row, self._several = product(worth.one_row), product(worth.several)

    def __call__(self, rows: Tensor) -> Tensor:
        return (self._several if len(rows) >= SEVERAL else self._one_row)(rows)


def _in_float16(weight: Tensor, bias: Tensor) -> Product:
    packed = torch.ops.quantized.linear_prepack_fp16(weight, bias)
    product = torch.ops.quantized.linear_dynamic_fp16
    return lambda rows: product(rows, packed)


def _in_float32(weight: Tensor, bias: Tensor) -> Product:
    # For a single row the libraries are twice as fast on the columns.
    columns = weight.t().contiguous()
    return lambda rows: torch.addmm(bias, rows, columns)
