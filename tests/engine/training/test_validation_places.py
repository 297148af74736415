"""How often a run that is counted in epochs is validated, for texts of all sizes."""

from __future__ import annotations

import pytest

from engine.training.validation_places import MOST_WORDS, words_between


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
