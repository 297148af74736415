"""Where the engine's socket is, and how to start the engine behind it."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from engine import paths
from engine.errors import EngineUnavailable

LONGEST_SOCKET_PATH = 107
"""Bytes that fit into ``sockaddr_un`` on Linux, less its closing zero; macOS has 103."""


def socket_path() -> Path:
    """The engine's socket: in the state folder, or in a short one where that path is too long."""
    wanted = paths.run_dir() / "engine.sock"
    limit = LONGEST_SOCKET_PATH if sys.platform == "linux" else 103
    if len(os.fsencode(wanted)) <= limit:
        return wanted
    mark = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"coldopen-{os.getuid()}-{mark}" / "engine.sock"


def private_directory(directory: Path) -> None:
    """Make ``directory`` and see that nobody else can enter it.

    Raises:
        EngineUnavailable: when it is a link, somebody else's, or cannot be made.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        seen = directory.lstat()
    except FileExistsError:
        raise EngineUnavailable(
            f"{directory} is in the way: the engine needs a folder there.", "Move it aside."
        ) from None
    except OSError as error:
        raise unusable(directory, error) from None
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid():
        raise EngineUnavailable(
            f"{directory} is not a folder of yours, so the engine will not use it.",
            "Remove it, or set XDG_STATE_HOME to a folder of your own.",
        )
    if stat.S_IMODE(seen.st_mode) & 0o077:
        directory.chmod(0o700)


def peer_of(connection: socket.socket) -> tuple[int, int] | None:
    """Process and user at the other end of a Unix socket; None where the system does not tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    process, user, _group = struct.unpack("3i", raw)
    return process, user


def start_engine() -> subprocess.Popen[bytes]:
    """Start the engine as a daemon of its own session; it outlives this program.

    Its standard error goes to the log file from the first moment on, so that even an engine that
    cannot be imported leaves its reason there.

    Raises:
        EngineUnavailable: when its log cannot be written or the program cannot be started.
    """
    log = paths.log_file()
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            return subprocess.Popen(
                [sys.executable, "-m", "engine.daemon"],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                cwd="/",
            )
    except OSError as error:
        raise unusable(log, error) from None


def unusable(path: Path, error: OSError) -> EngineUnavailable:
    """What is told where the engine's own files cannot be used."""
    return EngineUnavailable(
        f"The engine cannot use {path}: {error.strerror or error}.",
        "Free some space, or set XDG_STATE_HOME to a folder of your own.",
    )
