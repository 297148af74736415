"""What a text has said: the same odds by every way of asking, and more of them for rare words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.config import checked
from engine.models.build import build_model
from engine.models.kneser_ney import KneserNey
from engine.models.ngram_mixture import NgramMixture
from engine.models.recency import EXTRAS, FADING, STRENGTHS, Recency, tune_recency

CPU = torch.device("cpu")
WORDS = 30
COUNTS = torch.arange(WORDS)


def model_with(recency: Recency | None, **settings: Any) -> Any:
    torch.manual_seed(2)
    model: Any = build_model(
        checked({"hidden_size": 16, "embedding_size": 8, "attention_span": 8, **settings}), WORDS
    )
    model.eval().requires_grad_(False)
    model.recency = recency
    return model


@pytest.mark.parametrize("copying", [False, True])
@pytest.mark.parametrize("counted", [False, True])
def test_steps_scores_and_windows_agree(copying: bool, counted: bool) -> None:
    model = model_with(Recency.of(COUNTS, 0.01), copying=copying)
    if counted:
        ids = np.random.default_rng(1).integers(0, WORDS, 300).astype(np.int32)
        model.ngrams = NgramMixture(KneserNey(ids, WORDS), 0.2)
    text = torch.randint(0, WORDS, (2, 40))
    told, _state = model.score(text[:, :-1], text[:, 1:], model.initial_state(2))
    whole, _state, _traces = model.predict(text[:, :-1], model.initial_state(2), 2)
    assert torch.allclose(whole.gather(2, text[:, 1:, None]).squeeze(2), told, atol=1e-4)
    state = model.read(text[:, :7], model.initial_state(2))
    state = model.read(text[:, 7:20], state)
    for at in range(20, 39):
        odds, state, _traces = model.step(text[:, at], state, 2)
        assert torch.allclose(odds.exp().sum(-1), torch.ones(2), atol=1e-4)
        assert torch.allclose(odds, whole[:, at], atol=1e-3)


def test_rows_are_chosen_and_begun_anew_with_what_they_said() -> None:
    model = model_with(Recency.of(COUNTS, 0.01))
    state = model.read(torch.tensor([[1, 2, 3], [4, 5, 6]]), model.initial_state(2))
    swapped = state.select(torch.tensor([1, 0]))
    assert torch.equal(swapped.recent[0], state.recent[1])
    kept = state.keep(torch.tensor([False, True]))
    assert not kept.recent[0].any()
    assert torch.equal(kept.recent[1], state.recent[1])


def test_a_word_of_the_draft_only_stays_possible_long_after() -> None:
    without, having = model_with(None), model_with(Recency.of(COUNTS, 0.001))
    for model, there in ((without, False), (having, True)):
        state = model.initial_state(1)
        _odds, state, _traces = model.step(torch.tensor([WORDS + 1]), state, 2)
        state = model.read(torch.full((1, 50), 3), state)
        odds, _state, _traces = model.step(torch.tensor([3]), state, 2)
        assert (float(odds[0, WORDS + 1].exp()) > 5e-4) is there
        assert float(odds[0, WORDS]) == -np.inf


def test_more_words_of_the_draft_than_are_followed_do_no_harm() -> None:
    model = model_with(Recency.of(COUNTS, 0.001))
    last = WORDS + EXTRAS + 10
    odds, state, _traces = model.step(torch.tensor([last]), model.initial_state(1), EXTRAS + 20)
    odds, _state, _traces = model.step(torch.tensor([last - 1]), state, EXTRAS + 20)
    assert odds.shape == (1, WORDS + EXTRAS + 20)
    assert float(odds.exp().sum()) == pytest.approx(1, abs=1e-4)


def test_a_rare_word_is_given_more_than_a_common_one_and_both_fade() -> None:
    recency = Recency.of(torch.tensor([0, 1000]), 0.001)
    told = recency.after(recency.nothing(1), torch.tensor([[0, 1]]))[0]
    assert float(told[0]) == pytest.approx(0.001, rel=2 / FADING)
    assert float(told[1]) < 0.00001
    later = recency.after(told[None], torch.ones(1, int(FADING), dtype=torch.long))[0]
    assert float(later[0]) == pytest.approx(0.001 * np.exp(-1), rel=0.01)


@given(st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=60), st.integers(1, 59))
def test_reading_in_pieces_comes_to_the_same(ids: list[int], cut: int) -> None:
    recency = Recency.of(COUNTS, STRENGTHS[-1])
    text = torch.tensor([ids])
    whole = recency.after(recency.nothing(1), text)
    parts = recency.nothing(1)
    for part in (text[:, :cut], text[:, cut:]):
        parts = recency.after(parts, part) if part.shape[1] else parts
    assert torch.allclose(whole, parts, atol=1e-7)
    assert float(whole.sum()) < 0.5


def bursts(tokens: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Stretches of 60 words, each with two words of its own among words that are everywhere."""
    dice = np.random.default_rng(4)
    told: list[int] = []
    while len(told) < tokens:
        own = dice.integers(20, WORDS, 2)
        told += np.where(dice.random(60) < 0.1, dice.choice(own, 60), dice.integers(0, 20, 60))[
            :60
        ].tolist()
    return np.array(told[:tokens], dtype=np.int32)


def test_it_is_kept_where_words_come_in_bursts_and_only_there() -> None:
    counts = torch.full((WORDS,), 1000)
    counts[20:] = 0
    model = model_with(None, attention="none", copying=False)
    model.prime(torch.tensor([50] * 20 + [1] * 10))
    found = tune_recency(model, counts, bursts(3000), CPU)
    assert found is not None
    assert float(found.strengths.max()) in [pytest.approx(s) for s in STRENGTHS]
    flat = np.random.default_rng(4).integers(0, 20, 3000).astype(np.int32)
    assert tune_recency(model, counts, flat, CPU) is None
