"""Choosing files with the keyboard alone."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tui.widgets.filepicker import FilePicker

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
Apps = Callable[..., App[Any]]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "pilot.txt").write_text("x")
    (tmp_path / "scripts" / "finale.txt").write_text("x")
    (tmp_path / "[red]\x1b[31m.txt").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / ".hidden").write_text("x")
    return tmp_path


class Session:
    """A picker on the screen and what it gave."""

    def __init__(self, pilot: Pilot[Any], picker: FilePicker, until: Until) -> None:
        self.pilot, self.picker, self._until = pilot, picker, until
        self.chosen: tuple[Path, ...] | None = None

    def rows(self) -> list[str]:
        box = self.picker.query_one(OptionList)
        return [str(box.get_option_at_index(i).prompt).strip() for i in range(box.option_count)]

    def note(self) -> str:
        return str(self.picker.query_one("#picker-note", Static).render())

    async def shows(self, beginning: str) -> None:
        await self._until(self.pilot, lambda: any(row.startswith(beginning) for row in self.rows()))

    async def until(self, condition: Callable[[], bool]) -> None:
        await self._until(self.pilot, condition)

    async def ended(self) -> tuple[Path, ...]:
        await self._until(self.pilot, lambda: self.chosen is not None)
        assert self.chosen is not None
        return self.chosen


@pytest.fixture
def opened(app_of: Apps, until: Until, tree: Path) -> Any:
    @asynccontextmanager
    async def open_picker(**options: Any) -> Any:
        app = app_of()
        async with app.run_test(size=(90, 26)) as pilot:
            picker = FilePicker("Open [x]", start=tree, **options)
            session = Session(pilot, picker, until)

            def keep(chosen: tuple[Path, ...] | None) -> None:
                session.chosen = chosen

            app.push_screen(picker, keep)
            await until(pilot, lambda: picker.is_mounted and bool(session.rows()))
            yield session

    return open_picker


async def test_walking_into_a_folder_and_choosing_a_file(opened: Any, tree: Path) -> None:
    async with opened(choose="file") as session:
        assert session.rows()[:2] == ["../", "scripts/"]
        await session.pilot.press("down", "enter")
        await session.shows("finale")
        await session.pilot.press("down", "enter")
        assert await session.ended() == (tree / "scripts" / "finale.txt",)


async def test_names_of_strangers_are_shown_not_obeyed(opened: Any) -> None:
    async with opened(choose="file") as session:
        assert any(row.startswith("[red]␛[31m.txt") for row in session.rows())


async def test_typing_and_completing(opened: Any, tree: Path) -> None:
    async with opened(choose="file") as session:
        await session.pilot.press("s", "c")
        await session.until(lambda: session.rows() == ["scripts/"])
        await session.pilot.press("tab")
        await session.shows("pilot")
        await session.pilot.press("p")
        await session.until(lambda: len(session.rows()) == 1)
        await session.pilot.press("tab", "enter")
        assert await session.ended() == (tree / "scripts" / "pilot.txt",)


async def test_a_path_typed_in_full(opened: Any, tree: Path) -> None:
    async with opened(choose="file") as session:
        session.picker.query_one(Input).value = f"'{tree}/notes.txt'"
        await session.pilot.press("enter")
        assert await session.ended() == (tree / "notes.txt",)


async def test_a_path_typed_behind_another_with_enter_at_once(opened: Any, tree: Path) -> None:
    async with opened() as session:
        await session.shows("notes.txt")
        box = session.picker.query_one(Input)
        box.value += f"{tree}/scripts/pilot.txt"
        assert "//" in box.value
        await session.pilot.press("enter")
        assert await session.ended() == (tree / "scripts" / "pilot.txt",)


async def test_enter_waits_for_the_list_of_what_was_typed(opened: Any, tree: Path) -> None:
    async with opened() as session:
        await session.shows("notes.txt")
        session.picker.query_one(Input).value += "note"
        await session.pilot.press("enter")
        assert await session.ended() == (tree / "notes.txt",)


async def test_a_path_that_is_not_there(opened: Any, tree: Path) -> None:
    async with opened(choose="file") as session:
        session.picker.query_one(Input).value = f"{tree}/nothing.txt"
        await session.until(lambda: session.rows() == [])
        await session.pilot.press("enter")
        await session.until(lambda: "no such file" in session.note())
        session.picker.query_one(Input).value = f"{tree}/nowhere/x"
        await session.until(lambda: "No such file" in session.note())
        assert session.chosen is None


async def test_this_folder(opened: Any, tree: Path) -> None:
    async with opened(choose="folder") as session:
        assert "notes.txt" not in " ".join(session.rows())
        await session.pilot.press("down", "down", "enter")
        await session.until(lambda: "scripts" in session.rows()[0])
        await session.pilot.press("enter")
        assert await session.ended() == (tree / "scripts",)


async def test_marking_several(opened: Any, tree: Path) -> None:
    async with opened(choose="files") as session:
        await session.pilot.press("s", "tab")
        await session.shows("finale")
        await session.pilot.press("down", "ctrl+t", "ctrl+t")
        await session.until(lambda: session.note().startswith("2 marked"))
        await session.pilot.press("enter")
        assert set(await session.ended()) == {
            tree / "scripts" / "finale.txt",
            tree / "scripts" / "pilot.txt",
        }


async def test_hidden_files_on_demand(opened: Any) -> None:
    async with opened(choose="file") as session:
        assert not any(row.startswith(".hidden") for row in session.rows())
        await session.pilot.press("f5")
        await session.shows(".hidden")


async def test_up_and_away(opened: Any, tree: Path) -> None:
    async with opened(choose="file") as session:
        await session.pilot.press("shift+tab")
        await session.shows(f"{tree.name}/")
        await session.pilot.press("escape")
        assert await session.ended() == ()


async def test_saving_asks_before_it_replaces(opened: Any, tree: Path) -> None:
    async with opened(choose="save", name="notes.txt") as session:
        await session.pilot.press("enter")
        await session.until(lambda: "exists" in session.note())
        assert session.chosen is None
        await session.pilot.press("enter")
        assert await session.ended() == (tree / "notes.txt",)


async def test_saving_under_a_new_name(opened: Any, tree: Path) -> None:
    async with opened(choose="save", name="new.txt") as session:
        session.picker.query_one(Input).value = f"{tree}/nowhere/new.txt"
        await session.pilot.press("enter")
        await session.until(lambda: "no such" in session.note().lower())
        session.picker.query_one(Input).value = f"{tree}/new.txt"
        await session.pilot.press("enter")
        assert await session.ended() == (tree / "new.txt",)


@pytest.mark.parametrize(("choose", "ending"), [("any", ""), ("any", "/x.txt"), ("save", "/x.txt")])
async def test_a_name_longer_than_any_file_may_have(
    opened: Any, tree: Path, choose: str, ending: str
) -> None:
    async with opened(choose=choose) as session:
        session.picker.query_one(Input).value = f"{tree}/{'x' * 300}{ending}"
        await session.pilot.press("enter")
        await session.until(lambda: "there is no such" in session.note())
        assert session.chosen is None
        assert session.picker.is_current


@pytest.mark.parametrize("name", [b"a\x1b[2Jb", b"a\xff.log"], ids=["control", "not-utf-8"])
async def test_a_name_that_cannot_be_typed_is_chosen_from_the_list(
    opened: Any, tree: Path, name: bytes
) -> None:
    path = tree / os.fsdecode(name)
    path.write_text("x")
    async with opened(choose="file") as session:
        box = session.picker.query_one(Input)
        await session.pilot.press("a")
        await session.until(lambda: len(session.rows()) == 1)
        assert session.rows()[0].startswith("a")
        await session.pilot.press("tab")
        await session.until(lambda: "cannot be typed" in session.note())
        assert box.value == f"{tree}/a"
        await session.pilot.press("enter")
        assert await session.ended() == (path,)


async def test_it_begins_where_names_can_stand_in_a_line(
    app_of: Apps, until: Until, tmp_path: Path
) -> None:
    wild = tmp_path / "wild\x1b[2J" / "inside"
    wild.mkdir(parents=True)
    async with app_of().run_test(size=(90, 26)) as pilot:
        picker = FilePicker("Open", start=wild)
        pilot.app.push_screen(picker)
        await until(pilot, lambda: picker.is_mounted and bool(picker._rows))
        assert picker.query_one(Input).value == f"{tmp_path}/"


async def test_without_a_working_directory_it_opens_in_the_home(
    app_of: Apps, until: Until, user_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    async with app_of().run_test(size=(90, 26)) as pilot:
        with monkeypatch.context() as patch:
            patch.chdir(gone)
            gone.rmdir()
            picker = FilePicker("Open")
            pilot.app.push_screen(picker)
            await until(pilot, lambda: picker.is_mounted and bool(picker._rows))
        assert picker.query_one(Input).value == f"{user_home}/"


@pytest.mark.parametrize("height", [4, 10])
async def test_pages_on_a_screen_of_few_rows(
    app_of: Apps, until: Until, tree: Path, height: int
) -> None:
    app = app_of()
    async with app.run_test(size=(30, height)) as pilot:
        picker = FilePicker("Choose", choose="file", start=tree)
        app.push_screen(picker)
        await until(pilot, lambda: picker.is_mounted)
        await until(pilot, lambda: picker.query_one(OptionList).option_count > 0)
        await pilot.press("pagedown", "pageup", "escape")
        await until(pilot, lambda: app.screen is not picker)
