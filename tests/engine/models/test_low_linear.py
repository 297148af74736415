"""Products in bfloat16 come to nearly the same as in float32, forwards and backwards."""

from __future__ import annotations

import torch
from torch import nn

from engine.models.low_linear import low_linear, project


def _near(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    return bool((found - wanted).abs().max() < 0.03 * wanted.abs().max())


def test_value_and_gradients_are_near_to_float32() -> None:
    torch.manual_seed(1)
    linear = nn.Linear(48, 24)
    values = torch.randn(5, 7, 48, requires_grad=True)
    weight = torch.randn(5, 7, 24)
    found: list[tuple[torch.Tensor, ...]] = []
    for low in (True, False):
        made = low_linear(values, linear.weight, linear.bias) if low else linear(values)
        grads = torch.autograd.grad((made * weight).sum(), (values, *linear.parameters()))
        found.append((made, *grads))
    for near, exact in zip(*found, strict=True):
        assert near.dtype == torch.float32
        assert near.shape == exact.shape
        assert _near(near, exact)


def test_maps_side_by_side_are_the_same_maps() -> None:
    torch.manual_seed(1)
    maps = {"a": nn.Linear(16, 8), "b": nn.Linear(16, 3, bias=False), "c": nn.Linear(16, 1)}
    values = torch.randn(2, 5, 16)
    exact, near = project(values, maps, low=False), project(values, maps, low=True)
    assert list(near) == list(exact) == ["a", "b", "c"]
    for name, one in maps.items():
        assert torch.allclose(exact[name], one(values), atol=1e-6)
        assert _near(near[name], exact[name])
