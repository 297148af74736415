"""What a memory is written on while a text grows token by token.

With every token the memory's oldest place is dropped. Copied each time, that would be a megabyte
for eight rows; here the token is written behind what is there, on arrays with room to spare.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SPARE = 128
"""Tokens that fit before everything is copied to a new tape."""


class MemoryTape:
    """Arrays that begin as ``parts``, (batch, span, ...) each, and have room behind.

    Places that were given out are never changed.
    """

    def __init__(self, parts: Sequence[Tensor]) -> None:
        self._span = parts[0].shape[1]
        self._end = self._span
        self._last = parts[0]
        self._lock = threading.Lock()
        self._arrays: list[NDArray[Any]] = []
        for part in parts:
            kept = part.numpy()
            shape = (len(kept), self._span + SPARE, *kept.shape[2:])
            array = np.empty(shape, kept.dtype)
            array[:, : self._span] = kept
            self._arrays.append(array)

    def write(self, last: Tensor, token: Sequence[NDArray[Any]]) -> list[Tensor] | None:
        """The parts (batch, span, ...) with ``token``, (batch, ...) each, as their newest place.

        ``last`` is the first of the parts before. None when it is not what was given out last (a
        text has gone on from there in another way), or when the tape is full.
        """
        with self._lock:
            if last is not self._last or self._end == self._span + SPARE:
                return None
            for array, new in zip(self._arrays, token, strict=True):
                array[:, self._end] = new
            self._end += 1
            places = slice(self._end - self._span, self._end)
            parts = [torch.from_numpy(array[:, places]) for array in self._arrays]
            self._last = parts[0]
            return parts
