"""Counts mixed into a network: the same odds by every way of asking, and a share that helps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.config import checked
from engine.models.build import build_model
from engine.models.kneser_ney import KneserNey
from engine.models.neural_cache import CacheSettings
from engine.models.ngram_mixture import NgramMixture, tune_share

CPU = torch.device("cpu")
WORDS = 30


def model_with(counts: KneserNey | None, **settings: Any) -> Any:
    torch.manual_seed(2)
    model: Any = build_model(
        checked({"hidden_size": 16, "embedding_size": 8, "attention_span": 12, **settings}), WORDS
    )
    model.eval().requires_grad_(False)
    model.ngrams = counts and NgramMixture(counts, 0.3)
    return model


def a_text(tokens: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    dice = np.random.default_rng(5)
    phrases = [dice.integers(0, WORDS, 6) for _ in range(12)]
    ids = np.concatenate([phrases[i] for i in dice.integers(0, 12, tokens // 6)])
    return ids.astype(np.int32)


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("copying", [False, True])
@pytest.mark.parametrize("attention", ["none", "general"])
def test_steps_scores_and_windows_agree(attention: str, copying: bool, cached: bool) -> None:
    ids = a_text(300)
    model = model_with(KneserNey(ids, WORDS), attention=attention, copying=copying)
    if cached:
        model.cache = CacheSettings(flatness=0.7, share=0.2)
    text = torch.from_numpy(ids[:40].astype(np.int64))[None]
    told, _state = model.score(text[:, :-1], text[:, 1:], model.initial_state(1))
    whole, _state, _traces = model.predict(text[:, :-1], model.initial_state(1), 2)
    assert torch.allclose(whole.gather(2, text[:, 1:, None]).squeeze(2), told, atol=1e-5)
    state = model.read(text[:, :20], model.initial_state(1))
    for at in range(20, 39):
        odds, state, _traces = model.step(text[:, at], state, 2)
        assert float(odds.exp().sum()) == pytest.approx(1, abs=1e-4)
        assert torch.allclose(odds[0], whole[0, at], atol=1e-4)


def test_words_of_the_draft_only_are_looked_up_as_the_unknown_word() -> None:
    ids = a_text(300)
    model = model_with(KneserNey(ids, WORDS))
    strange, unknown = torch.tensor([[3, WORDS, 7]]), torch.tensor([[3, 0, 7]])
    odds = [model.predict(text, model.initial_state(1), 2)[0] for text in (strange, unknown)]
    # The strange word can be copied, the unknown word too; the rest is the same.
    assert torch.allclose(odds[0][0, 0], odds[1][0, 0])


def test_phrases_become_likelier_by_their_share() -> None:
    ids = a_text(300)
    counts = KneserNey(ids, WORDS)
    text = torch.from_numpy(ids[:5].astype(np.int64))[None]
    settings: dict[str, Any] = {"attention": "none", "copying": False}
    alone = model_with(None, **settings).predict(text, model_with(None).initial_state(1))[0]
    model = model_with(counts, **settings)
    mixed = model.predict(text, model.initial_state(1))[0]
    counted = torch.from_numpy(counts.distributions(text[:, :4].numpy()))
    assert torch.allclose(mixed[0, 3].exp(), 0.7 * alone[0, 3].exp() + 0.3 * counted[0], atol=1e-6)


def test_the_share_that_is_tuned_predicts_best() -> None:
    ids = a_text(3000)
    train, held_out = ids[:2000], ids[2000:]
    counts = KneserNey(train, WORDS)
    model = model_with(None)
    share = tune_share(model, counts, held_out, CPU)
    assert share is not None
    assert share > 0.3  # an untrained network knows nothing
    random = np.random.default_rng(1).integers(0, WORDS, 2000).astype(np.int32)
    assert tune_share(model, KneserNey(random, WORDS), held_out, CPU) is None
