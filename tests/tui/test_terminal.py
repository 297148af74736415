"""The stream that is drawn on, what it takes for a terminal that is gone, and what is typed."""

from __future__ import annotations

import io
import os
import threading
import time

from textual import events

from tui.terminal import Screen, Terminal


def test_half_a_character_is_not_the_end_of_the_terminal() -> None:
    raw = io.BytesIO()
    ended: list[str] = []
    screen = Screen(
        io.TextIOWrapper(raw, encoding="utf-8", errors="strict"), lambda: ended.append("gone")
    )
    assert screen.write("a\ud83db ") == 4
    screen.write("and é more")
    screen.flush()
    assert raw.getvalue().decode() == "a?b and é more"
    assert ended == []


def test_a_closed_file_ends_it_once() -> None:
    file = io.StringIO()
    file.close()
    ended: list[str] = []
    screen = Screen(file, lambda: ended.append("gone"))
    screen.write("a")
    screen.write("b")
    screen.flush()
    assert ended == ["gone"]


class Heard:
    """A driver's thread over a pipe, and the events that it makes of what comes."""

    def __init__(self) -> None:
        source, self._sink = os.pipe()
        self.events: list[events.Event] = []
        self.ended = threading.Event()
        driver = object.__new__(Terminal)
        driver.fileno = source
        driver._debug = False
        driver.exit_event = threading.Event()
        driver.process_message = self.events.append
        driver._ended = self.ended.set
        self._thread = threading.Thread(target=driver.run_input_thread, daemon=True)
        self._thread.start()

    def send(self, data: bytes, count: int) -> None:
        """Have ``data`` read, until there are ``count`` events."""
        os.write(self._sink, data)
        deadline = time.monotonic() + 60
        while len(self.events) < count:
            assert self._thread.is_alive()
            assert time.monotonic() < deadline, self.events
            time.sleep(0.01)

    def close(self) -> None:
        os.close(self._sink)
        assert self.ended.wait(60)
        self._thread.join(60)

    def told(self) -> list[str]:
        return [
            f"paste {event.text!r}" if isinstance(event, events.Paste) else event.key
            for event in self.events
            if isinstance(event, events.Paste | events.Key)
        ]


def test_a_character_in_two_halves_is_not_the_end_of_the_input() -> None:
    heard = Heard()
    heard.send(b"a", 1)
    heard.send(b"\xc3", 1)
    time.sleep(0.3)  # long enough to be read by itself
    heard.send(b"\xa9", 2)
    heard.send(b"b", 3)
    heard.close()
    assert [event.character for event in heard.events if isinstance(event, events.Key)] == [
        "a",
        "é",
        "b",
    ]


def test_pasted_control_characters_are_text_and_in_order() -> None:
    heard = Heard()
    heard.send(b"x\x1b[200~A\x1b[31mred\x1b]0;evil\x07\x00\x11 end\ty\x1b[201~\x07", 3)
    heard.close()
    assert heard.told() == ["x", r"paste 'A\x1b[31mred\x1b]0;evil\x07\x11 end\ty'", "ctrl+g"]
