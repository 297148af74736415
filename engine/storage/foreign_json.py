"""JSON that anybody may have written: what cannot be read is one kind of error, whatever it is."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

LARGEST_NUMBER = 1e300
"""Beyond it the arithmetic of a chart has no room."""
LARGEST_COUNT = 2**53


def decoded(decode: Callable[[bytes], T], raw: bytes) -> T:
    """What ``decode`` reads from ``raw``.

    Raises:
        ValueError: when that is not JSON, not of the wanted form, or nested without end.
    """
    try:
        return decode(raw)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def bounded(path: Path, most: int) -> bytes:
    """All of a file that has at most ``most`` bytes.

    Raises:
        OSError: when it cannot be read.
        ValueError: when it is larger, or no file.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a file")
    if status.st_size > most:
        raise ValueError(f"it has {status.st_size:,} bytes, and may have {most:,}")
    return path.read_bytes()


def in_bounds(value: object) -> bool:
    """Whether a number, if ``value`` is one, is one that can be reckoned with."""
    if isinstance(value, int):
        return abs(value) <= LARGEST_COUNT
    return not isinstance(value, float) or abs(value) <= LARGEST_NUMBER
