"""Undo: every change can be taken back, exactly, marks included.

The rules:

- Letters typed one after another at the same place are one step, and so are deletions in one
  direction; what a model wrote, pasted text and replacements are a step each.
- A step ends with a line end, with a pause of two seconds, when the cursor is moved, and at a
  word's beginning once it holds 60 characters.
- Anything new after an undo drops what could have been done again.
- Nothing is forgotten because of its number; the oldest steps go when together they hold more than
  64 million characters.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from textual.document._document import Location, Selection

from tui.editor.page_document import end_of
from tui.editor.passage import Passage

PAUSE_SECONDS = 2.0
LONG_STEP = 60
MOST_CHARACTERS = 64_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """One replacement in a draft."""

    start: Location
    removed: Passage
    inserted: Passage
    before: Selection
    after: Selection

    @property
    def size(self) -> int:
        return sum(map(len, self.removed.lines)) + sum(map(len, self.inserted.lines))

    @property
    def removed_end(self) -> Location:
        return end_of(self.start, self.removed.text)

    @property
    def inserted_end(self) -> Location:
        return end_of(self.start, self.inserted.text)


@dataclass
class ChangeHistory:
    """Steps that can be undone and done again."""

    clock: Callable[[], float] = time.monotonic
    most_characters: int = MOST_CHARACTERS
    _done: deque[list[Change]] = field(default_factory=deque)
    _undone: list[list[Change]] = field(default_factory=list)
    _closed: bool = True
    _last: float = 0.0
    _characters: int = 0

    def __len__(self) -> int:
        return len(self._done)

    def record(self, change: Change, *, alone: bool = False) -> None:
        """Remember a change that has been made; ``alone`` makes it a step of its own."""
        now = self.clock()
        if not alone and self._continues(change, now):
            self._done[-1].append(change)
        else:
            self._done.append([change])
        self._characters += change.size - sum(map(_size, self._undone))
        self._undone.clear()
        while self._characters > self.most_characters and len(self._done) > 1:
            self._characters -= _size(self._done.popleft())
        self._last = now
        self._closed = alone or "\n" in change.inserted.text or len(change.removed.lines) > 1

    def record_more(self, change: Change) -> None:
        """Remember one of several changes that are undone together.

        Those since the last :meth:`checkpoint` are one step, whatever they are.
        """
        if self._closed or not self._done:
            self.record(change, alone=True)
            self._closed = False
        else:
            self._done[-1].append(change)
            self._characters += change.size

    def checkpoint(self) -> None:
        """The next change begins a new step."""
        self._closed = True

    def clear(self) -> None:
        """Forget everything."""
        self._done.clear()
        self._undone.clear()
        self._closed, self._characters = True, 0

    def undo(self) -> list[Change]:
        """The changes to take back, the last one first."""
        if not self._done:
            return []
        step = self._done.pop()
        self._undone.append(step)
        self._closed = True
        return step[::-1]

    def redo(self) -> list[Change]:
        """The changes to make again, in order."""
        if not self._undone:
            return []
        step = self._undone.pop()
        self._done.append(step)
        self._closed = True
        return step

    def _continues(self, change: Change, now: float) -> bool:
        if self._closed or not self._done or now - self._last > PAUSE_SECONDS:
            return False
        step = self._done[-1]
        last = step[-1]
        typed, deleted = change.inserted.text, change.removed.text
        if len(typed) + len(deleted) != 1 or typed == "\n" or deleted == "\n":
            return False
        if typed:
            if last.removed or last.inserted_end != change.start:
                return False
            whole = sum(c.size for c in step)
            return whole < LONG_STEP or typed.isspace() or not last.inserted.text[-1:].isspace()
        if last.inserted:
            return False
        backspaced = end_of(change.start, deleted) == last.start
        return backspaced or change.start == last.start


def _size(step: list[Change]) -> int:
    return sum(change.size for change in step)
