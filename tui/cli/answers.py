"""One question to the engine, for commands that have no more to do with it."""

from __future__ import annotations

from typing import TypeVar

from engine.client import EngineClient
from engine.protocol.messages import Reply, Request
from tui.cli.progress import ProgressLine

R = TypeVar("R", bound=Reply)


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
