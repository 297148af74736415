"""However the program ends, the draft is saved, the terminal given back and no core kept busy."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = """
import sys, types
from pathlib import Path
from textual.widgets import TextArea
from tui.app import ColdOpenApp
from tui.room import Room
from tui.rooms import RoomEntry
from tui.terminal import Terminal

class WriteRoom(Room):
    room_id = "write"
    title = "Write"
    def compose(self):
        yield TextArea()
    async def before_exit(self):
        Path(sys.argv[1]).write_text(self.query_one(TextArea).text)

module = types.ModuleType("its_rooms")
module.WriteRoom = WriteRoom
sys.modules["its_rooms"] = module
app = ColdOpenApp(
    connect=False, rooms=(RoomEntry("write", "Write", "its_rooms", "WriteRoom"),)
)
app.driver_class = Terminal
app.run()
sys.exit(app.return_code or 0)
"""


class Program:
    """The app in a pseudo-terminal of its own."""

    def __init__(self, draft: Path, *, controlling: bool) -> None:
        self.draft = draft
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(slave)

        def take_terminal() -> None:
            if controlling:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(draft)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=take_terminal,
            env=os.environ | {"TERM": "xterm-256color"},
        )
        self.slave = slave
        self.output = b""

    def read_until(self, words: bytes) -> None:
        """Read the screen until ``words`` are on it."""
        deadline = time.monotonic() + 150
        while words not in self.output:
            assert time.monotonic() < deadline, self.output[-2000:]
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.output += os.read(self.master, 65536)
                except OSError:
                    break
        assert words in self.output, self.output[-2000:]

    def write(self, text: bytes) -> None:
        os.write(self.master, text)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self.master)
        with contextlib.suppress(OSError):
            os.close(self.slave)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@pytest.fixture(params=[True, False], ids=["controlling", "not-controlling"])
def program(request: pytest.FixtureRequest, user_home: Path) -> Iterator[Program]:
    made = Program(user_home / "draft.txt", controlling=request.param)
    made.read_until(b"Write")
    made.read_until(b"Help")
    made.write(b"JO: Hm.")
    made.read_until(b"Hm.")
    yield made
    made.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_saves_and_restores_the_terminal(program: Program, number: signal.Signals) -> None:
    program.process.send_signal(number)
    program.read_until(b"\x1b[?1049l")
    program.read_until(b"\x1b[?25h")
    assert program.process.wait(150) == 0
    assert program.draft.read_text() == "JO: Hm."
    assert termios.tcgetattr(program.slave) == program.before


def test_a_terminal_that_is_gone_ends_the_program(program: Program) -> None:
    os.close(program.slave)
    os.close(program.master)
    program.process.wait(150)
    assert program.draft.read_text() == "JO: Hm."


def test_a_stop_that_cannot_be_caught_is_slept_through(program: Program) -> None:
    for _again in range(2):
        program.process.send_signal(signal.SIGSTOP)
        program.output = b""
        program.process.send_signal(signal.SIGCONT)
        program.read_until(b"\x1b[?1049h")
        program.read_until(b"Hm.")
    program.write(b" Oh.")
    program.read_until(b"Oh.")
    program.write(b"\x11")
    assert program.process.wait(150) == 0
    assert program.draft.read_text() == "JO: Hm. Oh."
    assert termios.tcgetattr(program.slave) == program.before


def test_quitting(program: Program) -> None:
    program.write(b"\x11")
    program.read_until(b"\x1b[?1049l")
    assert program.process.wait(150) == 0
    assert program.draft.read_text() == "JO: Hm."


def test_an_input_that_is_at_its_end_ends_the_program(user_home: Path) -> None:
    draft = user_home / "draft.txt"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(draft)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
