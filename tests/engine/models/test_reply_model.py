"""The reply model: it answers the speech before, by what it sees there, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config import checked
from engine.corpus.vocabulary import NEWLINE_ID
from engine.models.reply import ReplyModel

WORDS = 30
ANNA, BERT = 10, 11
QUESTIONS = range(12, 20)
ANSWER = 20
"""Of question n the answer is ANSWER + n - 12."""


def made(**settings: Any) -> ReplyModel:
    base = {"embedding_size": 16, "hidden_size": 16, "attention_span": 8, "dropout": 0.0}
    fixed = {"model": "reply", "embedding_dropout": 0.0, "precision": "float32", "layers": 1}
    torch.manual_seed(1)
    model = ReplyModel(checked(base | fixed | settings), WORDS)
    cues = torch.zeros(WORDS, dtype=torch.bool)
    cues[[ANNA, BERT]] = True
    model.prime(torch.full((WORDS,), 100), cues)
    return model


def odds_after(model: ReplyModel, ids: list[int]) -> torch.Tensor:
    state = model.read(torch.tensor([ids[:-1]]), model.initial_state(1))
    return model.step(torch.tensor(ids[-1:]), state)[0][0]


def dialogue(dice: torch.Generator, turns: int) -> list[int]:
    """Anna says three words, one of them a question; Bert answers that one."""
    told: list[int] = []
    for _ in range(turns):
        said = torch.randint(3, 9, (3,), generator=dice).tolist()
        question = int(torch.randint(12, 20, (1,), generator=dice))
        said[int(torch.randint(0, 3, (1,), generator=dice))] = question
        told += [ANNA, *said, NEWLINE_ID, BERT, ANSWER + question - 12, NEWLINE_ID]
    return told


def test_only_the_turn_before_and_the_present_one_count() -> None:
    model = made().eval()
    end = [ANNA, 12, 4, NEWLINE_ID, BERT, 21]
    one = odds_after(model, [ANNA, 5, NEWLINE_ID, BERT, 6, NEWLINE_ID, *end])
    other = odds_after(model, [ANNA, 7, 7, 7, NEWLINE_ID, BERT, 8, 3, NEWLINE_ID, *end])
    assert torch.allclose(one, other, atol=1e-6)
    asked = odds_after(model, [BERT, 6, NEWLINE_ID, ANNA, 13, 4, NEWLINE_ID, BERT, 21])
    assert not torch.allclose(one, asked, atol=1e-4)


@pytest.mark.parametrize("attention", ["none", "general"])
def test_it_learns_to_answer_what_was_asked(attention: str) -> None:
    model = made(attention=attention, hidden_size=48)
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    dice = torch.Generator().manual_seed(1)
    model.train()
    for _ in range(200):
        # Windows that cut through turns, the state carried along.
        texts = torch.tensor([dialogue(dice, 3) for _ in range(16)])
        state = model.initial_state(16)
        for start in (0, 7, 14):
            window = texts[:, start : start + 8]
            loss, state = model(window[:, :-1], window[:, 1:], state)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            state = state.detach()
    model.eval()
    talk = [ANNA, 12, 5, 4, NEWLINE_ID, BERT, ANSWER, NEWLINE_ID]
    answers = [
        int(odds_after(model, [*talk, ANNA, 4, number, 7, NEWLINE_ID, BERT]).argmax())
        for number in QUESTIONS
    ]
    right = [ANSWER + number - 12 for number in QUESTIONS]
    assert sum(one == other for one, other in zip(answers, right, strict=True)) >= 7


def test_attention_is_told_over_the_last_words_of_the_text() -> None:
    model = made().eval()
    text = [ANNA, 12, 4, NEWLINE_ID, BERT, 21, 5]
    state = model.initial_state(1)
    for number in text:
        _odds, state, traces = model.step(torch.tensor([number]), state)
    assert traces.attention is not None
    assert traces.memory_ids is not None
    ids, weights = traces.memory_ids[0].tolist(), traces.attention[0, 0].tolist()
    assert [number for number in ids if number >= 0] == text
    assert ids[-len(text) :] == text
    looked_at = weights[-7:-3]
    assert sum(looked_at) == pytest.approx(1, abs=1e-5)
    assert min(looked_at) > 0
    for number in [6] * 10:  # a turn longer than what is kept of it
        _odds, state, traces = model.step(torch.tensor([number]), state)
        assert traces.attention is not None
        assert traces.memory_ids is not None
        assert traces.memory_ids.shape == (1, 16)
    ids, weights = traces.memory_ids[0].tolist(), traces.attention[0, 0].tolist()
    assert ids[:4] == [12, 4, NEWLINE_ID, 0]
    assert sum(weights) == pytest.approx(sum(weights[:3]))
    assert all(number >= 0 for number in ids)


def test_a_cue_of_the_draft_begins_a_turn_like_any_other() -> None:
    model = made().eval()
    new_cue = WORDS + 1
    state = model.read(torch.tensor([[ANNA, 12, NEWLINE_ID, new_cue, 5]]), model.initial_state(1))
    assert state.heard.before[0, -3:].tolist() == [ANNA, 12, NEWLINE_ID]
    assert state.heard.present[0, -2:].tolist() == [new_cue, 5]


def test_cells_are_those_of_the_steps() -> None:
    model = made(layers=2).eval()
    ids = torch.tensor([6, NEWLINE_ID, ANNA, 12, 4, NEWLINE_ID, BERT, 21])
    start = model.read(torch.tensor([[BERT, 5]]), model.initial_state(1))
    found, state = model.cell_traces(ids, start), start
    for step, number in enumerate(ids):
        _odds, state, traces = model.step(number[None], state)
        assert torch.allclose(found.hidden[step], traces.hidden[0], atol=1e-5)
        assert found.cell is not None
        assert traces.cell is not None
        assert torch.allclose(found.cell[step], traces.cell[0], atol=1e-5)
    assert found.gates is not None
    assert found.gates.shape == (8, 2, 4, 16)


def test_words_that_training_hardly_shows_share_the_unknown_words_odds() -> None:
    model = made()
    counts = torch.full((WORDS,), 100)
    counts[[7, 8]] = 0
    model.prime(counts)
    model.settle()
    assert torch.equal(model.embedding[7], model.embedding[0])
    odds = odds_after(model.eval(), [5, 6])
    assert float(odds[7]) == pytest.approx(float(odds[8]))
    assert float(odds[7]) < float(odds[0])
