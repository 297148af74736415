"""A model's date, whatever its card says."""

from __future__ import annotations

import math
from typing import Any

import pytest

from engine.config import TrainingConfig
from engine.protocol.values import ModelCard
from tui.library.about import about
from tui.library.made import made
from tui.library.model_table import row_of

NEVER = [0.0, -5.0, -1e20, 1e17, 1e20, 1e300, math.nan, math.inf, -math.inf]


def card(**changes: Any) -> ModelCard:
    whole: dict[str, Any] = {
        "name": "mine",
        "kind": "script",
        "state": "finished",
        "corpus": "a corpus",
        "corpus_key": "",
        "corpus_paths": (),
        "config": TrainingConfig(),
        "vocabulary_size": 100,
        "tokens": 1000,
    }
    return ModelCard(**(whole | changes))


@pytest.mark.parametrize("seconds", NEVER)
def test_what_no_calendar_has_is_not_said(seconds: float) -> None:
    assert made(seconds, "%Y", "-") == "-"
    assert str(row_of(card(created=seconds))[-1]) == ""
    assert "made" not in str(about(card(created=seconds), None, 60)).splitlines()[2]


def test_a_date() -> None:
    assert made(1.7e9, "%Y-%m") == "2023-11"
    assert str(row_of(card(created=1.7e9))[-1]).startswith("2023-11-1")
    assert "2023" in str(about(card(created=1.7e9), None, 60))
