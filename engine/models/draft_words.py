"""Words that only the draft has, which come behind the vocabulary's ids.

Those at an even offset are words, those at an odd one cues; a network reads them as the unknown
word (0) or the unknown cue (1).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def read_as(ids: Tensor, vocabulary_size: int) -> Tensor:
    """``ids`` as a network of ``vocabulary_size`` words reads them."""
    beyond = ids - vocabulary_size
    return torch.where(beyond >= 0, beyond & 1, ids)


def array_read_as(ids: NDArray[np.int64], vocabulary_size: int) -> NDArray[np.int64]:
    """As :func:`read_as`, of an array."""
    beyond = ids - vocabulary_size
    known: NDArray[np.int64] = np.where(beyond >= 0, beyond & 1, ids)
    return known
