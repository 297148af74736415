"""A run of a language model as its process makes it, and the card that it leaves."""

from __future__ import annotations

import re
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine import paths
from engine.config import TrainingConfig
from engine.corpus import corpus, tokenizer
from engine.daemon.job_pipe import JobMetrics, JobNotice, JobSpec, JobStateChange
from engine.daemon.model_run import check_same_words, plan_run, run_model, write_run_folder
from engine.errors import ModelError, TrainingError
from engine.protocol.values import ModelCard
from engine.storage.library import read_card, write_card
from engine.storage.text_tables import TextTables
from engine.training.control import Control
from engine.training.loop import Trainer
from engine.vectors.word_vectors import WordVectors, save_vectors

EPISODES = 8
SETTINGS: dict[str, Any] = {
    "embedding_size": 16,
    "hidden_size": 16,
    "batch_size": 16,
    "attention_span": 16,
    "epochs": 1,
    "device": "cpu",
    "precision": "float32",
}


@pytest.fixture
def season(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "season"
    folder.mkdir()
    for path in sorted(paths.bundled_corpus().rglob("*.txt"))[:EPISODES]:
        shutil.copy(path, folder)
    return folder


def test_the_card_has_the_perplexity_of_what_writes(season: Path, tmp_path: Path) -> None:
    told: list[Any] = []
    folder = tmp_path / "run"
    spec = JobSpec(job="j", name="n", run_dir=str(folder), paths=(str(season),), settings=SETTINGS)
    run_model(spec, Control(), told.append)
    notices = " ".join(message.text for message in told if isinstance(message, JobNotice))
    reached = re.findall(r"validation perplexity from [\d.]+ to (\d+\.\d)", notices)
    assert reached, "counts help so small a model"
    card = read_card(folder)
    assert f"{card.perplexity:.1f}" == reached[-1]
    assert "ngrams" in card.added
    assert f"from {card.perplexity_alone:.1f} to" in notices


def test_another_cell_without_a_size_has_the_weights_of_the_usual_one(season: Path) -> None:
    loaded = corpus.load_corpus([season], cutoff=2)
    usual, _ = plan_run(loaded, {"layers": 2}, "")
    elman, reasons = plan_run(loaded, {"layers": 2, "cell": "elman"}, "")
    assert elman.cell == "elman"
    assert elman.hidden_size > 1.5 * usual.hidden_size
    assert f"{elman.hidden_size} units" in reasons[0]
    assert plan_run(loaded, {"cell": "gru", "hidden_size": 32}, "")[0].hidden_size == 32


def test_a_cut_off_that_leaves_no_word_is_refused(
    season: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    settings = SETTINGS | {"vocabulary_cutoff": 1000}
    spec = JobSpec(
        job="j", name="n", run_dir=str(folder), paths=(str(tiny_corpus),), settings=settings
    )
    with pytest.raises(TrainingError, match="is seen 1,000 times") as caught:
        run_model(spec, Control(), lambda _message: None)
    assert "Lower the cut-off" in str(caught.value)
    assert not folder.exists()


def test_the_card_of_a_run_that_failed_says_why_until_it_goes_on(
    season: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    spec = JobSpec(job="j", name="n", run_dir=str(folder), paths=(str(season),), settings=SETTINGS)

    run = Trainer.run

    def stumble(trainer: Trainer, control: Control) -> None:
        run(trainer, control)
        raise FloatingPointError("of its own")

    monkeypatch.setattr(Trainer, "run", stumble)
    with pytest.raises(FloatingPointError):
        run_model(spec, Control(), lambda _message: None)
    monkeypatch.setattr(Trainer, "run", run)
    card = read_card(folder)
    assert card.state == "failed"
    assert "FloatingPointError: of its own" in card.failure
    run_model(msgspec.structs.replace(spec, resume=True), Control(), lambda _message: None)
    card = read_card(folder)
    assert (card.state, card.failure) == ("finished", "")


def test_a_pause_while_start_vectors_are_made_is_told_and_no_time_of_the_run(
    season: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, slept = time.perf_counter, 0.0
    long_pause = 1e6

    class LongPause(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal slept
            slept += long_pause
            self.set()
            return True

    monkeypatch.setattr(time, "perf_counter", lambda: clock() + slept)
    control, told = Control(), list[Any]()
    control._going = LongPause()
    control.pause()
    settings = SETTINGS | {"vector_passes": 1}
    folder = tmp_path / "run"
    spec = JobSpec(job="j", name="n", run_dir=str(folder), paths=(str(season),), settings=settings)
    run_model(spec, control, told.append)
    states = [message.state for message in told if isinstance(message, JobStateChange)]
    assert states == ["paused", "running"]
    seconds = [message.metrics.seconds for message in told if isinstance(message, JobMetrics)]
    assert 0 < seconds[0] <= seconds[-1] < long_pause


def test_a_model_is_not_replaced_by_a_run_that_cannot_begin(
    season: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    foreign = WordVectors(("qqqq", "zzzzz"), (1, 1), np.ones((2, 8), np.float32))
    vectors, folder = paths.models_dir() / "foreign", paths.models_dir() / "good"
    config = TrainingConfig()
    for place in (vectors, folder):
        place.mkdir(parents=True)
        card = ModelCard(
            name=place.name,
            kind="vectors",
            state="finished",
            corpus="x",
            corpus_key="k",
            corpus_paths=(),
            config=config,
            vocabulary_size=2,
            tokens=2,
            weights=save_vectors(place, foreign),
        )
        write_card(place, card)
    spec = JobSpec(
        job="j",
        name="good",
        run_dir=str(folder),
        paths=(str(season),),
        settings=SETTINGS | {"initial_vectors": "foreign"},
        replace=True,
    )
    with pytest.raises(ModelError, match="the vectors “foreign” hold 0"):
        run_model(spec, Control(), lambda _message: None)
    assert read_card(folder) == card


def test_the_card_of_a_run_that_cannot_go_on_says_why(season: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    spec = JobSpec(job="j", name="n", run_dir=str(folder), paths=(str(season),), settings=SETTINGS)
    run_model(spec, Control(), lambda _message: None)
    shutil.rmtree(folder / "checkpoints")
    again = msgspec.structs.replace(spec, resume=True)
    with pytest.raises(ModelError, match="no usable checkpoint"):
        run_model(again, Control(), lambda _message: None)
    card = read_card(folder)
    assert card.state == "failed"
    assert "no usable checkpoint" in card.failure


def test_a_run_of_an_earlier_tokenizer_goes_on_where_it_cut_the_same(
    season: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = tokenizer.EARLIER_VERSIONS[0]
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(corpus, "_content_key", _key_of_version(earlier))
        began = corpus.load_corpus([season], cutoff=2)
        card = write_run_folder(folder, TrainingConfig(), began, (str(season),))
    now = corpus.load_corpus([season], cutoff=2)
    assert now.key != card.corpus_key
    assert now.has_text_of(card.corpus_key)
    check_same_words(folder, card, now)

    text = (folder / "text.json").read_text()
    (folder / "text.json").write_text(
        text.replace('"delia:"', '"delia (v.o.):"').replace(
            f'"tokenizer": {tokenizer.TOKENIZER_VERSION}', f'"tokenizer": {earlier}'
        )
    )
    assert "delia (v.o.):" in TextTables.load(folder).vocabulary
    with pytest.raises(TrainingError, match="earlier version"):
        check_same_words(folder, card, now)

    (season / "more.txt").write_text("GUS: Socks.\n")
    with pytest.raises(TrainingError, match="has changed"):
        check_same_words(folder, card, corpus.load_corpus([season], cutoff=2))


def _key_of_version(version: int) -> Any:
    made = corpus._content_key

    def key(sources: Any, size: int, tell: Any, tokenizer: int = version) -> str:
        return made(sources, size, tell, tokenizer)

    return key
