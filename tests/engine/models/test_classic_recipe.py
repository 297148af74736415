"""The classic recipe keeps the shapes and promises by which it is taught."""

from __future__ import annotations

import textwrap

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from engine.models import classic
from engine.models.classic import (
    RNN,
    batch_data,
    create_lookup_tables,
    forward_back_prop,
    generate,
    token_lookup,
)


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1))
def test_lookup_tables_are_inverse_of_each_other(words: list[str]) -> None:
    vocab_to_int, int_to_vocab = create_lookup_tables(words)
    assert set(vocab_to_int) == set(words)
    assert sorted(int_to_vocab) == list(range(len(set(words))))
    assert all(int_to_vocab[i] == w for w, i in vocab_to_int.items())


def test_token_lookup_has_the_ten_marks_and_tokens_that_no_text_holds() -> None:
    table = token_lookup()
    assert set(table) == set('.,";!?()-\n')
    assert len(set(table.values())) == 10
    assert all(not any(mark in token for mark in table) for token in table.values())


def test_every_window_is_offered_once_with_the_word_after_it() -> None:
    loader = batch_data(range(50), sequence_length=5, batch_size=7)
    seen = set()
    for features, targets in loader:
        assert features.shape[1] == 5
        for window, target in zip(features.tolist(), targets.tolist(), strict=True):
            assert window == list(range(window[0], window[0] + 5))
            assert target == window[-1] + 1
            seen.add(target)
    assert seen == set(range(5, 50))


def test_a_text_no_longer_than_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        batch_data([1, 2, 3], sequence_length=3, batch_size=2)
    with pytest.raises(ValueError, match="windows of 0 words"):
        batch_data([1, 2, 3], sequence_length=0, batch_size=2)


def test_the_network_gives_last_step_scores_and_hidden_state_and_learns() -> None:
    torch.manual_seed(9)
    rnn = RNN(12, 12, 8, 16, 2, dropout=0.5)
    hidden = rnn.init_hidden(6)
    assert [tuple(h.shape) for h in hidden] == [(2, 6, 16), (2, 6, 16)]
    scores, after = rnn(torch.randint(0, 12, (6, 4)), hidden)
    assert scores.shape == (6, 12)
    assert after[0].shape == (2, 6, 16)
    optimizer = torch.optim.Adam(rnn.parameters(), lr=0.02)
    losses = []
    for _ in range(6):
        for features, targets in batch_data(list(range(12)) * 8, 4, 16):
            start = rnn.init_hidden(len(targets))
            loss, out = forward_back_prop(
                rnn, optimizer, nn.CrossEntropyLoss(), features, targets, start
            )
            assert not out[0].requires_grad
            losses.append(loss)
    assert losses[-1] < losses[0] / 2


def test_generation_gives_as_many_words_as_asked_with_marks_put_back() -> None:
    words = ["jerry:", "hello", token_lookup()["."].lower(), "<pad>"]
    rnn = RNN(4, 4, 4, 4, 1)
    text = generate(rnn, 0, dict(enumerate(words)), token_lookup(), 3, predict_len=20)
    assert text.startswith("jerry:")
    assert "||period||" not in text


def test_generating_between_epochs_leaves_the_network_training() -> None:
    rnn = RNN(4, 4, 8, 8, 2)
    words = ["he", "||left_parentheses||", "laughs", "||right_parentheses||"]
    lookup = token_lookup()
    words[1], words[3] = lookup["("].lower(), lookup[")"].lower()
    text = generate(rnn, 0, dict(enumerate(words)), lookup, 0, predict_len=60)
    assert rnn.training
    assert "he(" not in text
    rnn.eval()
    generate(rnn, 0, dict(enumerate(words)), lookup, 0, predict_len=1)
    assert not rnn.training


def test_a_text_that_was_learnt_goes_on_from_its_own_words() -> None:
    torch.manual_seed(3)
    words = ["the", "cat", "sat", "on", "a", "mat", ",", "the", "dog", "lay", "there", "."]
    vocab_to_int, int_to_vocab = create_lookup_tables(words)
    ids = [vocab_to_int[word] for word in words]
    rnn = RNN(len(int_to_vocab), len(int_to_vocab), 12, 24, 1)
    optimizer = torch.optim.Adam(rnn.parameters(), lr=0.02)
    for _ in range(12):
        for features, targets in batch_data(ids * 8, 4, 16):
            start = rnn.init_hidden(len(targets))
            forward_back_prop(rnn, optimizer, nn.CrossEntropyLoss(), features, targets, start)
    text = generate(
        rnn, ids[:4], int_to_vocab, {}, 0, predict_len=len(ids) - 4, sequence_length=4, top_k=1
    )
    assert text.split() == words


def test_generating_from_nothing_is_refused_and_an_error_leaves_the_network_training() -> None:
    rnn = RNN(4, 4, 4, 4, 1)
    for wrong in ({"prime_id": []}, {"top_k": 0}, {"sequence_length": 0}):
        with pytest.raises(ValueError, match="at least"):
            generate(**{"rnn": rnn, "prime_id": 0, "int_to_vocab": {0: "a"}, "token_dict": {},
                        "pad_value": 0, **wrong})  # fmt: skip
    with pytest.raises(KeyError):
        generate(rnn, 0, {0: "a"}, {}, 0, predict_len=50, top_k=4)
    assert rnn.training


def test_the_lines_that_the_module_begins_with_can_be_run() -> None:
    """Batches whose last one is smaller among them."""
    assert classic.__doc__ is not None
    lines = textwrap.dedent(classic.__doc__.partition("::\n\n")[2])
    names = {**vars(classic), "text": ["the", "cat", "sat", "on", "the", "mat", "||period||"] * 40}
    exec(compile(lines, classic.__name__, "exec"), names)
    assert names["loss"] > 0
    assert len(names["script"].split()) > 50
    assert "||" not in names["script"]
