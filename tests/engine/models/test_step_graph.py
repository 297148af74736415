"""Steps on a card: recorded as one launch, they are what they were."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config import checked
from engine.models.build import build_model
from engine.models.contract import LanguageModel
from engine.models.recency import Recency
from engine.models.state_tensors import state_tensors

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
WORDS = 40


def made(**settings: Any) -> LanguageModel[Any]:
    torch.manual_seed(3)
    config = checked(
        {"hidden_size": 32, "embedding_size": 24, "attention_span": 8, "precision": "float32"}
        | settings
    )
    model = build_model(config, WORDS)
    assert isinstance(model, torch.nn.Module)
    return model.to("cuda").eval().requires_grad_(False)  # type: ignore[return-value]


@pytest.mark.parametrize("kind", [{}, {"cell": "gru"}, {"attention": "none", "copying": False}])
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("recalls", [False, True])
def test_recorded_steps_are_the_same(kind: dict[str, Any], rows: int, recalls: bool) -> None:
    plain, quick = made(**kind), made(**kind)
    if recalls:
        counts = torch.arange(WORDS, device="cuda")
        plain.recency = quick.recency = Recency.of(counts, 1e-3, 0.1, 0.2)  # type: ignore[attr-defined]
    quick.prepare_steps()
    text = torch.randint(0, WORDS, (rows, 20), device="cuda")
    with torch.inference_mode():
        one, other = plain.initial_state(rows), quick.initial_state(rows)
        for column in text.t():
            odds, one, _seen = plain.step(column, one, 4)
            again, other, _seen = quick.step(column, other, 4)
            assert torch.allclose(odds, again, atol=1e-4)
        for part, same in zip(state_tensors(one), state_tensors(other), strict=True):
            assert torch.allclose(part, same, atol=1e-4)


def test_states_stay_as_they_were() -> None:
    model = made()
    model.prepare_steps()
    word, another = torch.tensor([5], device="cuda"), torch.tensor([6], device="cuda")
    with torch.inference_mode():
        _odds, state, _seen = model.step(word, model.initial_state(1))
        first, _state, _seen = model.step(word, state)
        second, _state, _seen = model.step(another, state)
        assert not torch.allclose(first, second)
        assert torch.equal(model.step(word, state)[0], first)
