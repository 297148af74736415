"""A series of points that stays cheap to draw: thinned as it grows, never read twice in full."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from dataclasses import dataclass

MAX_BUCKETS = 2048
"""More than any terminal has dot columns; when there would be more, neighbours are joined."""


@dataclass(slots=True)
class Bucket:
    """Consecutive points in one: where they start and end, and how far up and down they go."""

    x_first: float
    x_last: float
    first: float
    last: float
    low: float
    high: float

    def join(self, later: Bucket) -> Bucket:
        """This and the bucket after it as one. A gap on either side gives way to points."""
        if math.isnan(self.first):
            return Bucket(
                self.x_first, later.x_last, later.first, later.last, later.low, later.high
            )
        if math.isnan(later.first):
            return Bucket(self.x_first, later.x_last, self.first, self.last, self.low, self.high)
        return Bucket(
            self.x_first,
            later.x_last,
            self.first,
            later.last,
            min(self.low, later.low),
            max(self.high, later.high),
        )


class Curve:
    """Points in the order of their x; NaN, infinity and None are gaps.

    Appending costs the same however many points there are: points fall into buckets of a fixed
    number, and when there are too many buckets, neighbours are joined and the number doubles.
    """

    def __init__(self) -> None:
        self.xs: array[float] = array("d")
        self.ys: array[float] = array("d")
        self.buckets: list[Bucket] = []
        self._stride = 1
        self._in_last = 0

    def __len__(self) -> int:
        return len(self.xs)

    def append(self, x: float, y: float | None) -> None:
        """Add a point. One that lies before the last point replaces it and all after ``x``."""
        if not math.isfinite(x):
            return
        if self.xs and x < self.xs[-1]:
            self._cut(x)
        value = y if y is not None and math.isfinite(y) else math.nan
        self.xs.append(x)
        self.ys.append(value)
        self._put(x, value)

    def _put(self, x: float, value: float) -> None:
        point = Bucket(x, x, value, value, value, value)
        if self.buckets and self._in_last < self._stride:
            self.buckets[-1] = self.buckets[-1].join(point)
            self._in_last += 1
            return
        if len(self.buckets) >= MAX_BUCKETS:
            old = self.buckets
            self.buckets = [old[i].join(old[i + 1]) for i in range(0, len(old) - 1, 2)]
            self._stride *= 2
        self.buckets.append(point)
        self._in_last = 1

    def _cut(self, x: float) -> None:
        """Forget the points at and after ``x``: the run was wound back there."""
        keep = bisect_left(self.xs, x)
        xs, ys = self.xs[:keep], self.ys[:keep]
        self.clear()
        for old_x, old_y in zip(xs, ys, strict=True):
            self.append(old_x, old_y)

    def clear(self) -> None:
        self.xs, self.ys = array("d"), array("d")
        self.buckets = []
        self._stride, self._in_last = 1, 0

    def nearest(self, x: float) -> tuple[float, float] | None:
        """The point nearest to ``x``; its value may be NaN."""
        if not self.xs:
            return None
        index = bisect_left(self.xs, x)
        if index == len(self.xs) or (index and x - self.xs[index - 1] <= self.xs[index] - x):
            index -= 1
        return self.xs[index], self.ys[index]

    def span(self) -> tuple[float, float] | None:
        """The first and the last x; None when it is empty."""
        return (self.xs[0], self.xs[-1]) if self.xs else None

    def last(self) -> float:
        """The last value; NaN when there is none or it is a gap."""
        return self.ys[-1] if self.ys else math.nan


class Smoother:
    """Moving average that looks back over a tenth of the points so far, and over 20 at most.

    The first ten are left as they are: an average that is slow on a short curve would lag behind
    it and tell another story.
    """

    LEAST_NEW = 0.05
    """Share of a new point in the average, however many there are."""
    SHARE = 10
    """The average of n points looks back over n / SHARE of them."""

    def __init__(self) -> None:
        self._average = 0.0
        self._points = 0

    def next(self, value: float | None) -> float:
        """The average so far; a gap passes through and leaves the average alone."""
        if value is None or not math.isfinite(value):
            return math.nan
        self._points += 1
        new = min(1.0, max(self.LEAST_NEW, self.SHARE / self._points))
        self._average += new * (value - self._average)
        return self._average
