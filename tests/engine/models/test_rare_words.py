"""Words that training hardly shows stand where the unknown word stands."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config import checked
from engine.models.build import build_model
from engine.models.rare_words import RareWords

WORDS = 12
CUES = torch.arange(WORDS) % 2 == 1


def counts_without(*rare: int) -> torch.Tensor:
    counts = torch.full((WORDS,), 30)
    counts[list(rare)] = 0
    return counts


def test_words_take_the_unknown_words_place_and_cues_the_unknown_cues() -> None:
    rare = RareWords.of(counts_without(4, 6, 7), CUES, 2)
    table, bias = torch.randn(WORDS, 3), torch.randn(WORDS)
    before = table.clone(), bias.clone()
    rare.settle(table, bias)
    for word, stand_in in ((4, 0), (6, 0), (7, 1)):
        assert torch.equal(table[word], before[0][stand_in])
    # Two words share the unknown word's odds; the cue has all of the unknown cue's.
    assert float(bias[4].exp() + bias[6].exp()) == pytest.approx(float(before[1][0].exp()))
    assert float(bias[7]) == pytest.approx(float(before[1][1]))
    seen = [0, 1, 2, 3, 5, 8, 9, 10, 11]
    assert torch.equal(table[seen], before[0][seen])


def test_a_word_has_the_more_of_the_odds_the_more_it_must_be_elsewhere() -> None:
    counts = counts_without(4)
    counts[6] = 1
    rare = RareWords.of(counts, CUES, 2)
    assert rare.words.tolist() == [4, 6]
    assert rare.shares.exp()[[4, 6]].tolist() == pytest.approx([2 / 3, 1 / 3])
    merged = rare.merged(counts)
    assert merged[[0, 4, 6]].tolist() == [31, 0, 0]
    assert int(merged.sum()) == int(counts.sum())


def test_a_rare_word_is_read_and_predicted_in_training_as_the_unknown_word() -> None:
    torch.manual_seed(1)
    model: Any = build_model(
        checked(
            {
                "hidden_size": 16,
                "embedding_size": 8,
                "dropout": 0.0,
                "embedding_dropout": 0.0,
                "copying": False,
            }
        ),
        WORDS,
    )
    counts = counts_without(6)
    counts[8] = 1
    model.prime(counts, CUES)
    rare, unknown = torch.tensor([[2, 8, 3, 4]]), torch.tensor([[2, 0, 3, 4]])
    state = model.initial_state(1)
    told, _state = model(rare[:, :-1], rare[:, 1:], state)
    same, _state = model(unknown[:, :-1], unknown[:, 1:], state)
    assert float((told - same).detach()) == pytest.approx(
        -float(torch.tensor(1 / 3).log()) / 3, rel=1e-4
    )


def test_where_nothing_is_rare_nothing_changes() -> None:
    rare = RareWords.of(counts_without(0, 1, 2), None, 2)
    table, bias = torch.randn(WORDS, 3), torch.randn(WORDS)
    before = table.clone()
    rare.settle(table, bias)
    assert torch.equal(table, before)
    assert torch.equal(rare.left_out(bias), bias)


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
