"""Time to the app's first frame, in a real pseudo-terminal, and whether torch was there by then.

python -m benchmarks.startup [--times 8]
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path


def first_frame(home: Path) -> tuple[float, bool]:
    """Seconds from the start of the process to the row of rooms on the terminal.

    Also whether the engine had imported torch by then, by its log.
    """
    environment = dict(os.environ, HOME=str(home), TERM="xterm-256color", COLDOPEN_IDLE_SECONDS="1")
    for name in ("STATE", "DATA", "CONFIG", "CACHE"):
        environment[f"XDG_{name}_HOME"] = str(home / name.lower())
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, [sys.executable, "-m", "tui.cli.main"], environment)
    seen = b""
    while b"Library" not in seen:
        ready, _, _ = select.select([terminal], [], [], 20)
        if not ready:
            raise TimeoutError("no frame within 20 seconds")
        seen += os.read(terminal, 65536)
    took = time.perf_counter() - begun
    log = home / "state" / "coldopen" / "engine.log"
    torch_there = log.exists() and "torch" in log.read_text()
    os.kill(child, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        try:
            if ready and not os.read(terminal, 65536):
                break
        except OSError:
            break
    os.waitpid(child, 0)
    os.close(terminal)
    return took, torch_there


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="co-") as folder:
        runs = [first_frame(Path(folder)) for _ in range(options.times)]
    seconds = [took for took, _ in runs]
    print(
        f"first frame of {options.times} starts: median {statistics.median(seconds) * 1000:.0f} ms,"
    )
    print(f"fastest {min(seconds) * 1000:.0f} ms, slowest {max(seconds) * 1000:.0f} ms")
    print(f"starts in which torch was imported before the frame: {sum(t for _, t in runs)}")


if __name__ == "__main__":
    main()
