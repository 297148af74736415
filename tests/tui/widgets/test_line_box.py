"""A line to type in shows what is in it, and the terminal obeys none of that."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widgets import Input

import tui
from engine.protocol.values import SamplerSettings, StopRule
from tui.inspect.query_line import QueryLine
from tui.render import visible, width
from tui.screens.help import HelpScreen
from tui.widgets.filepicker import FilePicker
from tui.widgets.form import Form
from tui.widgets.line_box import LineBox
from tui.widgets.once import Palette
from tui.write.ask import Ask
from tui.write.find_bar import FindBar
from tui.write.side_panel import SidePanel

Apps = Callable[..., App[Any]]
HOSTILE = ["\x1b]2;x\x07", "\u202e", "\u200b", "\x9b", "a\nb\tc", "\ud800"]
SCREENS: list[Callable[[], Screen[Any]]] = [
    lambda: Ask("A question", value="\x1b]2;x\x07"),
    lambda: HelpScreen("write", {}),
    lambda: FilePicker("A file", choose="save", name="\x1b]2;x\x07"),
    Palette,
]


def drawn(box: Input) -> str:
    """What is drawn of a box, and nothing a terminal obeys."""
    text = "".join(segment.text for segment in box.render_line(0))
    assert visible(text, newlines=False) == text
    return text.rstrip()


async def test_no_box_gives_the_terminal_what_it_obeys(app_of: Apps) -> None:
    find, form, line = FindBar(), Form(), QueryLine("a hint")
    side = SidePanel(SamplerSettings(banned=("\u202e",)), StopRule())
    async with app_of(find, side, form, line).run_test(size=(140, 90)) as pilot:
        find.add_class("-open")
        side.add_class("-open")
        await pilot.pause()
        assert drawn(side.query_one("#odds-banned", Input)) == "⟨U+202E⟩"
        boxes = [*pilot.app.query(Input)]
        assert len(boxes) > 10
        for box in boxes:
            for value in HOSTILE:
                box.value = value
                assert drawn(box).strip() == visible(value, newlines=False).strip()
                assert box.value == value
            box.focus()
            await pilot.pause()
            drawn(box)


@pytest.mark.parametrize("make", SCREENS)
async def test_no_dialog_does(
    user_home: Path, app_of: Apps, make: Callable[[], Screen[Any]]
) -> None:
    async with app_of().run_test(size=(100, 30)) as pilot:
        pilot.app.push_screen(make())
        await pilot.pause()
        box = pilot.app.screen.query_one(Input)
        drawn(box)
        for value in HOSTILE:
            box.value = value
            assert visible(value, newlines=False).strip() in drawn(box)
            await pilot.pause()
        await pilot.app.workers.wait_for_complete()


def test_there_is_no_other_box() -> None:
    """An input or text area of Textual's own draws what is in it as it is."""
    root = Path(tui.__file__).parent
    plain = {
        f"{path.relative_to(root)}: {name}"
        for path in root.rglob("*.py")
        for name in _made_or_extended(ast.parse(path.read_text(encoding="utf-8")))
        if name in ("Input", "MaskedInput", "TextArea")
    }
    assert plain == {"widgets/line_box.py: Input", "editor/page_view.py: TextArea"}


def _made_or_extended(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node, ast.ClassDef):
            yield from (base.id for base in node.bases if isinstance(base, ast.Name))


async def test_the_cursor_goes_by_what_is_drawn(app_of: Apps) -> None:
    box = LineBox(compact=True)
    async with app_of(box).run_test(size=(40, 5)) as pilot:
        box.value = "a\u202eb日c"  # a⟨U+202E⟩b日c
        box.focus()
        await pilot.pause()
        cells = []
        for _ in range(6):
            cells.append(box.cursor_screen_offset.x - box.content_region.x)
            await pilot.press("left")
        assert cells == [14, 12, 10, 9, 1, 0]  # behind the line Textual counts one more
        for x, index in [(0, 0), (1, 1), (8, 1), (9, 2), (10, 3), (11, 3), (12, 4), (30, 5)]:
            await pilot.click(box, offset=(x, 0))
            assert box.cursor_position == index, x
        box.cursor_position = 1
        cursor = box.get_component_rich_style("input--cursor")
        under = [
            s.text for s in box.render_line(0) if s.style and s.style.bgcolor == cursor.bgcolor
        ]
        assert under == ["⟨U+202E⟩"]


async def test_a_long_line_is_scrolled_to_its_cursor(app_of: Apps) -> None:
    value = "\u200b" * 20
    box = LineBox(compact=True)
    async with app_of(box).run_test(size=(40, 5)) as pilot:
        box.value = value
        box.focus()
        await pilot.press("home", "end")
        await pilot.pause()
        assert box.scroll_offset.x == width(visible(value)) + 1 - 40
        assert drawn(box).endswith("⟨U+200B⟩")
        assert sum(s.cell_length for s in box.render_line(0)) == 41  # as Textual's own
        box.value = "ab"
        await pilot.press("home")
        await pilot.pause()
        assert drawn(box) == "ab"


async def test_what_is_selected_is_drawn_so(app_of: Apps) -> None:
    box = LineBox(compact=True)
    async with app_of(box).run_test(size=(40, 5)) as pilot:
        box.value = "one\x1btwo"
        box.focus()
        await pilot.press("home", "right", "right", "shift+right", "shift+right", "shift+right")
        box._pause_blink()
        style = box.get_component_rich_style("input--selection")
        chosen = [
            s.text for s in box.render_line(0) if s.style and s.style.bgcolor == style.bgcolor
        ]
        assert chosen == ["e␛t"]
        assert box.selected_text == "e\x1bt"
