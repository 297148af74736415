"""The contract: one loss three ways, states that are values, and words that no one taught."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config import TrainingConfig, checked, knobs_of
from engine.models.build import build_model
from engine.models.contract import LanguageModel

WORDS = 30


def small(**settings: Any) -> TrainingConfig:
    base = {
        "embedding_size": 12,
        "hidden_size": 16,
        "attention_span": 8,
        "dropout": 0.0,
        "embedding_dropout": 0.0,
        "precision": "float32",
    }
    known = {knob.name for knob in knobs_of(settings.get("model", "script"))}
    return checked({n: value for n, value in base.items() if n in known} | settings)


KINDS = {
    "default": {},
    "dot": {"attention": "dot"},
    "additive": {"attention": "additive"},
    "no attention": {"attention": "none"},
    "no copying": {"copying": False},
    "plain": {"attention": "none", "copying": False},
    "gru": {"cell": "gru"},
    "elman": {"cell": "elman"},
    "reply": {"model": "reply"},
    "reply without attention": {"model": "reply", "attention": "none"},
    "reply of two layers": {"model": "reply", "attention": "additive", "layers": 2},
    "classic": {"model": "classic"},
}


def made(**settings: Any) -> LanguageModel[Any]:
    torch.manual_seed(8)
    model = build_model(small(**settings), WORDS)
    assert isinstance(model, torch.nn.Module)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    model.eval()
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_loss_scores_and_steps_agree_over_several_windows(kind: str) -> None:
    model = made(**KINDS[kind])
    text = torch.randint(0, WORDS, (3, 25))
    by_step = model.initial_state(3)
    by_score = by_loss = by_step
    with torch.no_grad():
        for start in (0, 5, 17):
            stop = {0: 5, 5: 17, 17: 24}[start]
            ids, targets = text[:, start:stop], text[:, start + 1 : stop + 1]
            loss, by_loss = model.forward(ids, targets, by_loss)
            odds, by_score = model.score(ids, targets, by_score)
            assert float(loss) == pytest.approx(-float(odds.mean()), abs=1e-4)
            for step in range(stop - start):
                step_odds, by_step, _traces = model.step(ids[:, step], by_step)
                one = step_odds.gather(1, targets[:, step : step + 1]).squeeze(1)
                assert torch.allclose(one, odds[:, step], atol=1e-4)
                assert torch.allclose(step_odds.exp().sum(-1), torch.ones(3), atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_reading_a_prompt_leaves_the_state_that_stepping_would(kind: str) -> None:
    model = made(**KINDS[kind])
    text = torch.randint(0, WORDS, (2, 13))
    read = model.read(text, model.initial_state(2))
    state = model.initial_state(2)
    for step in range(13):
        _odds, state, _traces = model.step(text[:, step], state)
    next_word = torch.tensor([3, 4])
    assert torch.allclose(
        model.step(next_word, read)[0], model.step(next_word, state)[0], atol=1e-4
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_never_changes_the_state_it_was_given(kind: str) -> None:
    model = made(**KINDS[kind])
    state = model.read(torch.randint(0, WORDS, (1, 9)), model.initial_state(1))
    word = torch.tensor([5])
    first = model.step(word, state)[0]
    branch = state.select(torch.tensor([0, 0]))
    for other in range(4):
        _odds, branch, _traces = model.step(torch.tensor([other, 7]), branch)
    assert torch.equal(model.step(word, state)[0], first)


def test_attention_and_copy_weights_sum_to_one() -> None:
    model = made()
    state = model.initial_state(2)
    for step in range(12):
        _odds, state, traces = model.step(torch.randint(0, WORDS, (2,)), state)
        assert traces.attention is not None
        assert traces.copy_weights is not None
        assert torch.allclose(traces.attention.sum(-1), torch.ones(2, 1), atol=1e-5)
        assert torch.allclose(traces.copy_weights.sum(-1), torch.ones(2), atol=1e-5)
        assert traces.memory_ids is not None
        assert int((traces.memory_ids >= 0).sum(-1)[0]) == min(step + 1, 9)


def test_a_word_outside_the_vocabulary_is_copied_as_itself_and_only_from_the_memory() -> None:
    model = made()
    state = model.initial_state(1)
    odds, state, _traces = model.step(torch.tensor([4]), state, extra_words=2)
    assert odds.shape == (1, WORDS + 2)
    assert torch.isneginf(odds[0, WORDS:]).all()
    odds, state, _traces = model.step(torch.tensor([WORDS]), state, extra_words=2)
    assert float(odds[0, WORDS]) > -20
    assert torch.isneginf(odds[0, WORDS + 1])
    for _ in range(20):
        odds, state, _traces = model.step(torch.tensor([4]), state, extra_words=2)
    assert torch.isneginf(odds[0, WORDS])


def test_priming_makes_an_untrained_model_guess_by_frequency() -> None:
    model = build_model(small(attention="none", copying=False), WORDS)
    counts = torch.arange(WORDS)
    model.prime(counts)
    odds, _state, _traces = model.step(torch.tensor([0]), model.initial_state(1))
    assert int(odds.argmax()) > WORDS // 2
    ranks = torch.corrcoef(torch.stack((odds[0].exp(), counts.float())))[0, 1]
    assert float(ranks) > 0.8


def test_bfloat16_and_candidates_train_close_to_the_exact_loss() -> None:
    exact = build_model(small(), WORDS)
    low = build_model(small(precision="bfloat16", candidates=WORDS), WORDS)
    assert isinstance(exact, torch.nn.Module)
    assert isinstance(low, torch.nn.Module)
    low.load_state_dict(exact.state_dict())
    low.train()
    text = torch.randint(0, WORDS, (3, 10))
    state = exact.initial_state(3)
    one, _ = exact.forward(text[:, :-1], text[:, 1:], state)
    other, _ = low.forward(text[:, :-1], text[:, 1:], state)
    assert other.item() == pytest.approx(one.item(), rel=0.02)
