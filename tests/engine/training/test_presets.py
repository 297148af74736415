"""Presets: more time and more text buy more model, and what the user fixed stays."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Cell, TrainingConfig, checked
from engine.errors import ConfigurationError
from engine.models.recurrent import RecurrentStack
from engine.protocol.values import MachineReport
from engine.training.presets import PRESET_MINUTES, candidates_for, plan


def machine(float32: float = 2e11, bfloat16: float = 4e11, device: str = "cpu") -> MachineReport:
    return MachineReport(
        device=device,
        reason="",
        threads=2,
        float32_flops=float32,
        bfloat16_flops=bfloat16,
        lstm_tokens_per_second=1e4,
    )


@given(
    tokens=st.integers(200, 20_000_000),
    words=st.integers(10, 200_000),
    minutes=st.floats(0.1, 3000),
    speed=st.floats(1e9, 1e14),
)
@settings(max_examples=100, deadline=None)
def test_every_plan_is_a_valid_configuration_with_reasons(
    tokens: int, words: int, minutes: float, speed: float
) -> None:
    config, reasons = plan(tokens, words, minutes, machine(speed, 2 * speed), {})
    assert config.minutes == minutes
    assert config.epochs is None
    assert config.candidates < words
    assert len(reasons) >= 3
    assert any(str(config.hidden_size) in reason for reason in reasons)
    longer, _reasons = plan(tokens, words, 2 * minutes, machine(speed, 2 * speed), {})
    assert longer.hidden_size >= config.hidden_size
    assert longer.dropout >= config.dropout or longer.hidden_size > config.hidden_size


def test_a_small_corpus_gets_a_smaller_model_than_a_large_one_in_the_same_time() -> None:
    small, _ = plan(60_000, 2_000, PRESET_MINUTES["overnight"], machine(), {})
    large, _ = plan(2_000_000, 20_000, PRESET_MINUTES["overnight"], machine(), {})
    assert small.hidden_size < large.hidden_size
    assert small.dropout > 0.3


@pytest.mark.parametrize("cell", ["gru", "elman"])
def test_another_cell_has_as_many_weights_unless_its_size_is_set(cell: Cell) -> None:
    def weights(config: TrainingConfig) -> int:
        stack = RecurrentStack(
            config.cell, config.embedding_size, config.hidden_size, config.layers
        )
        return sum(p.numel() for p in stack.parameters() if p.requires_grad)

    usual, _ = plan(800_000, 12_000, 5, machine(), {})
    config, reasons = plan(800_000, 12_000, 5, machine(), {"cell": cell})
    assert config.cell == cell
    assert 0.98 < weights(config) / weights(usual) <= 1.01
    assert f"{config.hidden_size} units of {cell}" in reasons[-1]
    assert config.embedding_size == usual.embedding_size
    fixed, _ = plan(800_000, 12_000, 5, machine(), {"cell": cell, "hidden_size": 64})
    assert (fixed.cell, fixed.hidden_size) == (cell, 64)


def test_one_wide_layer_but_two_for_the_classic_and_as_many_as_asked() -> None:
    wide, _ = plan(800_000, 12_000, 5, machine(), {})
    assert wide.layers == 1
    assert wide.hidden_size > wide.embedding_size
    classic, _ = plan(800_000, 12_000, 5, machine(), {"model": "classic"})
    assert classic.layers == 2
    assert checked(msgspec.structs.asdict(classic)) == classic  # with nothing that it does not have
    reply, _ = plan(800_000, 12_000, 5, machine(), {"model": "reply"})
    assert reply.layers == 1
    assert checked(msgspec.structs.asdict(reply)) == reply
    three, _ = plan(800_000, 12_000, 5, machine(), {"layers": 3})
    assert three.layers == 3
    assert three.hidden_size == three.embedding_size


def test_a_card_reads_more_and_needs_no_sample_of_the_words() -> None:
    card, reasons = plan(800_000, 12_000, 1, machine(5e13, 7e14, "cuda"), {})
    host, _ = plan(800_000, 12_000, 1, machine(), {})
    assert card.candidates == 0 < host.candidates
    assert card.batch_size > host.batch_size
    assert card.hidden_size > host.hidden_size
    assert card.dropout > host.dropout
    assert any("passes" in reason for reason in reasons)


def test_what_the_user_fixed_stays() -> None:
    fixed = {"hidden_size": 100, "dropout": 0.0, "precision": "float32", "epochs": 3}
    config, _reasons = plan(100_000, 5000, 2, machine(), fixed)
    assert (config.hidden_size, config.dropout, config.precision) == (100, 0.0, "float32")
    assert (config.epochs, config.minutes) == (3, None)
    with pytest.raises(ConfigurationError, match="dropout"):
        plan(100_000, 5000, 2, machine(), {"dropout": 3})


def test_precision_follows_what_was_measured() -> None:
    assert plan(100_000, 5000, 2, machine(2e11, 4e11), {})[0].precision == "bfloat16"
    assert plan(100_000, 5000, 2, machine(2e11, 1e11), {})[0].precision == "float32"


def test_small_vocabularies_are_compared_whole() -> None:
    assert candidates_for(2_000) == 0
    assert candidates_for(12_000) == 1500
    assert candidates_for(80_000) == 10_000


def test_a_plan_counts_the_passes_that_are_asked_for() -> None:
    by_time, _ = plan(25_000, 1600, 2, machine(), {})
    few, reasons = plan(25_000, 1600, 2, machine(), {"epochs": 2})
    assert by_time.dropout > few.dropout == 0.15
    assert few.embedding_dropout == 0
    assert any("2 passes over 25,000 words" in reason and " min." in reason for reason in reasons)
    assert not any("minutes are" in reason for reason in reasons)
    once, reasons = plan(25_000, 1600, 2, machine(), {"epochs": 1})
    assert once.dropout == 0.05
    assert any("1 pass over 25,000 words" in reason for reason in reasons)
    both, _ = plan(25_000, 1600, 2, machine(), {"epochs": 2, "minutes": 2.0})
    assert both.dropout == few.dropout
    assert (both.epochs, both.minutes) == (2, 2.0)


def test_more_passes_in_the_same_time_are_those_of_a_smaller_model() -> None:
    few, _ = plan(800_000, 12_000, 5, machine(), {"epochs": 3})
    many, _ = plan(800_000, 12_000, 5, machine(), {"epochs": 60})
    assert many.hidden_size < few.hidden_size
    assert many.dropout > few.dropout
