"""The engine's service in this process, where its threads can be slowed down."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest

from engine.client import EngineClient
from engine.client.launch import socket_path
from engine.daemon import server as server_module
from engine.daemon.service import Service
from engine.protocol import messages as m
from engine.protocol.framing import encode_frame


async def test_an_engine_told_to_leave_answers_first_however_slow_it_is(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(message: m.FromEngine) -> bytes:
        if isinstance(message, m.Answer):
            time.sleep(0.5)
        return encode_frame(message)

    monkeypatch.setattr(server_module, "encode_frame", slowly)
    service = Service(socket_path(), idle_seconds=60)
    running = threading.Thread(target=service.run, daemon=True)
    running.start()
    gone = asyncio.Event()
    client = await EngineClient.connect("last", start=False, on_lost=gone.set)
    assert isinstance(await client.call(m.StopEngine()), m.Done)
    await asyncio.wait_for(gone.wait(), 60)
    await asyncio.to_thread(running.join, 60)
    assert not running.is_alive()
    await client.close()
