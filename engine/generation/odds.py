"""The distribution that the next word is drawn from: the model's own, under the settings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.corpus.vocabulary import CUE_UNK_ID, NEWLINE_ID, UNK_ID
from engine.generation import samplers
from engine.generation.context import Context
from engine.generation.restrictions import Banned, copies, repeats
from engine.generation.samplers import Floats, Ids, Odds
from engine.generation.writer import Writer
from engine.protocol.values import SamplerSettings


def writable(raw: Floats, recent: Sequence[int], cues: Ids, own_cues: Ids) -> Floats:
    """(words,) log-probabilities of what can be written behind ``recent``; they need not sum to 1.

    A model that expects a speaker outside its vocabulary means one of those that only the draft
    knows, whose ids are ``own_cues``: they share the unknown cue's probability. The unknown word's
    is dropped, and so is that of a cue (``cues`` are the vocabulary's) anywhere but on a new line
    and that of a second empty line, since reading the text again would not see them.
    """
    odds = raw.copy()
    if len(own_cues):
        share = odds[CUE_UNK_ID] - np.log(len(own_cues))
        odds[own_cues] = np.logaddexp(odds[own_cues], share)
    odds[[UNK_ID, CUE_UNK_ID]] = -np.inf
    if not recent or recent[-1] != NEWLINE_ID:
        odds[cues] = -np.inf
        odds[own_cues] = -np.inf
    elif len(recent) > 1 and recent[-2] == NEWLINE_ID:
        odds[NEWLINE_ID] = -np.inf
    return odds


class NextWord:
    """One way of choosing words for one draft; the settings never change."""

    def __init__(self, writer: Writer, context: Context, settings: SamplerSettings) -> None:
        self.settings = settings
        self._writer, self._context = writer, context
        self._own_cues = context.draft_words.cue_ids()
        self._banned = Banned(settings.banned, context)

    def writable(self, raw: Floats, recent: Sequence[int], own_cues: Ids | None = None) -> Floats:
        """See :func:`writable`; ``own_cues`` are those of the whole draft unless given."""
        own = self._own_cues if own_cues is None else own_cues
        return writable(raw, recent, self._writer.cues, own)

    def odds(self, log_odds: Floats, recent: Sequence[int], words: Sequence[int]) -> Odds:
        """The distribution to draw from.

        ``log_odds`` (words,) are those of what can be written; ``recent`` are the tokens so far,
        newest last, and ``words`` those of them that are words rather than marks, line ends or
        cues.

        Raises:
            ModelError: when nothing is left to write.
        """
        settings, context = self.settings, self._context
        unwanted = repeats(words, settings.no_repeat_ngram)
        if settings.max_copied_words:
            spelled = [context.word(number) for number in words]
            found = copies(spelled, self._writer.copied(), settings.max_copied_words)
            unwanted |= {context.id_of(word) for word in found if context.knows(word)}
        banned = self._banned.next(recent)
        return samplers.distribution(log_odds, settings, banned, unwanted, words)
