"""Locked (variational) dropout: one mask for all time steps of a window (Gal & Ghahramani 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LockedDropout(nn.Module):
    """Silences the same units of a row at every time step, so that a memory is not noisy."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, values: Tensor) -> Tensor:
        """``values`` (batch, time, features), scaled so that its mean is kept in training."""
        if not self.training or self.probability == 0:
            return values
        keep = 1 - self.probability
        mask = torch.empty(
            values.shape[0], 1, values.shape[2], device=values.device, dtype=values.dtype
        )
        return values * mask.bernoulli_(keep).div_(keep)
