"""The text file of a draft that is open here, which other programs may change meanwhile."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

_MARK = b"\xef\xbb\xbf"
State = tuple[int, int, int, int]
"""Device, inode, when it was changed and how long it is."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a text file held at one moment."""

    state: State | None
    """None where there was no file."""
    data: bytes = b""

    def as_written_here(self) -> bytes:
        """Without the line ends and the mark that another editor may give a text."""
        return self.data.removeprefix(_MARK).replace(b"\r\n", b"\n")


class TextFile:
    """A text file as it was last read or written here.

    Whether it still is so is told by its state and, only where that is another, by what it holds.

    Raises:
        OSError: when there is a file that cannot be read, in all methods with a path.
    """

    def __init__(self) -> None:
        self._state: State | None = None
        self._digest = _digest(b"")

    def know(self, found: Found) -> None:
        """``found`` is known here from now on."""
        self._state, self._digest = found.state, _digest(found.data)

    def read(self, path: Path) -> bytes:
        """What is there, which is known from now on; nothing where there is no file."""
        found = _found(path)
        self.know(found)
        return found.data

    def holds(self, data: bytes) -> bool:
        """Whether ``data`` is what was last known to be there."""
        return self._state is not None and self._digest == _digest(data)

    def other(self, path: Path) -> Found | None:
        """What has been made of it elsewhere; None where it is still what is known here."""
        try:
            state = state_of(path.stat())
        except FileNotFoundError:
            state = None
        if state == self._state:
            return None
        found = _found(path)
        if _digest(found.data) == self._digest:
            self._state = found.state
            return None
        return found


def state_of(stat: os.stat_result) -> State:
    """Another one where a text was changed in between."""
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size


def _found(path: Path) -> Found:
    try:
        with path.open("rb") as file:
            return Found(state_of(os.fstat(file.fileno())), file.read())
    except FileNotFoundError:
        return Found(None)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
