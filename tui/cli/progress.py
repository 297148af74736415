"""Progress on standard error, and paths as the engine needs them."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from engine.paths import expanded
from engine.protocol.messages import Progress


class ProgressLine:
    """One line on standard error that is written over; silent where that is no terminal."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def show(self, progress: Progress) -> None:
        """Show a call's progress."""
        share = f" {progress.done / progress.total:.0%}" if progress.total else ""
        self.text(f"{progress.stage}{share}")

    def text(self, text: str) -> None:
        """Show ``text`` in place of what was there."""
        if self._live:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._shown = True

    def clear(self) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = False


def absolute(paths: list[str]) -> tuple[str, ...]:
    """``paths`` as the engine, whose working directory is another, can find them."""
    return tuple(str(expanded(path).absolute()) for path in paths)
