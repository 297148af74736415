"""An embedding that starts from word vectors instead of from chance.

The vectors are centred, because what all words share tells none from another, and every word's is
scaled to the length that a row of the embedding starts with anyway: the rest of the model meets
numbers of the size it was built for, and rare words, whose vectors are short, do not start near
zero.

Of vectors with more numbers than the embedding, the principal components stay: no other choice of
as many directions keeps more of what tells the corpus's words apart. Of vectors with fewer, the
columns that are left over keep their random start: zeros there would be the same for every word,
and the model would have that many columns less to tell words apart with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus
from engine.errors import ConfigurationError, ModelError
from engine.protocol.values import JobState
from engine.storage import library
from engine.training.control import Control
from engine.training.progress import Listener, Silent
from engine.vectors.skipgram import SkipGramConfig
from engine.vectors.training import VectorTraining
from engine.vectors.word_vectors import Floats, WordVectors, load_vectors

FEWEST_WORDS = 2
MOST_DIMENSIONS = 256
"""Of vectors that are made for a start; more take longer and say no more after a few passes."""


class _Quiet(Silent):
    """Vectors made in passing tell nothing of their own, but that they wait."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener

    def on_state(self, state: JobState) -> None:
        if self._listener is not None:
            self._listener.on_state(state)


@dataclass(frozen=True)
class InitialEmbedding:
    """A table to start from, and how it came about."""

    table: Floats
    """(words, embedding)"""
    found: int
    """Words that had a vector; the others keep their random row."""
    report: str
    """The same in words."""


@dataclass(frozen=True)
class GivenVectors:
    """The vectors of those words of a corpus that have one."""

    called: str
    words: int
    """Of the corpus."""
    places: NDArray[np.int64]
    """(found,): which of them have one."""
    vectors: Floats
    """(found, numbers)"""

    @classmethod
    def of(cls, source: WordVectors, called: str, words: Sequence[str]) -> GivenVectors:
        """What ``source`` holds of ``words``.

        Raises:
            ModelError: when that is next to nothing.
        """
        ids = source.ids
        rows = [(row, at) for row, word in enumerate(words) if (at := ids.get(word)) is not None]
        if len(rows) < FEWEST_WORDS:
            raise ModelError(
                f"Of the corpus's {len(words):,} words, {called} hold {len(rows)}.",
                "Choose vectors of the same language, or train some on this corpus.",
            )
        places, taken = np.array(rows).T
        return cls(called, len(words), places, source.vectors[taken])

    def put_into(self, start: Floats) -> InitialEmbedding:
        """``start`` (words, embedding) with their rows."""
        found, given = self.vectors.shape
        size = start.shape[1]
        fitted = fit(self.vectors, size, float(start.std()))
        table = start.copy()
        table[self.places, : fitted.shape[1]] = fitted
        how = ""
        if given > size:
            how = f", their {given} numbers reduced to the first {size} principal components"
        elif given < size:
            how = f", {size - given} of {size} columns beside their {given} left to chance"
        report = f"{found:,} of {self.words:,} words start from {self.called}{how}."
        return InitialEmbedding(table, found, report)


def check_start(config: TrainingConfig) -> None:
    """Make sure that a run of ``config`` can start from the vectors that it names, if any.

    Raises:
        ColdOpenError: when the model is not the script model, or as :func:`check_vectors`.
    """
    if (config.initial_vectors or config.vector_passes) and config.model != "script":
        raise ConfigurationError(
            f"The {config.model} model cannot start from word vectors.",
            "Leave initial vectors empty and vector passes 0, or choose the script model.",
        )
    if config.initial_vectors:
        check_vectors(config.initial_vectors)


def check_vectors(name: str) -> None:
    """Make sure that there are finished word vectors called ``name``, without reading them.

    Raises:
        ModelError: when there are none, naming those that there are.
    """
    cards = {card.name: card for card in library.list_cards()}
    known = ", ".join(n for n, card in cards.items() if card.kind == "vectors" and card.weights)
    hint = f"There are: {known}." if known else "`coldopen vectors train` or `import` makes them."
    card = cards.get(library.checked_name(name))
    if card is None:
        raise ModelError(f"There are no word vectors called “{name}” to start from.", hint)
    if card.kind != "vectors":
        raise ModelError(f"“{name}” is a model, not word vectors to start from.", hint)
    if not card.weights:
        raise ModelError(f"The word vectors “{name}” are not finished.", hint)


def given_vectors(config: TrainingConfig, words: Sequence[str]) -> GivenVectors | None:
    """What the vectors that a run of ``config`` is to start from hold of ``words``; None without.

    Raises:
        ColdOpenError: as :func:`check_start` and :func:`vectors_for`.
    """
    check_start(config)
    return vectors_for(config.initial_vectors, words) if config.initial_vectors else None


def vectors_for(name: str, words: Sequence[str]) -> GivenVectors:
    """What the word vectors of the Library called ``name`` hold of ``words``.

    Raises:
        ModelError: when there are none of that name, they cannot be read, or they hold next to
            none of ``words``.
    """
    check_vectors(name)
    return GivenVectors.of(load_vectors(library.folder_of(name)), f"the vectors “{name}”", words)


def own_vectors(
    corpus: Corpus,
    size: int,
    passes: int,
    seed: int,
    control: Control,
    listener: Listener | None = None,
) -> GivenVectors:
    """Skip-gram vectors for an embedding of ``size``, made now in ``passes`` over ``corpus``.

    ``listener`` hears of pauses only.

    Raises:
        TrainingError: when the corpus is too small for any.
    """
    config = SkipGramConfig(dimension=min(MOST_DIMENSIONS, size), epochs=passes, seed=seed)
    vectors = VectorTraining(config, corpus, _Quiet(listener)).run(control)
    return GivenVectors.of(vectors, "vectors of this corpus", corpus.vocabulary.words)


def fit(vectors: Floats, size: int, deviation: float) -> Floats:
    """(words, at most ``size``): ``vectors`` centred, reduced, each scaled to ``deviation``.

    ``deviation`` is the standard deviation of the numbers of a row around zero.
    """
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    if centred.shape[1] > size:
        # The few numbers of the covariance stand for the many words.
        _values, directions = np.linalg.eigh(centred.T @ centred)
        centred = centred @ directions[:, ::-1][:, :size]
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True))
    scaled: Floats = (centred * (deviation / np.maximum(spread, 1e-12))).astype(np.float32)
    return scaled
