"""A map of words in cells: where the eye is, which words fit, dots for the rest. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.protocol.values import MapPoint
from tui.inspect.words import named
from tui.render import width

_BASE = 0x2800
_DOT = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
LONGEST = 16
"""Cells a word may take."""
STEP = 1.5
"""How much closer one step is."""
_CLOSEST = 4000.0


@dataclass(frozen=True, slots=True)
class Eye:
    """The part of the plane that is seen: its middle, and half its width and height."""

    x: float = 0.0
    y: float = 0.0
    half_width: float = 1.0
    half_height: float = 1.0

    def zoomed(self, factor: float, most: Eye) -> Eye:
        """Closer by ``factor``, but never farther than ``most`` nor without end."""
        wide = min(self.half_width / factor, most.half_width)
        high = min(self.half_height / factor, most.half_height)
        if wide < most.half_width / _CLOSEST:
            return self
        if wide == most.half_width:
            return most
        return replace(self, half_width=wide, half_height=high)

    def panned(self, right: float, up: float, most: Eye) -> Eye:
        """Moved by shares of what is seen, its middle staying on the map."""
        return self.at(
            min(max(self.x + right * self.half_width, most.x - most.half_width),
                most.x + most.half_width),
            min(max(self.y + up * self.half_height, most.y - most.half_height),
                most.y + most.half_height),
        )  # fmt: skip

    def at(self, x: float, y: float) -> Eye:
        return replace(self, x=x, y=y)

    def dot(self, point: MapPoint, columns: int, rows: int) -> tuple[int, int]:
        """Dot column and row of a point in ``columns`` x ``rows`` cells, maybe outside."""
        right = (point.x - self.x + self.half_width) / (2 * self.half_width)
        down = (self.y + self.half_height - point.y) / (2 * self.half_height)
        return round(right * (columns * 2 - 1)), round(down * (rows * 4 - 1))


def whole(points: Sequence[MapPoint]) -> Eye:
    """What it takes to see every point, with some air."""
    if not points:
        return Eye()
    xs, ys = [p.x for p in points], [p.y for p in points]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    return Eye(
        (max(xs) + min(xs)) / 2,
        (max(ys) + min(ys)) / 2,
        wide / 2 * 1.06 or 1.0,
        high / 2 * 1.06 or 1.0,
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of cells in one row: a word, dots, or blanks."""

    text: str
    point: int | None = None
    """Index of the word's point; None for dots and blanks."""


def draw(
    points: Sequence[MapPoint], eye: Eye, columns: int, rows: int, first: Sequence[int] = ()
) -> list[list[Piece]]:
    """``rows`` rows of exactly ``columns`` cells.

    Words are put at their points, the points in ``first`` before all others and then those of
    greater count; where there is no room for a word, it is a dot.
    """
    if columns < 1 or rows < 1:
        return []
    labels: list[list[tuple[int, int, int, str]]] = [[] for _ in range(rows)]
    taken = [[False] * columns for _ in range(rows)]
    dots = [[0] * columns for _ in range(rows)]
    rank = {index: number for number, index in enumerate(first)}
    order = sorted(range(len(points)), key=lambda i: (rank.get(i, len(rank)), -points[i].count, i))
    for index in order:
        x, y = eye.dot(points[index], columns, rows)
        if not (0 <= x < columns * 2 and 0 <= y < rows * 4):
            continue
        row, column = y >> 2, x >> 1
        word = named(points[index].word, min(LONGEST, columns))
        size = width(word)
        start = min(max(0, column - size // 2), columns - size)
        around = taken[row][max(0, start - 1) : start + size + 1]
        if size and not any(around):
            taken[row][start : start + size] = [True] * size
            labels[row].append((start, size, index, word))
        else:
            dots[row][column] |= _DOT[y & 3][x & 1]
    return [_row(labels[row], dots[row], columns) for row in range(rows)]


def _row(labels: list[tuple[int, int, int, str]], dots: list[int], columns: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for start, size, index, word in [*sorted(labels), (columns, 0, -1, "")]:
        if start > at:
            text = "".join(chr(_BASE + d) if d else " " for d in dots[at:start])
            pieces.append(Piece(text))
        if size:
            pieces.append(Piece(word, index))
        at = start + size
    return pieces


def search(points: Sequence[MapPoint], wanted: str) -> list[int]:
    """Points whose words are, begin with, or contain ``wanted``, in this order."""
    wanted = wanted.strip().lower()
    if not wanted:
        return []
    words = [point.word.lower() for point in points]
    found = [i for i, word in enumerate(words) if word.rstrip(":") == wanted.rstrip(":")]
    found += [i for i, word in enumerate(words) if word.startswith(wanted) and i not in found]
    return found + [i for i, word in enumerate(words) if wanted in word and i not in found]
