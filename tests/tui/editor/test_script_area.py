"""The page under a writer's hands: pending text, taking it, undoing it, and what is drawn."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from tui.editor.passage import Span
from tui.editor.script_area import Delta, ScriptArea

AppOf = Callable[..., App[None]]


def drawn(page: ScriptArea) -> list[str]:
    """The rows on the screen, without blanks at their ends."""
    return [page.render_line(y).text.rstrip() for y in range(page.size.height)]


def styles_of(page: ScriptArea, row: int, text: str) -> Any:
    """The style in which ``text`` is drawn in a row."""
    strip = page.render_line(row)
    start = strip.text.index(text)
    [segment] = [s for s in strip.crop(start, start + len(text)) if s.text]
    return segment.style


async def typed(pilot: Pilot[None], text: str) -> None:
    names = {" ": "space", "\n": "enter"}
    await pilot.press(*(names.get(c, c) for c in text))


async def test_pending_text_stands_in_the_flow_and_not_in_the_draft(app_of: AppOf) -> None:
    page = ScriptArea("GUS: yes. Well\nTEO: no.")
    async with app_of(page).run_test(size=(30, 10)) as pilot:
        page.move_cursor((0, 9))
        page.set_pending(" Certainly, of course,")
        page.set_pending(page.pending + " whatever.\n\nOZ: Hm.")
        await pilot.pause()
        assert drawn(page)[:6] == [
            "GUS: yes. Certainly, of",
            "course, whatever.",
            "",
            "OZ: Hm. Well",
            "TEO: no.",
            "",
        ]
        assert page.draft == "GUS: yes. Well\nTEO: no."
        assert page.virtual_size.height == 5
        page.clear_pending()
        assert drawn(page)[:3] == ["GUS: yes. Well", "TEO: no.", ""]
        assert not page.changes


async def test_one_undo_takes_back_one_generation_even_after_a_thousand(app_of: AppOf) -> None:
    page = ScriptArea("start ")
    async with app_of(page).run_test(size=(40, 10)) as pilot:
        page.move_cursor(page.document.end)
        dice = random.Random(3)
        drafts = [page.draft]
        for number in range(1000):
            words = " ".join("so it goes"[: dice.randint(1, 10)] for _ in range(3))
            page.set_pending(page.pending + words + "\n" * dice.randint(0, 2))
            assert page.accept(generation=f"g{number}")
            drafts.append(page.draft)
        await pilot.pause()
        for before in drafts[-2::-1]:
            page.undo()
            assert page.draft == before
        assert page.page.spans("origin") == []
        for after in drafts[1:]:
            page.redo()
            assert page.draft == after
        assert page.page.spans("origin")[-1].value == "g999"


async def test_what_goes_behind_a_passage_is_the_writers_and_one_step_with_it(
    app_of: AppOf,
) -> None:
    page = ScriptArea("B: two")
    async with app_of(page).run_test(size=(40, 10)):
        page.move_cursor((0, 0))
        page.set_pending("A: one")
        assert page.accept(behind="\n\n") == "A: one"
        assert page.draft == "A: one\n\nB: two"
        assert page.cursor_location == (0, 6)
        assert [(s.start, s.end) for s in page.page.spans("origin")] == [(0, 6)]
        page.undo()
        assert page.draft == "B: two"
        page.redo()
        assert page.draft == "A: one\n\nB: two"
        assert page.cursor_location == (0, 6)


async def test_taking_parts_leaves_the_rest_pending(app_of: AppOf) -> None:
    page = ScriptArea("A: ")
    async with app_of(page).run_test(size=(40, 10)) as pilot:
        page.move_cursor((0, 3))
        page.set_pending("one two\nB: three")
        assert page.accept(3) == "one"
        assert page.pending == " two\nB: three"
        assert page.accept(4) == " two"
        page.set_pending(page.pending + " four")
        assert page.draft == "A: one two"
        assert page.pending == "\nB: three four"
        await pilot.pause()
        assert drawn(page)[:2] == ["A: one two", "B: three four"]
        page.accept()
        page.undo()
        assert page.draft == "A: one two"
        page.undo()
        assert page.draft == "A: one"
        assert page.cursor_location == (0, 6)


async def test_typing_what_is_pending_consumes_it_and_anything_else_dismisses(
    app_of: AppOf,
) -> None:
    page = ScriptArea("")
    async with app_of(page).run_test(size=(40, 10)) as pilot:
        page.focus()
        page.set_pending("Hello\nyou")
        await typed(pilot, "Hello\ny")
        assert page.draft == "Hello\ny"
        assert page.pending == "ou"
        assert page.page.spans("origin") == []
        await typed(pilot, "x")
        assert page.draft == "Hello\nyx"
        assert page.pending == ""
        page.set_pending(" and so")
        await typed(pilot, "a")
        assert page.draft == "Hello\nyx a"
        assert page.pending == "nd so"
        await pilot.press("backspace")
        assert page.draft == "Hello\nyx "
        assert page.pending == ""


@pytest.mark.parametrize("key", ["ctrl+x", "ctrl+k", "ctrl+shift+k"])
@pytest.mark.parametrize(
    ("text", "left"), [("", ""), ("one", ""), ("one\n", "one\n"), ("one\ntwo words", "one\n")]
)
async def test_the_last_line_can_be_deleted_and_comes_back(
    app_of: AppOf, key: str, text: str, left: str
) -> None:
    page = ScriptArea(text)
    async with app_of(page).run_test(size=(40, 10)) as pilot:
        page.focus()
        page.move_cursor((page.document.end[0], 0))
        await pilot.press(key)
        assert page.draft == left
        await pilot.press("ctrl+z")
        assert page.draft == text


@pytest.mark.parametrize("key", ["left", "up", "home", "ctrl+w", "ctrl+k"])
async def test_no_key_ever_loses_text_of_the_draft_to_pending_text(app_of: AppOf, key: str) -> None:
    page, plain = ScriptArea("one two\nthree four"), ScriptArea("one two\nthree four")
    async with app_of(page, plain).run_test(size=(40, 20)) as pilot:
        for area in (plain, page):
            area.move_cursor((1, 5))
            area.focus()
            await pilot.pause()
            if area is page:
                area.set_pending(area.pending + " and more\nof it")
            await pilot.press(key)
        assert page.draft == plain.draft
        assert page.cursor_location == plain.cursor_location
        assert page.pending == ""


async def test_the_view_follows_only_from_the_bottom(app_of: AppOf) -> None:
    page = ScriptArea("\n".join(f"line {n}" for n in range(40)))
    async with app_of(page).run_test(size=(30, 10)) as pilot:
        page.move_cursor(page.document.end)
        await pilot.pause()
        for number in range(8):
            page.set_pending(page.pending + f"\nmore {number}")
            await pilot.pause()
        assert drawn(page)[-1] == "more 7"
        page.scroll_to(y=20, animate=False, force=True, immediate=True)
        await pilot.pause()
        top = drawn(page)[0]
        for number in range(8):
            page.set_pending(page.pending + f"\nyet more {number}")
            await pilot.pause()
        assert drawn(page)[0] == top


async def test_pending_text_that_grows_while_the_reader_pages_up_stays_there(
    app_of: AppOf,
) -> None:
    page = ScriptArea("\n".join(f"line {n}" for n in range(40)))
    async with app_of(page).run_test(size=(30, 10)) as pilot:
        page.focus()
        page.move_cursor(page.document.end)
        page.set_pending("\nmore")
        await pilot.pause()
        await pilot.press("pageup")
        assert page.pending == "\nmore"
        top = drawn(page)[0]
        page.set_pending(page.pending + "\neven more")
        await pilot.pause()
        assert drawn(page)[0] == top != "line 40"


async def test_every_change_is_told_and_tells_the_whole_truth(app_of: AppOf) -> None:
    text = "first line\nsecond line"
    mirror = [text]

    def follow(delta: Delta) -> None:
        old = mirror[0]
        end = delta.start + len(delta.removed)
        assert old[delta.start : end] == delta.removed
        mirror[0] = old[: delta.start] + delta.inserted + old[end:]

    page = ScriptArea(text, on_delta=follow)
    async with app_of(page).run_test(size=(30, 10)) as pilot:
        page.focus()
        page.move_cursor((1, 6))
        await pilot.press("a", "enter", "b", "backspace", "backspace", "backspace", "delete")
        await pilot.press("ctrl+w", "ctrl+z", "ctrl+z", "ctrl+y", "shift+up", "x")
        page.set_pending("of course")
        await pilot.press("o", "ctrl+k")
        page.set_pending(page.pending + "\nmodel")
        page.accept(generation="g")
        page.swap(0, 5, "last")
        page.replace_all([(5, 6, "L"), (1, 2, "AA"), (2, 3, "")])
        await pilot.press("ctrl+z")
        page.post_message(_paste("x\r\ny\rz\n"))
        await pilot.pause()
        assert mirror[0] == page.draft
        assert "x\ny\nz\n" in page.draft


def _paste(text: str) -> Any:
    from textual.events import Paste

    return Paste(text)


async def test_replacing_all_is_one_step(app_of: AppOf) -> None:
    page = ScriptArea("ab ab ab")
    async with app_of(page).run_test(size=(30, 10)):
        assert page.replace_all([(0, 2, "x"), (3, 5, "yyy"), (6, 8, "")]) == 3
        assert page.draft == "x yyy "
        page.undo()
        assert page.draft == "ab ab ab"
        page.redo()
        assert page.draft == "x yyy "


async def test_script_parts_and_model_text_look_different(app_of: AppOf) -> None:
    page = ScriptArea()
    async with app_of(page).run_test(size=(40, 10)) as pilot:
        page.open_text("GUS: (tired) Socks again\n[Night.]", [Span(13, 18, "origin", "g1")])
        await pilot.pause()
        assert styles_of(page, 0, "GUS:").bold
        assert styles_of(page, 0, "(tired)").italic
        plain, model = styles_of(page, 0, "again"), styles_of(page, 0, "Socks")
        assert plain.color != model.color
        assert styles_of(page, 1, "[Night.]").color not in (plain.color, model.color)
        page.show_layer("origin", False)
        assert styles_of(page, 0, "Socks").color == plain.color
        page.set_marks("surprise", [Span(19, 24, "surprise", "3")])
        assert styles_of(page, 0, "again").bgcolor != plain.bgcolor


async def test_hostile_characters_are_shown_and_columns_stay_true(app_of: AppOf) -> None:
    page = ScriptArea("a\x1b]0;x\x07日e\u0301\u202eb")
    async with app_of(page).run_test(size=(40, 10)) as pilot:
        page.focus()
        await pilot.pause()
        assert drawn(page)[0] == "a␛]0;x␇日e\u0301⟨U+202E⟩b"
        page.move_cursor((0, 7))
        positions = []
        for _ in range(5):
            positions.append(page.cursor_screen_offset.x - page.content_region.x)
            await pilot.press("right")
        assert positions == [7, 9, 10, 18, 19]
        page.move_cursor((0, 10))
        await pilot.press("backspace")
        assert page.draft == "a\x1b]0;x\x07日\u202eb"


async def test_the_cursor_walks_over_wrapped_rows(app_of: AppOf) -> None:
    page = ScriptArea("the quick brown fox jumps\nover")
    async with app_of(page).run_test(size=(14, 10)) as pilot:
        page.focus()
        page.move_cursor((0, 2))
        await pilot.pause()
        assert drawn(page)[:4] == ["the quick", "brown fox", "jumps", "over"]
        await pilot.press("down")
        assert page.cursor_location == (0, 12)
        await pilot.press("end")
        assert page.cursor_location == (0, 19)
        await pilot.press("home", "down", "down")
        assert page.cursor_location == (1, 0)
        await pilot.press("up", "up", "up")
        assert page.cursor_location == (0, 0)


async def test_a_completion_is_dropped_by_any_other_letter(app_of: AppOf) -> None:
    page = ScriptArea("")
    async with app_of(page).run_test(size=(30, 10)) as pilot:
        page.focus()
        await typed(pilot, "G")
        page.set_offer("US: ")
        assert drawn(page)[0] == "GUS:"
        assert (page.pending, page.offer) == ("", "US: ")
        await typed(pilot, "U")
        assert page.offer == "S: "
        page.accept()
        assert page.draft == "GUS: "
        assert page.page.spans("origin") == []
        page.set_offer("zzz")
        await typed(pilot, "q")
        assert page.draft == "GUS: q"
        assert page.offer == ""


async def test_a_long_draft_is_not_read_for_a_key(app_of: AppOf) -> None:
    line = "DELIA: The dryers are full again, and nobody has any quarters left."
    page = ScriptArea("\n\n".join([line] * 5000))
    async with app_of(page).run_test(size=(60, 20)) as pilot:
        page.focus()
        page.move_cursor((5000, 10))
        await pilot.pause()
        reads: list[str] = []
        document = type(page.page)
        for name in ("text", "spans", "get_size"):
            _spy(document, name, reads)
        try:
            await pilot.press("a", "enter", "b", "backspace", "down", "up", "ctrl+z", "pagedown")
            page.set_pending("so it\ngoes")
            page.accept()
            await pilot.pause()
        finally:
            for name in ("text", "spans", "get_size"):
                setattr(document, name, getattr(document, f"_{name}_real"))
                delattr(document, f"_{name}_real")
        assert reads == []


def _spy(document: type, name: str, reads: list[str]) -> None:
    """Note every use of an operation that reads the whole draft."""
    real = document.__dict__[name]
    setattr(document, f"_{name}_real", real)

    def noted(self: Any, *arguments: Any) -> Any:
        reads.append(name)
        return real.fget(self) if isinstance(real, property) else real(self, *arguments)

    setattr(document, name, property(noted) if isinstance(real, property) else noted)


@pytest.mark.parametrize("widths", [(60, 24), (24, 60)])
async def test_the_cursor_stays_in_view_where_the_rows_become_others(
    app_of: AppOf, widths: tuple[int, int]
) -> None:
    page = ScriptArea()
    async with app_of(page).run_test(size=(widths[0], 12)) as pilot:
        page.open_text("GUS: and so it goes, on and on, as ever.\n" * 80, (), 2500)
        for width in (*widths, *widths):
            await pilot.resize_terminal(width, 12)
            await pilot.pause()
            row = page.layout_of_page.location_to_offset(page.cursor_location).y
            assert page.scroll_offset.y <= row < page.scroll_offset.y + page.size.height
