"""Fixtures for the whole suite: user folders of its own, and the real engine behind them."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from engine.client import EngineClient
from engine.errors import EngineUnavailable
from engine.protocol.messages import StopEngine

# Before torch is loaded: workers of the suite that take turns on the same cores wait for threads of
# their own, which takes many times as long as what these would do.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Machines may be slow, and what passes today has to pass tomorrow.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")

EPISODE = Path(__file__).parent.parent / "assets" / "corpus" / "s01e01-the-blue-suitcase.txt"


@pytest.fixture
def engine_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """User folders of the test's own, short enough for a socket; the engine is stopped after it."""
    home = Path(tempfile.mkdtemp(prefix="co-"))
    monkeypatch.setenv("HOME", str(home))
    for name in ("STATE", "DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("COLDOPEN_IDLE_SECONDS", "30")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield home
    asyncio.run(_stop_engine())
    shutil.rmtree(home, ignore_errors=True)


async def _stop_engine() -> None:
    gone = asyncio.Event()
    try:
        client = await EngineClient.connect("tests", start=False, on_lost=gone.set)
    except EngineUnavailable:
        return
    await client.call(StopEngine(force=True))
    await asyncio.wait_for(gone.wait(), 150)


@pytest.fixture
async def client(engine_home: Path) -> AsyncIterator[EngineClient]:
    """A connection to a real engine, started for this test."""
    connected = await EngineClient.connect("tests")
    yield connected
    await connected.close()


@pytest.fixture
def tiny_corpus(tmp_path: Path) -> Path:
    """One episode of the bundled sitcom, as a file of the test's own."""
    path = tmp_path / "episode.txt"
    shutil.copy(EPISODE, path)
    return path
