"""Where an error of the app's own leaves its traceback, instead of over the screen."""

from __future__ import annotations

import contextlib
import time
import traceback

from engine import paths
from tui.render import visible


def logged(error: BaseException) -> str:
    """Put the traceback of ``error`` into the app's log; the sentence for the user."""
    log = paths.state_dir() / "app.log"
    with contextlib.suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as out:
            out.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')}\n")
            out.writelines(traceback.format_exception(error))
    return (
        f"Cold Open had to close because of an error of its own: {type(error).__name__}:"
        f" {visible(str(error))}\nThe draft is saved and training goes on. Details: {log}"
    )
