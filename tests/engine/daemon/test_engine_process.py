"""The engine as a process: one of it, reachable, patient with bad clients, gone when told."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from engine import paths
from engine.client import EngineClient
from engine.client import connection as connection_module
from engine.client.launch import socket_path
from engine.errors import ColdOpenError, EngineUnavailable
from engine.protocol import messages as m
from engine.protocol.framing import encode_frame, read_frame_blocking

FROM_ENGINE = msgspec.json.Decoder(m.FromEngine)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")


async def gone(pid: int, within: float = 150.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if not alive(pid):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_clients_that_start_at_once_share_one_engine(engine_home: Path) -> None:
    clients = await asyncio.gather(*(EngineClient.connect(f"c{i}") for i in range(4)))
    assert len({client.engine_pid for client in clients}) == 1
    for client in clients:
        await client.close()


async def test_the_door_is_private(client: EngineClient) -> None:
    path = socket_path()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_dead_socket_is_taken_over(engine_home: Path) -> None:
    path = socket_path()
    path.parent.mkdir(parents=True, mode=0o700)
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    client = await EngineClient.connect("after a crash")
    assert (await client.call(m.GetEngineState())).pid == client.engine_pid
    await client.close()


async def test_it_outlives_its_client_and_hangups(client: EngineClient) -> None:
    os.kill(client.engine_pid, signal.SIGHUP)
    await client.close()
    again = await EngineClient.connect("again", start=False)
    assert again.engine_pid == client.engine_pid
    await again.close()


async def test_it_leaves_when_idle(engine_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLDOPEN_IDLE_SECONDS", "2")
    client = await EngineClient.connect("brief")
    await client.close()
    assert await gone(client.engine_pid)
    assert not socket_path().exists()


async def test_a_waiting_call_fails_when_the_engine_dies(client: EngineClient) -> None:
    os.kill(client.engine_pid, signal.SIGSTOP)
    waiting = asyncio.create_task(client.call(m.ListModels()))
    await asyncio.sleep(0)
    os.kill(client.engine_pid, signal.SIGKILL)
    with pytest.raises(EngineUnavailable):
        await waiting
    assert not client.connected


async def test_noise_at_the_door_hurts_nobody(client: EngineClient) -> None:
    for noise in (b"\xff" * 64, struct.pack(">I", 9) + b"{", b"GET / HTTP/1.1\r\n\r\n", b""):
        stranger = socket.socket(socket.AF_UNIX)
        stranger.connect(str(socket_path()))
        stranger.sendall(noise)
        stranger.close()
    assert (await client.call(m.GetEngineState())).pid == client.engine_pid


async def test_another_protocol_is_told_apart_and_leaves_the_engine_running(
    client: EngineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = socket.socket(socket.AF_UNIX)
    stranger.connect(str(socket_path()))
    stranger.sendall(encode_frame(m.Hello(protocol=999, client="future", version="9")))
    welcome = read_frame_blocking(stranger.makefile("rb"), FROM_ENGINE)
    assert isinstance(welcome, m.Welcome)
    assert welcome.protocol == m.PROTOCOL_VERSION
    stranger.close()
    monkeypatch.setattr(connection_module, "PROTOCOL_VERSION", 999)
    with pytest.raises(EngineUnavailable, match="speaks protocol"):
        await EngineClient.connect("future")
    assert alive(client.engine_pid)


async def test_an_engine_that_cannot_start_says_so(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLDOPEN_IDLE_SECONDS", "not a number")
    with pytest.raises(EngineUnavailable, match="broke off"):
        await EngineClient.connect("unlucky")
    assert "not a number" in paths.log_file().read_text()


async def test_bad_requests_are_answered_in_words(client: EngineClient, tmp_path: Path) -> None:
    missing = str(tmp_path / "no-such-script.txt")
    with pytest.raises(ColdOpenError, match=r"no-such-script\.txt"):
        await client.call(m.LoadCorpus(paths=(missing,)))
    with pytest.raises(ColdOpenError, match="no model called"):
        await client.call(m.GetModelHistory(name="nobody"))
    with pytest.raises(ColdOpenError, match="cannot be a model's name"):
        await client.call(m.StartTraining(name="../escape", paths=(missing,)))
    with pytest.raises(ColdOpenError, match="dropout"):
        await client.call(m.StartTraining(name="x", paths=(missing,), settings={"dropout": 7}))
    with pytest.raises(ColdOpenError, match="no training run"):
        await client.call(m.WatchTraining(job="nothing"))


async def test_a_call_that_does_not_fit_is_refused_by_itself(client: EngineClient) -> None:
    with pytest.raises(ColdOpenError, match="new_name"):
        await client.call(m.RenameModel(name="a", new_name="b" * 81))
    assert client.connected
    assert (await client.call(m.GetEngineState())).pid == client.engine_pid


def test_what_does_not_fit_is_told_to_the_call_that_it_was(engine_home: Path) -> None:
    async def start() -> None:
        await (await EngineClient.connect("first")).close()

    asyncio.run(start())
    misfit = {"type": "call", "id": 7, "request": {"type": "no such request"}}
    body = msgspec.json.encode(misfit)
    door = socket.socket(socket.AF_UNIX)
    door.connect(str(socket_path()))
    door.sendall(encode_frame(m.Hello(protocol=m.PROTOCOL_VERSION, client="raw", version="1")))
    door.sendall(struct.pack(">I", len(body)) + body)
    door.sendall(encode_frame(m.Call(id=8, request=m.GetEngineState())))
    stream = door.makefile("rb")
    replies: dict[int, m.Failed | m.Answer] = {}
    while len(replies) < 2:
        message = read_frame_blocking(stream, FROM_ENGINE)
        assert message is not None, "the engine hung up"
        if isinstance(message, m.Failed | m.Answer):
            replies[message.id] = message
    door.close()
    assert isinstance(replies[7], m.Failed)
    assert "no such request" in replies[7].message
    assert isinstance(replies[8], m.Answer)


async def test_a_file_whose_name_is_not_utf8_is_read_or_refused_in_words(
    client: EngineClient, tmp_path: Path
) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.txt")
    try:
        file.write_text("OZ: Hello.\nDELIA: No.\n")
    except OSError:
        pytest.skip("no such names here")
    loaded = await client.call(m.LoadCorpus(paths=(str(tmp_path),), cutoff=1))
    assert loaded.summary.files == 1
    assert {speaker.name for speaker in loaded.summary.speakers} == {"OZ", "DELIA"}
    file.write_bytes(bytes(range(32)) * 9)
    with pytest.raises(ColdOpenError, match=r"caf\\xe9\.txt is not a text file"):
        await client.call(m.LoadCorpus(paths=(str(tmp_path),)))
    train = m.StartTraining(name="odd", paths=(str(tmp_path),), settings={"epochs": 1})
    job = (await client.call(train)).job
    while (info := (await client.call(m.WatchTraining(job=job))).info).state != "failed":
        await asyncio.sleep(0.05)
    assert r"caf\xe9.txt is not a text file" in info.message
    with pytest.raises(ColdOpenError, match="no UTF-8"):
        await client.call(m.LoadCorpus(paths=(str(file),)))
    assert (await client.call(m.GetEngineState())).pid == client.engine_pid


def test_a_second_engine_bows_out(engine_home: Path) -> None:
    async def first() -> int:
        client = await EngineClient.connect("first")
        await client.close()
        return client.engine_pid

    pid = asyncio.run(first())
    second = subprocess.run([sys.executable, "-m", "engine.daemon"], timeout=100, check=False)
    assert second.returncode == 0
    assert alive(pid)
