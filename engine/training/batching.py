"""Contiguous columns of text for truncated back-propagation through time.

The text is cut into ``columns`` equal stretches that are read side by side, so that the state
carried from window to window is always that of the words just before. Window lengths are jittered
(Merity 2017) so that the cuts fall elsewhere in every epoch.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SHORTEST = 4
COUNTED_AT_ONCE = 1 << 24


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run is in its data."""

    epoch: int = 0
    row: int = 0


class Columns:
    """The windows of one text, each target once an epoch.

    Fewer than ``columns`` words at the end, which fill no row, are left out.
    """

    def __init__(
        self, ids: NDArray[np.int32], columns: int, sequence_length: int, device: torch.device
    ) -> None:
        columns = max(1, min(columns, (len(ids) - 1) // SHORTEST))
        self.columns = columns
        self.rows = (len(ids) - 1) // columns
        self.sequence_length = min(sequence_length, self.rows)
        used = ids[: columns * self.rows + 1]
        self._resident: Tensor | None = None
        if device.type != "cpu":
            # All of it lives on the card, in half the room that indices want.
            self._resident = torch.from_numpy(np.array(used, dtype=np.int32)).to(device)
        # Views only: a corpus larger than memory stays on disk, and a window is read as it comes.
        self._inputs = used[:-1].reshape(columns, self.rows)
        self._targets = used[1:].reshape(columns, self.rows)

    def window(
        self, position: Position, dice: random.Random | None
    ) -> tuple[Tensor, Tensor, Position]:
        """(columns, time) ids and targets at ``position``, and where to go on.

        Without ``dice`` every window has the full length. A new epoch begins at row 0.
        """
        length = self.sequence_length
        if dice is not None:
            mean = length if dice.random() < 0.95 else length // 2
            length = max(SHORTEST, round(dice.gauss(mean, length / 10)))
        left = self.rows - position.row
        if left - length < SHORTEST:
            length = left
        rows = slice(position.row, position.row + length)
        end = position.row + length >= self.rows
        after = Position(position.epoch + 1, 0) if end else Position(position.epoch, rows.stop)
        return self._cut(rows, 0), self._cut(rows, 1), after

    def _cut(self, rows: slice, ahead: int) -> Tensor:
        """(columns, time) ids of ``rows``, ``ahead`` words further on."""
        if self._resident is not None:
            end = self.columns * self.rows + ahead
            return self._resident[ahead:end].view(self.columns, self.rows)[:, rows].long()
        source = self._targets if ahead else self._inputs
        return torch.from_numpy(source[:, rows].astype(np.int64))


def word_counts(ids: NDArray[np.int32], vocabulary_size: int) -> Tensor:
    """(vocabulary,) how often each word is in ``ids`` (tokens,), in bounded memory."""
    counts = np.zeros(vocabulary_size, dtype=np.int64)
    for start in range(0, len(ids), COUNTED_AT_ONCE):
        counts += np.bincount(ids[start : start + COUNTED_AT_ONCE], minlength=vocabulary_size)
    return torch.from_numpy(counts)
