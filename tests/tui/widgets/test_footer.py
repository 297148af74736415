"""The footer shows whole entries, and always those that lead to all the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from tui.app import ColdOpenApp

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]


@pytest.mark.parametrize("room", ["corpus", "train", "write", "inspect", "library"])
async def test_entries_are_whole_at_any_width(user_home: Path, until: Until, room: str) -> None:
    app = ColdOpenApp(connect=False, start_room=room)
    shown = []
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: app.room_id == room)
        for cells in (120, 80, 46):
            await pilot.resize_terminal(cells, 30)
            await pilot.pause(0.2)
            keys = list(app.query(FooterKey))
            assert {"help", "command_palette"} <= {key.action for key in keys}
            assert max(key.region.right for key in keys) <= cells
            shown.append(len(keys))
    assert shown == sorted(shown, reverse=True)
