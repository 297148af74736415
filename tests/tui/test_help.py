"""F1 shows the registry as it is, with the user's own keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tui import config, keys
from tui.app import ColdOpenApp
from tui.keymap import ACTIONS
from tui.rooms import RoomEntry
from tui.screens.help import HelpScreen, help_rows, matches

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]


def test_every_action_is_in_the_help_of_every_room() -> None:
    for room in ("write", "corpus"):
        listed = [action for _, action in help_rows(room, {}) if action is not None]
        assert sorted(action.id for action in listed) == sorted(action.id for action in ACTIONS)
        assert listed[0].group == room


def test_the_search_looks_at_names_keys_and_sentences() -> None:
    def found(query: str) -> set[str]:
        return {action.id for _, action in help_rows("write", {}, query) if action is not None}

    assert found("temperature") == {"write.cooler", "write.warmer"}
    assert "write.retry" in found("ctrl+r")
    assert "write.export" in found("FOUNTAIN file")
    assert found("no such thing at all") == set()


def test_the_search_knows_the_users_keys() -> None:
    action = ACTIONS["write.retry"]
    assert matches(action, {"write.retry": ("f7",)}, "f7")
    assert not matches(action, {"write.retry": ("f7",)}, "ctrl+r")


@pytest.mark.parametrize("width", [48, 60, 80])
async def test_no_word_is_broken_where_it_is_narrow(
    user_home: Path, some_rooms: tuple[RoomEntry, ...], until: Until, width: int
) -> None:
    app = ColdOpenApp(connect=False, rooms=some_rooms, start_room="write")
    async with app.run_test(size=(width, 24)) as pilot:
        await until(pilot, lambda: app.room_id == "write")
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.pause()
        box = app.screen.query_one("#help-text", Static)
        lines = str(box.render()).split("\n")
        assert max(map(len, lines)) <= box.size.width
        assert any(line.split()[-1:] == ["write.continue"] for line in lines)


async def test_the_screen(user_home: Path, some_rooms: tuple[RoomEntry, ...], until: Until) -> None:
    configuration = config.check({"keys": {"write.retry": "f7"}})
    app = ColdOpenApp(
        connect=False, rooms=some_rooms, start_room="write", configuration=configuration
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.room_id == "write")
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)

        def text() -> str:
            return str(app.screen.query_one("#help-text", Static).render())

        shown = text()
        assert all(action.id in shown for action in ACTIONS), "what the configuration names it by"
        assert "Copy, cut, paste" in shown, "keys that the registry does not have"
        first = next(line for line in shown.split("\n") if "Continue" in line)
        assert first.strip().startswith("^G ^Space")
        assert "F7*" in text()
        assert text().startswith("In the Write room")
        longest = max(len(line) for line in text().split("\n"))
        assert longest <= app.screen.query_one("#help-text").size.width
        await pilot.press(*"retry")
        await pilot.pause()
        assert "Continue" not in text()
        assert keys.shown("f7") in text()
        await pilot.press("f1")
        assert not isinstance(app.screen, HelpScreen)


async def test_keys_faster_than_the_screen(
    user_home: Path, some_rooms: tuple[RoomEntry, ...], until: Until
) -> None:
    app = ColdOpenApp(connect=False, rooms=some_rooms, start_room="write")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.room_id == "write")
        for _ in range(3):
            app.action_help()
            app.action_help()
        await pilot.pause()
        assert not isinstance(app.screen, HelpScreen)
