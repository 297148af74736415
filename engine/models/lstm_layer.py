"""An LSTM layer for CPUs whose gradient is written by hand, with matrix products in bfloat16.

What depends on the input alone is one matrix product over the whole window, and so are all weight
gradients; only the hidden-to-hidden product is left in the loop over time. What the backward loop
multiplies by is prepared for all steps at once, so that a step of it is a handful of short kernels
and a product. Everything but the products is in float32; no kernel mixes the two, since mixed
operands cost an unseen copy each.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

LOW = torch.bfloat16


class _LstmLayer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        hidden: Tensor,
        cell: Tensor,
        input_weight: Tensor,
        hidden_weight: Tensor,
        bias: Tensor,
    ) -> tuple[Tensor, Tensor]:
        time, batch, width = inputs.shape
        size = hidden.shape[1]
        flat = inputs.reshape(time * batch, width).to(LOW)
        own_weight, back_weight = input_weight.to(LOW), hidden_weight.to(LOW)
        raw = torch.addmm(bias.to(LOW), flat, own_weight.t()).view(time, batch, 4 * size)
        back = back_weight.t()
        gates = torch.empty(time, batch, 4 * size)
        cells = torch.empty(time + 1, batch, size)
        squashed = torch.empty(time, batch, size)
        outputs = torch.empty(time, batch, size)
        low_outputs = torch.empty(time + 1, batch, size, dtype=LOW)
        cells[0] = cell
        low_outputs[0] = hidden
        steps = zip(
            raw.unbind(0),
            gates.unbind(0),
            gates[:, :, : 2 * size].unbind(0),
            gates[:, :, 2 * size : 3 * size].unbind(0),
            gates[:, :, 3 * size :].unbind(0),
            cells[1:].unbind(0),
            squashed.unbind(0),
            outputs.unbind(0),
            low_outputs[1:].unbind(0),
            strict=True,
        )
        before, low_before = cells[0], low_outputs[0]
        for low_gate, gate, both, candidate, shown, after, small, output, low_output in steps:
            gate.copy_(low_gate.addmm_(low_before, back))
            both.sigmoid_()
            candidate.tanh_()
            shown.sigmoid_()
            torch.mul(both[:, size:], before, out=after)
            after.addcmul_(both[:, :size], candidate)
            torch.tanh(after, out=small)
            torch.mul(shown, small, out=output)
            low_output.copy_(output)
            before, low_before = after, low_output
        ctx.save_for_backward(flat, own_weight, back_weight, gates, cells, squashed, low_outputs)
        return outputs, cells[time]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        flat, own_weight, back_weight, gates, cells, squashed, low_outputs = ctx.saved_tensors
        time, batch, size = squashed.shape
        from_outputs, carried_cell = grads
        opened, kept, candidate, shown = gates.view(time, batch, 4, size).unbind(2)
        # What turns the gradient of the cell (of the output, for the output gate) into that of
        # each gate's input, for all steps at once.
        slopes = torch.empty(time, batch, 4, size)
        by_sigmoid, by_tanh = torch.ops.aten.sigmoid_backward, torch.ops.aten.tanh_backward
        by_sigmoid(candidate, opened, grad_input=slopes[:, :, 0])
        by_sigmoid(cells[:-1], kept, grad_input=slopes[:, :, 1])
        by_tanh(opened, candidate, grad_input=slopes[:, :, 2])
        by_sigmoid(squashed, shown, grad_input=slopes[:, :, 3])
        to_cell = by_tanh(shown, squashed)
        low_grads = torch.empty(time, batch, 4, size, dtype=LOW)
        carried = torch.zeros(batch, size, dtype=LOW)
        wide = torch.empty(batch, size)
        own = torch.empty(batch, size)
        carried_cell = carried_cell.clone()
        steps = zip(
            from_outputs.unbind(0),
            to_cell.unbind(0),
            slopes.unbind(0),
            slopes[:, :, :3].unbind(0),
            slopes[:, :, 3].unbind(0),
            kept.unbind(0),
            low_grads.unbind(0),
            strict=True,
        )
        for from_output, onward, slope, slope_cell, slope_output, keep, low_grad in reversed(
            list(steps)
        ):
            torch.add(from_output, wide.copy_(carried), out=own)
            carried_cell.addcmul_(own, onward)
            slope_cell.mul_(carried_cell[:, None])
            slope_output.mul_(own)
            low_grad.copy_(slope)
            carried_cell.mul_(keep)
            torch.mm(low_grad.view(batch, 4 * size), back_weight, out=carried)
        flat_grads = low_grads.view(time * batch, 4 * size)
        columns = flat_grads.t()
        ones = flat_grads.new_ones(1, time * batch)
        return (
            (flat_grads @ own_weight).view(time, batch, -1).float()
            if ctx.needs_input_grad[0]
            else None,
            carried.float(),
            carried_cell,
            (columns @ flat).float(),
            (columns @ low_outputs[:-1].view(time * batch, size)).float(),
            (ones @ flat_grads).view(-1).float(),
        )


def lstm_layer(
    inputs: Tensor,
    hidden: Tensor,
    cell: Tensor,
    input_weight: Tensor,
    hidden_weight: Tensor,
    bias: Tensor,
) -> tuple[Tensor, Tensor]:
    """(time, batch, hidden) outputs and the (batch, hidden) cell after the last step.

    All are float32 on the CPU. ``inputs`` is (time, batch, input), ``hidden`` and ``cell`` are
    (batch, hidden), weights (4·hidden, …) in the order input, forget, candidate, output. Can be
    differentiated once.
    """
    outputs, after = _LstmLayer.apply(  # type: ignore[no-untyped-call]
        inputs, hidden, cell, input_weight, hidden_weight, bias
    )
    return outputs, after
