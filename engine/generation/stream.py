"""Writing: one token a step, several branches side by side, settings that change on the way.

The probability that a token carries is the one under the distribution that it was drawn from, with
the settings of that moment. What was drawn depends on the seed, the branch, the model, the context
and the settings, and on nothing else: a record of these makes it again, bit for bit.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray

from engine.corpus.vocabulary import NEWLINE_ID
from engine.errors import ModelError
from engine.generation import samplers
from engine.generation.brackets import Brackets
from engine.generation.branch import Branch, dice_of
from engine.generation.context import cue_of
from engine.generation.odds import NextWord
from engine.generation.ranking import fit
from engine.generation.samplers import Floats, Odds
from engine.generation.stopping import Reason as RuleReason
from engine.generation.stopping import ends_before, is_long_enough, reason_to_end
from engine.generation.writer import Prediction, Writer
from engine.protocol.messages import Write
from engine.protocol.values import (
    Alternative,
    GenerationRecord,
    SamplerSettings,
    SettingsChange,
    StopRule,
    WrittenToken,
)

Reason = Literal["length", "stopped", "failed"] | RuleReason
MOST_BRANCHES = 8


@dataclass(frozen=True)
class Ended:
    """A branch is complete."""

    branch: int
    reason: Reason
    record: GenerationRecord
    fit: float | None = None
    """Mean nats a token of what stands behind the cursor, after this branch; lower fits better."""


@dataclass
class Step:
    """What one step brought: tokens, oldest first, and the branches that ended."""

    tokens: list[tuple[int, WrittenToken]] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)


class _Asked(NamedTuple):
    """What shall hold from the next token on."""

    settings: SamplerSettings
    stop: StopRule | None
    seed: int | None


class Stream:
    """One continuation being written, in one or more branches.

    ``step`` is for one thread; ``adjust`` and ``stop`` may be called from any. With ``only`` one
    branch is told, and it is over when that one is or has ``until`` tokens; the others are written
    beside it, since the arithmetic of a batch depends on its size.

    Raises:
        ModelError: when ``request`` asks for what the model cannot do.
    """

    def __init__(
        self,
        writer: Writer,
        request: Write,
        *,
        changes: tuple[SettingsChange, ...] = (),
        only: int | None = None,
        until: int | None = None,
    ) -> None:
        self.writer = writer
        self._request = request
        self._seed = secrets.randbits(48) if request.seed is None else request.seed
        self._changes = [SettingsChange(index=0, settings=request.settings)]
        self._due = deque(changes)
        self._lock = threading.Lock()
        self._asked: _Asked | None = None
        self._stop = request.stop
        self._brackets = Brackets.of(writer.vocabulary)
        self._seed_now = self._seed
        self._only, self._until = only, until
        self._stop_asked = False
        self._steps = 0
        speaker = request.speaker
        if speaker is not None and cue_of(speaker) is None:
            raise ModelError(
                f"{speaker!r} cannot be a speaker's name.",
                "A name begins with a letter and has at most five words, no brackets or quotes.",
            )
        cast = request.cast if speaker is None else (*request.cast, speaker)
        whole = speaker is not None or request.new_line
        self.context = writer.context(request.before, cast, complete_word=not whole)
        self._prepare(request.settings)
        self._next_word = NextWord(writer, self.context, request.settings)
        forced = self._line_end() if speaker is None else self._opening(speaker)
        self._branches = [
            Branch.begin(number, self._seed, self.context, writer, forced)
            for number in range(request.branches)
        ]
        self._prediction: Prediction = writer.read(self.context, rows=request.branches)

    # -- what the outside sees

    @property
    def over(self) -> bool:
        return not self._branches

    @property
    def open_branches(self) -> tuple[int, ...]:
        return tuple(b.number for b in self._branches if self._only in (None, b.number))

    @property
    def records(self) -> tuple[GenerationRecord, ...]:
        """The record of each branch, as things stand."""
        return tuple(
            self._record(number)
            for number in range(self._request.branches)
            if self._only in (None, number)
        )

    def adjust(
        self, settings: SamplerSettings, stop: StopRule | None = None, seed: int | None = None
    ) -> None:
        """New settings from the next token on; where there is no ``stop`` or ``seed``, the present.

        Raises:
            ColdOpenError: when they ask for what the model cannot do.
        """
        self._prepare(settings)
        with self._lock:
            before = self._asked or _Asked(settings, None, None)
            self._asked = _Asked(
                settings, stop or before.stop, before.seed if seed is None else seed
            )

    def stop(self) -> None:
        """End every branch at the next step, before it writes anything more."""
        self._stop_asked = True

    def step(self) -> Step:
        """Write one token in each open branch.

        Raises:
            ModelError: when the settings leave no word to write.
        """
        step = Step()
        if self._stop_asked:
            for branch in self._branches:
                self._end(branch, "stopped", step)
            self._branches = []
            return step
        self._take_changes()
        drawn: list[tuple[int, Branch, int, WrittenToken]] = []
        for row, (branch, odds) in enumerate(zip(self._branches, self._odds(), strict=True)):
            forced = bool(branch.forced)
            number = branch.forced.popleft() if forced else odds.draw(branch.dice)
            drawn.append((row, branch, number, self._token(row, branch, number, odds, forced)))
        self._steps += 1
        going: list[tuple[int, Branch, int]] = []
        for row, branch, number, token in drawn:
            reason: Reason | None = (
                None if branch.forced else reason_to_end(self._stop.at, branch, token.word)
            )
            if reason is None and ends_before(self._stop, branch, token.word):
                reason = "length"
            if reason is None:
                told = branch.take(number, token, hold=self._stop.at != "length")
                self._tell(branch, told, step)
                if self._is_long_enough(branch):
                    reason = "length"
            if reason is not None:
                self._end(branch, reason, step)
            else:
                going.append((row, branch, number))
        self._go_on(going)
        return step

    # -- inside

    def _prepare(self, settings: SamplerSettings) -> None:
        """Load now what the settings need, so that no token has to wait for it."""
        if settings.max_copied_words:
            self.writer.copied()

    def _take_changes(self) -> None:
        with self._lock:
            asked, self._asked = self._asked, None
        if asked is not None:
            self._change(asked.settings, asked.stop, asked.seed)
        while self._due and self._due[0].index <= self._steps:
            due = self._due.popleft()
            stop = due.stop if due.at is None else replace(self._stop, at=due.at)
            self._change(due.settings, stop, due.seed)

    def _change(self, settings: SamplerSettings, stop: StopRule | None, seed: int | None) -> None:
        """Have these hold from the next token on, and remember it; None is as before."""
        stop = None if stop == self._stop else stop
        seed = None if seed == self._seed_now else seed
        if settings == self._next_word.settings and stop is None and seed is None:
            return
        if settings != self._next_word.settings:
            self._next_word = NextWord(self.writer, self.context, settings)
        if stop is not None:
            self._stop = stop
        if seed is not None:
            self._seed_now = seed
            for branch in self._branches:
                branch.dice = dice_of(seed, branch.number)
        last = self._changes[-1]
        if last.index == self._steps:  # nothing was drawn in between
            self._changes.pop()
            stop, seed = stop or last.stop, last.seed if seed is None else seed
        self._changes.append(
            SettingsChange(index=self._steps, settings=settings, stop=stop, seed=seed)
        )

    def _is_long_enough(self, branch: Branch) -> bool:
        cut = self._until if branch.number == self._only else None
        if cut is not None and branch.drawn >= cut:
            return True
        return is_long_enough(self._stop, branch, self._brackets)

    def _go_on(self, going: list[tuple[int, Branch, int]]) -> None:
        state = self._prediction.state
        if self._only is not None and all(b.number != self._only for _r, b, _n in going):
            going = []  # nobody is told of the others
        if going and len(going) < len(self._branches):
            rows = torch.tensor([row for row, _b, _n in going], device=self.writer.device)
            state = state.select(rows)
        self._branches = [branch for _row, branch, _number in going]
        if going:
            numbers = [number for _row, _branch, number in going]
            self._prediction = self.writer.step(numbers, state, self.context)

    def _line_end(self) -> tuple[int, ...]:
        """The line end that was asked for, where it is not there."""
        wanted = self._request.new_line and not self.context.text.endswith("\n")
        return (NEWLINE_ID,) if wanted else ()

    def _opening(self, speaker: str) -> tuple[int, ...]:
        """Line ends that are still needed, and the cue."""
        text = self.context.text
        wanted = 0
        if text.strip():
            blank = text[len(text.rstrip()) :]
            wanted = (2 if self.context.empty_lines else 1) - blank.count("\n")
            if not text.endswith("\n"):  # blanks that the line begins with
                wanted = max(1, wanted)
        cue = cue_of(speaker)
        assert cue is not None
        return (*[NEWLINE_ID] * max(0, wanted), self.context.id_of(cue))

    def _odds(self) -> list[Odds]:
        """What each branch's next token is drawn from; uses up the prediction's odds."""
        scores, branches = self._prediction.odds, self._branches
        self._next_word.leave_writable(scores, [branch.recent for branch in branches])
        for row, branch in zip(scores, branches, strict=True):
            if branch.behind_blanks:
                self._next_word.forbid_cues(row)
        if any(branch.forced for branch in branches):  # as many tokens in all of them
            return samplers.distributions(scores, samplers.NEUTRAL)
        for row, branch in zip(scores, branches, strict=True):
            fits = self._fitting(row, branch) if branch.unfinished else None
            self._next_word.restrict(row, branch.recent, branch.words)
            if fits is not None and np.isfinite(row[fits]).any():
                row[~fits] = -np.inf
        return samplers.distributions(scores, self._next_word.settings)

    def _fitting(self, scores: Floats, branch: Branch) -> NDArray[np.bool_]:
        """(words,): those that begin with what stands before the cursor.

        Where all of them are words of the draft that the model has no odds for, they get some.
        """
        start = branch.unfinished.lower()
        fits = np.fromiter((w.startswith(start) for w in self.context.all_words()), dtype=np.bool_)
        if not np.isfinite(scores[fits]).any():
            own = fits.copy()
            own[: len(self.context.vocabulary)] = False
            if not branch.fresh_line:
                own[self.context.draft_words.cue_ids()] = False
            scores[own] = 0.0
        return fits

    def _token(
        self, row: int, branch: Branch, number: int, odds: Odds, forced: bool
    ) -> WrittenToken:
        """Token ``number`` as told, drawn from ``odds`` unless it was ``forced``."""
        word, probability = self.context.word(number), odds.of(number)
        return WrittenToken(
            text=branch.text_of(word),
            word=word,
            probability=min(1.0, probability),
            rank=odds.rank(probability),
            surprise=-math.log2(max(probability, 1e-300)),
            entropy=odds.entropy(),
            copy_share=self._prediction.copy_shares[row],
            alternatives=tuple(self._alternatives(branch, odds)),
            forced=forced,
        )

    def _alternatives(self, branch: Branch, odds: Odds) -> Iterator[Alternative]:
        word_of, text_of = self.context.word, branch.text_of
        for number, chance in odds.likeliest(self._request.alternatives):
            word = word_of(number)
            yield Alternative(text=text_of(word), word=word, probability=min(1.0, chance))

    def _tell(self, branch: Branch, told: list[WrittenToken], step: Step) -> None:
        if self._only in (None, branch.number):
            step.tokens.extend((branch.number, token) for token in told)

    def _end(self, branch: Branch, reason: Reason, step: Step) -> None:
        if self._only not in (None, branch.number):
            return
        drawn = branch.drawn
        if reason in ("length", "stopped"):
            self._tell(branch, branch.release(), step)
        else:
            drawn += 1  # the token that decided it has to be drawn again to decide it again
        record = self._record(branch.number, max(1, drawn))
        nats = None
        if self._request.after.strip():
            nats = fit(self.writer, self._request, "".join(branch.written))
        step.ended.append(Ended(branch.number, reason, record, nats))

    def _record(self, number: int, drawn: int | None = None) -> GenerationRecord:
        return GenerationRecord(
            model=self.writer.name,
            weights=self.writer.weights,
            seed=self._seed,
            branch=number,
            branches=self._request.branches,
            changes=tuple(self._changes),
            stop=self._request.stop,
            drawn=drawn,
            context=self.context.text,
            cast=self._request.cast,
            speaker=self._request.speaker,
            after=self._request.after,
            new_line=self._request.new_line,
        )


def repeated(writer: Writer, record: GenerationRecord, alternatives: int) -> Stream:
    """The stream that ``record`` describes, telling only the branch that it names.

    Raises:
        ModelError: when the model is not the one that wrote it.
    """
    if record.weights != writer.weights:
        raise ModelError(
            f"“{record.model}” has been trained further or replaced since this was written.",
            "It cannot be made again exactly; continue afresh.",
        )
    placed = 0 <= record.branch < record.branches <= MOST_BRANCHES
    cut = record.drawn is None or record.drawn > 0
    if not record.changes or not placed or not cut or record.seed < 0:
        raise ModelError("The record of this passage is damaged.", "Continue afresh.")
    request = Write(
        model=record.model,
        before=record.context,
        after=record.after,
        cast=record.cast,
        speaker=record.speaker,
        new_line=record.new_line,
        settings=record.changes[0].settings,
        stop=record.stop,
        seed=record.seed,
        branches=record.branches,
        alternatives=alternatives,
    )
    return Stream(writer, request, changes=record.changes, only=record.branch, until=record.drawn)
