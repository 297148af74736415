"""Who writes in a model's folder: one process at a time.

An engine knows of its own runs. It does not know of one whose engine was killed, which is still
keeping what it has learned, nor of one that was started without an engine.
"""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import TrainingError
from engine.storage.atomic import refused

PATIENCE_SECONDS = 1.0
"""For somebody who only looks whether a folder is in use."""


@contextlib.contextmanager
def written_by_us(folder: Path) -> Iterator[None]:
    """Have the model's ``folder``, which need not be there yet, for this process alone.

    Raises:
        TrainingError: when another process has it.
        ColdOpenError: when the disk refuses.
    """
    path = _lock_of(folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("ab")
    except OSError as error:
        raise refused(path, error) from error
    with lock:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _taken(lock.fileno(), fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise TrainingError(
                    f"Another process is training “{folder.name}”, or keeping what it has learned.",
                    "Try again when it is over.",
                )
            time.sleep(0.02)
        yield  # The system takes the lock away, however the process ends.


def is_written(folder: Path) -> bool:
    """Whether a process has the model's ``folder`` for itself."""
    try:
        with _lock_of(folder).open("rb") as lock:
            return not _taken(lock.fileno(), fcntl.LOCK_SH)
    except OSError:
        return False


def _lock_of(folder: Path) -> Path:
    return folder.parent / ".locks" / folder.name


def _taken(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # The file system knows no locks, which must not keep anybody from training.
    return True
