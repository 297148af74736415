"""One connection to the engine, for the app and for the command line alike."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, cast

import msgspec

import engine
from engine.client.launch import private_directory, socket_path, start_engine
from engine.errors import ColdOpenError, EngineUnavailable, NoEngine
from engine.protocol.framing import MAX_FRAME_BYTES, ProtocolError, encode_frame, read_frame
from engine.protocol.messages import (
    PROTOCOL_VERSION,
    Answer,
    AnyEvent,
    AnyRequest,
    Call,
    Failed,
    FromEngine,
    Heartbeat,
    Hello,
    Progress,
    Reply,
    Request,
    Told,
    Welcome,
)

R = TypeVar("R", bound=Reply)
Ts = TypeVarTuple("Ts")
EventHandler = Callable[[AnyEvent], None]
ProgressHandler = Callable[[Progress], None]

AGAIN_SECONDS = 0.02
"""Between two looks whether an engine is there."""
LEAVING_SECONDS = 0.2
"""And between two whether one that leaves has gone."""
GREETING_SECONDS = 10.0
"""How long an engine that was slow to start may still take to answer."""

_DECODER = msgspec.json.Decoder(FromEngine)


class EngineClient:
    """Calls to the engine and the events that it sends.

    Make one with :meth:`connect`. ``on_event`` is called in the event loop for every event but
    progress, which goes to the call that it belongs to. When the connection ends, every waiting
    call fails with :class:`EngineUnavailable` and ``on_lost`` is called once. What one of these
    raises goes to the event loop's exception handler, which logs it, and the connection goes on.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        welcome: Welcome,
        on_event: EventHandler | None = None,
        on_lost: Callable[[], None] | None = None,
    ) -> None:
        self.engine_pid = welcome.pid
        self.engine_version = welcome.version
        self.last_heard = time.monotonic()
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self.on_lost = on_lost
        self._next_id = 1
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._progress: dict[int, ProgressHandler] = {}
        self._closed = False
        self._listener = asyncio.create_task(self._listen(), name="engine events")

    @classmethod
    async def connect(
        cls,
        client: str,
        *,
        start: bool = True,
        timeout: float = 60.0,
        on_event: EventHandler | None = None,
        on_lost: Callable[[], None] | None = None,
    ) -> EngineClient:
        """Connect to the running engine, or start one and connect to that.

        ``timeout`` is in seconds and covers the start of the engine, not the import of torch,
        which the engine does after it has opened its door.

        Raises:
            NoEngine: when none runs and ``start`` is false.
            EngineUnavailable: when it does not come up in time, does not answer, or speaks
                another version of the protocol.
        """
        path = socket_path()
        private_directory(path.parent)
        deadline = time.monotonic() + timeout
        process: subprocess.Popen[bytes] | None = None
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(
                    str(path), limit=MAX_FRAME_BYTES + 16
                )
            except (FileNotFoundError, ConnectionRefusedError):
                if not start:
                    raise NoEngine(
                        "No engine is running.", "It starts by itself with `coldopen`."
                    ) from None
                if process is None:
                    process = start_engine()
                elif process.poll():
                    raise EngineUnavailable(
                        f"The engine broke off as it started (exit status {process.returncode}).",
                        "`coldopen engine logs` shows why.",
                    ) from None
                elif process.poll() == 0:  # it bowed out before another that has left since
                    process = None
                if time.monotonic() > deadline:
                    raise EngineUnavailable(
                        f"The engine did not start within {timeout:.0f} seconds.",
                        "`coldopen engine logs` shows why.",
                    ) from None
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            except OSError as error:
                raise EngineUnavailable(
                    f"The engine's socket {path} cannot be used: {error.strerror or error}.",
                    "`coldopen engine stop --force` and start again.",
                ) from None
            try:
                welcome = await asyncio.wait_for(
                    cls._greet(reader, writer, client),
                    max(min(timeout, GREETING_SECONDS), deadline - time.monotonic()),
                )
                break
            except ConnectionError:
                await _drop(writer)
                if time.monotonic() > deadline:
                    raise EngineUnavailable(
                        "The engine does not answer: it hangs up. It may be leaving, which takes a"
                        " minute at most where it keeps a run.",
                        "Wait for it; `coldopen engine stop --force` ends one that is stuck.",
                    ) from None
                await asyncio.sleep(LEAVING_SECONDS)  # or it was killed just now
            except (TimeoutError, ProtocolError) as error:
                await _drop(writer)
                raise EngineUnavailable(
                    f"The engine does not answer ({str(error) or 'no greeting'}).",
                    "`coldopen engine stop --force` and start again.",
                ) from None
        if welcome.protocol != PROTOCOL_VERSION:
            await _drop(writer)
            raise EngineUnavailable(
                f"The engine that is running (version {welcome.version}) speaks protocol"
                f" {welcome.protocol}; this program (version {engine.__version__}) speaks"
                f" {PROTOCOL_VERSION}. Its training run goes on.",
                "When it has finished, `coldopen engine stop --force`, then start again.",
            )
        return cls(reader, writer, welcome, on_event, on_lost)

    @staticmethod
    async def _greet(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, client: str
    ) -> Welcome:
        hello = Hello(protocol=PROTOCOL_VERSION, client=client, version=engine.__version__)
        writer.write(encode_frame(hello))
        await writer.drain()
        message = await read_frame(reader, _DECODER)
        if message is None:
            raise ConnectionResetError("it hangs up")
        if not isinstance(message, Welcome):
            raise ProtocolError("no greeting")
        return message

    @property
    def connected(self) -> bool:
        return not self._closed

    async def call(self, request: Request[R], *, on_progress: ProgressHandler | None = None) -> R:
        """Ask, and wait for the reply.

        Cancelling the call lets go of the answer; it does not undo what was asked.

        Raises:
            ColdOpenError: when the engine says that it cannot be done, and why.
            EngineUnavailable: when the connection is or gets lost.
        """
        if self._closed:
            raise _lost()
        number = self._next_id
        self._next_id += 1
        frame = encode_frame(Call(id=number, request=cast(AnyRequest, request)))
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        if on_progress is not None:
            self._progress[number] = on_progress
        try:
            self._writer.write(frame)
            await self._writer.drain()
            return cast(R, await waiting)
        except ConnectionError:
            if not waiting.cancel():
                waiting.exception()  # it says the same, and is not to be said twice
            raise _lost() from None
        finally:
            self._waiting.pop(number, None)
            self._progress.pop(number, None)

    async def close(self) -> None:
        """Hang up; the engine and its training go on."""
        self.on_lost = None
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _listen(self) -> None:
        try:
            while (message := await read_frame(self._reader, _DECODER)) is not None:
                self.last_heard = time.monotonic()
                self._take(message)
        except (ProtocolError, OSError):
            pass
        finally:
            self._closed = True
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(_lost())
            if self.on_lost is not None:
                _hand(self.on_lost)
        self._writer.transport.abort()  # not waited for: whoever hears of it may close meanwhile

    def _take(self, message: FromEngine) -> None:
        if isinstance(message, Answer | Failed):
            waiting = self._waiting.get(message.id)
            if waiting is None or waiting.done():
                return
            if isinstance(message, Answer):
                waiting.set_result(message.reply)
            else:
                waiting.set_exception(ColdOpenError(message.message, message.hint))
        elif isinstance(message, Told):
            event = message.event
            if isinstance(event, Progress):
                if (handler := self._progress.get(event.id)) is not None:
                    _hand(handler, event)
            elif self._on_event is not None and not isinstance(event, Heartbeat):
                _hand(self._on_event, event)


def _hand(handler: Callable[[*Ts], None], *told: *Ts) -> None:
    """Call a handler; what it raises is its own fault, and not the connection's."""
    try:
        handler(*told)
    except Exception as error:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "What the engine tells could not be taken", "exception": error}
        )


async def _drop(writer: asyncio.StreamWriter) -> None:
    """Be done with a connection; an error that it ended with is no news, and nobody's to report."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _lost() -> EngineUnavailable:
    return EngineUnavailable(
        "The connection to the engine was lost.", "`coldopen engine logs` shows why."
    )
