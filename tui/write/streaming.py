"""The words that a model is writing: branches side by side, one of them shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.protocol.messages import (
    StreamEnded,
    StreamStarted,
    TokensWritten,
    Write,
    WriteAgain,
)
from engine.protocol.values import GenerationRecord, WrittenToken
from tui.drafts.tree import Node, Tree, node_id
from tui.editor.passage import Span

SURPRISING_BITS = (4.0, 7.0, 10.0)
"""From so many bits on a word is tinted at level 1, 2 and 3."""


@dataclass
class Branch:
    """One alternative, growing."""

    number: int
    node: str
    """Its name in the tree."""
    text: str = ""
    tokens: list[WrittenToken] = field(default_factory=list)
    reason: str = ""
    """Why it ended; empty while it grows."""
    record: GenerationRecord | None = None
    fit: float | None = None
    taken: int = 0
    """Characters that the writer accepted."""

    def surprises(self, start: int, end: int) -> Iterator[Span]:
        """Marks on the surprising words between two of its characters, counted from ``start``."""
        at = 0
        for token in self.tokens:
            first, at = at, at + len(token.text)
            level = sum(token.surprise >= bits for bits in SURPRISING_BITS)
            if level and not token.forced and first < end and at > start:
                first += len(token.text) - len(token.text.lstrip())
                yield Span(max(first, start) - start, min(at, end) - start, "surprise", str(level))


@dataclass(frozen=True)
class Place:
    """Where in a draft something was asked for: it is gone once the writer writes on or moves."""

    at: int
    """Characters of the draft before it."""
    tail: str
    """The last of them."""


@dataclass(frozen=True)
class Wish:
    """A continuation that was asked for before there was a model to write it."""

    place: Place
    speaker: str | None
    fill: bool
    instead: bool


@dataclass
class Continuation:
    """What one press of a key asked for, and what came of it so far."""

    request: Write | WriteAgain | None
    """None for branches that were fetched from the tree."""
    number: int
    parent: str = ""
    place: Place = Place(0, "")
    tree: Tree | None = None
    """Of the draft that it was asked for in."""
    stream: str = ""
    branches: list[Branch] = field(default_factory=list)
    shown: int = 0
    used: int = 0
    """Characters of the shown branch that are in the draft, taken or typed."""
    chosen: bool = False
    """Whether the writer picked the branch that is shown."""
    made_again: str = ""
    """The text that a repetition should come to."""
    instead: bool = False
    """Whether what the model wrote behind the place gives way as soon as there is a stream."""
    over: bool = False
    """What still comes is not shown any more."""

    @classmethod
    def of_nodes(cls, nodes: list[Node], shown: str, tree: Tree) -> Continuation:
        """Continuations from the tree, side by side again."""
        branches = [
            Branch(n, node.id, node.text, reason="kept", record=node.record)
            for n, node in enumerate(nodes)
        ]
        index = next(i for i, node in enumerate(nodes) if node.id == shown)
        first = nodes[0]
        return cls(
            None,
            0,
            first.parent,
            Place(first.at, first.tail),
            tree,
            branches=branches,
            shown=index,
            over=True,
        )

    @property
    def running(self) -> bool:
        return not self.over and (
            not self.stream or any(not branch.reason for branch in self.branches)
        )

    @property
    def complete(self) -> bool:
        """Whether every branch has come to its end."""
        return bool(self.branches) and all(branch.reason for branch in self.branches)

    @property
    def branch(self) -> Branch | None:
        """The one that is shown."""
        return self.branches[self.shown] if self.branches else None

    @property
    def pending(self) -> str:
        """What is shown and not in the draft yet."""
        return self.branches[self.shown].text[self.used :] if self.branches else ""

    @property
    def choices(self) -> list[Branch]:
        """The branches that can still be chosen: all, until something of one is in the draft."""
        return self.branches if not self.used else self.branches[self.shown : self.shown + 1]

    def begin(self, started: StreamStarted) -> None:
        """The engine has begun to write."""
        self.stream = started.stream
        self.branches = [
            Branch(record.branch, node_id(self.number, record.branch), record=record)
            for record in started.records
        ]

    def take(self, event: TokensWritten | StreamEnded) -> Branch | None:
        """Take in what came; the branch that it belongs to."""
        branch = next((b for b in self.branches if b.number == event.branch), None)
        if branch is None or branch.reason in ("lost", "kept"):
            return None
        if isinstance(event, TokensWritten):
            branch.tokens.extend(event.tokens)
            branch.text += "".join(token.text for token in event.tokens)
        else:
            branch.reason = event.reason
            branch.record = event.record or branch.record
            branch.fit = event.fit
        return branch

    def use(self, length: int, *, accepted: bool = True) -> None:
        """The next ``length`` characters of the shown branch are in the draft."""
        self.used += length
        self.chosen = True
        if accepted and self.branch is not None:
            self.branch.taken += length

    def show(self, step: int) -> None:
        """Go on to the next (1) or back to the previous (-1) alternative."""
        if self.branches and not self.used:
            self.shown = (self.shown + step) % len(self.branches)
            self.chosen = True

    def show_best(self) -> bool:
        """Show the branch that fits best to what follows, unless the writer has chosen."""
        ranked = [(b.fit, i) for i, b in enumerate(self.branches) if b.fit is not None]
        if self.chosen or self.used or not ranked or len(ranked) < len(self.branches):
            return False
        self.shown = min(ranked)[1]
        return True

    def end(self, reason: str) -> None:
        """Nothing more will come."""
        self.over = True
        for branch in self.branches:
            branch.reason = branch.reason or reason

    def keep(self, branch: Branch) -> None:
        """Put what came of a branch into the tree, unless that has it, and its marks, already."""
        tree = self.tree
        if tree is not None and self.number and branch.text and branch.node not in tree:
            tree.add(self.node(branch))

    def node(self, branch: Branch) -> Node:
        """A branch as the tree keeps it."""
        return Node(
            id=branch.node,
            parent=self.parent,
            at=self.place.at,
            tail=self.place.tail,
            text=branch.text,
            record=branch.record,
            made=time.time(),
            fit=branch.fit,
            taken=branch.taken,
        )
