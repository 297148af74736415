"""The models' folders: what a run that never began left there is in nobody's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import paths
from engine.config import TrainingConfig
from engine.errors import ModelError, TrainingError
from engine.protocol.values import ModelCard
from engine.storage import library
from engine.storage.run_lock import written_by_us


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return paths.models_dir()


def make_model(name: str) -> None:
    card = ModelCard(
        name=name,
        kind="script",
        state="finished",
        corpus="a corpus",
        corpus_key="0" * 64,
        corpus_paths=(),
        config=TrainingConfig(),
        vocabulary_size=100,
        tokens=1000,
    )
    library.write_card(paths.models_dir() / name, card)


def leave_behind(name: str) -> Path:
    """A folder as a run leaves it that breaks off before it has a card."""
    folder = paths.models_dir() / name
    folder.mkdir(parents=True)
    (folder / "text.json").write_text("{}")
    return folder


def test_a_model_can_have_the_name_of_a_run_that_never_began() -> None:
    make_model("old")
    folder = leave_behind("new")
    library.rename("old", "new")
    assert library.read_card(folder).name == "new"
    assert not (folder / "text.json").exists()


def test_a_model_comes_back_where_a_run_never_began() -> None:
    make_model("sitcom")
    library.delete("sitcom")
    folder = leave_behind("sitcom")
    library.restore("sitcom")
    assert library.read_card(folder).state == "finished"
    assert library.deleted() == ()


def test_what_was_a_model_is_never_cleared_away() -> None:
    folder = paths.models_dir() / "half"
    (folder / "checkpoints").mkdir(parents=True)
    with pytest.raises(ModelError, match="already a model"):
        library.free_folder("half")
    assert (folder / "checkpoints").is_dir()
    library.to_trash(folder)
    assert library.free_folder("half") == folder
    assert library.deleted() == ("half",)


def test_a_new_folder_is_where_no_model_is() -> None:
    assert library.free_folder("new") == paths.models_dir() / "new"
    assert not leave_behind("torn").samefile(paths.models_dir())
    assert not library.free_folder("torn").exists()
    make_model("taken")
    with pytest.raises(ModelError, match="already a model called “taken”"):
        library.free_folder("taken")
    make_model("other")
    with pytest.raises(ModelError, match="already a model"):
        library.rename("other", "taken")
    library.delete("taken")
    make_model("taken")
    with pytest.raises(ModelError, match="again"):
        library.restore("taken")
    assert library.deleted() == ("taken",)


def test_a_new_model_comes_whole_or_not_at_all(models: Path) -> None:
    with library.new_model("mine") as folder:
        (folder / "card.json").write_text("{}")
        assert not (paths.models_dir() / "mine").exists()
    assert [p.name for p in (paths.models_dir() / "mine").iterdir()] == ["card.json"]
    with pytest.raises(ModelError, match="already"), library.new_model("mine") as folder:
        (folder / "card.json").write_text("another")
    assert (paths.models_dir() / "mine" / "card.json").read_text() == "{}"
    assert sorted(p.name for p in models.iterdir()) == [".locks", "mine"]


def test_a_run_that_has_begun_without_a_card_yet_keeps_its_folder(models: Path) -> None:
    begun = leave_behind("mine")
    with (
        written_by_us(begun),
        pytest.raises(TrainingError, match="Another process"),
        library.new_model("mine"),
    ):
        pass
    assert begun.exists()
    with library.new_model("mine") as folder:
        (folder / "card.json").write_text("{}")
    assert [p.name for p in begun.iterdir()] == ["card.json"]
