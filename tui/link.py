"""The app's link to the engine: connects in the background, tells the state, comes back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from engine.errors import ColdOpenError, EngineUnavailable

if TYPE_CHECKING:
    from engine.client import EngineClient
    from engine.protocol.messages import AnyEvent, EngineState

LinkState = Literal["starting", "ready", "busy", "lost"]

SILENCE_SECONDS = 4.0
"""The engine's heart beats every second; after this much silence it counts as busy."""
QUICK_SECONDS = 3.0
"""A failure within this time may be an engine that is just going away."""
ATTEMPTS = 3
"""Times that a lost engine is started again before the user has to ask for it."""


class LinkStatus(Struct, frozen=True, kw_only=True):
    """The engine as the status bar shows it."""

    state: LinkState = "starting"
    device: str = ""
    note: str = ""


class EngineLink:
    """Keeps one connection to the engine; every callback runs in the event loop."""

    def __init__(
        self,
        *,
        on_event: Callable[[AnyEvent], None],
        on_status: Callable[[LinkStatus], None],
        on_ready: Callable[[EngineState], None],
        on_failure: Callable[[ColdOpenError], None],
        way_back: str,
    ) -> None:
        """``way_back`` says how the user can connect again."""
        self.status = LinkStatus()
        self._on_event = on_event
        self._on_status = on_status
        self._on_ready = on_ready
        self._on_failure = on_failure
        self._way_back = way_back
        self._client: EngineClient | None = None
        self._failure: ColdOpenError | None = None
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._losses = 0

    @property
    def client(self) -> EngineClient:
        """The connection.

        Raises:
            EngineUnavailable: while there is none.
        """
        if self._client is None or not self._client.connected:
            raise EngineUnavailable("The engine is not there yet.", "It starts in the background.")
        return self._client

    async def wait(self) -> EngineClient:
        """The connection, as soon as there is one.

        Raises:
            ColdOpenError: when connecting has failed.
        """
        while True:
            await self._settled.wait()
            if self._failure is not None:
                raise self._failure
            if self._client is not None and self._client.connected:
                return self._client
            await asyncio.sleep(0.02)

    def start(self) -> None:
        """Connect in the background; does nothing while that is under way or done."""
        if self._task is not None and not self._task.done():
            return
        if self._client is not None and self._client.connected:
            return
        self._failure = None
        self._settled.clear()
        self._tell(LinkStatus(state="starting"))
        self._task = asyncio.create_task(self._run(), name="engine link")

    async def close(self) -> None:
        """Hang up. The engine goes on by itself."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._client is not None:
            with contextlib.suppress(ColdOpenError, OSError):
                await self._client.close()
            self._client = None

    async def _run(self) -> None:
        try:
            self._client = await self._find()
        except ColdOpenError as error:
            self._fail(error)
            return
        except OSError as error:
            self._fail(
                EngineUnavailable(
                    f"The engine cannot be reached ({error.strerror or error}).",
                    "`coldopen engine logs` may say more.",
                )
            )
            return
        self._settled.set()
        try:
            await self._follow(self._client)
        except ColdOpenError as error:
            if self._client is not None and self._client.connected:
                self._fail(error)

    async def _find(self) -> EngineClient:
        """Connect. Just after a loss the old engine may still hold its door, so try twice then."""
        from engine.client import EngineClient

        async def connect() -> EngineClient:
            return await EngineClient.connect("app", on_event=self._on_event, on_lost=self._lost)

        begun = time.monotonic()
        try:
            return await connect()
        except ColdOpenError:
            if not self._losses or time.monotonic() - begun > QUICK_SECONDS:
                raise
        await asyncio.sleep(0.5)
        return await connect()

    async def _follow(self, client: EngineClient) -> None:
        """Wait for torch, then watch the heartbeat."""
        from engine.protocol.messages import GetEngineState

        state = await client.call(GetEngineState())
        self._on_ready(state)
        while not state.torch:
            self._tell(LinkStatus(state="starting", note="loading torch"))
            await asyncio.sleep(0.3)
            state = await client.call(GetEngineState())
        self._losses = 0
        while client.connected:
            silent = time.monotonic() - client.last_heard > SILENCE_SECONDS
            self._tell(LinkStatus(state="busy" if silent else "ready", device=state.device))
            await asyncio.sleep(1.0)

    def _lost(self) -> None:
        self._client = None
        self._losses += 1
        self._tell(LinkStatus(state="lost"))
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._losses <= ATTEMPTS:
            self.start()
        else:
            self._fail(
                EngineUnavailable(
                    "The engine stops again and again.",
                    f"`coldopen engine logs` shows why; {self._way_back} tries once more.",
                )
            )
            self._losses = 0

    def _fail(self, error: ColdOpenError) -> None:
        self._failure = error
        self._settled.set()
        self._tell(LinkStatus(state="lost", note=error.message))
        self._on_failure(error)

    def _tell(self, status: LinkStatus) -> None:
        if status != self.status:
            self.status = status
            self._on_status(status)
