"""One run of word vectors, from corpus to card: what a training process does for them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import msgspec

from engine import paths
from engine.config import TrainingConfig
from engine.corpus.corpus import load_corpus
from engine.daemon.history_reporter import HistoryReporter
from engine.daemon.job_pipe import JobBegun, JobSpec
from engine.daemon.model_run import lasting, make_room, write_run_folder
from engine.daemon.run_reporter import Tell
from engine.errors import TrainingError
from engine.protocol.messages import TrainVectors
from engine.protocol.values import (
    JobState,
    SkipGramSettings,
)
from engine.training.control import Control
from engine.vectors.skipgram import SkipGramConfig
from engine.vectors.training import VectorTraining, check_size
from engine.vectors.word_vectors import save_vectors


def run_vectors(spec: JobSpec, control: Control, tell: Tell) -> float:
    """Train the word vectors that ``spec`` describes.

    Returns the seconds that they have been trained for, pauses left out.

    Raises:
        ColdOpenError: when the corpus cannot be used or is too small.
        StoppedBeforeItBegan: when ``control`` says so before there is anything to keep.
    """
    asked = spec.other
    if not isinstance(asked, TrainVectors):
        raise TrainingError("This is no run of word vectors.")
    corpus = load_corpus([paths.expanded(p) for p in spec.paths], cutoff=asked.cutoff)
    config = SkipGramConfig(
        dimension=asked.dimension,
        window=asked.window,
        negatives=asked.negatives,
        epochs=asked.epochs,
        learning_rate=asked.learning_rate,
        subsample=asked.subsample,
        seed=asked.seed,
    )
    shown = TrainingConfig(
        embedding_size=asked.dimension,
        vocabulary_cutoff=asked.cutoff,
        learning_rate=asked.learning_rate,
        epochs=asked.epochs,
        seed=asked.seed,
        device="cpu",
    )
    folder = Path(spec.run_dir)
    resolved = lasting(paths.expanded(p) for p in spec.paths)
    check_size(corpus)
    control.leave_if_stopping()
    make_room(folder, spec.replace)
    card = write_run_folder(folder, shown, corpus, resolved)
    card = msgspec.structs.replace(
        card, kind="vectors", device="cpu", skipgram=settings_of(config, asked.cutoff)
    )
    reporter = HistoryReporter(card, folder, tell)
    training = VectorTraining(config, corpus, reporter)
    reporter.card = msgspec.structs.replace(
        card, parameters=training.parameters, vocabulary_size=training.model.words
    )
    with reporter.running():
        tell(JobBegun(config=shown, device="cpu", parameters=training.parameters))
        table = training.run(control)
        digest = save_vectors(folder, table)
        state: JobState = "stopped" if control.stopping else "finished"
        reporter.card = msgspec.structs.replace(
            reporter.card, state=state, weights=digest, perplexity=None
        )
        reporter.save()
    return reporter.card.seconds


def settings_of(config: SkipGramConfig, cutoff: int) -> SkipGramSettings:
    """``config`` as the Library shows it, with the ``cutoff`` of the vocabulary."""
    values = dataclasses.asdict(config) | {"vocabulary_cutoff": cutoff}
    return msgspec.convert(values, SkipGramSettings)
