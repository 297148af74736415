"""Two tiny real models, trained once: an LSTM with everything, a GRU that does not look back."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import paths
from engine.client import EngineClient
from engine.protocol import messages as m

CORPUS = Path(__file__).parents[3] / "assets" / "corpus" / "s01e01-the-blue-suitcase.txt"
TINY: dict[str, Any] = {
    "embedding_size": 16,
    "hidden_size": 16,
    "layers": 1,
    "batch_size": 8,
    "sequence_length": 16,
    "attention_span": 32,
    "device": "cpu",
    "precision": "float32",
    "epochs": 1,
    "vocabulary_cutoff": 1,
}


async def _train(name: str, **settings: Any) -> None:
    ended = asyncio.Event()
    states: list[str] = []

    def hear(event: m.AnyEvent) -> None:
        if isinstance(event, m.TrainingStateChanged):
            states.append(event.info.state)
            if event.info.state in ("finished", "failed"):
                ended.set()

    client = await EngineClient.connect("tests", on_event=hear)
    try:
        job = await client.call(
            m.StartTraining(name=name, paths=(str(CORPUS),), settings={**TINY, **settings})
        )
        snapshot = await client.call(m.WatchTraining(job=job.job))
        if snapshot.info.state not in ("finished", "failed"):
            await asyncio.wait_for(ended.wait(), 180)
            assert states[-1] == "finished"
    finally:
        await client.close()


async def _stop() -> None:
    gone = asyncio.Event()
    client = await EngineClient.connect("tests", start=False, on_lost=gone.set)
    await client.call(m.StopEngine(force=True))
    await asyncio.wait_for(gone.wait(), 150)


@pytest.fixture(scope="session")
def trained_models() -> Iterator[Path]:
    """A folder of models: ``tiny``, and ``plain`` without attention and copying."""
    home = Path(tempfile.mkdtemp(prefix="co-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        for name in ("STATE", "DATA", "CONFIG", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
        patch.setenv("OMP_NUM_THREADS", "1")
        asyncio.run(_train("plain", cell="gru", attention="none", copying=False))
        asyncio.run(_train("tiny"))
        asyncio.run(_stop())
        models = paths.models_dir()
    yield models
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def models(engine_home: Path, trained_models: Path) -> Path:
    """The test's own copy of the trained models."""
    folder = paths.models_dir()
    shutil.copytree(trained_models, folder, dirs_exist_ok=True)
    return folder


@pytest.fixture
def until() -> Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]:
    """Wait for a condition as long as an engine may take to start on a busy machine."""

    async def wait(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 150
        while not condition():
            assert time.monotonic() < deadline, "the condition never came true"
            await pilot.pause(0.01)

    return wait
