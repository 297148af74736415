"""The n-gram that the models are held against is a distribution, and better than counting."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.kneser_ney import KneserNey

WORDS = 12


def text(length: int, seed: int) -> np.ndarray:
    """Each word decides the next but for a little noise."""
    dice = np.random.default_rng(seed)
    ids = [0]
    for _ in range(length):
        noise = dice.random() < 0.2
        ids.append(int(dice.integers(WORDS)) if noise else (ids[-1] * 5 + 1) % WORDS)
    return np.array(ids, dtype=np.int32)


@pytest.mark.parametrize("history", [(), (3,), (1, 6), (0, 1, 6, 7), (11, 11, 11, 11)])
def test_the_odds_sum_to_one(history: tuple[int, ...]) -> None:
    model = KneserNey(text(600, 1), WORDS)
    assert sum(model.probability(history, w) for w in range(WORDS)) == pytest.approx(1)


def test_it_learns_the_rule_and_keeps_some_odds_for_what_it_never_saw() -> None:
    model = KneserNey(text(2000, 1), WORDS)
    assert model.probability((7, 0, 1, 6), 7) > 0.6
    assert model.probability((6, 7, 0, 1), 3) > 0
    assert model.nll(text(500, 2)) < 0.6 * math.log(WORDS)


def test_seldom_words_get_less_than_their_count() -> None:
    ids = np.array([0, 1] * 20 + [0, 2], dtype=np.int32)
    model = KneserNey(ids, 4, order=2)
    assert model.probability((0,), 1) > 0.8
    assert model.probability((0,), 2) < 2 / 21
