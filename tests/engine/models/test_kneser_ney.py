"""Counts against a plain counting of the definition, and odds that are odds."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.models.kneser_ney import HISTORY, ORDER, KneserNey
from engine.models.ngram_mixture import histories

WORDS = 6
TEXTS = st.lists(st.integers(0, WORDS - 1), min_size=ORDER, max_size=120)


def by_definition(text: list[int], before: list[int], word: int) -> float:
    """Interpolated Kneser-Ney with modified discounts, counted anew for one word."""
    grams = [
        Counter(tuple(text[at : at + order]) for at in range(len(text) - order + 1))
        for order in range(1, ORDER + 1)
    ]
    counts: list[dict[tuple[int, ...], int]] = [grams[-1]]
    for order in range(ORDER - 1, 0, -1):
        follows: dict[tuple[int, ...], int] = defaultdict(int)
        for gram in grams[order]:
            follows[gram[1:]] += 1
        counts.insert(0, {g: max(follows[g], int(order > 1)) for g in grams[order - 1]})
    chance = 1 / WORDS
    for order, counted in enumerate(counts, start=1):
        seen = [n for n in counted.values() if n]
        n1, n2, n3, n4 = (max(1, seen.count(k)) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        discount = [
            max(0.05, 1 - 2 * y * n2 / n1),
            max(0.05, 2 - 3 * y * n3 / n2),
            max(0.05, 3 - 4 * y * n4 / n3),
        ]
        context = tuple(before[len(before) - order + 1 :]) if order > 1 else ()
        if order - 1 > len(before):
            break
        after = {g[-1]: n for g, n in counted.items() if g[:-1] == context and n}
        if not after:
            break
        lost = {w: min(n, discount[min(n, 3) - 1]) for w, n in after.items()}
        total = sum(after.values())
        own = (after[word] - lost[word]) / total if word in after else 0.0
        chance = own + sum(lost.values()) / total * chance
    return chance


@given(TEXTS, st.lists(st.integers(0, WORDS - 1), max_size=HISTORY))
def test_every_word_has_the_odds_of_the_definition(text: list[int], before: list[int]) -> None:
    counts = KneserNey(np.array(text, dtype=np.int32), WORDS)
    history = np.array([[-1] * (HISTORY - len(before)) + before])
    odds = counts.distributions(history)[0]
    assert odds.sum() == pytest.approx(1, abs=1e-5)
    for word in range(WORDS):
        assert odds[word] == pytest.approx(by_definition(text, before, word), rel=1e-4)
        one = counts.probabilities(history, np.array([word]))[0]
        assert one == pytest.approx(odds[word], rel=1e-4)


@given(TEXTS)
def test_a_text_is_looked_up_all_at_once(text: list[int]) -> None:
    counts = KneserNey(np.array(text, dtype=np.int32), WORDS)
    ids = np.array(text, dtype=np.int32)
    before, after = histories(ids[:-1]), ids[1:].astype(np.int64)
    together = counts.probabilities(before, after)
    spread = counts.distributions(before)
    assert np.allclose(together, spread[np.arange(len(after)), after], rtol=1e-4)


def test_what_always_follows_is_expected() -> None:
    phrase = [1, 4, 2, 5]
    noise = np.random.default_rng(0).integers(0, WORDS, 400).tolist()
    text = [w for at in range(0, 400, 10) for w in (*noise[at : at + 10], *phrase, 3)]
    counts = KneserNey(np.array(text, dtype=np.int32), WORDS)
    assert counts.probabilities(np.array([phrase]), np.array([3]))[0] > 0.9


@pytest.mark.parametrize("ids", [[], [0, 1, 2], [0, 1, 2, 3, WORDS], [0, 1, 2, 3, -1]])
def test_a_damaged_text_is_refused(ids: list[int]) -> None:
    with pytest.raises(ValueError, match="damaged"):
        KneserNey(np.array(ids, dtype=np.int32), WORDS)
