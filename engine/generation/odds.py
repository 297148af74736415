"""The distribution that the next word is drawn from: the model's own, under the settings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.generation import samplers
from engine.generation.context import Context
from engine.generation.restrictions import Banned, copies, repeats
from engine.generation.writer import Writer
from engine.protocol.values import SamplerSettings


class NextWord:
    """One way of choosing words for one draft; the settings never change."""

    def __init__(self, writer: Writer, context: Context, settings: SamplerSettings) -> None:
        self.settings = settings
        self._writer, self._context = writer, context
        self._banned = Banned(settings.banned, context)

    def odds(
        self, log_odds: NDArray[np.float64], recent: Sequence[int], words: Sequence[int]
    ) -> NDArray[np.float64]:
        """(words,) probabilities that sum to 1.

        ``log_odds`` are the model's; ``recent`` are the tokens so far, newest last, and ``words``
        those of them that are words rather than marks, line ends or cues.

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
