"""One run of a network that tells moods, from labelled texts to card."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from engine import paths
from engine.config import TrainingConfig
from engine.daemon.history_reporter import HistoryReporter
from engine.daemon.job_pipe import JobBegun, JobNotice, JobSpec
from engine.daemon.model_run import lasting, make_room
from engine.daemon.run_reporter import Tell
from engine.errors import TrainingError
from engine.moods.labelled import read_labelled
from engine.moods.mood_files import MoodReader, save_moods
from engine.moods.training import MoodTraining
from engine.protocol.messages import TrainMoods
from engine.protocol.values import JobState, ModelCard
from engine.training.control import Control


def run_moods(spec: JobSpec, control: Control, tell: Tell) -> float:
    """Train the network that ``spec`` describes.

    Returns the seconds that it has been trained for, pauses left out.

    Raises:
        ColdOpenError: when the labelled texts cannot be used.
        StoppedBeforeItBegan: when ``control`` says so before there is anything to keep.
    """
    if not isinstance(spec.other, TrainMoods):
        raise TrainingError("This is no run of moods.")
    config = spec.other.settings
    files = [paths.expanded(path) for path in spec.paths]
    labelled = read_labelled(files, config.vocabulary_cutoff)
    training = MoodTraining(config, labelled)
    folder = Path(spec.run_dir)
    resolved = lasting(files)
    control.leave_if_stopping()
    make_room(folder, spec.replace)
    folder.mkdir(parents=True, exist_ok=True)
    shown = TrainingConfig(
        embedding_size=config.embedding_size,
        hidden_size=config.hidden_size,
        layers=config.layers,
        attention="none",
        copying=False,
        ngrams=False,
        recency=False,
        neural_cache=False,
        dropout=config.dropout,
        embedding_dropout=config.word_dropout,
        weight_decay=config.weight_decay,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        vocabulary_cutoff=config.vocabulary_cutoff,
        epochs=config.epochs,
        seed=config.seed,
        device="cpu",
    )
    card = ModelCard(
        name=folder.name,
        kind="moods",
        state="starting",
        corpus=labelled.name,
        corpus_key=labelled.key,
        corpus_paths=resolved,
        config=shown,
        vocabulary_size=labelled.vocabulary.known,
        tokens=len(labelled.ids),
        moods=config,
        device="cpu",
        created=time.time(),
    )
    card = msgspec.structs.replace(card, parameters=training.parameters)
    training.listener = reporter = HistoryReporter(card, folder, tell)
    with reporter.running():
        tell(JobBegun(config=shown, device="cpu", parameters=training.parameters))
        for note in labelled.notes:
            tell(JobNotice(text=note))
        model = training.run(control)
        digest = save_moods(folder, MoodReader(model, labelled.vocabulary, labelled.scale))
        state: JobState = "stopped" if control.stopping else "finished"
        reporter.card = msgspec.structs.replace(
            reporter.card, state=state, weights=digest, mood_figures=training.figures
        )
        reporter.save()
    return reporter.card.seconds
