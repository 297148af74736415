"""Embedding dropout: whole words are hidden from a window (Gal & Ghahramani 2016; Merity 2017)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def embed(ids: Tensor, table: Tensor, probability: float, training: bool) -> Tensor:
    """(batch, time, embedding) rows of ``table`` for ``ids`` (batch, time).

    In training each different word is dropped with ``probability``, everywhere in the batch at
    once, and the others are scaled up.
    """
    rows = functional.embedding(ids, table)
    if not training or probability == 0:
        return rows
    keep = 1 - probability
    word_mask = torch.empty(table.shape[0], 1, device=table.device, dtype=table.dtype)
    word_mask.bernoulli_(keep).div_(keep)
    return rows * functional.embedding(ids, word_mask)
