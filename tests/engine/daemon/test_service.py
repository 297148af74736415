"""The engine's service in this process, where its threads can be slowed down."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import paths
from engine.client import EngineClient
from engine.client.launch import socket_path
from engine.config import TrainingConfig
from engine.daemon import server as server_module
from engine.daemon.service import Service
from engine.errors import ColdOpenError, EngineUnavailable, NoEngine
from engine.protocol import messages as m
from engine.protocol.framing import encode_frame
from engine.protocol.values import ModelCard
from engine.storage import library
from engine.storage.run_lock import written_by_us


@contextmanager
def serving(**settings: float) -> Iterator[tuple[Service, threading.Thread]]:
    """A service at its door, in a thread of this process."""
    service = Service(socket_path(), **{"idle_seconds": 60.0, **settings})
    running = threading.Thread(target=service.run, daemon=True)
    running.start()
    try:
        yield service, running
    finally:
        service.leave()
        running.join(60)
    assert not running.is_alive()


async def test_an_engine_told_to_leave_answers_first_however_slow_it_is(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(message: m.FromEngine) -> bytes:
        if isinstance(message, m.Answer):
            time.sleep(0.5)
        return encode_frame(message)

    monkeypatch.setattr(server_module, "encode_frame", slowly)
    with serving() as (_service, running):
        gone = asyncio.Event()
        client = await EngineClient.connect("last", start=False, on_lost=gone.set)
        assert isinstance(await client.call(m.StopEngine()), m.Done)
        await asyncio.wait_for(gone.wait(), 60)
        await asyncio.to_thread(running.join, 60)
        assert not running.is_alive()
        await client.close()


async def test_who_comes_while_an_engine_leaves_is_turned_away_and_knows_it(
    engine_home: Path,
) -> None:
    with serving() as (service, _running):
        client = await EngineClient.connect("early", start=False)
        server = service._server
        assert not server.turn_away(idle_seconds=0.001)
        await client.close()
        deadline = time.monotonic() + 60
        while not server.turn_away(idle_seconds=0.001):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        with pytest.raises(EngineUnavailable, match="may be leaving"):
            await EngineClient.connect("late", start=False, timeout=3)
        late = asyncio.create_task(EngineClient.connect("patient", start=False, timeout=60))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(service.leave)
        with pytest.raises(NoEngine):
            await late


async def test_a_client_that_cannot_be_heard_costs_only_itself(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as (service, _running):
        listener = service._server._listener
        await (await EngineClient.connect("one", start=False)).close()

        class Full:
            """A listener that finds no free file once."""

            failed = False

            def accept(self) -> tuple[socket.socket, object]:
                if not self.failed:
                    self.failed = True
                    raise OSError(errno.EMFILE, "Too many open files")
                return listener.accept()

            def __getattr__(self, name: str) -> object:
                return getattr(listener, name)

        full = Full()
        monkeypatch.setattr(service._server, "_listener", full)
        # The first is taken by the call that was waiting before.
        for name in ("two", "three"):
            await (await EngineClient.connect(name, start=False)).close()
        assert full.failed


async def test_a_model_that_another_process_writes_is_left_alone(
    engine_home: Path, tmp_path: Path
) -> None:
    folder = paths.models_dir() / "theirs"
    card = ModelCard(
        name="theirs", kind="script", state="running", corpus="c", corpus_key="",
        corpus_paths=(), config=TrainingConfig(), vocabulary_size=1, tokens=1, created=0.0,
    )  # fmt: skip
    folder.mkdir(parents=True)
    library.write_card(folder, card)
    library.write_card(folder.with_name("a copy: by hand"), card)
    with serving():
        client = await EngineClient.connect("other", start=False)
        listed = await client.call(m.ListModels())
        assert {c.name: c.state for c in listed.models if not c.bundled} == {
            "theirs": "stopped",
            "a copy: by hand": "stopped",
        }
        with written_by_us(folder):
            listed = await client.call(m.ListModels())
            assert {c.name: c.state for c in listed.models}["theirs"] == "running"
            for request in (
                m.DeleteModel(name="theirs"),
                m.RenameModel(name="theirs", new_name="mine"),
                m.ResumeTraining(name="theirs"),
                m.StartTraining(name="theirs", paths=(str(tmp_path),), replace=True),
            ):
                with pytest.raises(ColdOpenError, match="this engine has not begun"):
                    await client.call(request)
        await client.call(m.RenameModel(name="theirs", new_name="mine"))
        await client.close()
