"""What a run writes as it goes on: where the disk refuses, that is told, and the run goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.errors import ColdOpenError

T = TypeVar("T")


class DiskWrites:
    """Writes that may fail: of each kind, the first of several failures is told, and their end."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._refused: set[str] = set()

    def attempt(self, kind: str, write: Callable[[], T]) -> T | None:
        """What ``write`` returns; None where the disk refuses. ``kind`` is for a sentence."""
        try:
            made = write()
        except ColdOpenError as error:
            if kind not in self._refused:
                self._refused.add(kind)
                self._tell(f"{error} The run goes on, and tries again.")
            return None
        if kind in self._refused:
            self._refused.remove(kind)
            self._tell(f"The {kind} could be written again.")
        return made
