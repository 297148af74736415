"""How often a run is validated, for texts and times of all sizes."""

from __future__ import annotations

import pytest

from engine.training.validation_schedule import MOST_WORDS, seconds_between, words_between


@pytest.mark.parametrize(
    ("epochs", "words", "held_out", "between"),
    [
        (10, 90_000, 5_000, 45_000),  # twenty times a run
        (1, 90_000, 5_000, 20_000),  # or where that would cost much, less often
        (2, 200, 10, 40),
        (1, 1, 0, 1),
        (3, 50_000_000, 12_000, MOST_WORDS),  # and never so seldom that nothing is seen for hours
    ],
)
def test_words_between_two_validations(
    epochs: int, words: int, held_out: int, between: int
) -> None:
    assert words_between(epochs, words, held_out) == between


@pytest.mark.parametrize(
    ("expected", "last", "between"),
    [
        (600.0, 0.5, 30.0),  # twenty times a run
        (10.0, 0.01, 2.0),  # not all the time
        (60.0, 1.6, 20.0),  # where a validation takes long, less often
        (86_400.0, 1.0, 300.0),  # and never so seldom that nothing is seen for hours
        (float("inf"), 0.0, 300.0),
    ],
)
def test_seconds_between_two_validations(expected: float, last: float, between: float) -> None:
    assert seconds_between(expected, last) == pytest.approx(between)
