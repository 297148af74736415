"""Ending an engine that cannot be asked: one of another version, or one that does not answer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time

from engine.client.launch import peer_of, socket_path
from engine.errors import EngineUnavailable

KEEPING_SECONDS = 65.0
"""How long an engine may take to keep what a run has learned."""
_LOCAL_PEERPID = 2
"""Of macOS, at level 0."""


def engine_pid() -> int | None:
    """The process that listens at the engine's socket; None where none does, or none can tell."""
    try:
        return _listener()
    except OSError:
        return None


def _listener() -> int | None:
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.settimeout(1.0)
        probe.connect(str(socket_path()))
        if (peer := peer_of(probe)) is not None:
            return peer[0] or None  # 0 is a process that this one cannot see
        return probe.getsockopt(0, _LOCAL_PEERPID) if sys.platform == "darwin" else None
    finally:
        probe.close()


def _holds(pid: int) -> bool:
    """Whether process ``pid`` may still be at the socket; one that takes no more calls is."""
    try:
        return _listener() in (None, pid)
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        return True


async def end_by_signal(pid: int, patience: float = KEEPING_SECONDS) -> None:
    """Have process ``pid`` keep what its runs have learned and end; insist after ``patience``.

    Raises:
        EngineUnavailable: when it may not be ended.
    """
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        except PermissionError:
            raise EngineUnavailable(
                f"Process {pid} holds the engine's socket and is not yours.", "Ask its owner."
            ) from None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _holds(pid):
                return
            await asyncio.sleep(0.5)
        if not _holds(pid):  # it may have been this process that was held up
            return
    raise EngineUnavailable(f"The engine (process {pid}) cannot be ended.", "Restart the machine.")
