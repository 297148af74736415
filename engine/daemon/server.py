"""The engine's door: a Unix socket, one reading and one writing thread a client.

Threads rather than an event loop, so that nothing a request does (importing torch, reading a
corpus) can hold up the heartbeat or another client.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO

import msgspec

import engine
from engine.client.launch import peer_of, private_directory
from engine.daemon.outbox import Outbox, OutboxClosed
from engine.errors import ColdOpenError
from engine.paths import printable
from engine.protocol.framing import (
    NotUnderstoodError,
    ProtocolError,
    encode_frame,
    read_frame_blocking,
)
from engine.protocol.messages import (
    PROTOCOL_VERSION,
    Answer,
    AnyEvent,
    AnyRequest,
    Call,
    Failed,
    FromClient,
    Heartbeat,
    Hello,
    Reply,
    Welcome,
)

log = logging.getLogger(__name__)
_DECODER = msgspec.json.Decoder(FromClient)


class _Numbered(msgspec.Struct):
    """What is left of a call that does not fit: whom to tell."""

    id: int


_NUMBERED = msgspec.json.Decoder(_Numbered)
HEARTBEAT_SECONDS = 1.0
QUEUE = 1024
"""Callers that may wait at the door, so that one that hangs can still be found."""
LEAVING_SECONDS = 30.0
"""How long an engine that has closed its door may take to be gone."""
LAST_WORDS_SECONDS = 10.0
"""How long an engine tries to send what a client still has to get before it hangs up."""
ACCEPT_AGAIN_SECONDS = 0.1
"""After which the next client may be heard where one could not, for want of files, say."""


class AlreadyRunning(Exception):  # noqa: N818 - a state, not a fault
    """Another engine answers at the socket."""


class Session:
    """One connected client."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.outbox = Outbox()
        self.watching: set[str] = set()
        self.client = ""

    def tell(self, event: AnyEvent) -> bool:
        return self.outbox.put(event)

    def hang_up(self) -> None:
        self.outbox.close()
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


Handler = Callable[[Session, int, AnyRequest], Reply]


class Server:
    """Accepts clients and hands each of their calls to ``handle`` in a thread of its own.

    ``on_answered`` is called in that thread too, when the answer waits to be sent.
    """

    def __init__(
        self,
        path: Path,
        handle: Handler,
        *,
        on_answered: Callable[[AnyRequest], None],
        on_leave: Callable[[Session], None],
        busy_with: Callable[[], str],
    ) -> None:
        self.path = path
        self._handle = handle
        self._on_answered = on_answered
        self._on_leave = on_leave
        self._busy_with = busy_with
        self._sessions: set[Session] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._turning_away = False
        self._calls = 0
        self.last_active = time.monotonic()
        self._listener, self._door_lock = claim_door(path)

    @property
    def sessions(self) -> tuple[Session, ...]:
        with self._lock:
            return tuple(self._sessions)

    def broadcast(self, event: AnyEvent) -> None:
        for session in self.sessions:
            session.tell(event)

    def tell_watchers(self, job: str, event: AnyEvent) -> None:
        for session in self.sessions:
            if job in session.watching:
                session.tell(event)

    def touch(self) -> None:
        """Something has happened: the engine is not idle."""
        self.last_active = time.monotonic()

    def turn_away(self, idle_seconds: float | None = None) -> bool:
        """Welcome nobody any more; unless ``idle_seconds`` are given and it is not as idle as that.

        Whoever comes then is hung up on, and knows that another engine is needed.
        """
        with self._lock:
            if idle_seconds is not None:
                idle = time.monotonic() - self.last_active
                if self._sessions or self._calls or idle <= idle_seconds:
                    return False
            self._turning_away = True
            return True

    def serve(self) -> None:
        """Accept clients until :meth:`stop`."""
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if not self._stopping.wait(ACCEPT_AGAIN_SECONDS):
                    log.error("a client cannot be heard: %s", error)
                continue
            if not _is_own_user(connection):
                log.warning("refused a client of another user")
                connection.close()
                continue
            session = Session(connection)
            threading.Thread(target=self._read, args=(session,), daemon=True).start()

    def stop(self) -> None:
        """Close the door and hang up on everybody; what waits in the outboxes is sent first."""
        self.turn_away()
        self._stopping.set()
        with contextlib.suppress(OSError):
            self.path.unlink()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        deadline = time.monotonic() + LAST_WORDS_SECONDS
        for session in self.sessions:
            session.outbox.wait_until_sent(max(0.0, deadline - time.monotonic()))
            session.hang_up()

    def _read(self, session: Session) -> None:
        stream = session.connection.makefile("rb")
        writer = threading.Thread(target=self._write, args=(session,), daemon=True)
        writer.start()
        try:
            hello = read_frame_blocking(stream, _DECODER)
            if not isinstance(hello, Hello):
                return
            welcome = Welcome(
                protocol=PROTOCOL_VERSION, version=engine.__version__, pid=os.getpid()
            )
            with self._lock:
                if self._turning_away:
                    return
                session.outbox.put(welcome)
                if hello.protocol == PROTOCOL_VERSION:
                    self._sessions.add(session)
            session.client = hello.client
            if hello.protocol != PROTOCOL_VERSION:
                log.warning("client %s speaks protocol %s", hello.client, hello.protocol)
                return
            log.info("client %s connected", hello.client)
            while (message := self._next(session, stream)) is not None:
                if isinstance(message, Call):
                    self.touch()
                    threading.Thread(
                        target=self._answer, args=(session, message), daemon=True
                    ).start()
        except (ProtocolError, OSError) as error:
            log.warning("client %s: %s", session.client or "?", error)
        finally:
            with self._lock:
                self._sessions.discard(session)
                self.touch()
            self._on_leave(session)
            session.outbox.close()
            writer.join(LAST_WORDS_SECONDS)
            session.hang_up()
            session.connection.close()
            log.info("client %s left", session.client or "?")

    def _next(self, session: Session, stream: BinaryIO) -> FromClient | None:
        """The next message; a call that does not fit is refused by itself."""
        while True:
            try:
                return read_frame_blocking(stream, _DECODER)
            except NotUnderstoodError as error:
                try:
                    call = _NUMBERED.decode(error.body).id
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                    raise error from None
                log.warning("client %s: %s", session.client, error)
                session.outbox.put(Failed(id=call, message=error.message))

    def _answer(self, session: Session, call: Call) -> None:
        with self._lock:
            self._calls += 1
        try:
            reply = self._handle(session, call.id, call.request)
            session.outbox.put(Answer(id=call.id, reply=reply))  # type: ignore[arg-type]
        except ColdOpenError as error:
            told = printable(error.message), printable(error.hint)
            session.outbox.put(Failed(id=call.id, message=told[0], hint=told[1]))
        except MemoryError:
            session.outbox.put(
                Failed(id=call.id, message="There is not enough memory.", hint="Try a smaller one.")
            )
        except Exception as error:
            log.exception("%s failed", type(call.request).__name__)
            why = printable(f"{type(error).__name__}: {error}")
            session.outbox.put(
                Failed(
                    id=call.id,
                    message=f"The engine stumbled: {why}.",
                    hint="`coldopen engine logs` has the details.",
                )
            )
        else:
            self._on_answered(call.request)
        finally:
            with self._lock:
                self._calls -= 1
                self.touch()

    def _write(self, session: Session) -> None:
        try:
            while True:
                message = session.outbox.get()
                try:
                    frame = encode_frame(message)
                except ProtocolError as error:
                    if not isinstance(message, Answer | Failed):
                        log.error("not sent: %s", error)
                        continue
                    refusal = Failed(id=message.id, message=error.message, hint=error.hint)
                    frame = encode_frame(refusal)
                session.connection.sendall(frame)
        except (OutboxClosed, OSError):
            session.outbox.give_up()
            session.hang_up()

    def _beat(self) -> None:
        while not self._stopping.wait(HEARTBEAT_SECONDS):
            self.broadcast(Heartbeat(monotonic=time.monotonic(), busy=self._busy_with()))


def claim_door(path: Path) -> tuple[socket.socket, IO[bytes]]:
    """Bind ``path``, settling the race between engines that start at once.

    Connect; if nobody answers, take the lock; connect again, since another may have come up while
    we waited; only then unlink the dead socket and bind.

    Raises:
        AlreadyRunning: when another engine answers, or holds the lock and does not leave.
    """
    private_directory(path.parent)
    lock = (path.parent / "engine.lock").open("wb")
    deadline = time.monotonic() + LEAVING_SECONDS
    while True:
        if _answers(path):
            lock.close()
            raise AlreadyRunning
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:  # an engine that is coming up, or one that is leaving
            if time.monotonic() > deadline:
                lock.close()
                raise AlreadyRunning from None
            time.sleep(0.02)
    if _answers(path):
        lock.close()
        raise AlreadyRunning
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen(QUEUE)
    return listener, lock


def _answers(path: Path) -> bool:
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(str(path))
    except OSError:
        return False
    else:
        return True
    finally:
        probe.close()


def _is_own_user(connection: socket.socket) -> bool:
    """Whether the client runs as this user; where that cannot be asked, the 0700 folder decides."""
    peer = peer_of(connection)
    return peer is None or peer[1] == os.getuid()
