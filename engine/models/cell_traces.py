"""What every recurrent cell does over a text, without a step at a time.

The fused kernels give each layer's h for the whole text; from these all gates follow in two matrix
products, and c, where there is one, by a sum along the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from engine.config import Cell
from engine.models.contract import CellTraces
from engine.models.recurrent import StackState


def trace_cells(
    kind: Cell, weights: Iterable[Sequence[Tensor]], inputs: Tensor, state: StackState
) -> CellTraces:
    """The cells of a stack while it reads ``inputs`` (time, input) from ``state``, one row.

    ``weights`` are those of each layer: from the input (gates·hidden, input), from what was hidden
    (gates·hidden, hidden), and the bias of each.
    """
    kernel = torch.gru if kind == "gru" else torch.rnn_tanh
    hidden, cells, gates = [], [], []
    values = inputs
    for layer, own_weights in enumerate(weights):
        from_input, from_hidden, bias, hidden_bias = own_weights
        first, window = state.hidden[layer : layer + 1], values[:, None]
        flat = list(own_weights)
        if state.cell is not None:
            carried = (first, state.cell[layer : layer + 1])
            out = torch.lstm(window, carried, flat, True, 1, 0.0, False, False, False)[0][:, 0]
        else:
            out = kernel(window, first, flat, True, 1, 0.0, False, False, False)[0][:, 0]
        before = torch.cat((first[:, 0], out[:-1]))
        own = torch.addmm(bias, values, from_input.t())
        back = torch.addmm(hidden_bias, before, from_hidden.t())
        opened = _gates(kind, own, back, out)
        if state.cell is not None:
            cells.append(_cells(opened, state.cell[layer, 0]))
        hidden.append(out)
        gates.append(opened)
        values = out
    return CellTraces(
        torch.stack(hidden, 1), torch.stack(cells, 1) if cells else None, torch.stack(gates, 1)
    )


def _gates(kind: Cell, own: Tensor, back: Tensor, out: Tensor) -> Tensor:
    """(time, gates, hidden), in the order of ``gate_names``."""
    size = out.shape[1]
    if kind == "lstm":
        raw = (own + back).view(-1, 4, size)
        opened = torch.sigmoid(raw)
        opened[:, 2] = torch.tanh(raw[:, 2])
        return opened
    if kind == "gru":
        own, back = own.view(-1, 3, size), back.view(-1, 3, size)
        opened = torch.sigmoid(own + back)
        opened[:, 2] = torch.tanh(own[:, 2] + opened[:, 0] * back[:, 2])
        return opened
    return out[:, None]


def _cells(gates: Tensor, start: Tensor) -> Tensor:
    """(time, hidden): c after each step, from the gates (time, 4, hidden) and the first c."""
    added = gates[:, 0] * gates[:, 2]
    cell, found = start, []
    for kept, new in zip(gates[:, 1], added, strict=True):
        cell = torch.addcmul(new, kept, cell)
        found.append(cell)
    return torch.stack(found)
