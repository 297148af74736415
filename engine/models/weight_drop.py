"""Weight drop: DropConnect on the hidden-to-hidden weights (Wan 2013; Merity, AWD-LSTM, 2017)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def dropped(weight: Tensor, probability: float, training: bool) -> Tensor:
    """``weight`` with a share of its entries silenced for one whole window."""
    if not training or probability == 0:
        return weight
    return functional.dropout(weight, probability, training=True)
