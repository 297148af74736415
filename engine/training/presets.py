"""Presets by time: a model and a batch that fit the machine, the corpus and the minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.config import TrainingConfig, checked
from engine.protocol.values import MachineReport

PRESET_MINUTES: dict[str, float] = {"2m": 2.0, "10m": 10.0, "overnight": 480.0}

SIZES = (64, 96, 128, 192, 256, 320, 384, 512, 768, 1024, 1536)
EFFICIENCY = 0.35
"""Share of the measured matrix-product speed that a training step reaches."""
LEAST_EPOCHS = 2.5
"""A model that cannot read the corpus this often in its time is too large: in two minutes on
780,000 words, 256 and 384 units come further than 512, which read them only 1.7 times."""
TOKENS_A_UNIT = 350
"""Words of text that one hidden unit can use: small corpora want small models."""


MOST_COMPARED = 3000
"""Vocabularies up to this size are compared whole; an eighth of a larger one does as well."""


MOST_VECTOR_PASSES = 5
VECTOR_SHARE = 0.03
"""Share of the time that making word vectors to start from may take."""
VECTOR_WORDS_A_SECOND = 800_000


def vector_passes_for(tokens: int, minutes: float) -> int:
    """Passes over ``tokens`` words that make vectors to start from: what there is time for."""
    affordable = VECTOR_SHARE * 60 * minutes * VECTOR_WORDS_A_SECOND
    return min(MOST_VECTOR_PASSES, int(affordable / max(1, tokens)))


def candidates_for(vocabulary_size: int) -> int:
    """Words to compare with in a step: 0 for all of them."""
    return 0 if vocabulary_size <= MOST_COMPARED else max(1500, vocabulary_size // 8)


def flops_per_token(hidden: int, embedding: int, layers: int, compared: int) -> float:
    """Floating-point operations of a training step for one token: forward and twice that back.

    ``compared`` is how many words the softmax is over.
    """
    recurrent = sum(
        4 * hidden * ((embedding if layer == 0 else hidden) + hidden) for layer in range(layers)
    )
    return 3 * 2.0 * (recurrent + embedding * compared + hidden * embedding)


def plan(
    tokens: int,
    vocabulary_size: int,
    minutes: float,
    machine: MachineReport,
    overrides: Mapping[str, Any],
) -> tuple[TrainingConfig, list[str]]:
    """A configuration for ``minutes`` of training on ``tokens`` tokens, and the reasons for it.

    ``overrides`` are settings that the user has fixed; everything else is chosen around them.

    Raises:
        ConfigurationError: when an override is out of range.
    """
    low = machine.bfloat16_flops > 1.2 * machine.float32_flops and machine.device != "mps"
    precision = "bfloat16" if low else "float32"
    peak = machine.bfloat16_flops if low else machine.float32_flops
    affordable = EFFICIENCY * peak * 60 * minutes
    # Drawing a sample would make the host wait for a card at every step.
    candidates = 0 if machine.device == "cuda" else candidates_for(vocabulary_size)
    compared = candidates or vocabulary_size
    size = SIZES[0]
    for candidate in SIZES:
        cost = flops_per_token(candidate, candidate, 2, compared)
        fits_text = candidate * TOKENS_A_UNIT <= max(tokens, 256 * TOKENS_A_UNIT)
        if affordable / cost >= LEAST_EPOCHS * tokens and fits_text:
            size = candidate
    asked = checked(dict(overrides))
    hidden = asked.hidden_size if "hidden_size" in overrides else size
    embedding = asked.embedding_size if "embedding_size" in overrides else min(size, hidden)
    layers = asked.layers if "layers" in overrides else 2
    speed = EFFICIENCY * peak / flops_per_token(hidden, embedding, layers, compared)
    epochs = speed * 60 * minutes / max(1, tokens)
    small = tokens < 300_000
    dropout = 0.05 if epochs < 1.5 else 0.15 if epochs < 3 else 0.35 if epochs < 8 else 0.45
    chosen: dict[str, Any] = {
        "hidden_size": size,
        "embedding_size": size,
        "layers": 2,
        "batch_size": 32 if small else 48,
        "sequence_length": 20 if minutes < 5 else 32,
        "learning_rate": 8e-3 if hidden <= 384 else 5e-3,
        "candidates": candidates,
        "dropout": dropout,
        "embedding_dropout": 0.1 if epochs > 10 else 0.0,
        "weight_decay": 0.05 if epochs > 10 else 0.01,
        "precision": precision,
        "minutes": minutes,
        "epochs": None,
    }
    if asked.model == "script" and not asked.initial_vectors:
        chosen["vector_passes"] = vector_passes_for(tokens, minutes)
    if machine.device == "cuda":
        chosen["batch_size"] = 64 if small else 128
    config = checked({**chosen, **overrides})
    if overrides.get("epochs") is not None and "minutes" not in overrides:
        config = msgspec.structs.replace(config, minutes=None)
    reasons = [
        f"This machine multiplies matrices at {machine.float32_flops / 1e9:,.0f} GFLOP/s in float32"
        f" and {machine.bfloat16_flops / 1e9:,.0f} in bfloat16: {config.precision} it is.",
        f"{minutes:g} minutes are about {epochs:.1f} passes over {tokens:,} words with"
        f" {config.layers} layers of {config.hidden_size}.",
        f"Dropout {config.dropout:g}: "
        + (
            "hardly a word is seen twice, so there is little to learn by heart."
            if epochs < 1.5
            else "the more passes, the more is needed against learning by heart."
        ),
    ]
    return config, reasons
