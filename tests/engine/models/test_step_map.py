"""Maps laid out for writing give what the weights give, in either precision."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config import Cell, checked
from engine.models import step_map
from engine.models.build import build_model
from engine.models.neural_cache import CacheSettings
from engine.models.step_map import StepMap

WORDS = 50


@pytest.mark.parametrize("rows", [1, 2, 3, 8])
@pytest.mark.parametrize("low", [False, True])
def test_several_maps_are_one(rows: int, low: bool) -> None:
    torch.manual_seed(1)
    given = torch.randn(rows, 24)
    parts = [(torch.randn(7, 24), torch.randn(7)), (torch.randn(5, 24), None)]
    made = StepMap([w for w, _b in parts], [b for _w, b in parts], low)(given)
    wanted = torch.cat([given @ w.t() + (0 if b is None else b) for w, b in parts], 1)
    exact = not low or rows < step_map.ROWS
    assert made.dtype == torch.float32
    assert torch.allclose(made, wanted, atol=1e-5 if exact else 0.1)
    assert exact or not torch.equal(made, wanted)


def test_a_large_table_is_kept_once_and_narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_map, "LARGE", 100)
    weight, bias = torch.randn(30, 24), torch.full((30,), -11.37)
    given = torch.zeros(1, 24)
    made = StepMap([weight], [bias], True)(given)
    assert torch.equal(made[0], bias)  # not rounded
    wide = StepMap([weight], [bias], False)(torch.ones(1, 24))
    assert torch.allclose(wide[0], weight.sum(1) + bias, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 3])
def test_large_weights_in_float16_stay_near_to_what_they_are(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_map, "LARGE_FLOAT16", step_map.WORTH_FLOAT16)
    torch.manual_seed(1)
    weight, bias = torch.randn(700, 500), torch.randn(700)
    assert weight.numel() >= step_map.WORTH_FLOAT16
    given = torch.randn(rows, 500)
    made = StepMap([weight], [bias], False)(given)
    assert made.dtype == torch.float32
    assert torch.allclose(made, given @ weight.t() + bias, atol=0.05)


@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize("copying", [False, True])
@pytest.mark.parametrize("attention", ["none", "dot", "additive"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
def test_prepared_steps_are_the_models(
    cell: Cell, attention: str, copying: bool, low: bool
) -> None:
    torch.manual_seed(2)
    model: Any = build_model(
        checked(
            {
                "cell": cell,
                "attention": attention,
                "copying": copying,
                "hidden_size": 24,
                "embedding_size": 16,
                "attention_span": 12,
            }
        ),
        WORDS,
    )
    model.eval().requires_grad_(False)
    check_prepared(model, low)


@pytest.mark.parametrize("attention", ["none", "general"])
def test_prepared_steps_have_the_neural_cache(attention: str) -> None:
    torch.manual_seed(3)
    model: Any = build_model(
        checked(
            {
                "attention": attention,
                "copying": attention != "none",
                "hidden_size": 24,
                "embedding_size": 16,
                "attention_span": 12,
                "layers": 2,
            }
        ),
        WORDS,
    )
    model.eval().requires_grad_(False)
    model.cache = CacheSettings(0.5, 0.2)
    check_prepared(model, False)


def check_prepared(model: Any, low: bool) -> None:
    """Steps come to the same odds, and tell the same, before and after they are made quick."""
    text = torch.randint(0, WORDS + 2, (4, 20))  # two words of the draft only among them

    def steps() -> tuple[torch.Tensor, Any]:
        state, told = model.initial_state(4), []
        for at in range(20):
            odds, state, traces = model.step(text[:, at], state, 2)
            told.append(odds.exp())
        return torch.stack(told), traces

    before, seen = steps()
    model.prepare_steps(low)
    after, quick = steps()
    near = {"atol": 0.05 if low else 1e-5, "rtol": 0.05 if low else 1e-4}
    assert torch.allclose(before, after, **near)
    assert torch.allclose(after.sum(-1), torch.ones(20, 4), atol=1e-4)
    for name in ("hidden", "cell", "gates", "copy_share"):
        one, other = getattr(seen, name), getattr(quick, name)
        assert (one is None) == (other is None), name
        assert one is None or torch.allclose(one, other, **near), name
    for name in ("attention", "copying", "memory_ids"):
        one, other = getattr(seen, name), getattr(quick, name)
        assert (one is None) == (other is None), name
        if one is not None:  # the oldest place is not seen any more, or not there any more
            assert torch.allclose(one[..., -12:].float(), other[..., -12:].float(), **near), name
