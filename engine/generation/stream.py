"""Writing: one token a step, several branches side by side, settings that change on the way.

The probability that a token carries is the one under the distribution that it was drawn from, with
the settings of that moment. What was drawn depends on the seed, the branch, the model, the context
and the settings, and on nothing else: a record of these makes it again, bit for bit.
"""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from engine.corpus.detokenizer import Detokenizer
from engine.corpus.tokenizer import NEWLINE, is_cue, tokenize
from engine.corpus.vocabulary import NEWLINE_ID
from engine.errors import ModelError
from engine.generation import samplers
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

Reason = Literal["length", "line", "speech", "scene", "stopped", "failed"]
RECENT = 400


@dataclass(frozen=True)
class Ended:
    """A branch is complete."""

    branch: int
    reason: Reason
    record: GenerationRecord


@dataclass
class Step:
    """What one step brought: at most one token a branch, and the branches that ended."""

    tokens: list[tuple[int, WrittenToken]] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)


@dataclass
class _Branch:
    number: int
    dice: np.random.Generator
    detokenizer: Detokenizer
    recent: list[int]
    forced: deque[int]
    unfinished: str
    written: int = 0
    words_in_line: int = 0


class Stream:
    """One continuation being written, in one or more branches."""

    def __init__(
        self,
        writer: Writer,
        request: Write,
        *,
        changes: tuple[SettingsChange, ...] = (),
        only: int | None = None,
    ) -> None:
        self.writer = writer
        self._request = request
        self._seed = secrets.randbits(48) if request.seed is None else request.seed
        self._changes = list(changes) or [SettingsChange(index=0, settings=request.settings)]
        self._due = deque(self._changes[1:])
        self._settings = self._changes[0].settings
        self._only = only
        self._stop_asked = False
        self._steps = 0
        cast = request.cast + ((request.speaker,) if request.speaker else ())
        self.context = writer.context(request.before, cast, complete_word=request.speaker is None)
        self._extra = len(self.context.extra_words)
        self._branches = [self._new_branch(number) for number in range(request.branches)]
        self._prediction: Prediction = writer.read(
            self.context.ids, self._extra, rows=request.branches
        )

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

    def adjust(self, settings: SamplerSettings) -> None:
        """New settings from the next token on."""
        self._settings = settings
        change = SettingsChange(index=self._steps, settings=settings)
        if self._changes[-1].index == self._steps:
            self._changes[-1] = change
        else:
            self._changes.append(change)

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
        while self._due and self._due[0].index <= self._steps:
            self._settings = self._due.popleft().settings
        chosen: list[int] = []
        rows: list[int] = []
        going: list[_Branch] = []
        for row, branch in enumerate(self._branches):
            number, token = self._choose(branch, self._prediction.odds[row])
            reason = self._reason_to_end(branch, number)
            if reason is None or reason == "length":
                self._take(branch, number)
                if self._only in (None, branch.number):
                    step.tokens.append((branch.number, token))
            if reason is None and branch.written >= self._request.stop.tokens:
                reason = "length"
            if reason is not None:
                self._end(branch, reason, step)
            else:
                chosen.append(number)
                rows.append(row)
                going.append(branch)
        self._steps += 1
        state = self._prediction.state
        if going and len(going) < len(self._branches):
            state = state.select(torch.tensor(rows, device=self.writer.device))
        self._branches = going
        if going:
            self._prediction = self.writer.step(chosen, state, self._extra)
        return step

    # -- inside

    def _new_branch(self, number: int) -> _Branch:
        forced: deque[int] = deque()
        detokenizer = self.context.detokenizer
        if self._request.speaker:
            forced.extend(self._cue_ids(self._request.speaker))
        return _Branch(
            number=number,
            dice=np.random.Generator(np.random.PCG64([self._seed, number])),
            detokenizer=detokenizer,
            recent=list(self.context.ids[-RECENT:]),
            forced=forced,
            unfinished=self.context.unfinished,
        )

    def _cue_ids(self, speaker: str) -> list[int]:
        """Line ends that are still needed, and the cue."""
        vocabulary = self.writer.vocabulary
        text = self.context.text
        wanted = 0
        if text.strip():
            wanted = 2 if self.context.empty_lines else 1
            wanted -= len(text) - len(text.rstrip("\n"))
        cue = self.context.id_of(f"{speaker.lower()}:", vocabulary)
        return [NEWLINE_ID] * max(0, wanted) + [cue]

    def _choose(self, branch: _Branch, log_odds: NDArray[np.float64]) -> tuple[int, WrittenToken]:
        settings = self._settings
        forbidden = [*self.writer.never, *self._banned(settings)]
        if branch.forced:
            odds = np.exp(log_odds)
            number = branch.forced.popleft()
            return number, self._token(branch, number, odds / odds.sum(), forced=True)
        if branch.unfinished:
            log_odds = self._completing(log_odds, branch.unfinished)
        odds = samplers.distribution(log_odds, settings, forbidden, branch.recent)
        number = samplers.draw(odds, branch.dice)
        return number, self._token(branch, number, odds)

    def _completing(self, log_odds: NDArray[np.float64], beginning: str) -> NDArray[np.float64]:
        """Only words that begin with what stands before the cursor, where there are any."""
        start = beginning.lower()
        words = (*self.writer.vocabulary.words, *self.context.extra_words)
        fits = np.fromiter((word.startswith(start) for word in words), dtype=bool)
        possible = fits & np.isfinite(log_odds)
        possible[list(self.writer.never)] = False
        if not possible.any():
            return log_odds
        return np.where(possible, log_odds, -np.inf)

    def _banned(self, settings: SamplerSettings) -> list[int]:
        vocabulary = self.writer.vocabulary
        found = []
        for word in settings.banned:
            for form in (*tokenize(word), f"{word.lower()}:"):
                number = self.context.id_of(form, vocabulary)
                if number not in self.writer.never:
                    found.append(number)
        return found

    def _token(
        self, branch: _Branch, number: int, odds: NDArray[np.float64], forced: bool = False
    ) -> WrittenToken:
        text, _after = self._text(branch, number)
        probability = float(odds[number])
        best = samplers.likeliest(odds, self._request.alternatives)
        share = self._prediction.traces.copy_share
        row = self._branches.index(branch)
        return WrittenToken(
            text=text,
            word=self.context.word(number, self.writer.vocabulary),
            probability=min(1.0, probability),
            rank=1 + int((odds > odds[number]).sum()),
            surprise=float(-np.log2(max(probability, 1e-300))),
            entropy=samplers.entropy(odds),
            copy_share=0.0 if share is None else float(share[row]),
            alternatives=tuple(
                Alternative(
                    text=self._text(branch, int(other))[0],
                    word=self.context.word(int(other), self.writer.vocabulary),
                    probability=min(1.0, float(odds[other])),
                )
                for other in best
            ),
            forced=forced,
        )

    def _text(self, branch: _Branch, number: int) -> tuple[str, Detokenizer]:
        """What the token appends; of a word that the writer began, only the rest."""
        token = self.context.word(number, self.writer.vocabulary)
        text, after = branch.detokenizer.push(token)
        begun = branch.unfinished
        if begun and token.startswith(begun.lower()):
            rest = text.lstrip(" ")[len(begun) :]
            return (rest.upper() if begun.isupper() and len(begun) > 1 else rest), after
        if begun and not text.startswith((" ", "\n")) and token[0].isalnum():
            text = " " + text
        return text, after

    def _take(self, branch: _Branch, number: int) -> None:
        _text, branch.detokenizer = self._text(branch, number)
        branch.unfinished = ""
        branch.recent.append(number)
        del branch.recent[:-RECENT]
        branch.written += 1
        token = self.context.word(number, self.writer.vocabulary)
        branch.words_in_line = 0 if token == NEWLINE else branch.words_in_line + (not is_cue(token))

    def _reason_to_end(self, branch: _Branch, number: int) -> Reason | None:
        """Why the branch ends before the token ``number`` is written, if it does."""
        at = self._request.stop.at
        token = self.context.word(number, self.writer.vocabulary)
        if branch.forced or at == "length":
            return None
        spoken = branch.words_in_line > 0
        if token == NEWLINE and spoken and at in ("line", "speech"):
            return at
        fresh_line = branch.recent[-1:] == [NEWLINE_ID]
        if at == "scene" and token == "[" and fresh_line and branch.written > 2:
            return "scene"
        return None

    def _end(self, branch: _Branch, reason: Reason, step: Step) -> None:
        if self._only in (None, branch.number):
            step.ended.append(Ended(branch.number, reason, self._record(branch.number, branch)))

    def _record(self, number: int, branch: _Branch | None = None) -> GenerationRecord:
        stop = self._request.stop
        if branch is not None:
            stop = StopRule(tokens=max(1, branch.written), at=stop.at)
        return GenerationRecord(
            model=self.writer.name,
            weights=self.writer.weights,
            seed=self._seed,
            branch=number,
            branches=self._request.branches,
            changes=tuple(self._changes),
            stop=stop,
            context=self.context.text,
            cast=self._request.cast,
            speaker=self._request.speaker,
            after=self._request.after,
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
    request = Write(
        model=record.model,
        before=record.context,
        after=record.after,
        cast=record.cast,
        speaker=record.speaker,
        settings=record.changes[0].settings,
        stop=record.stop,
        seed=record.seed,
        branches=record.branches,
        alternatives=alternatives,
    )
    return Stream(writer, request, changes=record.changes, only=record.branch)
