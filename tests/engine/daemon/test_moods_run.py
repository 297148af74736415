"""A run of moods as its process makes it, and the card that it leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from engine import paths
from engine.client import EngineClient
from engine.config import MoodConfig
from engine.daemon.job_pipe import FromJob, JobBegun, JobNotice, JobSample, JobSpec
from engine.daemon.moods_run import run_moods
from engine.daemon.run_reporter import failure_in_words
from engine.errors import ColdOpenError, CorpusError
from engine.moods.mood_files import load_moods
from engine.protocol.messages import (
    FindNeighbours,
    ListModels,
    LoadModel,
    ReadMoods,
    RenameModel,
    ResumeTraining,
    TrainMoods,
)
from engine.storage.library import read_card, read_history
from engine.training.control import Control, StoppedBeforeItBegan

SMALL = MoodConfig(embedding_size=8, hidden_size=8, epochs=2)


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.tsv"
    path.write_bytes("1\tlovely café\n0\tit is seven\n".encode("latin-1") * 30)
    return path


def spec_of(labels: Path, folder: Path) -> JobSpec:
    asked = TrainMoods(name="n", paths=(str(labels),), settings=SMALL)
    return JobSpec(job="j", name="n", run_dir=str(folder), paths=asked.paths, other=asked)


def test_a_run_leaves_a_network_a_curve_and_a_card(
    labels: Path, engine_home: Path, tmp_path: Path
) -> None:
    folder, told = tmp_path / "run", list[FromJob]()
    seconds = run_moods(spec_of(labels, folder), Control(), told.append)
    card = read_card(folder)
    assert (card.kind, card.state, card.corpus) == ("moods", "finished", "labels")
    assert card.moods == SMALL
    assert card.mood_figures is not None
    assert card.mood_figures.scale == (0, 1)
    assert card.seconds == seconds > 0
    assert card.vocabulary_size == load_moods(folder).vocabulary.known == 6
    assert card.perplexity is None
    assert card.weights
    metrics, points, samples = read_history(folder)
    assert metrics
    assert len(points) == len(samples) == 2
    assert isinstance(told[0], JobBegun | JobNotice)
    assert any(isinstance(m, JobNotice) and "Latin-1" in m.text for m in told)
    assert any(isinstance(m, JobSample) for m in told)


def test_what_cannot_be_learned_from_leaves_nothing(engine_home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.tsv"
    bad.write_text("good\tday\n")
    folder = tmp_path / "run"
    with pytest.raises(CorpusError, match="Line 1"):
        run_moods(spec_of(bad, folder), Control(), lambda _message: None)
    assert not folder.exists()


def test_what_does_not_fit_into_memory_takes_no_models_place(
    labels: Path, engine_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    folder = tmp_path / "run"
    run_moods(spec_of(labels, folder), Control(), lambda _message: None)
    kept = read_card(folder)
    monkeypatch.setattr("engine.moods.training.MoodModel", full)
    spec = msgspec.structs.replace(spec_of(labels, folder), replace=True)
    with pytest.raises(RuntimeError, match="allocate") as caught:
        run_moods(spec, Control(), lambda _message: None)
    assert read_card(folder) == kept
    assert failure_in_words(caught.value).startswith("There was not enough memory")


def test_a_run_that_is_stopped_at_once_touches_nothing(
    labels: Path, engine_home: Path, tmp_path: Path
) -> None:
    control = Control()
    control.stop()
    with pytest.raises(StoppedBeforeItBegan):
        run_moods(spec_of(labels, tmp_path / "run"), control, lambda _message: None)
    assert not (tmp_path / "run").exists()


async def test_the_bundled_network_tells_moods_and_nothing_else(client: EngineClient) -> None:
    name = paths.bundled_moods().name
    text = "ANNA: I love you, thank you!\n\nBERT: I hate this horrible place.\n"
    found = await client.call(ReadMoods(model=name, text=text))
    assert found.scale == (-2, -1, 0, 1, 2)
    anna, bert = found.speeches
    assert anna.mood > 0.2 > -0.2 > bert.mood
    near = await client.call(FindNeighbours(model=name, word="happy", number=5))
    assert len(near.tables[0].neighbours) == 5
    listed = await client.call(ListModels())
    assert [card.name for card in listed.models] == ["spin-cycle", name]
    assert all(card.bundled for card in listed.models)
    for request, said in (
        (LoadModel(name=name), "tells moods only"),
        (ReadMoods(model="spin-cycle", text=text), "does not tell moods"),
        (ResumeTraining(name=name), "cannot be trained further"),
        (RenameModel(name=name, new_name="mine"), "came with the program"),
        (TrainMoods(name="spin-cycle", paths=(str(paths.bundled_labels()),)), "came with the"),
        (
            TrainMoods(name=name, paths=(str(paths.bundled_labels()),), replace=True),
            "came with the program",
        ),
    ):
        with pytest.raises(ColdOpenError, match=said):
            await client.call(request)


async def test_moods_take_the_place_of_moods_only(client: EngineClient, labels: Path) -> None:
    folder = paths.models_dir() / "mine"
    shutil.copytree(paths.bundled_model(), folder)
    request = TrainMoods(name="mine", paths=(str(labels),), settings=SMALL, replace=True)
    with pytest.raises(ColdOpenError, match="a language model, not moods"):
        await client.call(request)
    assert read_card(folder).kind == "script"
