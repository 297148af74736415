"""A real terminal: the real program in tmux, driven by keys and read off the screen."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


class Terminal:
    """One tmux server with one window."""

    def __init__(self, width: int = 110, height: int = 34) -> None:
        self._name = ""
        self._size = (str(width), str(height))

    def run(self, *arguments: str) -> None:
        """Start ``coldopen`` with ``arguments``; the window stays when it ends."""
        self._name = f"co-{uuid.uuid4().hex[:8]}"  # a server that was closed may still be leaving
        program = [sys.executable, "-m", "tui.cli.main", *arguments]
        quoted = " ".join(f"'{part}'" for part in program)
        command = f"{quoted}; echo LEFT $?; exec sleep 600"
        width, height = self._size
        self._tmux("new-session", "-d", "-x", width, "-y", height, command)

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names, such as ``C-g``, ``Enter`` or ``F1``."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text, letter for letter."""
        self._tmux("send-keys", "-l", text)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def press_until(self, key: str, wanted: str) -> str:
        """Press ``key`` until ``wanted`` has been seen, which is shown for a few seconds only."""
        for _again in range(5):
            self.keys(key)
            with contextlib.suppress(AssertionError):
                return self.until(wanted, within=30)
        return self.until(wanted)

    def until(self, wanted: str | Callable[[str], bool], within: float = 150.0) -> str:
        """Wait until ``wanted`` is on the screen; returns the screen."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            shown = self.screen()
            if wanted(shown) if callable(wanted) else wanted in shown:
                return shown
            time.sleep(0.1)
        raise AssertionError(f"{wanted!r} did not come up within {within:.0f} s:\n{self.screen()}")

    def close(self) -> None:
        if self._name:
            subprocess.run(
                ["tmux", "-L", self._name, "kill-server"], check=False, capture_output=True
            )

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._name, "-f", os.devnull, *arguments],
            check=True,
            capture_output=True,
            text=True,
            timeout=20,
            env={k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "TMUX")},
        )
        return done.stdout


@pytest.fixture
def terminal(engine_home: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    made = Terminal()
    yield made
    made.close()
