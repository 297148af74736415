"""Fixtures for tests of the app: folders of its own, and rooms made up on the spot."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input, TextArea

from tui.room import Room
from tui.rooms import RoomEntry

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]


@pytest.fixture
def user_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home for the app that has nothing in it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("STATE", "DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    return home


@pytest.fixture
def until() -> Until:
    """Wait for a condition, and fail when it does not come true in good time."""

    async def wait(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 150
        while not condition():
            assert time.monotonic() < deadline, "the condition never came true"
            await pilot.pause(0.01)

    return wait


class WriteRoom(Room):
    """An editor and nothing else."""

    room_id = "write"
    title = "Write"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.calls: list[str] = []

    def compose(self) -> ComposeResult:
        yield TextArea(id="page")

    def action_continue(self) -> None:
        self.calls.append("continue")

    def action_accept_all(self) -> None:
        self.calls.append("accept_all")

    def action_undo(self) -> None:
        self.calls.append("undo")

    def action_toggle_focus(self) -> None:
        self.cold_open.set_chrome(False)

    async def before_exit(self) -> None:
        self.calls.append("saved")


class LibraryRoom(Room):
    """A single box."""

    room_id = "library"
    title = "Library"

    def compose(self) -> ComposeResult:
        yield Input(id="box")


class InspectRoom(Room):
    """Nothing that could take the focus."""

    room_id = "inspect"
    title = "Inspect"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.looked = 0

    def action_refresh(self) -> None:
        self.looked += 1


@pytest.fixture
def some_rooms(monkeypatch: pytest.MonkeyPatch) -> tuple[RoomEntry, ...]:
    """Three rooms that work and one that cannot be imported."""
    module = ModuleType("rooms_for_tests")
    for room in (WriteRoom, LibraryRoom, InspectRoom):
        setattr(module, room.__name__, room)
    monkeypatch.setitem(sys.modules, "rooms_for_tests", module)
    return (
        RoomEntry("write", "Write", "rooms_for_tests", "WriteRoom"),
        RoomEntry("library", "Library", "rooms_for_tests", "LibraryRoom"),
        RoomEntry("inspect", "Inspect", "rooms_for_tests", "InspectRoom"),
        RoomEntry("train", "Train", "rooms_that_are_not_there", "TrainRoom"),
    )


@pytest.fixture
def app_of() -> Callable[..., App[None]]:
    """An app that shows the given widgets and nothing else."""

    class Bare(App[None]):
        CSS_PATH = None

        def __init__(self, *widgets: Widget) -> None:
            super().__init__()
            from tui.themes import DARK

            self.register_theme(DARK)
            self.theme = DARK.name
            self._widgets = widgets

        def compose(self) -> ComposeResult:
            yield from self._widgets

    return Bare
