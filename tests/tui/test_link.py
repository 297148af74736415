"""The app and a real engine: found in the background, lost, found again, and given up on."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine import paths
from engine.errors import EngineUnavailable
from engine.protocol.messages import GetEngineState
from tui.app import ColdOpenApp
from tui.rooms import RoomEntry

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]


@pytest.fixture
def app(engine_home: Path, some_rooms: tuple[RoomEntry, ...]) -> ColdOpenApp:
    return ColdOpenApp(rooms=some_rooms, start_room="write")


async def test_the_engine_is_found_and_asked(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.room("write") is not None)
        state = await app.room("write").ask(GetEngineState())  # type: ignore[union-attr]
        assert state is not None
        assert state.pid != os.getpid()
        await pilot.press("ctrl+q")


async def test_an_engine_that_dies_is_started_again(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        first = (await app.engine_ready()).engine_pid
        os.kill(first, signal.SIGKILL)
        await until(pilot, lambda: app._link.status.state != "ready" or not _connected(app, first))
        await until(pilot, lambda: _connected(app) and app.engine.engine_pid != first)
        await pilot.press("ctrl+q")


def _connected(app: ColdOpenApp, pid: int = 0) -> bool:
    try:
        return pid in (0, app.engine.engine_pid)
    except EngineUnavailable:
        return False


async def test_an_engine_that_cannot_start_is_said_and_can_be_asked_for_again(
    app: ColdOpenApp, until: Until
) -> None:
    in_the_way = paths.run_dir()
    in_the_way.parent.mkdir(parents=True)
    in_the_way.write_text("")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app._link.status.state == "lost")
        assert any("in the way" in notice.message for notice in app._notifications)
        assert await app.room("write").ask(GetEngineState()) is None  # type: ignore[union-attr]
        in_the_way.unlink()
        await app.perform("app.reconnect")
        await until(pilot, lambda: _connected(app))
        await pilot.press("ctrl+q")
