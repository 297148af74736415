"""Each regulariser does in training what its name says, and nothing afterwards."""

from __future__ import annotations

import torch
from torch import nn

from engine.models.embedding_dropout import embed
from engine.models.locked_dropout import LockedDropout
from engine.models.recurrent import RecurrentStack
from engine.models.weight_drop import dropped


def test_locked_dropout_silences_the_same_units_at_every_step_of_a_row() -> None:
    torch.manual_seed(0)
    out = LockedDropout(0.4)(torch.ones(6, 9, 50))
    assert torch.equal(out, out[:, :1].expand_as(out))
    assert not torch.equal(out[0], out[1])
    share = (out[:, 0] == 0).float().mean().item()
    assert 0.3 < share < 0.5
    assert torch.allclose(out[out != 0], torch.tensor(1 / 0.6))


def test_locked_dropout_is_off_outside_training() -> None:
    values = torch.randn(2, 3, 4)
    assert LockedDropout(0.9).eval()(values) is values


def test_embedding_dropout_hides_whole_words_wherever_they_stand() -> None:
    torch.manual_seed(1)
    table = torch.ones(40, 8)
    ids = torch.arange(40).repeat(2, 2)
    out = embed(ids, table, 0.5, training=True)
    hidden = out.abs().sum(-1) == 0
    assert torch.equal(hidden[0], hidden[1])
    assert torch.equal(hidden[0, :40], hidden[0, 40:])
    assert 5 < int(hidden[0, :40].sum()) < 35
    assert torch.equal(embed(ids, table, 0.5, training=False), torch.ones(2, 80, 8))


def test_weight_drop_changes_the_recurrence_in_training_and_reaches_the_gradient() -> None:
    torch.manual_seed(2)
    stack = RecurrentStack("lstm", 8, 16, 1, weight_drop=0.5)
    inputs, state = torch.randn(2, 5, 8), stack.initial_state(2)
    one, _ = stack(inputs, state)
    two, _ = stack(inputs, state)
    assert not torch.allclose(one, two)
    one.sum().backward()
    weight = stack.hidden_weights[0]
    assert weight.grad is not None
    silenced = (weight.grad == 0).float().mean().item()
    assert 0.3 < silenced < 0.7
    stack.eval()
    assert torch.equal(stack(inputs, state)[0], stack(inputs, state)[0])


def test_weight_drop_leaves_the_parameter_itself_alone() -> None:
    weight = nn.Parameter(torch.randn(4, 4))
    before = weight.detach().clone()
    dropped(weight, 0.5, training=True)
    assert torch.equal(weight, before)
    assert dropped(weight, 0.5, training=False) is weight
