"""What waits to be sent to one client: bounded, so that a stalled client never holds the engine.

Rules, in order:

* Answers are never dropped; a client that lets ``MAX_WAITING`` of anything pile up is cut off.
* A heartbeat replaces the one before it; so does a report of progress that of the same call.
* Consecutive tokens of one branch become one event.
* When a curve's points pile up, every other waiting point goes; the client can ask for the curve.
"""

from __future__ import annotations

import threading
from collections import deque

from engine.protocol.messages import (
    Answer,
    AnyEvent,
    Failed,
    Heartbeat,
    Progress,
    TokensWritten,
    Told,
    TrainingMetrics,
    Welcome,
)

MAX_WAITING = 20_000
THIN_METRICS_AT = 500
MOST_TOKENS = 200
"""In one event, which would otherwise outgrow a frame while a client sleeps."""

Outgoing = Welcome | Answer | Failed | AnyEvent


class OutboxClosed(Exception):  # noqa: N818 - a state, not a fault
    """The client is gone or was cut off."""


class Outbox:
    """A queue between any number of senders and the one thread that writes to the client."""

    def __init__(self) -> None:
        self._waiting: deque[Outgoing] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._in_hand = False

    def put(self, message: Outgoing) -> bool:
        """Queue ``message``; False where the client is gone."""
        with self._changed:
            if self._closed:
                return False
            if self._merged(message):
                return True
            if isinstance(message, TrainingMetrics) and len(self._waiting) > THIN_METRICS_AT:
                self._thin()
            if len(self._waiting) >= MAX_WAITING:
                self._closed = True
                self._waiting.clear()
                self._changed.notify_all()
                return False
            self._waiting.append(message)
            self._changed.notify_all()
            return True

    def get(self) -> Welcome | Answer | Failed | Told:
        """The next message, waiting for one; asking for it says that the one before was sent.

        Raises:
            OutboxClosed: when the client is gone and nothing is left to send.
        """
        with self._changed:
            self._in_hand = False
            while not self._waiting:
                self._changed.notify_all()
                if self._closed:
                    raise OutboxClosed
                self._changed.wait()
            message = self._waiting.popleft()
            self._in_hand = True
        if isinstance(message, Welcome | Answer | Failed):
            return message
        return Told(event=message)

    def close(self) -> None:
        """No more messages; what waits may still be sent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def give_up(self) -> None:
        """No more messages, and those that wait are not sent: the client is gone."""
        with self._changed:
            self._closed = True
            self._in_hand = False
            self._waiting.clear()
            self._changed.notify_all()

    def wait_until_sent(self, seconds: float) -> bool:
        """Whether everything is on its way to the client, after ``seconds`` at most."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._in_hand), seconds)

    def _merged(self, message: Outgoing) -> bool:
        if not self._waiting:
            return False
        last = self._waiting[-1]
        if isinstance(message, TokensWritten):
            same = isinstance(last, TokensWritten) and (
                (last.stream, last.branch) == (message.stream, message.branch)
                and len(last.tokens) + len(message.tokens) <= MOST_TOKENS
            )
            if same and isinstance(last, TokensWritten):
                self._waiting[-1] = TokensWritten(
                    stream=last.stream, branch=last.branch, tokens=last.tokens + message.tokens
                )
            return same
        if isinstance(message, Heartbeat | Progress):
            for index, waiting in enumerate(self._waiting):
                if _outdated(waiting, message):
                    self._waiting[index] = message
                    return True
        return False

    def _thin(self) -> None:
        kept: deque[Outgoing] = deque()
        drop = False
        for message in self._waiting:
            if isinstance(message, TrainingMetrics):
                drop = not drop
                if drop:
                    continue
            kept.append(message)
        self._waiting = kept


def _outdated(waiting: Outgoing, report: Heartbeat | Progress) -> bool:
    if isinstance(report, Progress):
        return isinstance(waiting, Progress) and waiting.id == report.id
    return isinstance(waiting, Heartbeat)
