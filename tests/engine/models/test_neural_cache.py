"""The cache: recent words become likelier, its odds still sum to one, and it is tuned to help."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.config import checked
from engine.models.build import build_model
from engine.models.neural_cache import Cache, CacheSettings, cache_probability, tune_cache


def test_mixing_keeps_a_distribution_and_favours_what_followed_a_like_state() -> None:
    torch.manual_seed(0)
    settings = CacheSettings(flatness=1.0, share=0.3, size=3)
    states = torch.eye(4) * 4
    cache = Cache.empty(4)
    for position, word in enumerate((5, 6, 7, 8)):
        cache = cache.add(states[position], word, settings.size)
    assert cache.words.tolist() == [6, 7, 8]
    odds = torch.full((10,), 0.1).log()
    mixed = cache.mix(odds, states[2], settings)
    assert float(mixed.exp().sum()) == pytest.approx(1, abs=1e-5)
    assert int(mixed.argmax()) == 7
    assert float(mixed[5]) < float(odds[5])


def test_an_empty_cache_or_no_share_changes_nothing() -> None:
    odds = torch.randn(6).log_softmax(0)
    state = torch.randn(3)
    assert Cache.empty(3).mix(odds, state, CacheSettings(1.0, 0.5, 9)) is odds
    full = Cache.empty(3).add(state, 2, 9)
    assert full.mix(odds, state, CacheSettings(1.0, 0.0, 9)) is odds


def test_scoring_a_text_equals_stepping_through_it() -> None:
    torch.manual_seed(1)
    states, words = torch.randn(12, 4), torch.randint(0, 5, (12,))
    settings = CacheSettings(flatness=0.5, share=1.0, size=4)
    whole = cache_probability(states, words, settings.size, settings.flatness)
    cache = Cache.empty(4)
    for at in range(12):
        if at:
            mixed = cache.mix(torch.zeros(5), states[at], settings)
            assert float(mixed[words[at]].exp()) == pytest.approx(float(whole[at]), abs=1e-5)
        cache = cache.add(states[at], int(words[at]), settings.size)
    assert float(whole[0]) == 0


def test_tuning_finds_that_a_repeating_text_wants_a_cache() -> None:
    config = checked(
        {"hidden_size": 16, "embedding_size": 8, "attention": "none", "copying": False}
    )
    torch.manual_seed(2)
    model = build_model(config, 50)
    assert isinstance(model, torch.nn.Module)
    model.eval()
    settings, without, with_cache = tune_cache(model, np.array([3, 9, 4, 7] * 40, dtype=np.int32))
    assert settings.share > 0
    assert with_cache < without - 0.3
