"""The real app over the real engine, for tests of whole rooms."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tui.app import ColdOpenApp
from tui.room import Room

Soon = Callable[[Pilot[Any], Callable[[], object]], Awaitable[None]]
Opened = Callable[..., AbstractAsyncContextManager[Pilot[Any]]]

PATIENCE_SECONDS = 150


@pytest.fixture
def soon() -> Soon:
    """Wait for a condition that the engine has to bring about."""

    async def wait(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            app = pilot.app
            said = [notice.message for notice in app._notifications]
            assert time.monotonic() < deadline, f"the condition never came true; said: {said}"
            await pilot.pause(0.02)
        await pilot.pause()

    return wait


@pytest.fixture
def opened(engine_home: Path, soon: Soon) -> Opened:
    """Open the app in a room and close it in good order."""

    @asynccontextmanager
    async def start(
        room: str, corpus: tuple[Path, ...] = (), size: tuple[int, int] = (120, 40)
    ) -> AsyncIterator[Pilot[Any]]:
        app = ColdOpenApp(start_room=room, corpus=tuple(str(path) for path in corpus))
        async with app.run_test(size=size) as pilot:
            try:
                await soon(pilot, lambda: app.room_id == room)
                yield pilot
            finally:
                await app.leave()

    return start


@pytest.fixture
def text_of() -> Callable[[Room, str], str]:
    """What a Static of a room shows, as plain text."""

    def plain(room: Room, selector: str) -> str:
        return str(room.app.query_one(selector, Static).render())

    return plain
