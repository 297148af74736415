"""Words that training never shows stand where the unknown word stands."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config import checked
from engine.models.build import build_model
from engine.models.unseen_words import UnseenWords

WORDS = 12
CUES = torch.arange(WORDS) % 2 == 1


def counts_without(*unseen: int) -> torch.Tensor:
    counts = torch.full((WORDS,), 30)
    counts[list(unseen)] = 0
    return counts


def test_words_take_the_unknown_words_place_and_cues_the_unknown_cues() -> None:
    unseen = UnseenWords.of(counts_without(4, 6, 7), CUES)
    table, bias = torch.randn(WORDS, 3), torch.randn(WORDS)
    before = table.clone(), bias.clone()
    unseen.settle(table, bias)
    for word, stand_in in ((4, 0), (6, 0), (7, 1)):
        assert torch.equal(table[word], before[0][stand_in])
    # Two words share the unknown word's odds; the cue has all of the unknown cue's.
    assert float(bias[4].exp() + bias[6].exp()) == pytest.approx(float(before[1][0].exp()))
    assert float(bias[7]) == pytest.approx(float(before[1][1]))
    seen = [0, 1, 2, 3, 5, 8, 9, 10, 11]
    assert torch.equal(table[seen], before[0][seen])


def test_where_nothing_is_unseen_nothing_changes() -> None:
    unseen = UnseenWords.of(counts_without(0, 1, 2), None)
    table, bias = torch.randn(WORDS, 3), torch.randn(WORDS)
    before = table.clone()
    unseen.settle(table, bias)
    assert torch.equal(table, before)
    assert torch.equal(unseen.left_out(bias), bias)


@pytest.mark.parametrize("candidates", [0, 8])
def test_training_does_not_compare_with_them_and_later_they_can_be_written(candidates: int) -> None:
    torch.manual_seed(1)
    model: Any = build_model(
        checked({"hidden_size": 16, "embedding_size": 8, "candidates": candidates, "dropout": 0.0}),
        WORDS,
    )
    model.prime(counts_without(6, 8), CUES)
    text = torch.randint(0, 6, (2, 9))
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    before = model.embedding.detach()[[6, 8]].clone()
    for _ in range(5):
        loss, _state = model(text[:, :-1], text[:, 1:], model.initial_state(2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.isfinite(loss)
    assert torch.equal(model.embedding.detach()[[6, 8]], before)
    model.settle()
    model.eval()
    odds, _state, _traces = model.step(torch.tensor([3]), model.initial_state(1))
    told = odds.exp()[0]
    assert float(told.sum()) == pytest.approx(1, abs=1e-5)
    assert float(told[6]) == pytest.approx(float(told[0]) / 2, rel=1e-4)
