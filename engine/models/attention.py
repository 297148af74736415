"""Attention over the model's own past, one ``score`` for three ways of asking.

dot: the query and the keys share one projection. general: the query has its own (Luong 2015).
additive: a small network compares them (Bahdanau 2015). Keys and values are separate projections
of the recurrent output, so that what is looked for, what is looked at and what is predicted do
not have to share one vector; this lets attention reach further back (Daniluk 2017).
"""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor, nn

from engine.config import Attention


def looking_size(hidden_size: int) -> int:
    """Of the keys, values and queries of states of ``hidden_size``."""
    return min(128, max(16, hidden_size // 4))


class Scorer(nn.Module):
    """Compares states with states, by name."""

    def __init__(self, kind: Attention, hidden_size: int, size: int) -> None:
        super().__init__()
        self.kind, self.size = kind, size
        self.key = nn.Linear(hidden_size, size, bias=False)
        self.query = (
            nn.Linear(hidden_size, size, bias=kind == "additive") if kind != "dot" else None
        )
        self.measure = (
            nn.Parameter(torch.empty(size).uniform_(-1, 1) / math.sqrt(size))
            if kind == "additive"
            else None
        )

    @property
    def asking(self) -> nn.Linear:
        """The map from states (..., hidden) to queries (..., size); ``key`` is that to keys."""
        return self.query or self.key

    def score(self, queries: Tensor, keys: Tensor) -> Tensor:
        """(batch, time, positions) from (batch, time, size) and (batch, positions, size)."""
        if self.measure is not None:
            both = torch.tanh(queries[:, :, None] + keys[:, None])
            return both @ self.measure
        return torch.baddbmm(
            queries.new_zeros(()), queries, keys.transpose(1, 2), beta=0, alpha=self.size**-0.5
        )


def causal_window(time: int, span: int, device: torch.device) -> Tensor:
    """(time, span + time) mask: step t sees the ``span`` tokens that end with itself.

    Positions are the ``span`` remembered tokens and then the window's own.
    """
    # A card's recorded steps would go on using a mask that is not kept any more.
    return (
        _causal_window(time, span, device) if device.type == "cuda" else _kept(time, span, device)
    )


def _causal_window(time: int, span: int, device: torch.device) -> Tensor:
    step = torch.arange(time, device=device)[:, None]
    position = torch.arange(span + time, device=device)[None, :] - span
    return (position <= step) & (position > step - span)


@functools.lru_cache(maxsize=64)
def _kept(time: int, span: int, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # it may be asked for in writing, and kept for training
        return _causal_window(time, span, device)
