"""What a text has said: the same odds by every way of asking, more of them for rare words."""

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
from engine.models.recency import FADING, PAIRS, REACH, STRENGTHS, TRIPLES, Recency, tune_recency

CPU = torch.device("cpu")
WORDS = 30
COUNTS = torch.arange(WORDS)
USUAL = Recency.of(COUNTS, 0.01, 0.1, 0.2)


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
    model = model_with(USUAL, copying=copying)
    if counted:
        ids = np.random.default_rng(1).integers(0, WORDS, 300).astype(np.int32)
        model.ngrams = NgramMixture(KneserNey(ids, WORDS), 0.2)
    text = torch.randint(0, WORDS, (2, 40))
    told, _state = model.score(text[:, :-1], text[:, 1:], model.initial_state(2))
    whole, _state, traces = model.predict(text[:, :-1], model.initial_state(2), 2, text[:, 1:])
    assert torch.allclose(traces.sources.whole.log(), told, atol=1e-4)
    assert bool(traces.sources.said.any())
    assert bool(traces.sources.counted.any()) is counted
    assert bool(traces.sources.copied.any()) is copying
    assert torch.allclose(whole.gather(2, text[:, 1:, None]).squeeze(2), told, atol=1e-4)
    state = model.read(text[:, :7], model.initial_state(2))
    state = model.read(text[:, 7:20], state)
    for at in range(20, 39):
        odds, state, _traces = model.step(text[:, at], state, 2)
        assert torch.allclose(odds.exp().sum(-1), torch.ones(2), atol=1e-4)
        assert torch.allclose(odds, whole[:, at], atol=1e-3)


def test_rows_are_chosen_and_begun_anew_with_what_they_said() -> None:
    model = model_with(USUAL)
    state = model.read(torch.tensor([[1, 2, 3], [4, 5, 6]]), model.initial_state(2))
    swapped = state.select(torch.tensor([1, 0]))
    assert torch.equal(swapped.said[0], state.said[1])
    kept = state.keep(torch.tensor([False, True]))
    assert (kept.said[0] == -1).all()
    assert kept.said[1, -3:].tolist() == [4, 5, 6]


def test_a_word_of_the_draft_only_stays_possible_long_after() -> None:
    without, having = model_with(None), model_with(Recency.of(COUNTS, 0.001, 0.0, 0.0))
    for model, there in ((without, False), (having, True)):
        state = model.initial_state(1)
        _odds, state, _traces = model.step(torch.tensor([WORDS + 1]), state, 2)
        state = model.read(torch.full((1, 50), 3), state)
        odds, _state, _traces = model.step(torch.tensor([3]), state, 2)
        assert (float(odds[0, WORDS + 1].exp()) > 5e-4) is there
        assert float(odds[0, WORDS]) == -np.inf


def given_to(recency: Recency, text: list[int], words: int = WORDS) -> torch.Tensor:
    """(words,): the odds of each word after ``text``."""
    read = torch.tensor([text])
    told = recency.weigh(recency.nothing(1), read)
    return torch.zeros(words).index_add(0, told.words[0].clamp_min(0), told.odds[0, -1])


def test_a_rare_word_is_given_more_than_a_common_one_and_both_fade() -> None:
    recency = Recency.of(torch.tensor([0, 1000]), 0.001, 0.0, 0.0)
    told = given_to(recency, [0, 1], 2)
    assert float(told[0]) == pytest.approx(0.001, rel=2 / FADING)
    assert float(told[1]) < 0.00001
    later = given_to(recency, [0] + [1] * int(FADING), 2)
    assert float(later[0]) == pytest.approx(0.001 * np.exp(-1), rel=0.01)


def test_what_followed_the_last_words_is_given_a_share() -> None:
    text = [1, 2, 3, 9, 2, 4, 9, 1, 2]
    pairs = given_to(Recency.of(COUNTS, 0.0, 0.1, 0.0), text)
    assert pairs.nonzero()[:, 0].tolist() == [3, 4]  # after 2 came 3, and 4
    assert float(pairs[3]) == pytest.approx(0.5 * 0.1 * 2 / 2.5)
    triples = given_to(Recency.of(COUNTS, 0.0, 0.0, 0.1), text)
    assert triples.nonzero()[:, 0].tolist() == [3]  # after 1 2 came 3
    assert float(triples[3]) == pytest.approx(0.1 * 1 / 1.5)
    assert not given_to(Recency.of(COUNTS, 0.0, 0.1, 0.1), [1, 2, 3]).any()


def test_what_was_said_too_long_ago_is_forgotten() -> None:
    recency = Recency.of(COUNTS, 0.01, 0.1, 0.1)
    state, told = recency.nothing(1), [7] + [3] * REACH
    for at in range(0, REACH, 256):
        state = recency.after(state, torch.tensor([told[at : at + 256]]))
    assert 7 in state
    assert 7 not in recency.after(state, torch.tensor([[3]]))


@given(st.lists(st.integers(0, WORDS - 1), min_size=2, max_size=60), st.integers(1, 59))
def test_reading_in_pieces_comes_to_the_same(ids: list[int], cut: int) -> None:
    recency = Recency.of(COUNTS, STRENGTHS[-1], PAIRS[-1], TRIPLES[-1])
    cut = min(cut, len(ids) - 1)
    text = torch.tensor([ids])
    targets = text.roll(-1)
    whole = recency.of_targets(recency.nothing(1), text, targets)
    said = recency.after(recency.nothing(1), text[:, :cut])
    parts = recency.of_targets(said, text[:, cut:], targets[:, cut:])
    for one, other in zip(whole, parts, strict=True):
        assert torch.allclose(one[:, cut:], other, atol=1e-6)
    assert float(whole[1].max()) < 0.9


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
    assert found.strength > 0
    flat = np.random.default_rng(4).integers(0, 20, 3000).astype(np.int32)
    assert tune_recency(model, counts, flat, CPU) is None
