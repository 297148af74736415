"""Models that are kept loaded: each is read once, and nobody waits for another's."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from engine import paths
from engine.daemon import room as room_module
from engine.daemon.room import ModelRoom
from engine.generation.writer import Writer
from engine.protocol.values import ModelCard


class Reading:
    """Counts the models that are read; those of a name that is held wait until it is let go."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.begun = threading.Event()
        self.held = ""
        self.let_go = threading.Event()
        self._open = Writer.open

    def __call__(self, folder: Path, device: torch.device) -> tuple[Writer, ModelCard]:
        self.names.append(folder.name)
        if folder.name == self.held:
            self.begun.set()
            assert self.let_go.wait(120)
        return self._open(folder, device)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    counted = Reading()
    monkeypatch.setattr(room_module.Writer, "open", counted)
    return counted


@pytest.fixture
def room(
    trained_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelRoom]:
    """One with the models a, b and c at hand."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in "abc":
        shutil.copytree(trained_folder, paths.models_dir() / name)
    threads = torch.get_num_threads()
    own = ModelRoom()
    yield own
    own.close()
    torch.set_num_threads(threads)


def test_a_loaded_model_is_there_while_another_is_read(room: ModelRoom, reading: Reading) -> None:
    loaded, _card = room.writer("a")
    reading.held = "b"
    with ThreadPoolExecutor() as clients:
        try:
            other = clients.submit(room.writer, "b")
            assert reading.begun.wait(60)
            assert clients.submit(room.writer, "a").result(60)[0] is loaded
        finally:
            reading.let_go.set()
        other.result(60)


def test_a_model_that_two_ask_for_is_read_once(room: ModelRoom, reading: Reading) -> None:
    reading.held = "b"
    with ThreadPoolExecutor() as clients:
        asked = [clients.submit(room.writer, "b") for _ in range(4)]
        assert reading.begun.wait(60)
        reading.let_go.set()
        assert len({id(one.result(60)[0]) for one in asked}) == 1
    assert reading.names == ["b"]


def test_the_least_recently_used_goes_and_what_has_changed_is_read_anew(
    room: ModelRoom, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_module, "LOADED", 2)
    for name in "ab":
        room.writer(name)
    os.utime(paths.models_dir() / "a" / "checkpoints" / "best" / "state.json", (0, 0))
    for name in "acac":  # a, read anew, is used later than b
        room.writer(name)
    room.writer("b")
    assert reading.names == [*"ab", *"ac", "b"]
