"""Cells by name: one step at a time is the whole sequence, and the hand-written kernel is right."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.config import Cell
from engine.models.recurrent import RecurrentStack, StackState, equal_budget_hidden_size


@pytest.mark.parametrize("cell", ["lstm", "gru", "elman"])
def test_stepping_equals_reading_the_whole_sequence(cell: Cell) -> None:
    torch.manual_seed(4)
    stack = RecurrentStack(cell, 7, 11, 2).eval()
    with torch.no_grad():
        for parameter in stack.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        inputs = torch.randn(3, 6, 7)
        whole, end = stack(inputs, stack.initial_state(3))
        state, outputs = stack.initial_state(3), []
        for step in range(6):
            output, state, gates = stack.step(inputs[:, step], state)
            outputs.append(output)
            assert gates.shape == (3, 2, len(stack.gate_names), 11)
    assert torch.allclose(torch.stack(outputs, 1), whole, atol=1e-5)
    assert torch.allclose(state.hidden, end.hidden, atol=1e-5)
    assert (state.cell is None) == (cell != "lstm")


def test_forget_gates_begin_at_one() -> None:
    stack = RecurrentStack("lstm", 8, 8, 2)
    for bias in stack.biases:
        assert bias[8:16].tolist() == [1.0] * 8
        assert not torch.cat((bias[:8], bias[16:])).any()


@pytest.mark.parametrize("cell", ["gru", "elman"])
def test_equal_budgets_differ_by_less_than_one_unit(cell: Cell) -> None:
    def weights(kind: Cell, hidden: int) -> int:
        stack = RecurrentStack(kind, 32, hidden, 2)
        return sum(p.numel() for p in stack.parameters() if p.requires_grad and p.ndim == 2)

    size = equal_budget_hidden_size(cell, 48, 32, 2)
    assert weights(cell, size) <= weights("lstm", 48) * 1.02
    assert weights(cell, size + 2) > weights("lstm", 48) * 0.98


def test_the_bfloat16_kernel_follows_the_float32_one_in_values_and_gradients() -> None:
    torch.manual_seed(5)
    stack = RecurrentStack("lstm", 24, 32, 2)
    inputs = torch.randn(3, 9, 24, requires_grad=True)
    start = stack.initial_state(3)

    def run(low: bool) -> list[Tensor]:
        stack.low_precision = low
        stack.zero_grad()
        inputs.grad = None
        outputs, end = stack(inputs, start)
        assert end.cell is not None
        (outputs.sin().sum() + end.cell.sum()).backward()
        assert inputs.grad is not None
        found = [outputs, end.cell, end.hidden, inputs.grad]
        return [t.detach().clone() for t in found] + [
            p.grad.clone() for p in stack.parameters() if p.grad is not None
        ]

    for ours, exact in zip(run(True), run(False), strict=True):
        assert float((ours - exact).norm() / exact.norm()) < 0.02


def test_rows_can_be_chosen_and_begun_anew_without_touching_the_others() -> None:
    stack = RecurrentStack("lstm", 4, 5, 1).eval()
    with torch.no_grad():
        _out, state = stack(torch.randn(3, 2, 4), stack.initial_state(3))
        before = state.hidden.clone()
        twice = state.select(torch.tensor([2, 2]))
        assert torch.equal(twice.hidden[:, 0], before[:, 2])
        kept = state.keep(torch.tensor([True, False, True]))
        assert torch.equal(kept.hidden[:, 0], before[:, 0])
        assert float(kept.hidden[:, 1].abs().sum()) == 0
        assert torch.equal(state.hidden, before)


def test_a_row_that_begins_anew_forgets_what_was_not_finite() -> None:
    state = RecurrentStack("lstm", 4, 5, 1).initial_state(2)
    broken = StackState(state.hidden + float("nan"), state.hidden + float("inf"))
    kept = broken.keep(torch.tensor([False, True]))
    assert kept.cell is not None
    for part in (kept.hidden, kept.cell):
        assert not part[:, 0].any()
        assert not torch.isfinite(part[:, 1]).any()
