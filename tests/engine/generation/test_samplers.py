"""The distribution that a word is drawn from, rule by rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.errors import ModelError
from engine.generation import samplers
from engine.generation.restrictions import repeats
from engine.protocol.values import SamplerSettings

logs = arrays(np.float64, st.integers(3, 200), elements=st.floats(-30, 0, width=32))
settings_strategy = st.builds(
    SamplerSettings,
    temperature=st.floats(0, 5),
    top_k=st.integers(0, 50),
    top_p=st.floats(0.01, 1),
    min_p=st.floats(0, 1),
    repetition_penalty=st.floats(1, 5),
)


@given(logs, settings_strategy, st.sets(st.integers(0, 2), max_size=2))
def test_a_distribution_sums_to_one_and_leaves_out_what_is_forbidden(
    values: np.ndarray, settings: SamplerSettings, forbidden: set[int]
) -> None:
    odds = samplers.distribution(values, settings, forbidden)
    assert odds.sum() == pytest.approx(1)
    assert (odds >= 0).all()
    assert all(odds[number] == 0 for number in forbidden)
    if settings.top_k:
        assert (odds > 0).sum() <= settings.top_k


@given(logs)
def test_temperature_zero_is_greedy_and_ties_go_to_the_lowest_id(values: np.ndarray) -> None:
    odds = samplers.distribution(values, SamplerSettings(temperature=0.0))
    assert odds[int(np.argmax(values))] == 1
    cold = samplers.distribution(values, SamplerSettings(temperature=1e-6, top_p=1.0))
    assert cold[values > values.max() - 1e-4].sum() == pytest.approx(1)


@given(logs)
def test_neutral_settings_keep_the_models_own_odds(values: np.ndarray) -> None:
    own = np.exp(values - values.max())
    assert np.allclose(samplers.distribution(values, samplers.NEUTRAL), own / own.sum())


@given(logs, st.floats(0.01, 1))
def test_the_nucleus_is_the_smallest_set_that_holds_enough(values: np.ndarray, p: float) -> None:
    odds = np.exp(values)
    odds /= odds.sum()
    kept = samplers.top_p(odds, p)
    inside, outside = odds[kept > 0], odds[kept == 0]
    assert inside.size >= 1
    assert inside.sum() >= p - 1e-9
    if p < 1:
        assert inside.sum() - inside.min() < p + 1e-9
        assert not outside.size or outside.max() <= inside.min() + 1e-15


def test_the_nucleus_of_a_flat_distribution_over_many_words_is_found() -> None:
    odds = np.full(20_000, 1 / 20_000)
    assert (samplers.top_p(odds, 0.5) > 0).sum() == pytest.approx(10_000, abs=1)


@given(logs, st.integers(1, 300))
def test_top_k_keeps_the_k_likeliest(values: np.ndarray, k: int) -> None:
    odds = np.exp(values)
    kept = samplers.top_k(odds, k) > 0
    assert kept.sum() == min(k, odds.size)
    if k < odds.size:
        assert odds[kept].min() >= odds[~kept].max()


@given(logs, st.floats(0.01, 1))
def test_min_p_is_relative_to_the_likeliest(values: np.ndarray, share: float) -> None:
    odds = np.exp(values)
    kept = samplers.min_p(odds, share)
    assert ((kept > 0) == (odds >= share * odds.max())).all()


def test_the_repetition_penalty_makes_recent_words_less_likely() -> None:
    even = np.log(np.full(4, 0.25))
    odds = samplers.distribution(
        even, SamplerSettings(temperature=1.0, top_p=1.0, repetition_penalty=1.5), recent=[2, 2, 3]
    )
    assert odds[2] == odds[3] < odds[0] == odds[1]


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 5))
def test_a_word_is_a_repeat_if_it_completes_a_run_that_is_there(run: list[int], n: int) -> None:
    there = {tuple(run[i : i + n]) for i in range(len(run) - n + 1)}
    expected = {w for w in range(5) if len(run) >= n and (*run[len(run) - n + 1 :], w) in there}
    assert repeats(run, n) == expected


def test_unwanted_words_come_only_if_nothing_else_is_left() -> None:
    values = np.log(np.array([0.5, 0.3, 0.2]))
    assert samplers.distribution(values, samplers.NEUTRAL, (), {0, 1})[2] == 1
    assert samplers.distribution(values, samplers.NEUTRAL, (), {0, 1, 2})[0] == pytest.approx(0.5)


def test_forbidding_everything_is_said() -> None:
    with pytest.raises(ModelError, match="Every word is banned"):
        samplers.distribution(np.zeros(3), samplers.NEUTRAL, {0, 1, 2})


@given(logs, st.integers(0, 2**32))
def test_drawing_stays_in_the_support_and_follows_the_seed(values: np.ndarray, seed: int) -> None:
    odds = samplers.distribution(values, SamplerSettings(temperature=1.0, top_k=3))
    first = samplers.draw(odds, np.random.Generator(np.random.PCG64(seed)))
    again = samplers.draw(odds, np.random.Generator(np.random.PCG64(seed)))
    assert first == again
    assert odds[first] > 0


def test_draws_are_as_frequent_as_the_odds_say() -> None:
    odds = np.array([0.0, 0.6, 0.0, 0.3, 0.1, 0.0])
    dice = np.random.Generator(np.random.PCG64(1))
    counts = np.bincount([samplers.draw(odds, dice) for _ in range(20_000)], minlength=6) / 20_000
    assert np.abs(counts - odds).max() < 0.015


@given(logs, st.integers(0, 30))
def test_the_likeliest_come_best_first_ties_by_id(values: np.ndarray, number: int) -> None:
    odds = samplers.distribution(values, SamplerSettings(temperature=1.0))
    best = samplers.likeliest(odds, number).tolist()
    expected = sorted(np.flatnonzero(odds).tolist(), key=lambda i: (-odds[i], i))[:number]
    assert best == expected


def test_entropy_is_in_bits() -> None:
    assert samplers.entropy(np.full(8, 1 / 8)) == pytest.approx(3)
    assert samplers.entropy(np.array([1.0, 0.0])) == 0
