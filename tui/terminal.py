"""The terminal driver: Textual's, but the end of the input ends the program instead of spinning."""

from __future__ import annotations

import asyncio
import contextlib
import os
import selectors
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, cast

from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from tui.pastes import Pastes

if TYPE_CHECKING:
    from tui.app import ColdOpenApp


class Screen:
    """The stream that is drawn on. When the terminal goes away, drawing becomes nothing.

    Without this the thread that writes would die of the error, its queue would fill up, and the
    program would wait for it for ever.
    """

    def __init__(self, file: IO[str] | None, on_gone: Callable[[], None]) -> None:
        self._file = file
        self._on_gone = on_gone
        self._gone = file is None

    def write(self, text: str) -> int:
        # Half a character that slipped through must not look like a terminal that is gone.
        shown = text.encode("utf-8", "replace").decode()
        self._try(lambda file: file.write(shown))
        return len(text)

    def flush(self) -> None:
        self._try(lambda file: file.flush())

    def fileno(self) -> int:
        return self._file.fileno() if self._file is not None else -1

    def _try(self, do: Callable[[IO[str]], object]) -> None:
        if self._gone or self._file is None:
            return
        try:
            do(self._file)
        except (OSError, ValueError):
            self._gone = True
            self._on_gone()


class Terminal(LinuxDriver):
    """Reads keys until told to stop or until there is nothing left to read.

    A closed terminal makes every read return at once with nothing (or fail), so a loop that goes
    on reading takes a whole core for itself.
    """

    def __init__(self, app: ColdOpenApp, **options: Any) -> None:
        super().__init__(app, **options)
        # Textual draws on stderr, which people redirect to a file.
        self._file = cast(IO[str], Screen(sys.__stdout__, self._ended))  # type: ignore[assignment]
        self._owner = app
        self._events_loop = asyncio.get_running_loop()

    def resume_application_mode(self) -> None:
        """Begin anew, also where a stop that cannot be heard of (SIGSTOP) has ended nothing."""
        if self._key_thread is not None and self._key_thread.is_alive():
            self.suspend_application_mode()
            self._must_signal_resume = True  # so that everything is drawn again
        super().resume_application_mode()

    def run_input_thread(self) -> None:
        """Turn bytes into events; on the end of the input, ask the app to save and leave."""
        parser = XTermParser(self._debug)
        decoder = getincrementaldecoder("utf-8")(errors="replace")
        pastes, heard = Pastes(), time.monotonic()
        with selectors.SelectSelector() as selector:
            try:
                selector.register(self.fileno, selectors.EVENT_READ)
            except (OSError, ValueError):
                self._ended()
                return
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    try:
                        data = os.read(self.fileno, 65536)
                    except OSError:
                        data = b""
                    if not data:
                        self._ended()
                        return
                    parts, heard = pastes.feed(decoder.decode(data)), time.monotonic()
                else:
                    parts = pastes.nothing_came(time.monotonic() - heard)
                for part in parts:
                    if part.pasted:
                        self.process_message(events.Paste(part.text.replace("\0", "")))
                        continue
                    for event in parser.feed(part.text):  # the parser takes "" for the end
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def _ended(self) -> None:
        if not self.exit_event.is_set():
            with contextlib.suppress(RuntimeError):  # The loop may be closed by now.
                self._events_loop.call_soon_threadsafe(self._owner.input_ended)
