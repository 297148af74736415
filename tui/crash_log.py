"""Where an error of the app's own leaves its traceback, instead of over the screen."""

from __future__ import annotations

import contextlib
import logging
import time
import traceback
from pathlib import Path

from engine import paths
from tui.render import visible


def logged(error: BaseException) -> str:
    """Put the traceback of ``error`` into the app's log; the sentence for the user."""
    _append("".join(traceback.format_exception(error)))
    return (
        f"Cold Open had to close because of an error of its own: {type(error).__name__}:"
        f" {visible(str(error))}\nThe draft is saved and training goes on. Details: {_log()}"
    )


class LogOnly(logging.Handler):
    """What libraries report goes to the app's log, too, and neither over a screen nor to a pipe."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:  # of whoever reports, and never theirs to hear of
            text = f"{record.name}: {record.msg}"
        _append(f"{text}\n")


def _log() -> Path:
    return paths.state_dir() / "app.log"


def _append(text: str) -> None:
    with contextlib.suppress(OSError):
        _log().parent.mkdir(parents=True, exist_ok=True)
        with _log().open("a", encoding="utf-8", errors="backslashreplace") as out:
            out.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')}\n{text}")
