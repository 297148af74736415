"""The Write room in the real app, with the real engine and a small model where one is wanted."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from engine.client import EngineClient
from engine.errors import EngineUnavailable
from engine.protocol.messages import ListModels, StartTraining, StopEngine
from tui.app import ColdOpenApp
from tui.screens.write import WriteRoom
from tui.write.ask import Ask

EPISODE = Path(__file__).parents[3] / "assets" / "corpus" / "s01e01-the-blue-suitcase.txt"
Wait = Callable[[Pilot[Any], Callable[[], object]], Awaitable[None]]


@pytest.fixture(scope="session")
def home_with_model() -> Iterator[Path]:
    """User folders with one small model, trained once by the engine that serves all tests here."""
    home = Path(tempfile.mkdtemp(prefix="co-"))
    with pytest.MonkeyPatch.context() as patch:
        _live_in(home, patch)
        asyncio.run(_train())
    yield home
    with pytest.MonkeyPatch.context() as patch:
        _live_in(home, patch)
        asyncio.run(_stop_engine())
    shutil.rmtree(home, ignore_errors=True)


def _live_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("HOME", str(home))
    for name in ("STATE", "DATA", "CONFIG", "CACHE"):
        patch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    patch.setenv("COLDOPEN_IDLE_SECONDS", "60")
    patch.setenv("OMP_NUM_THREADS", "1")


async def _train() -> None:
    client = await EngineClient.connect("tests")
    settings = {
        "hidden_size": 24,
        "embedding_size": 24,
        "batch_size": 8,
        "epochs": 3,
        "attention_span": 16,
        "precision": "float32",
        "device": "cpu",
    }
    await client.call(StartTraining(name="small", paths=(str(EPISODE),), settings=settings))
    deadline = time.monotonic() + 180
    while True:
        cards = (await client.call(ListModels())).models
        if any(c.name == "small" and c.state == "finished" for c in cards):
            break
        assert time.monotonic() < deadline, "the model was not trained in time"
        await asyncio.sleep(0.1)
    await client.close()


async def _stop_engine() -> None:
    gone = asyncio.Event()
    try:
        client = await EngineClient.connect("tests", start=False, on_lost=gone.set)
    except EngineUnavailable:
        return
    await client.call(StopEngine(force=True))
    await asyncio.wait_for(gone.wait(), 150)


@pytest.fixture
def models(home_with_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders with the small model, and no drafts in them."""
    _live_in(home_with_model, monkeypatch)
    shutil.rmtree(home_with_model / "data" / "coldopen" / "drafts", ignore_errors=True)
    (home_with_model / "state" / "coldopen" / "app.json").unlink(missing_ok=True)
    return home_with_model


@pytest.fixture
def wait() -> Wait:
    """Wait until a condition holds, and fail when it does not in a minute."""

    async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 150
        while not condition():
            assert time.monotonic() < deadline, "the condition never came true"
            await pilot.pause(0.01)
        await pilot.pause()

    return until


class Sitting:
    """One run of the app, in its Write room."""

    def __init__(self, pilot: Pilot[None], wait: Wait) -> None:
        self.pilot, self._wait = pilot, wait

    @property
    def app(self) -> ColdOpenApp:
        return cast(ColdOpenApp, self.pilot.app)

    @property
    def room(self) -> WriteRoom:
        return cast(WriteRoom, self.app.room("write"))

    @property
    def page(self) -> Any:
        return self.room.page

    async def until(self, condition: Callable[[], object]) -> None:
        await self._wait(self.pilot, condition)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        names = {" ": "space", "\n": "enter"}
        await self.pilot.press(*(names.get(c, c) for c in text))

    async def put(self, text: str) -> None:
        """Text at the cursor, as if pasted."""
        at = self.page.cursor_offset
        self.page.swap(at, at, text)
        await self.pilot.pause()

    async def asked(self) -> None:
        """Wait until a question is there to be answered."""
        await self.until(lambda: isinstance(self.app.screen, Ask))
        await self.until(lambda: isinstance(self.app.focused, Input))

    async def at_most(self, words: int) -> None:
        """How long a continuation may become."""
        self.room.side.query_one("#odds-tokens", Input).value = str(words)
        await self.pilot.pause()

    def line(self) -> str:
        """The line above the page."""
        return str(self.room.query_one("#write-line").render())

    def notices(self) -> str:
        return "\n".join(notice.message for notice in self.app._notifications)

    async def ready(self) -> None:
        """Wait for the model."""
        await self.until(lambda: self.room._ready is not None)

    async def stopped(self) -> None:
        await self.until(lambda: not self.room.streaming)


@pytest.fixture
async def sitting(user_home: Path, wait: Wait) -> AsyncIterator[Sitting]:
    """The room without an engine."""
    app = ColdOpenApp(connect=False, start_room="write")
    async with app.run_test(size=(110, 34)) as pilot:
        await wait(pilot, lambda: app.room("write") is not None and app.room("write").is_mounted)
        await pilot.pause()
        yield Sitting(pilot, wait)


@pytest.fixture
async def cowriting(models: Path, wait: Wait) -> AsyncIterator[Sitting]:
    """The room with the real engine and the small model."""
    app = ColdOpenApp(start_room="write")
    async with app.run_test(size=(110, 34)) as pilot:
        await wait(pilot, lambda: app.room("write") is not None)
        sitting = Sitting(pilot, wait)
        await sitting.ready()
        side = sitting.room.side  # lengths that do not depend on what the small model writes
        side.stop_rule = msgspec.structs.replace(side.stop_rule, finish=False)
        yield sitting
        await app.leave()
