"""What the script model carries from token to token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from engine.models.memory_tape import MemoryTape
from engine.models.recurrent import StackState


@dataclass(frozen=True, slots=True)
class Memory:
    """The last ``span`` tokens and what was computed at them; oldest first."""

    ids: Tensor
    """(batch, span); -1 where it is not filled yet."""
    keys: Tensor
    """(batch, span, size), of the state after the token."""
    values: Tensor
    """(batch, span, size), of the state after the token."""
    copy_keys: Tensor
    """(batch, span, size), of the state before the token."""
    pending: Tensor
    """(batch, size), the copy key of the token that comes next."""
    states: Tensor | None = None
    """(batch, span, hidden), of the last layer before the token; None without a neural cache."""
    tape: MemoryTape | None = None
    """What the parts are places of; only where steps are taken on a CPU."""

    def each(self, change: Callable[[Tensor], Tensor]) -> Memory:
        """With ``change`` made to every part."""
        return Memory(
            change(self.ids),
            change(self.keys),
            change(self.values),
            change(self.copy_keys),
            change(self.pending),
            None if self.states is None else change(self.states),
        )

    def last(self, span: int) -> Memory:
        """The last ``span`` positions."""
        return Memory(
            self.ids[:, -span:],
            self.keys[:, -span:],
            self.values[:, -span:],
            self.copy_keys[:, -span:],
            self.pending,
            None if self.states is None else self.states[:, -span:],
        )


@dataclass(frozen=True, slots=True)
class ScriptState:
    """The recurrent stack's state and the memory; never changed in place."""

    stack: StackState
    memory: Memory | None
    said: Tensor | None = None
    """(batch, reach), as in :class:`engine.models.recency.Recency`; None where it is not used."""

    @property
    def batch_size(self) -> int:
        return self.stack.hidden.shape[1]

    def select(self, rows: Tensor) -> ScriptState:
        memory = self.memory
        chosen = memory and memory.each(lambda part: part.index_select(0, rows))
        said = None if self.said is None else self.said.index_select(0, rows)
        return ScriptState(self.stack.select(rows), chosen, said)

    def keep(self, rows: Tensor) -> ScriptState:
        # What an unfilled position holds is never looked at, so that its id is enough.
        memory = self.memory
        if memory is not None:
            filled = memory.ids.masked_fill(~rows[:, None], -1)
            pending = memory.pending.masked_fill(~rows[:, None], 0.0)
            memory = replace(memory, ids=filled, pending=pending)
        said = None if self.said is None else self.said.masked_fill(~rows[:, None], -1)
        return ScriptState(self.stack.keep(rows), memory, said)

    def detach(self) -> ScriptState:
        memory = self.memory and self.memory.each(lambda part: part.detach())
        return ScriptState(self.stack.detach(), memory, self.said)
