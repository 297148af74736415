"""The place for a text of one's own: safe to look at, and the text that is asked about as it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tui.app import ColdOpenApp
from tui.render import visible
from tui.screens.inspect import InspectRoom, OwnText

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
HOSTILE = "OZ: \x1b]2;x\x07\u202esoup\u200b \x9bnine\x0b.\u2028\nDELIA: no"


@pytest.fixture
def app(user_home: Path) -> ColdOpenApp:
    return ColdOpenApp(connect=False, start_room="inspect")


async def room_of(pilot: Pilot[Any], until: Until) -> InspectRoom:
    app = pilot.app
    assert isinstance(app, ColdOpenApp)
    await until(pilot, lambda: isinstance(app.room("inspect"), InspectRoom))
    room = app.room("inspect")
    assert isinstance(room, InspectRoom)
    await until(pilot, lambda: room.is_mounted)
    await pilot.pause()
    return room


def drawn(box: OwnText) -> str:
    strips = [box.render_line(y) for y in range(box.size.height)]
    return "".join(segment.text for strip in strips for segment in strip)


async def test_the_terminal_obeys_nothing_in_it(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        room = await room_of(pilot, until)
        box = room.query_one(OwnText)
        room.subject.set_text(HOSTILE, None, lambda _swap: True)
        room.action_edit_text()
        await pilot.pause()
        assert app.focused is box
        assert drawn(box) == visible(drawn(box), newlines=False)
        assert "␛]2;x␇⟨U+202E⟩soup⟨U+200B⟩" in drawn(box)
        room.action_edit_text()
        assert room.subject.text == HOSTILE
        room.action_edit_text()
        box.post_message(events.Paste("\x1b[2J"))
        await pilot.press("1")
        await pilot.pause()
        assert box.text == HOSTILE + "\x1b[2J1"
        assert drawn(box) == visible(drawn(box), newlines=False)


async def test_tab_leaves_it(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        room = await room_of(pilot, until)
        room.action_edit_text()
        await pilot.press("a", "tab")
        box = room.query_one(OwnText)
        assert box.text == "a"
        assert app.focused is not box
