"""Everything that was tried: each continuation a node under the one that its context ended with.

On disk the tree is a file of lines that only grows: nodes, and what became of them. A line that was
cut off by a crash is passed over.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from engine.protocol.values import GenerationRecord
from engine.storage.foreign_json import decoded

TAIL = 120
"""Characters before a continuation that are kept to find its place again."""


class Node(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One continuation, taken or not."""

    id: str
    parent: str = ""
    """The continuation in or behind which this one begins; empty at the root."""
    at: int = 0
    """Characters of the draft before it when it was written."""
    tail: str = ""
    """The last of them."""
    text: str = ""
    record: GenerationRecord | None = None
    context: str = ""
    """On disk only: names the text that stands for ``record.context``."""
    made: float = 0.0
    """Seconds since 1970."""
    fit: float | None = None
    taken: int = 0
    """Characters of it that were taken into the draft."""
    bookmarked: bool = False
    pruned: bool = False


class _Line(msgspec.Struct, omit_defaults=True):
    node: Node | None = None
    change: tuple[str, str, Any] | None = None
    """Id, field and new value."""
    context: tuple[str, str] | None = None


_LINE = msgspec.json.Decoder(_Line)
_CHANGEABLE = {"taken": int, "bookmarked": bool, "pruned": bool}


class Tree:
    """The continuations of one draft, in the order in which they came."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._contexts: dict[str, str] = {}
        self._unsaved: list[bytes] = []
        self._guard = threading.Lock()
        self._next = 1

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._nodes

    def __getitem__(self, node_id: str) -> Node:
        return self._nodes[node_id]

    def get(self, node_id: str) -> Node | None:
        return self._nodes.get(node_id)

    def new_number(self) -> int:
        """A number that names the branches of one more continuation."""
        number, self._next = self._next, self._next + 1
        return number

    def keep_free(self, node_id: str) -> None:
        """Give no new continuation the number of ``node_id``, which the draft bears."""
        number = number_of(node_id)
        if number.isdecimal():
            self._next = max(self._next, int(number) + 1)

    # -- growing

    def add(self, node: Node) -> None:
        """Take in a continuation; one with the same id is replaced."""
        self._nodes[node.id] = node
        stored = node
        if node.record is not None:
            name, context = number_of(node.id), node.record.context
            if self._contexts.get(name) != context:
                self._contexts[name] = context
                self._note(_Line(context=(name, context)))
            record = msgspec.structs.replace(node.record, context="")
            stored = msgspec.structs.replace(node, record=record, context=name)
        self._note(_Line(node=stored))

    def change(self, node_id: str, field: str, value: int | bool) -> None:
        """Note what became of a node: ``taken``, ``bookmarked`` or ``pruned``."""
        node = self._nodes.get(node_id)
        if node is not None and getattr(node, field) != value:
            setattr(node, field, value)
            self._note(_Line(change=(node_id, field, value)))

    def prune(self, node_id: str, pruned: bool = True) -> int:
        """Hide a node and all under it, or show them again; returns how many that are."""
        found = [node_id]
        for at in found:
            found.extend(child.id for child in self.children(at))
        for at in found:
            self.change(at, "pruned", pruned)
        return len(found)

    # -- looking

    def children(self, node_id: str = "") -> list[Node]:
        """What was tried in or behind a node; the roots for the empty id."""
        known = self._nodes
        return [n for n in known.values() if (n.parent if n.parent in known else "") == node_id]

    def shown(self, *, pruned: bool = False) -> list[tuple[int, Node]]:
        """Depth and node, each under its parent, newest roots last."""
        under: dict[str, list[Node]] = {}
        for node in self._nodes.values():
            parent = node.parent if node.parent in self._nodes else ""
            under.setdefault(parent, []).append(node)
        found: list[tuple[int, Node]] = []
        waiting = [(0, node) for node in reversed(under.get("", []))]
        while waiting:
            depth, node = waiting.pop()
            if node.pruned and not pruned:
                continue
            found.append((depth, node))
            waiting.extend((depth + 1, child) for child in reversed(under.get(node.id, [])))
        return found

    # -- on disk

    @property
    def has_unsaved(self) -> bool:
        return bool(self._unsaved)

    def unsaved(self) -> list[bytes]:
        """The lines that are not on disk yet; they count as written from now on."""
        with self._guard:
            lines, self._unsaved = self._unsaved, []
        return lines

    def put_back(self, lines: list[bytes]) -> None:
        """Lines that could not be written after all."""
        with self._guard:
            self._unsaved[:0] = lines

    def _note(self, line: _Line) -> None:
        encoded = msgspec.json.encode(line)
        with self._guard:
            self._unsaved.append(encoded)

    @classmethod
    def read(cls, path: Path) -> Tree:
        """The tree in a file; an empty one where there is none.

        Raises:
            OSError: when it is there and cannot be read.
        """
        tree = cls()
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return tree
        tree._take(data.split(b"\n"))
        tree._break_circles()
        return tree

    def _break_circles(self) -> None:
        """Have every node lead to a root, also where a file says that two begin in each other."""
        fine: set[str] = set()
        for start in self._nodes.values():
            node, seen = start, {start.id}
            while node.id not in fine and node.parent in self._nodes:
                if node.parent in seen:
                    node.parent = ""
                    break
                node = self._nodes[node.parent]
                seen.add(node.id)
            fine |= seen

    def _take(self, lines: Iterable[bytes]) -> None:
        for raw in lines:
            try:
                line = decoded(_LINE.decode, raw)
            except ValueError:  # no JSON, no UTF-8 or no such line
                continue
            if line.context is not None:
                self._contexts[line.context[0]] = line.context[1]
            if line.node is not None:
                node = line.node
                if node.record is not None and node.context:
                    context = self._contexts.get(node.context, "")
                    node.record = msgspec.structs.replace(node.record, context=context)
                    node.context = ""
                self._nodes[node.id] = node
                self.keep_free(node.id)
            if line.change is not None:
                node_id, field, value = line.change
                changed = self._nodes.get(node_id)
                if changed is not None and isinstance(value, _CHANGEABLE.get(field, type(None))):
                    setattr(changed, field, value)


def node_id(number: int, branch: int) -> str:
    """The name of one branch of a continuation: 12a, 12b."""
    return f"{number}{'abcdefgh'[branch]}"


def number_of(name: str) -> str:
    """The number in a node's name, which its branches share."""
    return name.rstrip("abcdefgh")


def append_synced(path: Path, lines: list[bytes]) -> None:
    """Have the disk hold ``lines`` at the end of a file.

    Raises:
        OSError: when the disk refuses.
    """
    if not lines:
        return
    data = b"\n" + b"\n".join(lines) + b"\n"  # a half line before it stays a line of its own
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    finally:
        os.close(handle)
