"""An engine that cannot be asked to stop is found at its socket and ended by the system."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.client.launch import socket_path
from engine.client.stopping import end_by_signal, engine_pid

DEAF = """
import signal, socket, sys
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
door = socket.socket(socket.AF_UNIX)
door.bind(sys.argv[1])
door.listen()
print("listening", flush=True)
signal.pause()
"""

Deaf = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def deaf(engine_home: Path) -> Iterator[Deaf]:
    """A process that holds the engine's socket and never answers; it is gone after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(kind: str) -> subprocess.Popen[str]:
        path = socket_path()
        path.parent.mkdir(parents=True, mode=0o700)
        command = [sys.executable, "-c", DEAF, str(path), kind]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("kind", "ended_by"), [("meek", signal.SIGTERM), ("stubborn", signal.SIGKILL)]
)
async def test_whoever_holds_the_socket_is_gone_afterwards(
    deaf: Deaf, kind: str, ended_by: signal.Signals
) -> None:
    process = deaf(kind)
    assert engine_pid() == process.pid
    await end_by_signal(process.pid, patience=1.0 if kind == "stubborn" else 60.0)
    assert process.wait(60) == -ended_by
    assert engine_pid() is None


async def test_one_that_has_left_by_itself_needs_no_signal(deaf: Deaf) -> None:
    process = deaf("meek")
    process.kill()
    process.wait()
    assert engine_pid() is None
    await end_by_signal(process.pid)
