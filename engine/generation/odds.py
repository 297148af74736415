"""The distribution that the next word is drawn from: the model's own, under the settings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.corpus.vocabulary import CUE_UNK_ID, NEWLINE_ID, UNK_ID
from engine.generation import samplers
from engine.generation.brackets import Brackets
from engine.generation.branch import RECENT_WORDS
from engine.generation.context import Context
from engine.generation.restrictions import Banned, copies, repeats
from engine.generation.samplers import Floats, Ids, Odds
from engine.generation.writer import Writer
from engine.protocol.values import SamplerSettings


def writable(raw: Floats, recent: Sequence[int], cues: Ids, own_cues: Ids) -> Floats:
    """As :func:`leave_writable`, for one row ``raw`` (words,), which stays as it is."""
    odds = raw.copy()
    leave_writable(odds[None], [recent], cues, own_cues)
    return odds


def leave_writable(
    odds: Floats, recents: Sequence[Sequence[int]], cues: Ids, own_cues: Ids
) -> None:
    """Change ``odds`` (rows, words) to what can be written behind each of ``recents``.

    They are log-probabilities, and need not sum to 1 afterwards. A model that expects a speaker
    outside its vocabulary means one of those that only the draft knows, whose ids are ``own_cues``:
    they share the unknown cue's probability. The unknown word's is dropped, and so is that of a cue
    (``cues`` are the vocabulary's) anywhere but on a new line and that of a second empty line,
    since reading the text again would not see them.
    """
    if len(own_cues):
        shares = odds[:, CUE_UNK_ID, None] - math.log(len(own_cues))
        odds[:, own_cues] = np.logaddexp(odds[:, own_cues], shares)
    odds[:, UNK_ID] = odds[:, CUE_UNK_ID] = -np.inf
    for row, recent in zip(odds, recents, strict=True):
        if not recent or recent[-1] != NEWLINE_ID:
            row[cues] = -np.inf
            row[own_cues] = -np.inf
        elif len(recent) > 1 and recent[-2] == NEWLINE_ID:
            row[NEWLINE_ID] = -np.inf


class NextWord:
    """One way of choosing words for one draft; the settings never change."""

    def __init__(self, writer: Writer, context: Context, settings: SamplerSettings) -> None:
        self.settings = settings
        self._writer, self._context = writer, context
        self._own_cues = context.draft_words.cue_ids()
        self._banned = Banned(settings.banned, context)
        self._brackets = Brackets.of(writer.vocabulary) if settings.paired_brackets else None
        self._restricts = bool(
            settings.banned
            or settings.paired_brackets
            or settings.no_repeat_ngram
            or settings.max_copied_words
            or settings.repetition_penalty > 1
        )

    def writable(self, raw: Floats, recent: Sequence[int], own_cues: Ids | None = None) -> Floats:
        """See :func:`writable`; ``own_cues`` are those of the whole draft unless given."""
        own = self._own_cues if own_cues is None else own_cues
        return writable(raw, recent, self._writer.cues, own)

    def leave_writable(self, odds: Floats, recents: Sequence[Sequence[int]]) -> None:
        """See :func:`leave_writable`."""
        leave_writable(odds, recents, self._writer.cues, self._own_cues)

    def forbid_cues(self, odds: Floats) -> None:
        """Change ``odds`` (words,) to those where no cue would be read as one."""
        odds[self._writer.cues] = odds[self._own_cues] = -np.inf

    def odds(self, log_odds: Floats, recent: Sequence[int], words: Sequence[int]) -> Odds:
        """The distribution to draw from.

        ``log_odds`` (words,) are those of what can be written; ``recent`` are the last tokens,
        newest last, and ``words`` the last that are words rather than marks, line ends or cues.

        Raises:
            ModelError: when nothing is left to write.
        """
        scores = log_odds.astype(np.float32)
        self.restrict(scores, recent, words)
        return samplers.distributions(scores[None], self.settings)[0]

    def restrict(self, scores: Floats, recent: Sequence[int], words: Sequence[int]) -> None:
        """Change ``scores`` (words,) to what the settings ask for; see :meth:`odds`."""
        if not self._restricts:
            return
        settings, context = self.settings, self._context
        lately = words[-RECENT_WORDS:]
        unwanted = repeats(lately, settings.no_repeat_ngram)
        if self._brackets is not None:
            unwanted |= self._brackets.unfit(recent)
        if settings.max_copied_words:
            spelled = [context.word(number) for number in words[-settings.max_copied_words :]]
            found = copies(spelled, self._writer.copied(), settings.max_copied_words)
            unwanted |= {context.id_of(word) for word in found if context.knows(word)}
        samplers.restrict(scores, settings, self._banned.next(recent), unwanted, lately)
