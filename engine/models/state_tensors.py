"""States and what steps make of them, as plain lists of tensors: to save, to move, to weigh."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor


def state_tensors(state: object) -> list[Tensor]:
    """Every tensor in a state, in the order of its fields."""
    if isinstance(state, Tensor):
        return [state]
    if state is None or not dataclasses.is_dataclass(state):
        return []
    fields = dataclasses.fields(state)
    return [t for f in fields for t in state_tensors(getattr(state, f.name))]


def with_tensors(template: Any, tensors: list[Tensor]) -> Any:
    """A state like ``template`` that holds ``tensors``; the inverse of :func:`state_tensors`."""
    remaining = list(tensors)

    def fill(value: Any) -> Any:
        if isinstance(value, Tensor):
            return remaining.pop(0)
        if value is None or not dataclasses.is_dataclass(value):
            return value
        return type(value)(*(fill(getattr(value, f.name)) for f in dataclasses.fields(value)))  # type: ignore[misc]

    return fill(template)


def all_finite(state: object) -> bool:
    """Whether every number in a state is finite; on a card that is waited for."""
    return all(bool(torch.isfinite(part).all()) for part in state_tensors(state))


def compact(state: Any) -> Any:
    """The same state without memory that is only held on to: parts of more are copied out of it."""
    return with_tensors(
        state,
        [
            part if part.untyped_storage().nbytes() == part.nbytes else part.clone()
            for part in state_tensors(state)
        ],
    )
