"""Batching: contiguous columns in which every target that fills a row is learnt once an epoch."""

from __future__ import annotations

import random

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.batching import Columns, Position, word_counts
from engine.training.schedule import one_cycle

CPU = torch.device("cpu")


@given(
    tokens=st.integers(20, 600),
    columns=st.integers(1, 40),
    length=st.integers(2, 50),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=120, deadline=None)
def test_an_epoch_is_all_full_rows_once_in_order_with_the_word_before_each_target(
    tokens: int, columns: int, length: int, seed: int
) -> None:
    data = Columns(np.arange(tokens, dtype=np.int32), columns, length, CPU)
    dice, at, seen = random.Random(seed), Position(), []
    while at.epoch == 0:
        ids, targets, at = data.window(at, dice)
        assert torch.equal(targets, ids + 1)
        assert ids.shape[0] == data.columns
        assert ids.shape[1] >= 1
        seen.append(targets)
    joined = torch.cat(seen, 1)
    assert at == Position(1, 0)
    assert torch.equal(joined.diff(dim=1), torch.ones_like(joined[:, 1:]))
    assert joined.numel() == joined.unique().numel() == data.columns * data.rows
    assert 0 <= tokens - 1 - joined.numel() < data.columns


def test_windows_are_cut_elsewhere_in_another_epoch() -> None:
    data = Columns(np.arange(2000, dtype=np.int32), 4, 20, CPU)
    dice = random.Random(1)
    cuts: list[set[int]] = [set(), set()]
    at = Position()
    while at.epoch < 2:
        epoch = at.epoch
        _ids, _targets, at = data.window(at, dice)
        cuts[epoch].add(at.row)
    assert cuts[0] != cuts[1]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=100))
def test_words_are_counted(ids: list[int]) -> None:
    counts = word_counts(np.array(ids, dtype=np.int32), 10)
    assert counts.tolist() == [ids.count(word) for word in range(10)]


def test_one_cycle_rises_once_and_falls_to_almost_nothing() -> None:
    values = [one_cycle(step / 200) for step in range(201)]
    top = values.index(max(values))
    assert max(values) == 1
    assert values[: top + 1] == sorted(values[: top + 1])
    assert values[top:] == sorted(values[top:], reverse=True)
    assert values[-1] < 0.01 < values[0]
