"""What a training step takes: the operations in its matrix products, and the seconds of all of it.

The share of a machine's matrix products that a step reaches grows with the model, since a small one
spends most of its time between them. So what is not products is counted by itself: by the weights,
all of which the optimizer goes over, by the units of all layers at all places of the window, and
once. The figures for CPUs are of machines with two cores (``benchmarks/arithmetic.py``).
"""

from __future__ import annotations

from engine.config import TrainingConfig
from engine.models.attention import looking_size
from engine.models.recurrent import GATES
from engine.protocol.values import MachineReport

PRODUCT_SHARE = 0.9
"""Of a machine's products as measured, what those of a step reach on a CPU."""
STEP_SECONDS = 12e-3
UNIT_SECONDS = 30e-9
WEIGHT_SECONDS = 2.5e-9

REPLY_TIMES = 5.0
"""What a reply model's step takes beside such products on a CPU: turns are of many lengths, and the
kernels for them short."""

CARD_SHARE = 0.35
"""Of a card's products as measured, what a step as a whole reaches."""
CARD_STEP_SECONDS = 1e-3
"""What a step on a card takes however small it is."""


def flops_per_token(config: TrainingConfig, compared: int) -> float:
    """Floating-point operations in the products of a training step for one token.

    Forward and twice that back. ``compared`` is how many words the softmax is over.
    """
    return 6.0 * (_inner_weights(config) + _looks(config) + _output_size(config) * compared)


def step_seconds(config: TrainingConfig, vocabulary_size: int, machine: MachineReport) -> float:
    """About how long a step of ``config`` takes on ``machine``."""
    words = config.batch_size * config.sequence_length
    whole = config.model == "classic" or not config.candidates
    compared = vocabulary_size if whole else min(config.candidates, vocabulary_size)
    operations = words * flops_per_token(config, compared)
    low = config.precision == "bfloat16"
    peak = machine.bfloat16_flops if low else machine.float32_flops
    if machine.device == "cuda":
        return CARD_STEP_SECONDS + operations / (CARD_SHARE * peak)
    tables = config.embedding_size + (config.hidden_size if config.model == "classic" else 0)
    weights = _inner_weights(config) + vocabulary_size * tables
    units = words * config.layers * config.hidden_size
    times = REPLY_TIMES if config.model == "reply" else 1.0
    return times * (
        STEP_SECONDS
        + UNIT_SECONDS * units
        + WEIGHT_SECONDS * weights
        + operations / (PRODUCT_SHARE * peak)
    )


def _output_size(config: TrainingConfig) -> int:
    """What the softmax is a map of."""
    return config.hidden_size if config.model == "classic" else config.embedding_size


def _inner_weights(config: TrainingConfig) -> int:
    """Those between embedding and softmax; each is multiplied by once a token."""
    hidden, embedding, layers = config.hidden_size, config.embedding_size, config.layers
    gates = len(GATES[config.cell]) if config.model == "script" else 4
    stack = gates * hidden * (embedding + (2 * layers - 1) * hidden)
    if config.model == "classic":
        return stack
    size, attends = looking_size(hidden), config.attention != "none"
    looking = (hidden + attends * size) * embedding
    if config.model == "reply":
        # An encoder of half as many units each way, and what its states are for.
        encoder = gates * hidden * (embedding + hidden // 2)
        return stack + encoder + attends * hidden * (hidden + 3 * size) + looking
    return stack + (3 * attends + 2 * config.copying) * hidden * size + looking


def _looks(config: TrainingConfig) -> int:
    """Products of attention and copying with what a token can see."""
    if config.model == "classic":
        return 0
    looks = 2 * (config.attention != "none") + (config.copying and config.model == "script")
    return (
        looks * (config.attention_span + config.sequence_length) * looking_size(config.hidden_size)
    )
