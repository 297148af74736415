"""Maps laid out for writing give what the weights give, in either precision."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config import Cell, checked
from engine.models import step_map
from engine.models.build import build_model
from engine.models.neural_cache import CacheSettings
from engine.models.step_map import StepMap, Worth, _keeps_float16

WORDS = 50


NARROW, WIDE = Worth(0, 0), Worth(10**9, 10**9)


def worth(monkeypatch: pytest.MonkeyPatch, narrow: bool) -> None:
    """Have weights kept in float16 however few they are, or none."""
    monkeypatch.setattr(step_map, "WORTH", {})
    monkeypatch.setattr(step_map, "WORTH_ELSEWHERE", NARROW if narrow else WIDE)


@pytest.mark.parametrize("rows", [1, 2, 3, 8])
@pytest.mark.parametrize("narrow", [False, True])
def test_several_maps_are_one(rows: int, narrow: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    worth(monkeypatch, narrow)
    torch.manual_seed(1)
    given = torch.randn(rows, 24)
    parts = [(torch.randn(7, 24), torch.randn(7)), (torch.randn(5, 24), None)]
    made = StepMap([w for w, _b in parts], [b for _w, b in parts])(given)
    wanted = torch.cat([given @ w.t() + (0 if b is None else b) for w, b in parts], 1)
    assert made.dtype == torch.float32
    assert torch.allclose(made, wanted, atol=0.02 if narrow else 1e-5)
    assert not narrow or not _keeps_float16() or not torch.equal(made, wanted)


def test_a_bias_is_never_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    worth(monkeypatch, narrow=True)
    weight, bias = torch.randn(30, 24), torch.full((30,), -11.37)
    assert torch.equal(StepMap([weight], [bias])(torch.zeros(1, 24))[0], bias)


def test_one_row_and_several_may_want_another_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_map, "WORTH", {})
    monkeypatch.setattr(step_map, "WORTH_ELSEWHERE", Worth(10**9, 0))
    torch.manual_seed(1)
    weight, bias = torch.randn(30, 24), torch.randn(30)
    given = torch.randn(1, 24).expand(3, 24)
    made = StepMap([weight], [bias])
    wide, narrow = made(given[:1]), made(given)
    assert torch.allclose(wide[0], weight @ given[0] + bias, atol=1e-5)
    assert torch.allclose(narrow, wide.expand(3, 30), atol=0.02)
    assert not _keeps_float16() or not torch.equal(narrow[:1], wide)


def test_where_torch_has_no_float16_weights_all_are_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worth(monkeypatch, narrow=True)
    monkeypatch.setattr(step_map, "_keeps_float16", lambda: False)
    weight, bias = torch.randn(30, 24), torch.randn(30)
    given = torch.randn(5, 24)
    assert torch.allclose(StepMap([weight], [bias])(given), given @ weight.t() + bias, atol=1e-5)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("copying", [False, True])
@pytest.mark.parametrize("attention", ["none", "dot", "additive"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
def test_prepared_steps_are_the_models(
    cell: Cell, attention: str, copying: bool, narrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    worth(monkeypatch, narrow)
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
    check_prepared(model, 0.02 if narrow else 1e-4)


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
    check_prepared(model, 1e-4)


def check_prepared(model: Any, tolerance: float) -> None:
    """Steps come to the same odds, and tell the same, before and after they are made quick."""
    text = torch.randint(0, WORDS + 2, (4, 20))  # two words of the draft only among them

    def steps() -> tuple[torch.Tensor, Any]:
        state, told = model.initial_state(4), []
        for at in range(20):
            odds, state, traces = model.step(text[:, at], state, 2)
            told.append(odds.exp())
        return torch.stack(told), traces

    before, seen = steps()
    model.prepare_steps()
    after, quick = steps()
    near = {"atol": tolerance / 10, "rtol": tolerance}
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
