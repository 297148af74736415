"""Tensors out of a file that anybody may have written, compared with what they should be."""

from __future__ import annotations

import torch
from torch import Tensor


def compare_tensors(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """See that ``found`` are finite numbers in the places of ``expected``.

    Raises:
        ValueError: saying in words which is not.
    """
    for name in sorted(found.keys() | expected.keys()):
        if name not in expected:
            raise ValueError(f"{name} is no part of such a model")
        here, there = tensor_named(found, name), expected[name]
        if here.shape != there.shape:
            raise ValueError(f"{name} is {_size(here)}, not {_size(there)}")
        if here.dtype != there.dtype:
            raise ValueError(f"{name} holds {_kind(here)}, not {_kind(there)}")
        if not bool(torch.isfinite(here).all()):
            raise ValueError(f"a number in {name} is not finite")


def tensor_named(tensors: dict[str, Tensor], name: str) -> Tensor:
    """The tensor ``name``.

    Raises:
        ValueError: when there is none.
    """
    if name not in tensors:
        raise ValueError(f"{name} is missing")
    return tensors[name]


def _size(tensor: Tensor) -> str:
    return " x ".join(f"{length:,}" for length in tensor.shape) or "a single number"


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
