"""Lines drawn in braille: curves in, rows of characters out. Nothing here knows of widgets.

A cell of the terminal holds 2 x 4 dots and has one colour. Several curves share the picture in
layers: where two meet in a cell, it takes the colour of the later one and shows the dots of both,
but for the faint layers at the bottom, which give way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tui.widgets.curve import Curve

_BASE = 0x2800
_DOT = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
BLANK = " "
LOWEST = 1e-300
"""Least value on a logarithmic axis; what is below it is a gap, like zero."""
HIGHEST = 1e300
"""Above it there is no room for the round number that comes next."""
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Bounds:
    """The part of the plane that is drawn; ``log`` puts y on a logarithmic scale."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float
    log: bool = False

    def column(self, x: float, dots: int) -> float:
        """Dot column of ``x``, 0 at the left of ``dots`` columns."""
        return (x - self.x_low) / (self.x_high - self.x_low) * (dots - 1)

    def row(self, y: float, dots: int) -> float:
        """Dot row of ``y``, 0 at the top of ``dots`` rows; NaN where it cannot be drawn."""
        low, high = self.y_low, self.y_high
        if self.log:
            if not y >= LOWEST:
                return math.nan
            y, low, high = math.log10(y), math.log10(low), math.log10(high)
        return (high - y) / (high - low) * (dots - 1)

    def x_at(self, column: float, dots: int) -> float:
        """The inverse of :meth:`column`."""
        return self.x_low + (self.x_high - self.x_low) * column / max(1, dots - 1)


def bounds_of(curves: Sequence[Curve], *, log: bool = False) -> Bounds | None:
    """What it takes to show every finite point, with some air; None when there is nothing."""
    x_low = y_low = math.inf
    x_high = y_high = -math.inf
    for curve in curves:
        for bucket in curve.buckets:
            if math.isnan(bucket.low):
                continue
            low, high = bucket.low, bucket.high
            if log:
                if high < LOWEST:
                    continue
                low = low if low >= LOWEST else high
            x_low, x_high = min(x_low, bucket.x_first), max(x_high, bucket.x_last)
            y_low, y_high = min(y_low, low), max(y_high, high)
    if x_low > x_high:
        return None
    if x_low == x_high:
        x_low, x_high = x_low - 0.5, x_high + 0.5
    if not x_low < x_high:
        return None
    if log:
        if y_high / y_low < 1.05:
            y_low, y_high = y_low / 1.05, y_high * 1.05
    elif y_high - y_low <= max(abs(y_high), abs(y_low)) * 1e-9:
        air = abs(y_high) * 0.05 or 0.5
        y_low, y_high = y_low - air, y_high + air
    else:
        air = (y_high - y_low) * 0.03
        y_low, y_high = (y_low - air if y_low < 0 or y_low >= air else 0.0), y_high + air
    if not all(map(math.isfinite, (x_low, x_high, y_low, y_high, x_high - x_low, y_high - y_low))):
        return None
    return Bounds(x_low, x_high, y_low, y_high, log)


class Canvas:
    """``width`` x ``height`` cells; who drew last in a cell owns it.

    The layers below ``faint`` lose their dots in a cell that another layer draws in.
    """

    def __init__(self, width: int, height: int, *, faint: int = 0) -> None:
        self.width, self.height = width, height
        self._faint = faint
        self._dots = [[0] * width for _ in range(height)]
        self._owner = [[NOBODY] * width for _ in range(height)]

    def column(self, x: int, top: int, bottom: int, layer: int) -> None:
        """A vertical run of dots, clipped to the canvas."""
        if not 0 <= x < self.width * 2:
            return
        top, bottom = max(0, min(top, bottom)), min(self.height * 4 - 1, max(top, bottom))
        cell, side = divmod(x, 2)
        for y in range(top, bottom + 1):
            row = y >> 2
            owner = self._owner[row][cell]
            if owner != layer:
                self._owner[row][cell] = layer
                if owner < self._faint:
                    self._dots[row][cell] = 0
            self._dots[row][cell] |= _DOT[y & 3][side]

    def rows(self) -> list[tuple[str, list[int]]]:
        """Each row's characters, and for each cell the layer that owns it (or NOBODY)."""
        return [
            ("".join(chr(_BASE + dots) if dots else BLANK for dots in row), owners)
            for row, owners in zip(self._dots, self._owner, strict=True)
        ]


def draw(canvas: Canvas, curve: Curve, bounds: Bounds, layer: int) -> None:
    """Draw ``curve``: in each dot column from its least to its greatest value, columns joined.

    A gap in the values leaves a gap in the line; a lone point between gaps is a dot.
    """
    wide, high = canvas.width * 2, canvas.height * 4
    if wide < 1 or high < 1:
        return
    column = NOBODY
    first = last = low = high_row = 0.0
    came_from: tuple[int, float] | None = None

    def flush() -> None:
        nonlocal came_from
        if column == NOBODY:
            return
        if came_from is not None:
            _join(canvas, came_from, (column, first), layer)
        canvas.column(column, _dot(low, high), _dot(high_row, high), layer)
        came_from = (column, last)

    for bucket in curve.buckets:
        if math.isnan(bucket.first) or (bounds.log and bucket.low < LOWEST):
            flush()
            column, came_from = NOBODY, None
            continue
        start = bounds.row(bucket.first, high)
        end = bounds.row(bucket.last, high)
        top, bottom = bounds.row(bucket.high, high), bounds.row(bucket.low, high)
        at = round(bounds.column((bucket.x_first + bucket.x_last) / 2, wide))
        if at == column:
            low, high_row, last = min(low, top), max(high_row, bottom), end
        else:
            flush()
            column, first, last, low, high_row = at, start, end, top, bottom
    flush()


def _dot(row: float, dots: int) -> int:
    """A row as a number, kept near the canvas so that wild values stay cheap."""
    return round(min(max(row, -1.0), float(dots)))


def _join(canvas: Canvas, start: tuple[int, float], end: tuple[int, float], layer: int) -> None:
    """The line between two columns, their own dots left out."""
    x0, y0 = start
    x1, y1 = end
    dots = canvas.height * 4
    if x1 <= x0:
        return
    before = y0
    for x in range(x0, x1 + 1):
        here = y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        middle = (before + here) / 2
        if x > x0:
            canvas.column(x - 1, _dot(before, dots), _dot(middle, dots), layer)
            canvas.column(x, _dot(middle, dots), _dot(here, dots), layer)
        before = here


def ticks(low: float, high: float, number: int) -> list[float]:
    """At most ``number`` round values in ``low``..``high``, in steps of 1, 2 or 5 and zeros."""
    if not (number > 0 and math.isfinite(low) and math.isfinite(high) and low < high):
        return []
    raw = (high - low) / number
    if not LOWEST <= raw <= HIGHEST:
        return []
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power >= raw)
    first = math.ceil(low / step)
    found = [round(first + i) * step for i in range(number + 2)]
    inside = (0.0 if abs(tick) < step / 2 else tick for tick in found if low <= tick <= high)
    return list(dict.fromkeys(inside))[:number]


def log_ticks(low: float, high: float, number: int) -> list[float]:
    """Round values on a logarithmic scale: 1, 2, 5 in each decade, fewer where it is tight."""
    if not (number > 0 and 0 < low < high < math.inf):
        return []
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(min(high, HIGHEST))) + 1)
    for factors in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1,)):
        found = [f * 10.0**d for d in decades for f in factors if low <= f * 10.0**d <= high]
        if 2 <= len(found) <= number:
            return found
    if len(found) > number:
        every = math.ceil(len(found) / number)
        return found[::every]
    return found or ticks(low, high, number)


def number_text(value: float) -> str:
    """A number in few characters: ``1.2k``, ``0.035``, ``4e-05``."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size == 0:
        return "0"
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            if size >= 1e13:
                return f"{value:.0e}"
            scale = 1e3 if unit == "k" else limit
            return f"{value / scale:.4g}{unit}"
    if size < 1e-3:
        return f"{value:.0e}"
    return f"{value:.4g}"
