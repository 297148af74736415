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

from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus
from engine.errors import ConfigurationError, ModelError
from engine.protocol.values import JobState, Metrics, ValidationPoint
from engine.storage import library
from engine.training.control import Control
from engine.vectors.skipgram import SkipGramConfig
from engine.vectors.training import VectorTraining
from engine.vectors.word_vectors import Floats, WordVectors, load_vectors

FEWEST_WORDS = 2
MOST_DIMENSIONS = 256
"""Of vectors that are made for a start; more take longer and say no more after a few passes."""


class _Silent:
    """Vectors made in passing tell nothing of their own."""

    def on_metrics(self, metrics: Metrics) -> None: ...
    def on_validation(self, point: ValidationPoint) -> None: ...
    def on_sample(self, step: int, text: str) -> None: ...
    def on_notice(self, text: str) -> None: ...
    def on_state(self, state: JobState) -> None: ...


@dataclass(frozen=True)
class InitialEmbedding:
    """A table to start from, and how it came about."""

    table: Floats
    """(words, embedding)"""
    found: int
    """Words that had a vector; the others keep their random row."""
    report: str
    """The same in words."""


def vectors_called(name: str) -> WordVectors:
    """The word vectors of the Library called ``name``.

    Raises:
        ModelError: when there are none of that name, naming those that there are, or when they
            cannot be read.
    """
    check_vectors(name)
    return load_vectors(library.folder_of(name))


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


def initial_embedding(name: str, words: Sequence[str], start: Floats) -> InitialEmbedding:
    """``start`` (words, embedding) with the rows of the words that the vectors ``name`` hold.

    Raises:
        ModelError: when there are no such vectors, or they hold next to none of ``words``.
    """
    return embedding_from(vectors_called(name), f"the vectors “{name}”", words, start)


def own_embedding(
    corpus: Corpus, passes: int, seed: int, start: Floats, control: Control
) -> InitialEmbedding:
    """``start`` (words, embedding) with skip-gram vectors made now in ``passes`` over ``corpus``.

    Raises:
        TrainingError: when the corpus is too small for any.
    """
    config = SkipGramConfig(
        dimension=min(MOST_DIMENSIONS, start.shape[1]), epochs=passes, seed=seed
    )
    vectors = VectorTraining(config, corpus, _Silent()).run(control)
    return embedding_from(vectors, "vectors of this corpus", corpus.vocabulary.words, start)


def embedding_from(
    source: WordVectors, called: str, words: Sequence[str], start: Floats
) -> InitialEmbedding:
    """``start`` (words, embedding) with the rows of the words that ``source`` holds.

    Raises:
        ModelError: when it holds next to none of ``words``.
    """
    rows = [(row, at) for row, word in enumerate(words) if (at := source.ids.get(word)) is not None]
    if len(rows) < FEWEST_WORDS:
        raise ModelError(
            f"Of the corpus's {len(words):,} words, {called} hold {len(rows)}.",
            "Choose vectors of the same language, or train some on this corpus.",
        )
    places, taken = np.array(rows).T
    size = start.shape[1]
    given = source.vectors.shape[1]
    fitted = fit(source.vectors[taken], size, float(start.std()))
    table = start.copy()
    table[places, : fitted.shape[1]] = fitted
    how = ""
    if given > size:
        how = f", their {given} numbers reduced to the first {size} principal components"
    elif given < size:
        how = f", {size - given} of {size} columns beside their {given} left to chance"
    return InitialEmbedding(
        table, len(rows), f"{len(rows):,} of {len(words):,} words start from {called}{how}."
    )


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
