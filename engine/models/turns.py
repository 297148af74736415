"""Turns of a dialogue: where a speech begins, and which one it answers.

A turn begins with a speaker's cue or, in prose and stage directions, behind an empty line; the
empty line belongs to the turn before it. Text comes in windows that cut through turns, so what has
been heard of the present turn and of the one before it is carried along.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from engine.corpus.vocabulary import NEWLINE_ID


@dataclass(frozen=True, slots=True)
class Heard:
    """The turn that is under way, and the one before it; never changed in place."""

    before: Tensor
    """(batch, span) ids of the turn before, its last ones, at the right end; -1 elsewhere."""
    present: Tensor
    """(batch, span), so of the present turn."""
    length: Tensor
    """(batch,): tokens of the present turn, all of them."""

    @classmethod
    def nothing(cls, batch_size: int, span: int, device: torch.device) -> Heard:
        empty = torch.full((batch_size, span), -1, dtype=torch.long, device=device)
        return cls(empty, empty, empty.new_zeros(batch_size))

    def select(self, rows: Tensor) -> Heard:
        return Heard(self.before[rows], self.present[rows], self.length[rows])

    def keep(self, rows: Tensor) -> Heard:
        gone = ~rows
        return Heard(
            self.before.masked_fill(gone[:, None], -1),
            self.present.masked_fill(gone[:, None], -1),
            self.length.masked_fill(gone, 0),
        )


@dataclass(frozen=True, slots=True)
class Pieces:
    """A window cut at its turns. A piece is what it holds of one turn, those of a row in order."""

    number: Tensor
    """(batch, time): the piece that each token is in."""
    place: Tensor
    """(batch, time): its place there."""
    lengths: Tensor
    """(pieces,): tokens, at least one."""
    row: Tensor
    """(pieces,): the row of the batch that a piece is of."""
    goes_on: Tensor
    """(pieces,): whether it goes on with a turn that began before the window."""
    answered: Tensor
    """(pieces, span) ids of the turn before it, its last ones, at the right end; -1 elsewhere."""
    after: Heard

    @property
    def last(self) -> Tensor:
        """(batch,): the piece that each row ends in."""
        return self.number[:, -1]

    def laid_out(self, values: Tensor) -> Tensor:
        """(pieces, longest) of ``values`` (batch, time), with zeros behind the shorter."""
        longest = int(self.lengths.max())
        table = values.new_zeros(len(self.lengths), longest)
        table[self.number, self.place] = values
        return table

    def in_text(self, values: Tensor) -> Tensor:
        """(batch, time, ...) of ``values`` (pieces, longest, ...)."""
        return values[self.number, self.place]


def beginnings(heard: Heard, ids: Tensor, cues: Tensor) -> Tensor:
    """(batch, time): whether a turn begins with each of ``ids``, which ``cues`` marks the cues of.

    A text begins with one.
    """
    two = torch.cat((heard.present[:, -2:], ids), 1)
    empty_line = (two[:, :-2] == NEWLINE_ID) & (two[:, 1:-1] == NEWLINE_ID) & (ids != NEWLINE_ID)
    begins = cues | empty_line
    begins[:, 0] |= heard.length == 0
    return begins


def divide(heard: Heard, ids: Tensor, cues: Tensor) -> Pieces:
    """Cut ``ids`` (batch, time), which follow on ``heard``; ``cues`` (batch, time) marks the cues.

    Ids may be any whole numbers from 0.
    """
    batch, time = ids.shape
    span = heard.before.shape[1]
    begins = beginnings(heard, ids, cues)
    # Turn 0 of a row is the one before, turn 1 the present one.
    turn = 1 + begins.cumsum(1)
    own = turn - turn[:, :1]
    first = own[:, -1].cumsum(0) - own[:, -1] + torch.arange(batch, device=ids.device)
    number = own + first[:, None]
    steps = torch.arange(time, device=ids.device).expand(batch, time)
    opens = torch.cat((torch.ones_like(begins[:, :1]), begins[:, 1:]), 1)
    since = torch.where(opens, steps, 0).cummax(1).values
    turns = _Turns.of(
        torch.cat((heard.before, heard.present, ids), 1),
        torch.cat((torch.zeros_like(heard.before), torch.ones_like(heard.present), turn), 1),
        span,
    )
    row, step = opens.nonzero(as_tuple=True)
    last, begun = turn[:, -1], begins.any(1)
    every = torch.arange(batch, device=ids.device)
    since_last = time - since[:, -1]
    return Pieces(
        number=number,
        place=steps - since,
        lengths=torch.bincount(number.flatten(), minlength=len(row)),
        row=row,
        goes_on=~begins[row, step],
        answered=turns.ids[row, turn[row, step] - 1],
        after=Heard(
            turns.ids[every, last - 1],
            turns.ids[every, last],
            torch.where(begun, since_last, heard.length + time),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Turns:
    ids: Tensor
    """(batch, turns, span) ids of each turn, its last ones, at the right end; -1 elsewhere."""

    @classmethod
    def of(cls, ids: Tensor, turn: Tensor, span: int) -> _Turns:
        """``ids`` (batch, positions), -1 where there is none, sorted by their ``turn``."""
        there = (ids >= 0).long()
        turns = int(turn.max()) + 1
        counts = there.new_zeros(len(ids), turns).scatter_add_(1, turn, there)
        behind = functional.pad(counts.cumsum(1), (1, 0))
        # From the right end of its turn, that of the last token being 1.
        from_end = behind.gather(1, turn + 1) - there.cumsum(1) + 1
        row, position = ((there == 1) & (from_end <= span)).nonzero(as_tuple=True)
        made = ids.new_full((len(ids), turns, span), -1)
        made[row, turn[row, position], span - from_end[row, position]] = ids[row, position]
        return cls(made)
