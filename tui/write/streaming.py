"""The words that a model is writing: branches side by side, one of them shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.protocol.messages import StreamEnded, StreamStarted, TokensWritten, Write
from engine.protocol.values import GenerationRecord, WrittenToken


@dataclass
class Branch:
    """One alternative, growing."""

    number: int = 0
    text: str = ""
    """What is still pending of it."""
    tokens: list[WrittenToken] = field(default_factory=list)
    reason: str = ""
    """Why it ended; empty while it grows."""
    record: GenerationRecord | None = None


@dataclass
class Continuation:
    """What one press of the key asked for, and what came of it so far."""

    request: Write
    stream: str = ""
    branches: list[Branch] = field(default_factory=list)
    shown: int = 0

    @property
    def running(self) -> bool:
        return not self.stream or any(not branch.reason for branch in self.branches)

    @property
    def text(self) -> str:
        return self.branches[self.shown].text if self.branches else ""

    def begin(self, started: StreamStarted) -> None:
        """The engine has begun to write."""
        self.stream = started.stream
        if not self.branches:
            self.branches = [Branch(record.branch, record=record) for record in started.records]

    def take(self, event: TokensWritten | StreamEnded) -> bool:
        """Whether ``event`` belongs to this continuation; if so it is taken in."""
        branch = next((b for b in self.branches if b.number == event.branch), None)
        if event.stream != self.stream or branch is None:
            return False
        if isinstance(event, TokensWritten):
            branch.tokens.extend(event.tokens)
            branch.text += "".join(token.text for token in event.tokens)
        else:
            branch.reason = event.reason
            branch.record = event.record
        return True

    def taken(self, length: int) -> None:
        """The first ``length`` characters are in the draft: the other alternatives are over."""
        shown = self.branches[self.shown]
        shown.text = shown.text[length:]
        self.branches, self.shown = [shown], 0

    def show(self, step: int) -> None:
        """Go on to the next (1) or back to the previous (-1) alternative."""
        if self.branches:
            self.shown = (self.shown + step) % len(self.branches)
