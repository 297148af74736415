"""An LSTM layer for CPUs whose gradient is written by hand.

What depends on the input alone is one matrix product over the whole window, and so are all weight
gradients; only the hidden-to-hidden product is left in the loop over time. What the backward loop
multiplies by is prepared for all steps at once, so that a step of it is five short kernels and a
product. With ``bfloat16`` the products and gate activations are in that precision, the memory
cell and all sums over time in float32.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


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
        low: bool,
    ) -> tuple[Tensor, Tensor]:
        time, batch, width = inputs.shape
        size = hidden.shape[1]
        kind = torch.bfloat16 if low else inputs.dtype
        flat = inputs.reshape(time * batch, width).to(kind)
        wide_in, wide_back = input_weight.to(kind), hidden_weight.to(kind)
        gates = torch.addmm(bias.to(kind), flat, wide_in.t()).view(time, batch, 4 * size)
        back = wide_back.t()
        cells = torch.empty(time + 1, batch, size, dtype=torch.float32 if low else kind)
        cells[0] = cell
        squashed = torch.empty(time, batch, size, dtype=kind)
        outputs = torch.empty(time + 1, batch, size, dtype=kind)
        outputs[0] = hidden
        for step in range(time):
            gate = gates[step]
            gate.addmm_(outputs[step], back)
            gate[:, : 2 * size].sigmoid_()
            gate[:, 2 * size : 3 * size].tanh_()
            gate[:, 3 * size :].sigmoid_()
            after = cells[step + 1]
            torch.mul(gate[:, size : 2 * size], cells[step], out=after)
            after.addcmul_(gate[:, :size], gate[:, 2 * size : 3 * size])
            torch.tanh(after, out=squashed[step])
            torch.mul(gate[:, 3 * size :], squashed[step], out=outputs[step + 1])
        ctx.save_for_backward(flat, wide_in, wide_back, gates, cells, squashed, outputs)
        ctx.kinds = inputs.dtype, input_weight.dtype
        return outputs[1:].to(inputs.dtype), cells[time].to(inputs.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        flat, wide_in, wide_back, gates, cells, squashed, outputs = ctx.saved_tensors
        time, batch, size = squashed.shape
        from_outputs, from_cell = grads
        view = gates.view(time, batch, 4, size)
        opened, kept, candidate, shown = view.unbind(2)
        # What each gate's gradient is to that of the cell (input, forget, candidate) or of the
        # output (output gate), for all steps at once.
        slopes = torch.empty_like(view)
        sigmoid_backward, tanh_backward = (
            torch.ops.aten.sigmoid_backward,
            torch.ops.aten.tanh_backward,
        )
        slopes[:, :, 0] = sigmoid_backward(candidate, opened)
        slopes[:, :, 1] = sigmoid_backward(cells[:-1].to(gates.dtype), kept)
        slopes[:, :, 2] = tanh_backward(opened, candidate)
        slopes[:, :, 3] = sigmoid_backward(squashed, shown)
        to_cell = tanh_backward(shown, squashed)
        carried_cell = from_cell.to(cells.dtype)
        carried = torch.zeros(batch, size, dtype=gates.dtype)
        gate_grads = slopes
        for step in range(time - 1, -1, -1):
            own = from_outputs[step] + carried
            carried_cell = torch.addcmul(carried_cell, own, to_cell[step])
            grad = gate_grads[step]
            grad[:, :3] *= carried_cell[:, None]
            grad[:, 3] *= own
            carried_cell = carried_cell * kept[step]
            carried = torch.mm(grad.view(batch, 4 * size), wide_back)
        flat_grads = gate_grads.view(time * batch, 4 * size)
        wide, weight_kind = ctx.kinds
        columns = flat_grads.t()
        return (
            (flat_grads @ wide_in).view(time, batch, -1).to(wide)
            if ctx.needs_input_grad[0]
            else None,
            carried.to(wide),
            carried_cell.to(wide),
            (columns @ flat).to(weight_kind),
            (columns @ outputs[:-1].view(time * batch, size)).to(weight_kind),
            flat_grads.sum(0, dtype=torch.float32).to(weight_kind),
            None,
        )


def lstm_layer(
    inputs: Tensor,
    hidden: Tensor,
    cell: Tensor,
    input_weight: Tensor,
    hidden_weight: Tensor,
    bias: Tensor,
    bfloat16: bool,
) -> tuple[Tensor, Tensor]:
    """(time, batch, hidden) outputs and the (batch, hidden) cell after the last step.

    ``inputs`` is (time, batch, input), ``hidden`` and ``cell`` are (batch, hidden), weights
    (4·hidden, …) in the order input, forget, candidate, output. Can be differentiated once.
    """
    outputs, after = _LstmLayer.apply(  # type: ignore[no-untyped-call]
        inputs, hidden, cell, input_weight, hidden_weight, bias, bfloat16
    )
    return outputs, after
