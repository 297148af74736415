"""Which settings there are, and which of them a model has."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from engine.config import ModelKind, TrainingConfig, checked, knobs, knobs_of
from engine.errors import ConfigurationError
from engine.models.build import build_model

SCRIPT_ONLY: dict[str, Any] = {
    "cell": "gru",
    "attention": "none",
    "attention_span": 64,
    "copying": False,
    "ngrams": False,
    "recency": False,
    "neural_cache": False,
    "initial_vectors": "mine",
    "vector_passes": 3,
    "embedding_dropout": 0.2,
    "weight_drop": 0.5,
    "candidates": 100,
}


def test_a_classic_model_has_the_sizes_and_what_every_run_has() -> None:
    assert set(knobs_of("script")) == set(knobs())
    missing = {knob.name for knob in knobs()} - {knob.name for knob in knobs_of("classic")}
    assert missing == SCRIPT_ONLY.keys()


@pytest.mark.parametrize("name", SCRIPT_ONLY)
def test_a_setting_that_the_model_does_not_have_is_refused_in_words(name: str) -> None:
    assert getattr(checked({name: SCRIPT_ONLY[name]}), name) == SCRIPT_ONLY[name]
    with pytest.raises(ConfigurationError, match="a classic model does not have") as caught:
        checked({"model": "classic", name: SCRIPT_ONLY[name]})
    assert caught.value.message.startswith(name.replace("_", " "))


def test_all_settings_as_they_are_can_be_sent_for_any_model() -> None:
    for model in get_args(ModelKind):
        config = checked({"model": model, "hidden_size": 16})
        assert checked(msgspec.structs.asdict(config)) == config


def test_what_a_classic_model_does_not_have_changes_nothing_about_it() -> None:
    sizes = {"model": "classic", "embedding_size": 8, "hidden_size": 8}
    plain = build_model(msgspec.convert(sizes, TrainingConfig), 20)
    other = build_model(msgspec.convert(sizes | SCRIPT_ONLY, TrainingConfig), 20)
    assert str(plain) == str(other)
