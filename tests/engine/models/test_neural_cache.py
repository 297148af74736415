"""The cache: recent words become likelier, its odds still sum to one, and it is tuned to help."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.config import checked
from engine.models.build import build_model
from engine.models.neural_cache import CacheSettings, cache_weights, tune_cache

CPU = torch.device("cpu")
WORDS = 50


def untrained(**settings: Any) -> Any:
    torch.manual_seed(2)
    model: Any = build_model(
        checked({"hidden_size": 16, "embedding_size": 8, "attention_span": 12, **settings}), WORDS
    )
    # At the start the states are too small to tell words apart.
    model.embedding.data.mul_(8)
    return model.eval()


def test_weights_follow_likeness_and_sum_to_one() -> None:
    states = torch.eye(4)[None] * 4
    allowed = torch.tensor([[[True, True, True, False]]])
    weights = cache_weights(states[:, 2:3], states, allowed, 1.0)
    assert float(weights.sum()) == pytest.approx(1)
    assert int(weights.argmax()) == 2
    assert float(weights[0, 0, 3]) == 0
    nothing = cache_weights(states[:, 2:3], states, torch.zeros_like(allowed), 1.0)
    assert float(nothing.abs().sum()) == 0


@pytest.mark.parametrize("copying", [False, True])
@pytest.mark.parametrize("attention", ["none", "general"])
def test_steps_scores_and_windows_agree_with_a_cache(attention: str, copying: bool) -> None:
    model = untrained(attention=attention, copying=copying)
    model.cache = CacheSettings(flatness=0.7, share=0.2)
    text = torch.randint(0, WORDS, (1, 40))
    told, _state = model.score(text[:, :-1], text[:, 1:], model.initial_state(1))
    whole, _state, traces = model.predict(text[:, :-1], model.initial_state(1))
    assert torch.allclose(whole.gather(2, text[:, 1:, None]).squeeze(2), told, atol=1e-5)
    state = model.initial_state(1)
    for at in range(39):
        odds, state, seen = model.step(text[:, at], state)
        assert float(odds.exp().sum()) == pytest.approx(1, abs=1e-4)
        assert torch.allclose(odds[0], whole[0, at], atol=1e-5)
        assert float(seen.copy_share) >= 0.2 - 1e-5
    assert traces.copying is not None


def test_a_cache_makes_what_followed_a_like_state_likelier() -> None:
    model = untrained(attention="none", copying=False)
    text = torch.tensor([3, 9, 4, 7] * 3)
    odds = {}
    for share in (0.0, 0.3):
        model.cache = CacheSettings(flatness=1.5, share=share) if share else None
        state = model.initial_state(1)
        for word in text:
            found, state, _traces = model.step(word[None], state)
        odds[share] = float(found[0, 3])
    assert odds[0.3] > odds[0.0] + 1


def test_a_branch_and_a_forgotten_row_take_the_cache_along() -> None:
    model = untrained(attention="none", copying=False)
    model.cache = CacheSettings(flatness=1.0, share=0.3)
    state = model.read(torch.tensor([[1, 2, 3], [4, 5, 6]]), model.initial_state(2))
    both = state.select(torch.tensor([1, 1]))
    odds, _state, _traces = model.step(torch.tensor([7, 7]), both)
    assert torch.equal(odds[0], odds[1])
    begun = state.keep(torch.tensor([True, False]))
    fresh, _state, _traces = model.step(torch.tensor([7, 7]), begun)
    anew, _state, _traces = model.step(torch.tensor([7]), model.initial_state(1))
    assert torch.allclose(fresh[1], anew[0], atol=1e-5)


def test_tuning_finds_that_a_repeating_text_wants_a_cache() -> None:
    model = untrained(attention="none", copying=False)
    ids = np.array([3, 9, 4, 7] * 150, dtype=np.int32)
    settings, without, with_cache = tune_cache(model, ids, CPU)
    assert settings is not None
    assert with_cache < without - 0.3
    model.cache = settings
    text = torch.from_numpy(ids.astype(np.int64))[None]
    told, _state = model.score(text[:, :-1], text[:, 1:], model.initial_state(1))
    assert -float(told.mean()) == pytest.approx(with_cache, abs=1e-4)


def test_random_words_want_no_cache() -> None:
    model = untrained(attention="none", copying=False)
    model.embedding.data.zero_()
    ids = np.random.default_rng(1).integers(0, WORDS, 3000).astype(np.int32)
    settings, without, with_cache = tune_cache(model, ids, CPU)
    assert settings is None
    assert with_cache == without
