"""The shell around the rooms, driven by keys: switching, palette, focus, errors, the status bar."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.command import CommandPalette
from textual.containers import Vertical
from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.widgets import Input, Static, TextArea

from engine.errors import ColdOpenError
from engine.protocol.messages import EngineState, JobsChanged, TrainingMetrics
from engine.protocol.values import JobInfo, Metrics
from tui import config
from tui.app import ColdOpenApp
from tui.link import LinkStatus
from tui.remembered import Remembered
from tui.rooms import RoomEntry
from tui.screens.help import HelpScreen
from tui.widgets.status import StatusBar
from tui.widgets.tabs import RoomTabs

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
Rooms = tuple[RoomEntry, ...]


@pytest.fixture
def app(user_home: Path, some_rooms: Rooms) -> ColdOpenApp:
    return ColdOpenApp(connect=False, rooms=some_rooms, start_room="write")


def calls(app: ColdOpenApp) -> list[str]:
    return app.room("write").calls  # type: ignore[union-attr]


def status(app: ColdOpenApp) -> str:
    left = str(app.screen_stack[0].query_one("#status-text", Static).render())
    return f"{left} {app.screen_stack[0].query_one('#status-right', Static).render()}"


def notices(app: ColdOpenApp) -> list[str]:
    return [notice.message for notice in app._notifications]


async def entered(pilot: Pilot[Any], until: Until, app: ColdOpenApp, room: str) -> None:
    await until(pilot, lambda: app.room_id == room)
    await pilot.pause()


async def test_a_digit_in_the_row_of_rooms_switches(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        assert isinstance(app.focused, TextArea)
        await pilot.press("ctrl+backslash", "2")
        await entered(pilot, until, app, "library")
        assert isinstance(app.focused, Input)
        await pilot.press("f10", "left", "enter")
        await entered(pilot, until, app, "write")
        await pilot.press("f10", "i")
        await entered(pilot, until, app, "inspect")
        await pilot.press("f12", "f12")
        await entered(pilot, until, app, "write")


@pytest.mark.parametrize("key", ["escape", "tab", "shift+tab"])
async def test_the_row_of_rooms_can_be_left_and_clicked(
    app: ColdOpenApp, until: Until, key: str
) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        await pilot.press("x", "ctrl+backslash")
        assert "Esc back" in str(app.query_one(RoomTabs).render())
        await pilot.press(key, "y")
        assert app.query_one(TextArea).text == "xy"
        await pilot.click(RoomTabs, offset=(14, 0))
        await entered(pilot, until, app, "library")


async def test_a_room_is_made_once_and_keeps_its_text_and_focus(
    app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        room = app.room("write")
        await pilot.press("a", "f12", "f12", "f12", "f12")
        await entered(pilot, until, app, "write")
        assert app.room("write") is room
        await pilot.press("b")
        assert app.query_one(TextArea).text == "ab"


async def test_keys_reach_the_room_before_the_editor(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        await pilot.press("a", "ctrl+g", "ctrl+@", "tab", "ctrl+z", "escape", "b")
        assert calls(app) == ["continue", "continue", "accept_all", "undo"]
        assert app.query_one(TextArea).text == "ab"


async def test_a_room_that_was_left_at_once_has_its_keys_again(
    app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        await app.enter("library")
        await app.enter("write")
        await app.enter("library")
        await pilot.pause()
        await app.enter("write")
        await pilot.pause()
        await pilot.press("ctrl+g")
        assert calls(app) == ["continue"]


async def test_a_room_without_anything_to_focus_still_has_its_keys(
    app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        await app.enter("inspect")
        await pilot.press("ctrl+g")
        assert app.room("inspect").looked == 1  # type: ignore[union-attr]


async def test_actions_without_a_method_are_not_offered(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        shown = {binding.binding.id for binding in app.screen.active_bindings.values()}
        assert "write.continue" in shown
        assert "write.retry" not in shown


async def test_own_keys_from_the_configuration(
    user_home: Path, some_rooms: Rooms, until: Until
) -> None:
    configuration = config.check(
        {"keys": {"write.continue": "f7", "write.toggle_focus": "ctrl+k", "app.help": "f6"}}
    )
    app = ColdOpenApp(
        connect=False, rooms=some_rooms, start_room="write", configuration=configuration
    )
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        await pilot.press("ctrl+g", "f1", "f7")
        assert calls(app) == ["continue"]
        await pilot.press("ctrl+k")
        assert not app.query_one(StatusBar).display
        await pilot.press("f6")
        assert isinstance(app.screen, HelpScreen)


async def test_the_palette_finds_and_runs_an_action(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        await entered(pilot, until, app, "write")
        await pilot.press("f2")
        assert isinstance(app.screen, CommandPalette)
        await pilot.press(*"focus mode")
        await until(pilot, lambda: bool(app.screen.query_one("CommandList").option_count))  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: app.screen_stack[0].has_class("-bare"))


async def test_the_palette_reaches_into_other_rooms(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        await app.perform("inspect.refresh")
        assert app.room_id == "inspect"
        assert app.room("inspect").looked == 1  # type: ignore[union-attr]


async def test_a_room_that_cannot_be_imported_says_so(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        await app.enter("train")
        text = " ".join(str(note.render()) for note in app.query(".broken Static"))
        assert "The Train room cannot be opened" in text
        assert "rooms_that_are_not_there" in text
        await pilot.press("f12")
        await entered(pilot, until, app, "write")


async def test_an_error_in_an_action_is_said_and_ends_nothing(
    app: ColdOpenApp, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")

        def failing() -> None:
            raise ColdOpenError("The file [/] \x1b[2J is empty.", "Choose another.")

        monkeypatch.setattr(app.room("write"), "action_continue", failing)
        await pilot.press("ctrl+g", "x")
        await pilot.pause()
        assert notices(app) == ["The file [/] ␛[2J is empty.\nChoose another."]
        assert app.query_one(TextArea).text == "x"


async def test_an_error_of_a_worker_is_said_too(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")

        async def failing() -> None:
            raise ColdOpenError("No engine.")

        app.room("write").run_worker(failing())  # type: ignore[union-attr]
        await until(pilot, lambda: notices(app) == ["No engine."])


async def test_problems_of_the_configuration_are_shown(
    user_home: Path, some_rooms: Rooms, until: Until
) -> None:
    file = user_home / "config" / "coldopen" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('theme = "[/blue]"\n')
    app = ColdOpenApp(connect=False, rooms=some_rooms, start_room="write")
    async with app.run_test() as pilot:
        await until(pilot, lambda: any("[/blue]" in notice for notice in notices(app)))


async def test_the_status_bar(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        await entered(pilot, until, app, "write")
        assert "engine starting" in status(app)
        app._status.show_hint("")
        assert "no model chosen" in status(app)
        app._show_link(LinkStatus(state="ready", device="cuda:0"))
        app.use_model("spin [x]\x1b")
        job = JobInfo(job="1", name="my \x1b run", kind="model", state="running", corpus="c")
        app._link._client = None
        app._hear(JobsChanged(jobs=(job,)))
        for step in range(3):
            metrics = Metrics(
                step=step, epoch=0, tokens=0, seconds=1, loss=3.5 - step, learning_rate=0.1,
                gradient_norm=1, tokens_per_second=10, progress=0.25,
            )  # fmt: skip
            app._hear(TrainingMetrics(job="1", sequence=step, metrics=metrics))
        app.action_help()
        await pilot.pause()
        app._show_link(LinkStatus(state="busy", device="cuda:0"))
        assert "engine busy" in status(app)
        assert "cuda:0" in status(app)
        assert "my ␛ run 25%" in status(app)
        assert "loss\u00a01.50" in status(app)
        assert "model spin [x]␛" in status(app)
        app._hear(JobsChanged(jobs=()))
        assert "my" not in status(app)


async def test_the_hint_goes_away_with_the_first_help(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        assert "F1 shows every key" in status(app)
        await pilot.press("f1", "escape")
        assert "F1" not in status(app)
        await pilot.press("ctrl+q")
    assert Remembered.load().hint_seen


async def test_leaving_saves_and_remembers(app: ColdOpenApp, until: Until) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        app.action_toggle_theme()
        app.use_model("mine")
        app.use_corpus(("/a", "/b"))
        await pilot.press("f12")
        await entered(pilot, until, app, "library")
        saved = calls(app)
        await pilot.press("ctrl+q")
    assert saved == ["saved"]
    remembered = Remembered.load()
    assert (remembered.room, remembered.theme, remembered.model) == ("library", "light", "mine")
    assert remembered.corpus == ("/a", "/b")


async def test_leaving_ends_the_program_whatever_cannot_be_remembered(
    app: ColdOpenApp, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(remembered: Remembered) -> None:
        raise RuntimeError("no place for it")

    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        monkeypatch.setattr(Remembered, "save", failing)
        await pilot.press("ctrl+q")
    assert app.return_code == 0
    assert calls(app) == ["saved"]


async def test_a_room_that_is_being_made_hears_nothing_and_is_entered_once(
    app: ColdOpenApp, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        rooms = sys.modules["rooms_for_tests"]
        told: list[Any] = []
        mounted: list[bool] = []

        class Slow(rooms.InspectRoom):  # type: ignore[name-defined,misc]
            async def on_compose(self) -> None:
                app._hear(JobsChanged(jobs=()))
                mounted.append(self.is_mounted)
                await asyncio.sleep(0.1)

            def on_engine_event(self, event: Any) -> None:
                told.append(event)

            def on_room_shown(self) -> None:
                mounted.append(self.is_mounted)

        monkeypatch.setattr(rooms, "InspectRoom", Slow)
        one, other = await asyncio.gather(app.enter("inspect"), app.enter("inspect"))
        assert isinstance(one, Slow)
        assert one is other
        assert mounted == [False, True, True]
        assert not told
        app._hear(JobsChanged(jobs=()))
        assert len(told) == 1


class Lingering(Static):
    """Takes its time to go, while what lies deeper than it has gone."""

    async def on_unmount(self) -> None:
        await asyncio.sleep(0.3)


async def test_work_begun_while_the_program_closes_is_no_error(
    app: ColdOpenApp, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slowly() -> None:
        await asyncio.sleep(0.2)

    missed: list[NoMatches] = []
    monkeypatch.setattr(app._link, "close", slowly)
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        room = app.room("write")
        await room.mount(Vertical(Static(id="deep")), Lingering())

        async def look() -> None:
            await asyncio.to_thread(time.sleep, 0.05)
            try:
                room.query_one("#deep")
            except NoMatches as error:
                missed.append(error)
                raise

        room.set_interval(0.01, lambda: room.run_worker(look()))
    assert missed, "no worker came back after its widgets had gone"


async def test_the_engine_is_told_to_rooms_that_are_there(
    app: ColdOpenApp, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = EngineState(
        pid=1, version="", protocol=1, uptime=0, torch="", device="cpu", clients=1, jobs=(), log="",
    )  # fmt: skip
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        shown: Any = app.room("write")
        only_made = type(shown)()
        told: list[Any] = []
        for room in (shown, only_made):
            monkeypatch.setattr(room, "on_engine_ready", lambda room=room: told.append(room))
        app._made["inspect"] = only_made
        app._engine_is_there(state)
        assert told == [shown]


async def test_a_worker_ends_before_the_widgets_that_it_shows_things_in(
    app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        room = app.room("write")
        assert room is not None

        async def show() -> None:
            while True:
                assert room.query_one(TextArea) is not None
                await asyncio.sleep(0)

        worker = room.run_worker(show())
        await pilot.pause()
    assert worker.is_cancelled


async def test_a_damaged_memory_is_a_fresh_start(
    user_home: Path, some_rooms: Rooms, until: Until
) -> None:
    file = user_home / "state" / "coldopen" / "app.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(b'{"room": 3, \xff')
    assert Remembered.load() == Remembered()
    file.write_text('{"theme": "purple", "room": "cellar"}')
    app = ColdOpenApp(connect=False, rooms=some_rooms)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.room_id == "write")


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (200, 60), (20, 5)])
async def test_every_size(app: ColdOpenApp, until: Until, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await entered(pilot, until, app, "write")
        await pilot.press("f1")
        await pilot.pause()
        await pilot.press("escape", "f2")
        await pilot.pause()
        await pilot.press("escape", "x")
        assert app.query_one(TextArea).text == "x"
        bar = app.query_one(StatusBar).region
        assert bar.bottom <= size[1]
        assert bar.height == 1


async def test_an_unexpected_error_saves_first_and_tells_where_the_details_are(
    app: ColdOpenApp, until: Until, user_home: Path
) -> None:
    async def crash() -> None:
        async with app.run_test() as pilot:
            await entered(pilot, until, app, "write")
            app.call_later(lambda: 1 / 0)
            await until(pilot, lambda: bool(app.crash))

    with pytest.raises(ZeroDivisionError):
        await crash()
    assert calls(app) == ["saved"]
    assert "ZeroDivisionError" in app.crash
    log = user_home / "state" / "coldopen" / "app.log"
    assert str(log) in app.crash
    assert "ZeroDivisionError" in log.read_text()


async def test_a_run_that_is_gone_with_its_engine_is_told(
    user_home: Path, some_rooms: Rooms, until: Until
) -> None:
    app = ColdOpenApp(connect=False, rooms=some_rooms, start_room="write")
    runs = [
        JobInfo(job=name, name=name, kind="model", state=state, corpus="a play")
        for name, state in (("lost", "running"), ("over", "finished"), ("kept", "running"))
    ]

    def state(*jobs: JobInfo) -> EngineState:
        return EngineState(
            pid=1, version="", protocol=1, uptime=1.0, torch="2", device="cpu", clients=1,
            jobs=jobs, log="",
        )  # fmt: skip

    async with app.run_test() as pilot:
        await entered(pilot, until, app, "write")
        app._engine_is_there(state(*runs))
        app._engine_is_there(state(runs[2]))
        await pilot.pause()
        app._engine_is_there(state(msgspec.structs.replace(runs[2], kind="moods")))
        app._engine_is_there(state())
        await pilot.pause()
        assert [notice.message for notice in app._notifications] == [
            "The run “lost” was cut off; Ctrl+R in the Train room goes on.",
            "The run “kept” was cut off.",
        ]
