"""What a training step is reckoned to take, against the model's own weights and in its order."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from engine.config import TrainingConfig, checked
from engine.models.attention import looking_size
from engine.models.build import build_model
from engine.models.reply import ReplyModel
from engine.protocol.values import MachineReport
from engine.training.cost import flops_per_token, step_seconds


def machine(device: str = "cpu", speed: float = 2e11) -> MachineReport:
    return MachineReport(
        device=device,
        reason="",
        threads=2,
        float32_flops=speed,
        bfloat16_flops=4 * speed,
        lstm_tokens_per_second=1e4,
    )


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
@pytest.mark.parametrize("attention", ["none", "general"])
@pytest.mark.parametrize("copying", [True, False])
def test_every_weight_between_the_words_is_multiplied_by_once(
    cell: str, attention: str, copying: bool
) -> None:
    config = checked(
        {
            "cell": cell,
            "attention": attention,
            "copying": copying,
            "hidden_size": 96,
            "embedding_size": 64,
            "layers": 2,
            "attention_span": 8,
            "sequence_length": 2,
        }
    )
    model = build_model(config, 100)
    assert isinstance(model, nn.Module)
    weights = sum(
        p.numel() for name, p in model.named_parameters() if p.ndim > 1 and name != "embedding"
    )
    sentinel = 96 if copying else 0
    looked = (2 * (attention != "none") + copying) * 10 * model.size
    assert flops_per_token(config, 50) == 6 * (weights - sentinel + looked + 64 * 50)


@pytest.mark.parametrize("attention", ["none", "general"])
def test_a_reply_model_reads_each_word_as_cue_and_as_answer(attention: str) -> None:
    config = checked(
        {
            "model": "reply",
            "attention": attention,
            "hidden_size": 96,
            "embedding_size": 64,
            "layers": 2,
            "attention_span": 8,
            "sequence_length": 2,
        }
    )
    model = build_model(config, 100)
    assert isinstance(model, ReplyModel)
    once_a_turn = sum(p.numel() for p in (model.embedding, model.bridge.weight))
    weights = sum(p.numel() for p in model.parameters() if p.ndim > 1) - once_a_turn
    looked = 2 * (attention != "none") * 10 * looking_size(96)
    assert flops_per_token(config, 50) == 6 * (weights + looked + 64 * 50)


def test_a_classic_models_softmax_is_a_map_of_its_hidden_state() -> None:
    config = checked({"model": "classic", "hidden_size": 96, "embedding_size": 64, "layers": 2})
    stack = 4 * 96 * (64 + 3 * 96)
    assert flops_per_token(config, 100) == 6 * (stack + 96 * 100)


def test_more_of_anything_takes_longer_and_a_better_machine_does_not() -> None:
    plain = {"hidden_size": 256, "batch_size": 32, "candidates": 1500, "precision": "float32"}
    usual = step_seconds(checked(plain), 10_000, machine())
    for more in (
        {"hidden_size": 512},
        {"layers": 3},
        {"batch_size": 64},
        {"candidates": 3000},
        {"candidates": 0},
    ):
        assert step_seconds(checked({**plain, **more}), 10_000, machine()) > usual
    assert step_seconds(checked(plain), 20_000, machine()) > usual
    assert step_seconds(checked(plain), 10_000, machine(speed=4e11)) < usual
    low = checked({**plain, "precision": "bfloat16"})
    assert step_seconds(low, 10_000, machine()) < usual


def test_candidates_are_at_most_the_whole_vocabulary_and_nothing_to_a_classic_model() -> None:
    def seconds(candidates: int, **settings: Any) -> float:
        return step_seconds(TrainingConfig(candidates=candidates, **settings), 2000, machine())

    assert seconds(1500) < seconds(2000) == seconds(8000) == seconds(0)
    assert seconds(100, model="classic") == seconds(0, model="classic")


def test_a_small_model_is_further_from_the_machines_products_than_a_large_one() -> None:
    def share(hidden: int) -> float:
        config = checked(
            {
                "hidden_size": hidden,
                "embedding_size": hidden,
                "candidates": 1500,
                "precision": "float32",
            }
        )
        words = config.batch_size * config.sequence_length
        seconds = step_seconds(config, 10_000, machine())
        return words * flops_per_token(config, 1500) / seconds / machine().float32_flops

    assert share(64) < share(256) < share(1024) < 0.9
