"""The list of drafts: one line a draft, at any width."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App

from tui.drafts.store import DraftEntry
from tui.write.draft_list import DraftList

NAMES = ("The Sock", "A draft with a name that is longer than most lists are wide " * 2)


@pytest.mark.parametrize("cells", [120, 80, 56, 40])
async def test_a_draft_is_one_line(app_of: Callable[..., App[None]], cells: int) -> None:
    hour_ago = time.time() - 59 * 60
    drafts = tuple(DraftEntry(name, Path(f"{name}.txt"), hour_ago, 90_000) for name in NAMES)
    box = DraftList("The Sock")
    app = app_of(box)
    async with app.run_test(size=(150, 20)) as pilot:
        box.show(drafts, NAMES[1])
        await pilot.resize_terminal(cells, 20)
        await pilot.pause()
        rows = [box.render_line(y).text.strip() for y in range(3)]
        assert rows[0].startswith("▸ The Sock")
        assert rows[1].startswith("A draft with")
        assert rows[2] == ""
        assert all(row.endswith("59 minutes ago") for row in rows[:2])
        assert ("360 pages" in rows[0]) == (cells > 60)
        assert box.chosen == NAMES[1]
