"""Presets by time: a model and a batch that fit the machine, the corpus and the minutes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from engine.config import Cell, ModelKind, TrainingConfig, checked, knobs_of
from engine.models.recurrent import equal_budget_hidden_size
from engine.protocol.values import MachineReport
from engine.training.cost import step_seconds
from engine.training.self_measure import faster_precision

PRESET_MINUTES: dict[str, float] = {"2m": 2.0, "10m": 10.0, "overnight": 480.0}

SIZES = (64, 96, 128, 192, 256, 320, 384, 512, 768, 1024, 1536)
"""Of word vectors. The recurrent layer has half as many units again: one such layer learns more in
the same time than two as large as the vectors, and there are fewer steps to wait for."""
TRAINING_SHARE = 0.9
"""Of the time; the rest goes into validation, samples and checkpoints."""
ENOUGH_EPOCHS = 4.0
"""A model that can read the corpus so often is not too large, however long it trains."""
REPLY_PASSES = 0.4
"""Of those, what a reply model has to be able to do."""
TOKENS_A_UNIT = 1000
"""Words of text for one number of a word vector: small corpora want small models."""

MOST_COMPARED = 3000
"""Vocabularies up to this size are compared whole; an eighth of a larger one does as well."""

DROPOUTS = ((1.5, 0.05), (4.0, 0.15), (8.0, 0.3), (20.0, 0.45))
"""Passes over the corpus below which so much is enough."""
MOST_DROPOUT = 0.6

MOST_VECTOR_PASSES = 5
VECTOR_SHARE = 0.03
"""Share of the time that making word vectors to start from may take."""
VECTOR_WORDS_A_SECOND = 800_000


def least_epochs(minutes: float, model: ModelKind) -> float:
    """How often a model has to be able to read the corpus in ``minutes``, or it is too large.

    Of 780,000 words, one minute was best for 288 units, which read them twice, before 192 and 384;
    two minutes for 384 (three times), before 480, 576 and 768; five for 768 (four times), before
    1152 (2.2 times) and 480 (6.4 times). A reply model, which takes longer over them, does with
    fewer: after five minutes 192 units (1.5 times) stood at 49.8, before 384 (0.8 times) at 54.5.
    """
    usual = min(ENOUGH_EPOCHS, 2 * math.sqrt(minutes))
    return REPLY_PASSES * usual if model == "reply" else usual


def vector_passes_for(tokens: int, minutes: float) -> int:
    """Passes over ``tokens`` words that make vectors to start from: what there is time for."""
    affordable = VECTOR_SHARE * 60 * minutes * VECTOR_WORDS_A_SECOND
    return min(MOST_VECTOR_PASSES, int(affordable / max(1, tokens)))


def candidates_for(vocabulary_size: int) -> int:
    """Words to compare with in a step: 0 for all of them."""
    return 0 if vocabulary_size <= MOST_COMPARED else max(1500, vocabulary_size // 8)


def is_to_be_sized(settings: Mapping[str, Any]) -> bool:
    """Whether ``settings`` name another cell than the usual one, and no size for it."""
    other = settings.get("cell", "lstm") != "lstm"
    return other and "hidden_size" not in settings and settings.get("model", "script") == "script"


def with_cell(config: TrainingConfig, cell: Cell) -> tuple[TrainingConfig, str]:
    """``config``, which has LSTMs, with as many weights in layers of ``cell``; and a word on it."""
    units = equal_budget_hidden_size(cell, config.hidden_size, config.embedding_size, config.layers)
    reason = f"{units} units of {cell} have as many weights as {config.hidden_size} of lstm."
    return msgspec.structs.replace(config, cell=cell, hidden_size=units), reason


def plan(
    tokens: int,
    vocabulary_size: int,
    minutes: float,
    machine: MachineReport,
    overrides: Mapping[str, Any],
) -> tuple[TrainingConfig, list[str]]:
    """A configuration for ``minutes`` of training on ``tokens`` tokens, and the reasons for it.

    ``overrides`` are settings that the user has fixed; everything else is chosen around them. With
    epochs among them and no minutes, the passes asked for are what is planned with, and ``minutes``
    only bounds the size.

    Raises:
        ConfigurationError: when an override is out of range.
    """
    if is_to_be_sized(overrides):
        as_lstm = {**overrides, "cell": "lstm"}
        config, reasons = plan(tokens, vocabulary_size, minutes, machine, as_lstm)
        config, reason = with_cell(config, overrides["cell"])
        return config, [*reasons, reason]
    card = machine.device == "cuda"
    small = tokens < 300_000
    asked = checked(dict(overrides))
    chosen: dict[str, Any] = {
        "layers": 2 if asked.model == "classic" else 1,
        "batch_size": (64 if small else 128) if card else 32 if small else 48,
        "sequence_length": 20 if minutes < 5 and not card else 32,
        # Drawing a sample would make the host wait for a card at every step.
        "candidates": 0 if card else candidates_for(vocabulary_size),
        "precision": faster_precision(machine),
        "minutes": minutes,
        "epochs": None,
    }

    def meant(settings: dict[str, Any]) -> dict[str, Any]:
        known = {knob.name for knob in knobs_of(asked.model)}
        return {name: value for name, value in settings.items() if name in known}

    def sized(size: int) -> TrainingConfig:
        hidden = size * 3 // 2 if {**chosen, **overrides}["layers"] == 1 else size
        hidden = overrides.get("hidden_size", hidden)
        sizes = {"hidden_size": hidden, "embedding_size": min(size, hidden)}
        return checked({**meant(chosen), **sizes, **overrides})

    def passes(config: TrainingConfig) -> float:
        words = config.batch_size * config.sequence_length
        words_a_second = words / step_seconds(config, vocabulary_size, machine)
        return words_a_second * 60 * minutes * TRAINING_SHARE / max(1, tokens)

    asked_for: int | None = overrides.get("epochs")
    counted = asked_for is not None and overrides.get("minutes") is None
    least = least_epochs(minutes, asked.model)
    if asked_for is not None and counted:
        least = max(least, asked_for)
    fits_text = max(tokens, 256 * TOKENS_A_UNIT) // TOKENS_A_UNIT
    size = SIZES[0]
    for candidate in SIZES:
        if candidate <= fits_text and passes(sized(candidate)) >= least:
            size = candidate
    config = sized(size)
    epochs = possible = passes(config)
    if asked_for is not None:
        epochs = float(asked_for) if counted else min(possible, asked_for)
    needed = minutes * epochs / possible
    dropout = next((share for most, share in DROPOUTS if epochs < most), MOST_DROPOUT)
    chosen |= {
        "hidden_size": config.hidden_size,
        "embedding_size": config.embedding_size,
        "learning_rate": 8e-3 if config.embedding_size <= 384 else 5e-3,
        "dropout": dropout,
        "embedding_dropout": 0.1 if epochs > 10 else 0.0,
        "weight_decay": 0.05 if epochs > 10 else 0.01,
    }
    if asked.model == "script" and not asked.initial_vectors:
        chosen["vector_passes"] = vector_passes_for(tokens, needed)
    config = checked({**meant(chosen), **overrides})
    if counted:
        config = msgspec.structs.replace(config, minutes=None)
    layers = "a layer" if config.layers == 1 else f"{config.layers} layers"
    often = f"{epochs:,.0f}" if counted or epochs >= 100 else f"{epochs:.1f}"
    passes_over = (
        f"{often} {'pass' if often == '1' else 'passes'} over {tokens:,} words with {layers} of"
        f" {config.hidden_size}"
    )
    minutes_are = f"{minutes:g} {'minute is' if minutes == 1 else 'minutes are'}"
    passes_take = f"{passes_over} {'takes' if often == '1' else 'take'}"
    about = f"{needed:,.0f}" if needed >= 10 else f"{needed:.1g}"
    reasons = [
        f"This machine multiplies matrices at {machine.float32_flops / 1e9:,.0f} GFLOP/s in float32"
        f" and {machine.bfloat16_flops / 1e9:,.0f} in bfloat16: {config.precision} it is.",
        f"{passes_take} about {about} min." if counted else f"{minutes_are} about {passes_over}.",
        f"Dropout {config.dropout:g}: "
        + (
            "hardly a word is seen twice, so there is little to learn by heart."
            if epochs < 1.5
            else "the more passes, the more is needed against learning by heart."
        ),
    ]
    return config, reasons
