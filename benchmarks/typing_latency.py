"""Key to echo: how long after a key the letter is on the screen, read from a real terminal.

The real program runs in a pseudo-terminal. Each key is a letter that is nowhere else on the screen;
its echo is the first output that contains it. Measured are a draft of 2 pages and one of 200, the
cursor in the middle; at rest, and while a model is trained on all cores and words stream into the
page (the continuation is asked for before each key; the key then falls into the stream).

    python -m benchmarks.typing_latency [--keys 200] [--rest-only] [--json]
"""

from __future__ import annotations

import argparse
import codecs
import fcntl
import json
import os
import pty
import random
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from engine import paths

WORDS_A_PAGE = 250
LETTERS = [
    chr(code)
    for first, last in ((0x430, 0x44F), (0x561, 0x586), (0x10D0, 0x10F0), (0x5D0, 0x5EA))
    for code in range(first, last + 1)
]
"""Letters that the bundled scripts do not have."""


class Screen:
    """The program in a pseudo-terminal."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 34, 110, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tui.cli.main", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(home),
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self, timeout: float) -> str:
        """What comes within ``timeout`` seconds; empty when nothing does."""
        if not select.select([self.master], [], [], timeout)[0]:
            return ""
        text = self._decoder.decode(os.read(self.master, 1 << 16))
        self.seen = (self.seen + text)[-20_000:]
        return text

    def until(self, wanted: str, timeout: float = 60.0) -> float:
        """Seconds until ``wanted`` comes.

        Raises:
            TimeoutError: when it does not.
        """
        begun = time.perf_counter()
        text = ""
        while time.perf_counter() - begun < timeout:
            text = text[-len(wanted) :] + self.read(0.5)
            if wanted in text:
                return time.perf_counter() - begun
        raise TimeoutError(f"{wanted!r} did not come; the last output was {self.seen[-500:]!r}")

    def drain(self, seconds: float) -> int:
        """Read for a while; the number of characters that came."""
        end = time.perf_counter() + seconds
        count = 0
        while (left := end - time.perf_counter()) > 0:
            count += len(self.read(left))
        return count

    def close(self) -> None:
        self.press("\x11")
        with suppress(subprocess.TimeoutExpired, OSError):
            end = time.monotonic() + 10
            while self.process.poll() is None and time.monotonic() < end:
                self.read(0.1)
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.master)


def environment(home: Path) -> dict[str, str]:
    own = {f"XDG_{name}_HOME": str(home / name.lower()) for name in _FOLDERS}
    return os.environ | own | {"HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}


_FOLDERS = ("STATE", "DATA", "CONFIG", "CACHE")


@contextmanager
def folders() -> Iterator[Path]:
    """User folders with a draft of 2 pages and one of 200."""
    home = Path(tempfile.mkdtemp(prefix="co-"))
    drafts = home / "data" / "coldopen" / "drafts"
    drafts.mkdir(parents=True)
    script = "\n\n".join(p.read_text() for p in sorted(paths.bundled_corpus().glob("*.txt")))
    for pages in (2, 200):
        text = script
        while len(text.split()) < pages * WORDS_A_PAGE:
            text += "\n\n" + script
        words, end = 0, 0
        for line in text.splitlines(keepends=True):
            words, end = words + len(line.split()), end + len(line)
            if words >= pages * WORDS_A_PAGE:
                break
        (drafts / f"pages-{pages}.txt").write_text(text[:end])
    try:
        yield home
    finally:
        coldopen(home, "engine", "stop", "--force")
        shutil.rmtree(home, ignore_errors=True)


def coldopen(home: Path, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "tui.cli.main", *arguments],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )


def opened(home: Path, pages: int) -> Screen:
    """The program on one of the drafts, the cursor on an empty line in its middle."""
    state = home / "state" / "coldopen"
    state.mkdir(parents=True, exist_ok=True)
    remembered = {"room": "write", "draft": f"pages-{pages}", "model": "spin-cycle"}
    (state / "app.json").write_text(json.dumps(remembered))
    screen = Screen(home)
    screen.until("spin-cycle", 90)  # the model is there
    screen.drain(2.0)
    screen.press("\x1b[5~" * 3)
    screen.drain(1.0)
    screen.press("\x1b[F\r\r")
    screen.drain(1.0)
    return screen


def measure(screen: Screen, keys: int, *, streaming: bool) -> list[float]:
    """Seconds from key to echo, key by key at a writer's pace."""
    dice = random.Random(5)
    times: list[float] = []
    for number in range(keys):
        letter = LETTERS[number % len(LETTERS)]
        if number and number % len(LETTERS) == 0:
            screen.press("\r")
            screen.drain(0.2)
        if streaming:
            screen.press("\x07")
            waited = 0.0
            while waited < 5 and not screen.drain(0.1):
                waited += 0.1
            screen.drain(dice.uniform(0.15, 0.4))
        else:
            screen.drain(dice.uniform(0.06, 0.18))
        begun = time.perf_counter()
        screen.press(letter)
        screen.until(letter, 20)
        times.append(time.perf_counter() - begun)
        if number % 40 == 39 and not streaming:
            screen.press("\r")
            screen.drain(0.1)
    return times


def shares(times: Sequence[float]) -> dict[str, float]:
    """Milliseconds at the median, the 90th, 95th and 99th hundredth, and at most."""
    ranked = sorted(times)
    at = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {
        name: round(1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))], 1)
        for name, share in at.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--keys", type=int, default=200, help="keys a measurement")
    parser.add_argument("--rest-only", action="store_true", help="leave out training and streaming")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with folders() as home:
        for busy in (False,) if options.rest_only else (False, True):
            if busy:
                corpus = str(paths.bundled_corpus())
                coldopen(home, "train", corpus, "--name", "busy", "--preset", "10m", "--detach")
                time.sleep(8)
            for pages in (2, 200):
                screen = opened(home, pages)
                try:
                    times = measure(screen, options.keys, streaming=busy)
                finally:
                    screen.close()
                name = f"{pages} pages, {'training and streaming' if busy else 'at rest'}"
                found[name] = shares(times)
                if not options.json:
                    print(f"{name:36}", *(f"{k} {v:6.1f} ms" for k, v in found[name].items()))
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
