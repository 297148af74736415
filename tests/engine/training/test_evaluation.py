"""Evaluation and the measure of the machine."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.config import checked
from engine.models.build import build_model
from engine.training.device import choose_device
from engine.training.evaluation import mean_nll
from engine.training.self_measure import TRAINING_THREADS, measure_machine, measured_once


def test_a_text_in_one_column_is_the_mean_over_its_steps() -> None:
    torch.manual_seed(0)
    model = build_model(
        checked({"hidden_size": 8, "embedding_size": 8, "attention_span": 8, "dropout": 0.5}), 12
    )
    assert isinstance(model, torch.nn.Module)
    model.train()
    ids = np.random.default_rng(0).integers(0, 12, 90).astype(np.int32)
    found, count = mean_nll(model, ids, torch.device("cpu"), columns=1)
    assert model.training
    model.eval()
    state, total = model.initial_state(1), 0.0
    for at in range(89):
        odds, state, _traces = model.step(torch.tensor([int(ids[at])]), state)
        total -= float(odds[0, int(ids[at + 1])])
    assert count == 89
    assert found == pytest.approx(total / 89, abs=1e-4)


def test_an_untrained_model_is_about_as_lost_as_chance() -> None:
    model = build_model(checked({"hidden_size": 8, "embedding_size": 8, "attention_span": 8}), 500)
    ids = np.random.default_rng(0).integers(0, 500, 600).astype(np.int32)
    nll, _count = mean_nll(model, ids, torch.device("cpu"), most_tokens=300)
    assert nll == pytest.approx(math.log(500), rel=0.1)


def test_the_machine_is_measured_as_training_will_have_it() -> None:
    before = torch.get_num_threads()
    measured_once.cache_clear()
    torch.set_num_threads(1)
    try:
        assert measure_machine("cpu").threads == TRAINING_THREADS
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_the_machine_is_measured_and_the_choice_explained() -> None:
    report = measure_machine("cpu")
    assert report.device == "cpu"
    assert min(report.float32_flops, report.bfloat16_flops, report.lstm_tokens_per_second) > 0
    device, why = choose_device("cpu")
    assert device.type == "cpu"
    assert "as asked" in why
