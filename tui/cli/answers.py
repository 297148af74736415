"""What the engine answers and, to commands that follow something, what it tells."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TypeVar

from engine.client import EngineClient
from engine.protocol.messages import AnyEvent, Reply, Request
from tui.cli.progress import ProgressLine

R = TypeVar("R", bound=Reply)
Events = asyncio.Queue[AnyEvent | None]
"""What the engine tells, in its order; None where the connection is lost."""


async def answer(request: Request[R]) -> R:
    """What the engine, which is started if need be, says to ``request``.

    Raises:
        ColdOpenError: when there is none, or it refuses.
    """
    client = await EngineClient.connect("command line")
    try:
        with ProgressLine() as progress:
            return await client.call(request, on_progress=progress.show)
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def following() -> AsyncIterator[tuple[EngineClient, Events]]:
    """A connection to the engine, which is started if need be, and what it tells.

    Raises:
        ColdOpenError: when there is none.
    """
    events: Events = asyncio.Queue()
    client = await EngineClient.connect(
        "command line", on_event=events.put_nowait, on_lost=lambda: events.put_nowait(None)
    )
    try:
        yield client, events
    finally:
        await client.close()
