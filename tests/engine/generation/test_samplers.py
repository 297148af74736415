"""The distribution that a word is drawn from, rule by rule."""

from __future__ import annotations

from typing import Any

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


def distribution(values: np.ndarray, settings: SamplerSettings, *rest: Any, **more: Any) -> Any:
    """What may come under one row of ``values``, which stay as they are."""
    scores = values.astype(np.float32)
    samplers.restrict(scores, settings, *rest, **more)
    return samplers.distributions(scores[None], settings)[0]


def dense(odds: samplers.Odds, size: int) -> np.ndarray:
    """(size,) with 0 for what cannot come."""
    ranks = list(zip(-odds.chances, odds.ids, strict=True))
    assert ranks == sorted(set(ranks))
    assert (odds.chances > 0).all()
    table = np.zeros(size)
    table[odds.ids] = odds.chances
    return table


def spread(values: np.ndarray, settings: SamplerSettings, *rest: object, **more: object):  # type: ignore[no-untyped-def]
    return dense(distribution(values, settings, *rest, **more), len(values))


@given(logs, settings_strategy, st.sets(st.integers(0, 2), max_size=2))
def test_a_distribution_sums_to_one_and_leaves_out_what_is_forbidden(
    values: np.ndarray, settings: SamplerSettings, forbidden: set[int]
) -> None:
    odds = spread(values, settings, forbidden)
    assert odds.sum() == pytest.approx(1)
    assert (odds >= 0).all()
    assert all(odds[number] == 0 for number in forbidden)
    if settings.top_k:
        assert (odds > 0).sum() <= settings.top_k


@given(logs)
def test_temperature_zero_is_greedy_and_ties_go_to_the_lowest_id(values: np.ndarray) -> None:
    odds = spread(values, SamplerSettings(temperature=0.0))
    assert odds[int(np.argmax(values))] == 1
    cold = spread(values, SamplerSettings(temperature=1e-6, top_p=1.0))
    assert cold[values > values.max() - 1e-4].sum() == pytest.approx(1)


@given(logs)
def test_neutral_settings_keep_the_models_own_odds(values: np.ndarray) -> None:
    own = np.exp(values - values.max())
    assert np.allclose(spread(values, samplers.NEUTRAL), own / own.sum())


def by_the_book(values: np.ndarray, settings: SamplerSettings) -> np.ndarray:
    """(size,) odds with each rule as its paper has it, on all words."""
    odds = np.exp((values - values.max()) / settings.temperature)
    order = np.argsort(-odds, kind="stable")
    if settings.top_k:
        odds[order[settings.top_k :]] = 0
    if settings.top_p < 1:
        shares = odds[order].cumsum() / odds.sum()
        odds[order[int(np.searchsorted(shares, settings.top_p)) + 1 :]] = 0
    odds[odds < settings.min_p * odds.max()] = 0
    return odds / odds.sum()


@given(
    st.integers(0, 2**32),
    st.integers(2, 5000),
    st.floats(0.1, 6),
    st.builds(
        SamplerSettings,
        temperature=st.floats(0.3, 3),
        top_k=st.sampled_from([0, 0, 1, 3, 50, 4999, 10_000]),
        top_p=st.one_of(st.just(1.0), st.floats(0.01, 0.999)),
        min_p=st.one_of(st.just(0.0), st.floats(1e-6, 1)),
    ),
)
def test_the_rules_in_turn_leave_what_they_should(
    seed: int, words: int, spreading: float, settings: SamplerSettings
) -> None:
    values = np.random.default_rng(seed).normal(0, spreading, words).astype(np.float32)
    wanted, made = by_the_book(values.astype(np.float64), settings), spread(values, settings)
    # In single precision a word right at a rule's border may fall to the other side of it.
    differs = np.flatnonzero(((wanted > 0) != (made > 0)) & (wanted + made > 1e-30))
    assert differs.size <= 1
    assert np.abs(wanted - made).max() <= 1e-5 + 2 * max(wanted[differs].max(initial=0), 0)


def test_the_nucleus_of_a_flat_distribution_over_many_words_is_found() -> None:
    flat = np.full(20_000, -np.log(20_000))
    kept = distribution(flat, SamplerSettings(temperature=1.0, top_p=0.5)).ids
    assert len(kept) == pytest.approx(10_000, abs=1)
    assert kept.tolist() == list(range(len(kept)))


@given(logs, st.integers(1, 300))
def test_top_k_keeps_the_k_likeliest(values: np.ndarray, k: int) -> None:
    odds = spread(values, SamplerSettings(temperature=1.0, top_p=1.0, top_k=k))
    kept = odds > 0
    assert kept.sum() == min(k, odds.size)
    if k < odds.size:
        assert values[kept].min() >= values[~kept].max() - 1e-6  # in single precision


def test_the_repetition_penalty_makes_recent_words_less_likely() -> None:
    even = np.log(np.full(4, 0.25))
    odds = spread(
        even, SamplerSettings(temperature=1.0, top_p=1.0, repetition_penalty=1.5), recent=[2, 2, 3]
    )
    assert odds[2] == odds[3] < odds[0] == odds[1]
    likely = np.array([0.6, 0.2, 0.2])
    settings = SamplerSettings(temperature=1.0, top_p=1.0, repetition_penalty=2.0)
    assert spread(np.log(likely), settings, recent=[0]) == pytest.approx(
        np.array([0.36, 0.2, 0.2]) / 0.76, abs=1e-6
    )


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 5))
def test_a_word_is_a_repeat_if_it_completes_a_run_that_is_there(run: list[int], n: int) -> None:
    there = {tuple(run[i : i + n]) for i in range(len(run) - n + 1)}
    expected = {w for w in range(5) if len(run) >= n and (*run[len(run) - n + 1 :], w) in there}
    assert repeats(run, n) == expected


def test_unwanted_words_come_only_if_nothing_else_is_left() -> None:
    values = np.log(np.array([0.5, 0.3, 0.2]))
    assert spread(values, samplers.NEUTRAL, (), {0, 1})[2] == 1
    assert spread(values, samplers.NEUTRAL, (), {0, 1, 2})[0] == pytest.approx(0.5)


@pytest.mark.parametrize("temperature", [0.0, 1e-6, 1.0])
@pytest.mark.filterwarnings("error")
def test_forbidding_everything_is_said(temperature: float) -> None:
    settings = SamplerSettings(temperature=temperature)
    with pytest.raises(ModelError, match="Every word is banned"):
        distribution(np.zeros(3), settings, {0, 1, 2})


@given(arrays(np.float32, (3, 60), elements=st.floats(-30, 0, width=32)), settings_strategy)
def test_rows_side_by_side_are_as_each_by_itself(
    values: np.ndarray, settings: SamplerSettings
) -> None:
    together = samplers.distributions(values.copy(), settings)
    for row, odds in zip(values, together, strict=True):
        alone = distribution(row, settings)
        assert odds.ids.tolist() == alone.ids.tolist()
        assert odds.chances.tolist() == alone.chances.tolist()


@given(logs, st.integers(0, 2**32))
def test_drawing_stays_in_the_support_and_follows_the_seed(values: np.ndarray, seed: int) -> None:
    odds = distribution(values, SamplerSettings(temperature=1.0, top_k=3))
    first = odds.draw(np.random.Generator(np.random.PCG64(seed)))
    again = odds.draw(np.random.Generator(np.random.PCG64(seed)))
    assert first == again
    assert first in odds.ids
    assert len(odds.ids) <= 3


def test_draws_are_as_frequent_as_the_odds_say() -> None:
    chances = np.array([0.0, 0.6, 0.0, 0.3, 0.1, 0.0])
    odds = samplers.Odds(np.array([1, 3, 4]), chances[[1, 3, 4]])
    dice = np.random.Generator(np.random.PCG64(1))
    counts = np.bincount([odds.draw(dice) for _ in range(20_000)], minlength=6) / 20_000
    assert np.abs(counts - chances).max() < 0.015


@given(logs, st.integers(0, 30))
def test_the_likeliest_come_best_first_ties_by_id(values: np.ndarray, number: int) -> None:
    odds = distribution(values, SamplerSettings(temperature=1.0))
    best = odds.likeliest(number)
    pairs = zip(odds.ids.tolist(), odds.chances.tolist(), strict=True)
    assert best == sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:number]
    for word, chance in best:
        assert odds.of(word) == chance
        assert odds.rank(chance) == 1 + int((odds.chances > chance).sum())


def test_a_word_that_cannot_come_has_no_odds_and_the_last_rank() -> None:
    odds = samplers.Odds(np.array([5, 2]), np.array([0.75, 0.25]))
    assert [odds.of(n) for n in (0, 2, 3, 5, 9)] == [0.0, 0.25, 0.0, 0.75, 0.0]
    assert odds.rank(odds.of(9)) == 3


@given(logs, settings_strategy)
def test_single_precision_gives_the_same_words(
    values: np.ndarray, settings: SamplerSettings
) -> None:
    odds = distribution(values.astype(np.float32), settings)
    assert odds.chances.dtype == np.float64
    assert odds.chances.sum() == pytest.approx(1)


def test_entropy_is_in_bits() -> None:
    assert samplers.Odds(np.arange(8), np.full(8, 1 / 8)).entropy() == pytest.approx(3)
    assert samplers.Odds(np.array([4]), np.ones(1)).entropy() == 0
