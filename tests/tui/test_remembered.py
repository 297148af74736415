"""What the app remembers is never an obstacle, whatever has become of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from engine import paths
from engine.protocol.values import SamplerSettings, StopRule
from tui.app import ColdOpenApp
from tui.remembered import Odds, Remembered
from tui.write.side_panel import SidePanel


@pytest.mark.parametrize(
    "raw",
    [b"", b'{"room": ', b'{"cutoff": "two"}', b'{"model": "caf\xe9"}', b'{"x":' + b"[" * 100_000],
    ids=["empty", "cut-off", "another-type", "not-utf-8", "nested"],
)
def test_a_damaged_file_is_a_fresh_start(user_home: Path, raw: bytes) -> None:
    file = paths.state_dir() / "app.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(raw)
    assert Remembered.load() == Remembered()


def test_a_path_that_is_not_utf_8_leaves_what_was_remembered(user_home: Path) -> None:
    before = Remembered(room="train", corpus=("/tmp/good.txt",))
    before.save()
    Remembered(room="write", corpus=("/tmp/bad\udcff.txt",)).save()
    assert Remembered.load() == before
    assert [file.name for file in paths.state_dir().iterdir()] == ["app.json"]


def test_odds_are_kept_until_the_configuration_says_others() -> None:
    usual = Odds(SamplerSettings(), StopRule())
    mine = Odds(SamplerSettings(temperature=1.2, banned=("so",)), StopRule(at="line"))
    kept = Remembered(odds=mine, usual_odds=usual)
    assert kept.odds_for(usual) == mine
    assert kept.odds_for(other := Odds(SamplerSettings(top_k=3), StopRule())) == other
    assert Remembered().odds_for(usual) == usual


async def test_odds_come_back_at_the_next_start(user_home: Path, until: Any) -> None:
    seen = []
    for _start in range(2):
        app = ColdOpenApp(connect=False, start_room="write")
        async with app.run_test(size=(120, 36)) as pilot:
            await until(pilot, lambda app=app: app.room_id == "write")
            panel = app.room("write").query_one(SidePanel)
            seen.append(panel.settings.temperature)
            shown = panel.query_one("#odds-temperature", Input).value
            assert shown == f"{panel.settings.temperature:g}"
            await pilot.press("f9", "f9")
            await pilot.pause()
            seen.append(panel.settings.temperature)
            last = Odds(panel.settings, panel.stop_rule)
            await until(pilot, lambda last=last: Remembered.load().odds == last)
    assert seen[0] < seen[1] == seen[2] < seen[3]
