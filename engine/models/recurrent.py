"""Stacks of recurrent layers by name: LSTM, GRU and Elman, one whole-sequence call a layer."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.config import Cell
from engine.models.locked_dropout import LockedDropout
from engine.models.lstm_layer import lstm_layer
from engine.models.weight_drop import dropped

# The layers' weights are parameters of their own, by name; packing them takes a card no time.
warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous")

GATES: dict[Cell, tuple[str, ...]] = {
    "lstm": ("input", "forget", "candidate", "output"),
    "gru": ("reset", "update", "candidate"),
    "elman": ("hidden",),
}


@dataclass(frozen=True, slots=True)
class StackState:
    """(layers, batch, hidden) each; ``cell`` only where the cell has one."""

    hidden: Tensor
    cell: Tensor | None

    @property
    def batch_size(self) -> int:
        return self.hidden.shape[1]

    def select(self, rows: Tensor) -> StackState:
        return StackState(
            self.hidden.index_select(1, rows),
            None if self.cell is None else self.cell.index_select(1, rows),
        )

    def keep(self, rows: Tensor) -> StackState:
        gone = ~rows[None, :, None]
        cell = None if self.cell is None else self.cell.masked_fill(gone, 0.0)
        return StackState(self.hidden.masked_fill(gone, 0.0), cell)

    def detach(self) -> StackState:
        return StackState(self.hidden.detach(), None if self.cell is None else self.cell.detach())


class RecurrentStack(nn.Module):
    """``layers`` recurrent layers with locked dropout between them; batch first.

    Forget gates start at 1 (Jozefowicz 2015), so that memories last from the first step on.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        layers: int,
        dropout: float = 0.0,
        weight_drop: float = 0.0,
        low_precision: bool = False,
    ) -> None:
        super().__init__()
        self.cell, self.layers, self.hidden_size = cell, layers, hidden_size
        self.gate_names = GATES[cell]
        self.weight_drop = weight_drop
        self.low_precision = low_precision
        self.between = LockedDropout(dropout)
        rows = len(self.gate_names) * hidden_size
        self.input_weights = nn.ParameterList()
        self.hidden_weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        self.hidden_biases = nn.ParameterList()
        bound = 1 / math.sqrt(hidden_size)
        for layer in range(layers):
            width = input_size if layer == 0 else hidden_size
            self.input_weights.append(
                nn.Parameter(torch.empty(rows, width).uniform_(-bound, bound))
            )
            self.hidden_weights.append(
                nn.Parameter(torch.empty(rows, hidden_size).uniform_(-bound, bound))
            )
            bias = torch.zeros(rows)
            if cell == "lstm":
                bias[hidden_size : 2 * hidden_size] = 1.0
            self.biases.append(nn.Parameter(bias))
            # The kernels want a second bias; only the GRU's candidate has a use for one.
            self.hidden_biases.append(nn.Parameter(torch.zeros(rows), requires_grad=cell == "gru"))

    def initial_state(self, batch_size: int) -> StackState:
        weight = self.biases[0]
        zeros = torch.zeros(
            self.layers, batch_size, self.hidden_size, device=weight.device, dtype=weight.dtype
        )
        return StackState(zeros, zeros if self.cell == "lstm" else None)

    def forward(self, inputs: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        """(batch, time, hidden) outputs of the last layer and the state after the last step.

        ``inputs`` is (batch, time, input).
        """
        hidden, cells = [], []
        values = inputs.transpose(0, 1)
        own_kernel = (
            self.low_precision
            and self.training
            and self.cell == "lstm"
            and inputs.device.type == "cpu"
        )
        for layer in range(self.layers):
            if layer:
                values = self.between(values.transpose(0, 1)).transpose(0, 1)
            weights = [
                self.input_weights[layer],
                dropped(self.hidden_weights[layer], self.weight_drop, self.training),
                self.biases[layer],
                self.hidden_biases[layer],
            ]
            first = state.hidden[layer : layer + 1]
            if own_kernel:
                assert state.cell is not None
                values, cell = lstm_layer(
                    values, state.hidden[layer], state.cell[layer], *weights[:3]
                )
                last, cell = values[-1:], cell[None]
                cells.append(cell)
            elif self.cell == "lstm":
                assert state.cell is not None
                values, last, cell = torch.lstm(
                    values,
                    (first, state.cell[layer : layer + 1]),
                    weights,
                    True,
                    1,
                    0.0,
                    self.training,
                    False,
                    False,
                )
                cells.append(cell)
            else:
                kernel = torch.gru if self.cell == "gru" else torch.rnn_tanh
                values, last = kernel(
                    values, first, weights, True, 1, 0.0, self.training, False, False
                )
            hidden.append(last)
        new = StackState(torch.cat(hidden), torch.cat(cells) if cells else None)
        return values.transpose(0, 1), new

    def step(self, inputs: Tensor, state: StackState) -> tuple[Tensor, StackState, Tensor]:
        """One time step: (batch, hidden) output, next state, (batch, layers, gates, hidden) gates.

        ``inputs`` is (batch, input).
        """
        hidden, cells, gates = [], [], []
        values = inputs
        for layer in range(self.layers):
            before = state.hidden[layer]
            own = torch.addmm(self.biases[layer], values, self.input_weights[layer].t())
            back = torch.addmm(self.hidden_biases[layer], before, self.hidden_weights[layer].t())
            if self.cell == "gru":
                own, back = own.view(-1, 3, self.hidden_size), back.view(-1, 3, self.hidden_size)
                reset, update = torch.sigmoid(own[:, :2] + back[:, :2]).unbind(1)
                candidate = torch.tanh(own[:, 2] + reset * back[:, 2])
                values = (1 - update) * candidate + update * before
                gates.append(torch.stack((reset, update, candidate), 1))
                hidden.append(values)
                continue
            raw = own + back
            if self.cell == "lstm":
                assert state.cell is not None
                raw = raw.view(-1, 4, self.hidden_size)
                opened = torch.sigmoid(raw)
                candidate = torch.tanh(raw[:, 2])
                cell = opened[:, 1] * state.cell[layer] + opened[:, 0] * candidate
                values = opened[:, 3] * torch.tanh(cell)
                cells.append(cell)
                gates.append(torch.stack((opened[:, 0], opened[:, 1], candidate, opened[:, 3]), 1))
            else:
                values = torch.tanh(raw)
                gates.append(values[:, None])
            hidden.append(values)
        new = StackState(torch.stack(hidden), torch.stack(cells) if cells else None)
        return values, new, torch.stack(gates, 1)


def equal_budget_hidden_size(cell: Cell, lstm_hidden: int, input_size: int, layers: int) -> int:
    """Hidden size at which ``cell`` has as many weights as an LSTM stack of ``lstm_hidden``."""
    budget = _weights("lstm", lstm_hidden, input_size, layers)
    size = lstm_hidden
    while _weights(cell, size + 1, input_size, layers) <= budget:
        size += 1
    return size


def _weights(cell: Cell, hidden: int, input_size: int, layers: int) -> int:
    gates = len(GATES[cell])
    return gates * hidden * (input_size + hidden + (layers - 1) * 2 * hidden + layers)
