"""A run of word vectors as its process makes it, and the card that it leaves."""

from __future__ import annotations

from pathlib import Path

from engine.daemon.job_pipe import JobSpec
from engine.daemon.vectors_run import run_vectors
from engine.protocol.messages import TrainVectors
from engine.protocol.values import SkipGramSettings
from engine.storage.library import read_card
from engine.training.control import Control
from engine.vectors.word_vectors import load_vectors


def test_the_card_has_the_settings_of_the_skip_gram(
    tiny_corpus: Path, engine_home: Path, tmp_path: Path
) -> None:
    asked = TrainVectors(
        name="n", paths=(str(tiny_corpus),), dimension=24, window=3, negatives=7, epochs=2, seed=4
    )
    folder = tmp_path / "run"
    spec = JobSpec(job="j", name="n", run_dir=str(folder), paths=asked.paths, other=asked)
    seconds = run_vectors(spec, Control(), lambda _message: None)
    card = read_card(folder)
    assert card.skipgram == SkipGramSettings(
        dimension=24, window=3, negatives=7, epochs=2, learning_rate=0.2, subsample=1e-3,
        vocabulary_cutoff=2, seed=4,
    )  # fmt: skip
    assert card.seconds == seconds > 0
    assert card.vocabulary_size == len(load_vectors(folder).words)
