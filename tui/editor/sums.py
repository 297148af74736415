"""Running sums over a list that changes in the middle, as line lengths and line heights do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, islice

AHEAD = 512
"""Sums that are computed at once when more are needed."""


class PrefixSums:
    """Numbers with the sum of all before each.

    Sums are kept up to the last change and computed again only as far as somebody asks, so that a
    change where the reader is costs nothing for the rest of the list.
    """

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._values = list(values)
        self._before = [0]
        self.total = sum(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> int:
        return self._values[index]

    def replace(self, first: int, last: int, values: list[int]) -> None:
        """Put ``values`` in the place of those from ``first`` up to, not including, ``last``."""
        self.total += sum(values) - sum(self._values[first:last])
        self._values[first:last] = values
        del self._before[first + 1 :]

    def before(self, index: int) -> int:
        """Sum of the values before ``index``."""
        if index >= len(self._before):
            self._extend(index)
        return self._before[index]

    def find(self, amount: int) -> int:
        """Index of the value in which ``amount`` falls: the last one if it is too much."""
        while self._before[-1] <= amount and len(self._before) <= len(self._values):
            self._extend(len(self._before) + AHEAD)
        return max(0, min(bisect_right(self._before, amount) - 1, len(self._values) - 1))

    def _extend(self, index: int) -> None:
        known = self._before
        more = islice(self._values, len(known) - 1, max(index, len(known)))
        known.extend(islice(accumulate(more, initial=known[-1]), 1, None))
