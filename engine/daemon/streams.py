"""The writing thread: advances every open stream, one token each in turn.

Words are gathered for a few tens of milliseconds before they are sent, but the first one at once.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import ColdOpenError, ModelError
from engine.generation.stream import Stream
from engine.protocol.messages import AdjustStream, AnyEvent, StreamEnded, TokensWritten
from engine.protocol.values import WrittenToken

log = logging.getLogger(__name__)
FLUSH_SECONDS = 0.03

Tell = Callable[[AnyEvent], bool]


@dataclass
class _Open:
    """A stream, its reader, and what was written but not yet sent."""

    id: str
    stream: Stream
    owner: object
    tell: Tell
    waiting: dict[int, list[WrittenToken]] = field(default_factory=dict)
    flushed: float = 0.0
    stopping: bool = False

    def flush(self, now: float) -> bool:
        """Send what waits; False where the reader is gone."""
        alive = True
        for branch, tokens in self.waiting.items():
            event = TokensWritten(stream=self.id, branch=branch, tokens=tuple(tokens))
            alive = self.tell(event) and alive
        self.waiting.clear()
        self.flushed = now
        return alive


class Streams:
    """All streams that are being written, and the thread that writes them."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[str, _Open] = {}
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._write, name="writing", daemon=True).start()

    def add(self, stream: Stream, owner: object, tell: Tell) -> str:
        """Start writing ``stream`` for ``owner``; returns its id."""
        with self._changed:
            name = f"s{next(self._numbers)}"
            self._open[name] = _Open(name, stream, owner, tell)
            self._changed.notify()
        return name

    def adjust(self, request: AdjustStream, owner: object) -> None:
        """New settings from the next token on; nothing happens where the stream has ended."""
        if (found := self._find(request.stream, owner)) is not None:
            found.stream.adjust(request.settings, request.stop, request.seed)

    def stop(self, name: str, owner: object) -> None:
        """Stop after the token in hand; what came stays."""
        if (found := self._find(name, owner)) is not None:
            found.stopping = True

    def forget(self, owner: object) -> None:
        """Drop the streams of a client that has left."""
        with self._changed:
            for name in [n for n, o in self._open.items() if o.owner is owner]:
                del self._open[name]

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._open.clear()
            self._changed.notify()

    def _find(self, name: str, owner: object) -> _Open | None:
        with self._changed:
            found = self._open.get(name)
        if found is not None and found.owner is not owner:
            raise ModelError(f"Stream {name} belongs to another client.")
        return found

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._open and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                turn = list(self._open.values())
            for entry in turn:
                if not self._advance(entry):
                    with self._changed:
                        self._open.pop(entry.id, None)

    def _advance(self, entry: _Open) -> bool:
        """One token a branch; False once the stream is over."""
        try:
            if entry.stopping:
                entry.stream.stop()
            step = entry.stream.step()
        except ColdOpenError as error:
            return self._break_off(entry, str(error))
        except Exception as error:
            log.exception("stream %s broke off", entry.id)
            return self._break_off(entry, f"{type(error).__name__}: {error}")
        for branch, token in step.tokens:
            entry.waiting.setdefault(branch, []).append(token)
        now = time.monotonic()
        if step.ended or now - entry.flushed >= FLUSH_SECONDS:
            alive = entry.flush(now)
            for end in step.ended:
                alive = entry.tell(
                    StreamEnded(
                        stream=entry.id,
                        branch=end.branch,
                        reason=end.reason,
                        record=end.record,
                        fit=end.fit,
                    )
                )
            if not alive:
                return False
        return not entry.stream.over

    @staticmethod
    def _break_off(entry: _Open, why: str) -> bool:
        entry.flush(time.monotonic())
        for branch in entry.stream.open_branches:
            entry.tell(
                StreamEnded(
                    stream=entry.id, branch=branch, reason="failed", record=None, message=why
                )
            )
        return False
