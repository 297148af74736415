"""The one way in which anything that matters is written to disk."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from engine.errors import ColdOpenError


def write_atomically(
    path: Path, data: bytes | str | Callable[[Path], None], *, private: bool = True
) -> None:
    """Replace ``path`` by ``data`` so that a crash leaves either the old file or the new one.

    A temporary file in the same folder is written, synced and renamed over ``path``, and the
    folder is synced; a link stays one, and this is done where it leads. ``data`` may be a function
    that writes to the path that it is given. A ``private`` file is the user's alone; another has
    the permissions of the one that it replaces, or those of any new file.

    Raises:
        ColdOpenError: when the disk refuses; the old file is kept.
    """
    path = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".tmp"
        )
        temporary = Path(name)
        if callable(data):
            os.close(handle)
            data(temporary)
        else:
            with os.fdopen(handle, "wb") as sink:
                sink.write(data.encode("utf-8") if isinstance(data, str) else data)
        if not private:
            temporary.chmod(_permissions(path))
        sync_path(temporary)
        temporary.replace(path)
        temporary = None
        sync_folder(path.parent)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def refused(path: Path, error: Exception) -> ColdOpenError:
    """What is told where the disk does not take ``path``, whose old contents are kept."""
    why = getattr(error, "strerror", None) or str(error).rpartition(": ")[2]
    return ColdOpenError(
        f"{path} could not be written: {why}.",
        "What was there is kept. Free some space or check the folder's permissions.",
    )


def _permissions(path: Path) -> int:
    """Those of ``path``, or of a new file in its folder."""
    if path.exists():
        return path.stat().st_mode & 0o777
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        new = Path(folder) / "new"  # how the system makes one, without touching the umask
        new.touch()
        return new.stat().st_mode & 0o777


def sync_folder(folder: Path) -> None:
    """:func:`sync_path` for a folder, which not every file system can do."""
    with contextlib.suppress(OSError):
        sync_path(folder)


def sync_path(path: Path) -> None:
    """Have the disk hold what ``path``, a file or a folder, holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
