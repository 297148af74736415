"""Windows on a card: recorded as one launch, they train as they would kernel by kernel."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch

from engine.config import checked
from engine.models.build import build_model
from engine.models.state_tensors import all_finite, state_tensors, with_tensors
from engine.training.batching import Columns, Position, word_counts
from engine.training.distributed import Group
from engine.training.optimizer import make_optimizer
from engine.training.window_step import WindowStep, either

WORDS = 60
CARD = torch.device("cuda")


def losses(recorded: bool, **settings: Any) -> list[float]:
    """Of two passes over a little text, in windows of many lengths."""
    config = checked(
        {
            "hidden_size": 32,
            "embedding_size": 32,
            "attention_span": 16,
            "dropout": 0.0,
            "embedding_dropout": 0.0,
            "precision": "float32",
        }
        | settings
    )
    torch.manual_seed(1)
    dice = random.Random(1)
    coins, ids = np.random.default_rng(1).integers(0, 2, 4000), [0]
    for coin in coins.tolist():
        ids.append((2 * ids[-1] + coin + 1) % WORDS)
    text = np.array(ids, dtype=np.int32)
    model = build_model(config, WORDS)
    assert isinstance(model, torch.nn.Module)
    module = model.to(CARD).train()
    module.prime(word_counts(text, WORDS).to(CARD))
    step = WindowStep(module, make_optimizer(module, config, CARD), config, Group(), CARD)
    if not recorded:
        step._recorded = None
    columns, at, told = Columns(text, 8, 10, CARD), Position(), []
    state = module.initial_state(8)
    while at.epoch < 2:
        inputs, targets, at = columns.window(at, dice)
        kept = torch.rand(8) >= 0.1
        loss, _norm, state = step(inputs, targets, state, kept, 5e-3)
        told.append(float(loss))
    return told


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("kind", [{}, {"cell": "gru"}, {"precision": "bfloat16"}])
def test_recorded_windows_train_alike(kind: dict[str, Any]) -> None:
    plain, recorded = losses(False, **kind), losses(True, **kind)
    assert plain[-1] < plain[0] - 0.1
    assert np.allclose(plain, recorded, atol=0.02 if kind.get("precision") else 2e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_dropout_is_drawn_anew_in_every_window() -> None:
    config = checked({"hidden_size": 32, "embedding_size": 32, "dropout": 0.5})
    model = build_model(config, WORDS)
    assert isinstance(model, torch.nn.Module)
    module = model.to(CARD).train()
    module.prime(torch.ones(WORDS, dtype=torch.long, device=CARD) * 5)
    step = WindowStep(module, make_optimizer(module, config, CARD), config, Group(), CARD)
    ids = torch.randint(0, WORDS, (4, 10), device=CARD)
    kept = torch.ones(4, dtype=torch.bool)
    told = set()
    for _ in range(6):
        loss, _norm, _state = step(ids, ids, module.initial_state(4), kept, 1e-12)
        told.add(round(float(loss), 5))
    assert len(told) > 3


@pytest.mark.parametrize("bad", [False, True])
def test_a_step_without_a_finite_gradient_is_not_taken(bad: bool) -> None:
    config = checked({"hidden_size": 16, "embedding_size": 16, "precision": "float32"})
    torch.manual_seed(1)
    model = build_model(config, WORDS)
    assert isinstance(model, torch.nn.Module)
    device = torch.device("cpu")
    step = WindowStep(model, make_optimizer(model, config, device), config, Group(), device)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    if bad:
        next(model.parameters()).register_hook(lambda grad: grad * float("inf"))
    ids = torch.randint(0, WORDS, (4, 10))
    state = model.initial_state(4)
    _loss, norm, after = step(ids, ids, state, torch.ones(4, dtype=torch.bool), 1e-2)
    changed = any(not torch.equal(before[n], v) for n, v in model.state_dict().items())
    assert changed is not bad
    assert (after is state) is bad
    assert bool(torch.isfinite(norm)) is not bad


@pytest.mark.parametrize("good", [True, False])
def test_a_state_can_be_chosen_without_waiting_for_the_choice(good: bool) -> None:
    model = build_model(checked({"hidden_size": 16, "embedding_size": 16}), WORDS)
    before = model.initial_state(4)
    after = with_tensors(before, [part * float("nan") for part in state_tensors(before)])
    chosen = either(torch.tensor(good), after, before)
    assert all_finite(chosen) is not good
