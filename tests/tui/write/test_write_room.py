"""The Write room without an engine: it opens, edits, saves, finds and says what is missing."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Input, OptionList

from engine.errors import ColdOpenError
from tui.app import ColdOpenApp
from tui.config import USUAL_ODDS
from tui.drafts.journal import Entry
from tui.drafts.open_draft import DraftError, OpenDraft, Snapshot
from tui.drafts.store import DraftStore
from tui.link import LinkStatus
from tui.widgets.filepicker import FilePicker
from tui.write.draft_actions import changed_part
from tui.write.draft_list import DraftList
from tui.write.drafts_screen import DraftsScreen
from tui.write.figures import Figures
from tui.write.look_actions import MARKED
from tui.write.side_panel import SidePanel


async def test_an_empty_draft_opens_with_a_hint_that_goes_with_the_first_letter(
    sitting: Any,
) -> None:
    assert "Ctrl+G: the model goes on" in sitting.line()
    await sitting.type("a")
    assert "Ctrl+G" not in sitting.line()
    assert sitting.page.draft == "a"


async def test_without_an_engine_one_writes_on(sitting: Any) -> None:
    await sitting.type("GUS: so")
    await sitting.press("ctrl+g")
    assert "the engine is starting, then it goes on" in sitting.line()
    await sitting.type(" it goes")
    assert sitting.page.draft == "GUS: so it goes"
    assert "engine" not in sitting.line()


@pytest.mark.parametrize(
    ("state", "note"),
    [("lost", "The engine is not there"), ("starting", "the engine is starting, then it goes on")],
)
async def test_without_an_engine_nothing_gives_way_to_a_branch(
    sitting: Any, state: Any, note: str
) -> None:
    page = sitting.page
    sitting.app._link.status = LinkStatus(state=state)
    page.swap(0, 0, "GUS: one two three", generation="1a")
    page.go_to(8)
    await sitting.pilot.pause()
    await sitting.press("f4")
    await sitting.pilot.pause()
    assert page.draft == "GUS: one two three"
    assert note in sitting.line()


@pytest.mark.parametrize("part", ["#write-line", "#side", "#page"])
async def test_the_disk_may_answer_as_the_program_ends(sitting: Any, part: str) -> None:
    await sitting.type("GUS: so")
    await sitting.room.query_one(part).remove()
    sitting.room.show_line()


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (["a", "backspace", "b", "c"], "bc"),
        (["a", "b", "left", "c", "end", "d"], "acbd"),
        (["a", "enter", "b", "up", "c", "home", "d"], "dac\nb"),
        (["a", "b", "ctrl+z", "c"], "c"),
    ],
)
async def test_keys_that_come_together_are_handled_in_order(
    sitting: Any, keys: list[str], wanted: str
) -> None:
    for key in keys:
        sitting.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await sitting.until(lambda: not sitting.app.message_queue_size)
    await sitting.pilot.pause()
    assert sitting.page.draft == wanted


async def test_typing_is_in_the_journal_by_itself(sitting: Any, user_home: Path) -> None:
    await sitting.type("GUS: so")
    folder = user_home / "data" / "coldopen" / "drafts"
    journal = folder / ".Untitled.journal"
    await sitting.until(lambda: journal.exists() and '"o"' in journal.read_text())
    assert sitting.room._draft.unwritten


async def test_a_draft_that_was_cut_off_is_there_again_and_says_so(
    user_home: Path, wait: Any
) -> None:
    draft = DraftStore().open("play")
    draft.record(Entry(0, 0, "GUS: still here"))
    draft.sync()
    draft._lock_file.close()
    app = ColdOpenApp(connect=False, start_room="write")
    async with app.run_test(size=(110, 34)) as pilot:
        await wait(pilot, lambda: app.room("write") is not None and app.room("write").is_mounted)
        await pilot.pause()
        room: Any = app.room("write")
        assert room.page.draft == "GUS: still here"
        assert "“play” was recovered with 1 changes" in str(room.query_one("#write-line").render())


async def test_leaving_saves_the_text_and_the_next_start_shows_it_at_the_cursor(
    sitting: Any, wait: Any
) -> None:
    await sitting.type("one two")
    await sitting.press("left", "left")
    await sitting.app.leave()
    app = ColdOpenApp(connect=False, start_room="write")
    async with app.run_test(size=(110, 34)) as pilot:
        await wait(pilot, lambda: app.room("write") is not None and app.room("write").is_mounted)
        await pilot.pause()
        room: Any = app.room("write")
        assert (room.page.draft, room.page.cursor_offset) == ("one two", 5)


async def test_search_and_replace(sitting: Any) -> None:
    page = sitting.page
    await sitting.put("a sock, a Sock and a bus")
    page.go_to(0)
    await sitting.press("ctrl+f")
    await sitting.type("sock")
    assert page.selected_text == "sock"
    assert "1 of 2" in str(sitting.room.query_one("#find-note").render())
    await sitting.press("enter")
    assert page.selected_text == "Sock"
    await sitting.press("up", "tab")
    await sitting.type("shoe")
    await sitting.press("enter")
    assert page.draft == "a shoe, a Sock and a bus"
    assert page.selected_text == "Sock"
    await sitting.press("ctrl+l")
    assert page.draft == "a shoe, a shoe and a bus"
    await sitting.press("escape")
    assert page.has_focus
    assert page.page.spans("found") == []
    await sitting.press("ctrl+z")
    assert page.draft == "a shoe, a Sock and a bus"


async def test_undoing_brings_no_search_back(sitting: Any) -> None:
    page = sitting.page
    await sitting.put("a sock and a sock")
    await sitting.press("ctrl+f")
    await sitting.type("sock")
    assert page.page.spans("found")
    page.focus()
    await sitting.press("backspace", "ctrl+f", "escape", "ctrl+z")
    assert page.draft == "a sock and a sock"
    assert page.page.spans("found") == []


async def test_undoing_a_replacement_brings_no_marks_back(sitting: Any) -> None:
    page = sitting.page
    await sitting.put("a sock and a sock")
    await sitting.press("ctrl+f")
    await sitting.type("sock")
    await sitting.press("tab")
    await sitting.type("shoe")
    await sitting.press("ctrl+l")
    assert page.draft == "a shoe and a shoe"
    await sitting.press("escape", "ctrl+z")
    assert page.draft == "a sock and a sock"
    assert page.page.spans("found") == []


async def test_all_is_replaced_where_not_all_is_marked(sitting: Any) -> None:
    page, note = sitting.page, sitting.room.query_one("#find-note")
    await sitting.put("a sock\n" * 12_000)
    await sitting.press("ctrl+f")
    await sitting.type("sock")
    assert len(page.page.spans("found")) == MARKED
    await sitting.press("up")
    assert page.selection.start == (11_999, 2)
    assert str(note.render()) == "12000 of 12000"
    await sitting.press("tab")
    await sitting.type("shoe")
    await sitting.press("ctrl+l")
    assert page.draft == "a shoe\n" * 12_000


async def test_replacing_is_undone_from_the_search_bar(sitting: Any) -> None:
    page, note = sitting.page, sitting.room.query_one("#find-note")
    await sitting.pilot.resize_terminal(80, 24)
    await sitting.put("a sock and a sock")
    await sitting.press("ctrl+f")
    await sitting.type("sock")
    await sitting.press("tab")
    await sitting.type("shoe")
    await sitting.press("ctrl+l")
    assert page.draft == "a shoe and a shoe"
    assert str(note.render()) == "2 replaced; Ctrl+Z undoes"
    await sitting.pilot.pause()
    assert note.content_size == (len("2 replaced; Ctrl+Z undoes"), 1)
    await sitting.press("ctrl+z")
    assert page.draft == "a sock and a sock"
    assert "of 2" in str(note.render())
    assert len(page.page.spans("found")) == 2
    await sitting.press("ctrl+y")
    assert page.draft == "a shoe and a shoe"
    assert page.page.spans("found") == []


async def test_names_are_offered_at_the_start_of_a_line(sitting: Any) -> None:
    room, page = sitting.room, sitting.page
    await sitting.put("DELIA: No.\n\n")
    await sitting.until(lambda: "DELIA" in room.cast_names())
    await sitting.type("de")
    assert page.offer == "LIA: "
    await sitting.press("tab")
    assert page.draft == "DELIA: No.\n\nDELIA: "
    await sitting.type("de")
    assert page.offer == ""
    await sitting.press("enter")
    await sitting.type("D")
    assert page.offer == "ELIA: "
    await sitting.press("escape")
    assert page.offer == ""
    await sitting.type("o")
    assert page.draft.endswith("\nDo")


async def test_a_name_that_was_typed_just_now_is_offered(sitting: Any) -> None:
    await sitting.put("BORIS: Hm.\n\n")
    sitting.room._figures = Figures()  # as if it was not counted yet
    sitting.room._typed_at = float("inf")
    await sitting.type("B")
    sitting.room._figures = Figures()
    await sitting.type("o")
    assert sitting.page.offer == "RIS: "
    await sitting.press("tab")
    assert sitting.page.draft == "BORIS: Hm.\n\nBORIS: "


async def test_the_outline_goes_to_a_scene(sitting: Any) -> None:
    await sitting.put("[Morning.]\n\nGUS: Hm.\n\n[Night.]\n")
    sitting.room.action_outline()
    await sitting.asked()
    await sitting.type("night")
    await sitting.press("enter")
    await sitting.until(lambda: sitting.page.cursor_location == (4, 0))


async def test_the_list_of_drafts(sitting: Any) -> None:
    room = sitting.room
    await sitting.type("first")
    store = DraftStore()
    other = store.open("other")
    other.write(other.snapshot("second draft", [], 3))
    other.close()
    room.action_open()
    await sitting.until(lambda: isinstance(sitting.app.screen, DraftsScreen))
    await sitting.pilot.pause()
    await sitting.press("end", "home", "down")
    chosen = sitting.app.screen._chosen
    await sitting.press("up" if chosen == "Untitled" else "end")
    while sitting.app.screen._chosen != "other":
        await sitting.press("down")
    await sitting.press("d", "x", "u", "enter")
    await sitting.until(lambda: room._draft is not None and room._draft.name.startswith("other"))
    assert sitting.page.draft == "second draft"
    assert {entry.name for entry in store.entries()} == {"Untitled", "other", "other copy"}


async def test_the_list_of_drafts_is_there_before_their_words_are_counted(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, count_words, may_count = DraftStore(), DraftStore.count_words, threading.Event()
    for name in ("one", "two"):
        (store.folder / f"{name}.txt").write_text(f"words of {name}")

    def slowly(store: DraftStore) -> None:
        may_count.wait(60)
        count_words(store)

    monkeypatch.setattr(DraftStore, "count_words", slowly)
    sitting.room.action_open()
    await sitting.until(lambda: isinstance(sitting.app.screen, DraftsScreen))
    await sitting.pilot.pause()
    box = sitting.app.screen.query_one(DraftList)

    def rows() -> list[str]:
        return [str(option.prompt) for option in box.options]

    assert sum("… words" in row for row in rows()) >= 2
    await sitting.press("down")
    chosen = box.chosen
    may_count.set()
    await sitting.until(lambda: sum("3 words" in row for row in rows()) == 2)
    assert box.chosen == chosen


async def test_a_deleted_draft_is_brought_back_when_the_list_was_closed(sitting: Any) -> None:
    store = DraftStore()
    other = store.open("other")
    other.write(other.snapshot("second draft", [], 3))
    other.close()

    async def press(key: str) -> str:
        sitting.room.action_open()
        await sitting.until(lambda: isinstance(sitting.app.screen, DraftsScreen))
        await sitting.pilot.pause()
        if sitting.app.screen._chosen != "other":
            await sitting.press("down")
        await sitting.press(key)
        told = str(sitting.app.screen.query_one("#drafts-note").render())
        await sitting.press("escape")
        await sitting.until(lambda: not isinstance(sitting.app.screen, DraftsScreen))
        return told

    assert await press("x") == "“other” is in the trash; u brings it back."
    assert await press("u") == "“other” is back."
    assert "other" in [entry.name for entry in store.entries()]
    assert await press("u") == "There is nothing in the trash."


async def test_renaming_and_duplicating_the_open_draft(sitting: Any) -> None:
    room = sitting.room
    await sitting.type("words")
    room.action_save_as()
    await sitting.asked()
    await sitting.press("ctrl+u")
    await sitting.type("comedy")
    await sitting.press("enter")
    await sitting.until(lambda: room._draft is not None and room._draft.name == "comedy")
    assert sitting.page.draft == "words"
    room.action_duplicate()
    await sitting.until(lambda: room._draft is not None and room._draft.name == "comedy copy")
    assert sitting.page.draft == "words"


@pytest.mark.parametrize("suffix", [".txt", ".fountain", ".fdx"])
async def test_a_script_goes_out_and_comes_in(sitting: Any, suffix: str, tmp_path: Path) -> None:
    if suffix == ".fdx":
        pytest.importorskip("screenplain")
    room, file = sitting.room, tmp_path / f"sock{suffix}"
    await sitting.put("[Episode: The Sock]\n\nGUS: (dry) Hm.\n")
    await pick(sitting, room.action_export, file)
    await sitting.until(lambda: f"Exported: {file}" in sitting.notices())
    await pick(sitting, room.action_import, file)
    await sitting.until(lambda: room._draft is not None and room._draft.name == "sock")
    assert sitting.page.draft == "[Episode: The Sock]\n\nGUS: (dry) Hm.\n"


async def test_an_encoding_that_was_guessed_is_said(sitting: Any, tmp_path: Path) -> None:
    file = tmp_path / "old.txt"
    file.write_bytes("ZOË: Hm.\n".encode("latin-1"))
    await pick(sitting, sitting.room.action_import, file)
    await sitting.until(lambda: sitting.page.draft == "ZOË: Hm.\n")
    await sitting.until(lambda: "old.txt is not UTF-8; it was read as Latin-1" in sitting.notices())


async def test_a_pdf_without_the_extra_says_what_to_install(
    sitting: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "screenplain", None)
    await pick(sitting, sitting.room.action_export, tmp_path / "sock.pdf")
    await sitting.until(lambda: "pip install 'coldopen[screenplay]'" in sitting.notices())
    assert list(tmp_path.glob("*.pdf")) == []


async def pick(sitting: Any, action: Any, file: Path) -> None:
    """Answer the picker that ``action`` opens."""
    action()
    await sitting.until(lambda: isinstance(sitting.app.screen, FilePicker))
    await sitting.pilot.pause()
    sitting.app.screen.query_one(Input).value = str(file)
    await sitting.press("enter")


async def test_focus_mode_shows_the_page_alone(sitting: Any) -> None:
    room = sitting.room
    assert room.query_one(SidePanel).display
    room.action_toggle_focus()
    await sitting.pilot.pause()
    assert not room.query_one(SidePanel).display
    assert sitting.page.size.width <= 72
    await sitting.press("escape")
    assert room.query_one(SidePanel).display


async def test_settings_are_checked_as_they_are_typed(sitting: Any) -> None:
    side = sitting.room.side
    side.query_one("#odds-temperature", Input).value = "7"
    await sitting.pilot.pause()
    assert "temperature: 0 to 5" in str(side.query_one("#side-problem").render())
    assert side.settings.temperature == USUAL_ODDS.temperature
    sitting.room.action_preset_wild()
    await sitting.pilot.pause()
    assert side.query_one("#odds-temperature", Input).value == "1.2"
    assert "T 1.2" in sitting.line()
    await sitting.press("f8")
    assert side.settings.temperature == 1.15


async def test_what_may_stand_in_a_field_is_said_there_and_what_may_not_is_forgotten(
    sitting: Any,
) -> None:
    side = sitting.room.side
    problem = side.query_one("#side-problem")
    if not side.display:
        sitting.room.action_settings()
        await sitting.pilot.pause()
    at = side.query_one("#odds-at", Input)
    at.focus()
    await sitting.pilot.pause()
    assert str(problem.render()) == "stop at: length, line, speech, scene"
    await sitting.press(*"never")
    assert at.has_class("-bad")
    assert str(problem.render()) == "stop at: length, line, speech, scene"
    side.query_one("#odds-top_k", Input).focus()
    await sitting.pilot.pause()
    assert at.value == "length"
    assert not at.has_class("-bad")
    assert str(problem.render()) == "top-k: 0 (all) to 100000"
    sitting.page.focus()
    await sitting.pilot.pause()
    assert str(problem.render()) == ""


async def test_a_full_disk_is_said_once_and_typing_goes_on(sitting: Any, monkeypatch: Any) -> None:
    from tui.drafts import journal

    real = journal.os.write

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal.os, "write", full)
    await sitting.type("some words")
    await sitting.until(lambda: "No space left" in sitting.notices())
    await sitting.type(" more")
    monkeypatch.setattr(journal.os, "write", real)
    sitting.room._not_before = 0.0
    await sitting.until(lambda: "can be saved again" in sitting.notices())
    assert sitting.page.draft == "some words more"


async def test_a_full_disk_after_a_crash_lets_one_have_the_draft(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.drafts import open_draft

    def full(path: Path, data: bytes | str) -> None:
        raise ColdOpenError(f"{path} could not be written: No space left on device.")

    room, draft = sitting.room, DraftStore().open("play")
    draft.record(Entry(0, 0, "GUS: still here"))
    draft.sync()
    draft._lock_file.close()
    with monkeypatch.context() as patch:
        patch.setattr(open_draft, "write_atomically", full)
        await room._go_to("play")
        assert (room._draft.name, sitting.page.draft) == ("play", "GUS: still here")
        assert "“play” was recovered with 1 changes" in sitting.line()
        await sitting.until(lambda: "No space left" in sitting.notices())
        await sitting.type("!")
    room._not_before = 0.0
    await sitting.until(lambda: room._draft.path.exists() and not room._draft.unwritten)
    assert room._draft.path.read_text() == "GUS: still here!"


async def test_what_is_typed_while_the_draft_is_being_closed_is_on_disk(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, real = sitting.room, OpenDraft.write
    begun, may_end = threading.Event(), threading.Event()

    def slow(draft: OpenDraft, snapshot: Snapshot) -> None:
        begun.set()
        may_end.wait(60)
        real(draft, snapshot)

    monkeypatch.setattr(OpenDraft, "write", slow)
    await sitting.type("so")
    path = room._draft.path
    closing = room.run_worker(room.close_draft())
    await sitting.until(begun.is_set)
    await sitting.type("!")
    may_end.set()
    assert await closing.wait()
    assert path.read_text() == "so!"


async def test_where_no_draft_can_be_opened_nothing_can_be_typed(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, page = sitting.room, sitting.page

    def refused(store: DraftStore, name: str) -> OpenDraft:
        raise DraftError(f"{name} cannot be read.")

    await sitting.type("so")
    with monkeypatch.context() as patch:
        patch.setattr(DraftStore, "open", refused)
        await room._go_to("other")
    assert page.read_only
    assert "No draft is open" in sitting.line()
    await sitting.until(lambda: "other cannot be read." in sitting.notices())
    await sitting.type("x")
    await sitting.press("ctrl+g", "ctrl+s", "ctrl+k", "ctrl+z")
    assert page.draft == ""
    await room._go_to("other")
    assert not page.read_only
    await sitting.type("y")
    assert page.draft == "y"
    assert room._draft.name == "other"


async def test_a_words_swapped_by_the_inspect_room(sitting: Any) -> None:
    from tui.inspect.subject import SwapWord

    await sitting.put("GUS: red socks")
    assert sitting.room.text_to_inspect() == ("GUS: red socks", 14)
    assert sitting.room.swap_word(SwapWord(5, 8, "blue", "red"))
    assert sitting.page.draft == "GUS: blue socks"
    assert not sitting.room.swap_word(SwapWord(5, 8, "green", "red"))
    await sitting.press("ctrl+z")
    assert sitting.page.draft == "GUS: red socks"


async def test_a_long_message_is_told_to_its_end(sitting: Any) -> None:
    room = sitting.room
    room.side.remove_class("-open")
    await sitting.pilot.resize_terminal(60, 24)
    line = room.query_one("#write-line")
    note = "The draft was changed elsewhere; typing not yet in it is in tp.elsewhere-2.txt."
    room.tell(note)
    await sitting.until(lambda: line.region.height == 2)
    assert sitting.line() == note
    room.tell("“Untitled” was recovered")
    await sitting.until(lambda: line.region.height == 1)
    assert sitting.line().count("Untitled") == 1
    room.tell("word " * 100)
    await sitting.until(lambda: line.region.height == 3)
    assert sitting.line().endswith("…")
    last = "".join(segment.text for segment in line.render_line(2))
    assert "…" in last


async def test_the_seed_of_another_draft_is_not_told(sitting: Any) -> None:
    sitting.room.side.last_seed = 4711
    sitting.room.tell("")
    assert "seed 4711" in sitting.line()
    await sitting.room._go_to("other", "GUS: so.")
    await sitting.room._go_to("another")
    sitting.room.side.last_seed = 4711
    assert await sitting.room.close_draft()
    sitting.room.open_draft("other")
    assert "seed" not in sitting.line()


async def test_the_outline_opens_at_the_present_scene_in_single_rows(sitting: Any) -> None:
    await sitting.pilot.resize_terminal(80, 24)
    title = "The laundromat, late at night, in the rain, with all machines running"
    scenes = "".join(f"[{title} {n}.]\n\nGUS: so.\n\n" for n in range(30))
    await sitting.put(scenes)
    place = scenes.index(f"{title} 20") - 1
    sitting.page.go_to(place + 5)
    await sitting.app.perform("write.outline")
    await sitting.asked()
    rows = sitting.app.screen.query_one(OptionList)
    assert rows.highlighted == 20
    assert rows.virtual_size.height == 30
    await sitting.press("enter")
    await sitting.until(lambda: sitting.page.cursor_offset == place)


async def test_replacing_does_not_come_round_to_what_was_replaced(sitting: Any) -> None:
    page = sitting.page
    await sitting.put("NORA: one.\n\nNORA: two.\n")
    page.go_to(0)
    await sitting.press("ctrl+f")
    await sitting.type("NORA")
    await sitting.press("tab")
    await sitting.type("NORA MAE")
    await sitting.press(*["ctrl+r"] * 5)
    await sitting.pilot.pause()
    assert page.draft == "NORA MAE: one.\n\nNORA MAE: two.\n"
    assert "none further down" in str(sitting.room.query_one("#find-note").render())


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_next_start_has_the_cursor_in_view(
    sitting: Any, wait: Any, size: tuple[int, int]
) -> None:
    await sitting.put(("GUS: so it goes, " + "and on and on " * 12 + "it goes.\n\n") * 60)
    await sitting.app.leave()
    app = ColdOpenApp(connect=False, start_room="write")
    async with app.run_test(size=size) as pilot:
        await wait(pilot, lambda: app.room("write") is not None and app.room("write").is_mounted)
        await pilot.pause(0.3)
        page: Any = app.room("write").page
        row = page.layout_of_page.location_to_offset(page.cursor_location).y
        assert row > 100
        assert page.scroll_offset.y <= row < page.scroll_offset.y + page.size.height
        await app.leave()


async def test_where_a_script_went_is_told_with_its_folder(
    sitting: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await sitting.put("GUS: so.")
    await pick(sitting, sitting.room.action_export, Path("out.txt"))
    await sitting.until(lambda: f"Exported: {tmp_path / 'out.txt'}" in sitting.notices())


async def saved(sitting: Any, text: str) -> Path:
    """Type ``text`` and have it saved; gives where."""
    await sitting.put(text)
    assert await sitting.room.save_draft()
    path: Path = sitting.room._draft.path
    assert path.read_text() == text
    return path


async def test_a_draft_that_is_changed_elsewhere_is_shown_so(sitting: Any) -> None:
    room, page = sitting.room, sitting.page
    path = await saved(sitting, "\nTEO: well\nOZ: Hm.")
    page.swap(0, 0, "GUS: so", generation="1a")
    assert await room.save_draft()
    page.go_to(14)
    path.write_text("GUS: so\nTEO: well\nEXTERNAL\nOZ: Hm.")
    await sitting.until(lambda: "EXTERNAL" in page.draft)
    assert page.draft == path.read_text()
    assert page.cursor_offset == 14
    assert [(span.start, span.end) for span in page.page.spans("origin")] == [(0, 7)]
    await sitting.until(lambda: not room._draft.unwritten)
    assert "“Untitled” was changed in another program" in sitting.line()
    assert [entry.name for entry in room._store.entries()] == ["Untitled"]
    await sitting.press("ctrl+z")
    assert page.draft == "GUS: so\nTEO: well\nOZ: Hm."
    assert "changed in another" not in sitting.line()


async def test_saving_takes_up_what_was_changed_elsewhere_where_nothing_was_typed(
    sitting: Any,
) -> None:
    path = await saved(sitting, "GUS: so")
    path.write_text("theirs")
    await sitting.press("ctrl+s")
    await sitting.until(lambda: f"Saved: {path}" in sitting.notices())
    assert sitting.page.draft == path.read_text() == "theirs"


async def test_typing_in_a_draft_that_is_changed_elsewhere_keeps_both(sitting: Any) -> None:
    path = await saved(sitting, "GUS: so")
    await sitting.type("!")
    with path.open("a") as file:
        file.write("EXTERNAL LINE\n")
    await sitting.press("ctrl+s")
    await sitting.until(lambda: f"Saved: {path}" in sitting.notices())
    assert path.read_text() == sitting.page.draft == "GUS: so!"
    other = path.with_stem("Untitled (changed elsewhere)")
    assert other.read_text() == "GUS: soEXTERNAL LINE\n"
    assert "“Untitled” was changed in another program" in sitting.notices()
    assert "“Untitled (changed elsewhere)”" in sitting.notices()


async def test_what_is_pending_stays_until_it_is_decided_on(sitting: Any) -> None:
    path = await saved(sitting, "GUS: so")
    sitting.page.set_pending(" it goes")
    path.write_text("theirs")
    for _look in range(3):
        sitting.room._looked = 0.0
        sitting.room.keep_draft()
        await sitting.pilot.pause()
        async with sitting.room._saving:
            pass
    assert (sitting.page.draft, sitting.page.pending) == ("GUS: so", " it goes")
    sitting.page.clear_pending()
    await sitting.until(lambda: sitting.page.draft == "theirs")


@pytest.mark.parametrize("name", ["comedy", "taken"])
async def test_renaming_takes_nothing_from_the_page(sitting: Any, name: str) -> None:
    room, page = sitting.room, sitting.page
    (room._store.folder / "taken.txt").write_text("of another")
    await sitting.put("GUS: one\n")
    await sitting.put("GUS: two")
    page.go_to(3)
    page.set_pending(" it goes")
    room.action_save_as()
    await sitting.asked()
    await sitting.press("ctrl+u")
    await sitting.type(name)
    await sitting.press("enter")
    if name == "taken":
        await sitting.until(lambda: "already a draft called “taken”" in sitting.notices())
    else:
        await sitting.until(lambda: (room._store.folder / "comedy.txt").exists())
        assert sitting.app.remembered.draft == "comedy"
    assert room._draft.name == ("Untitled" if name == "taken" else "comedy")
    assert (page.draft, page.pending, page.cursor_offset) == ("GUS: one\nGUS: two", " it goes", 3)
    await sitting.press("ctrl+z")
    assert page.draft == "GUS: one\n"


def test_the_part_that_was_changed() -> None:
    for old, new in (("", ""), ("", "a"), ("aa", "a"), ("a", "aa"), ("one two", "one and two")):
        start, end, text = changed_part(old, new)
        assert old[:start] + text + old[end:] == new
    assert changed_part("one two three", "one 2 three") == (4, 7, "2")


async def test_a_script_named_on_the_command_line_is_a_draft(
    user_home: Path, wait: Any, tmp_path: Path
) -> None:
    script = tmp_path / "sock.fountain"
    script.write_text("GUS\nHm.\n")

    async def edited(typed: str = "") -> tuple[str, str]:
        app = ColdOpenApp(connect=False, script=script)
        async with app.run_test(size=(110, 34)) as pilot:
            await wait(pilot, lambda: app.room("write") is not None)
            room: Any = app.room("write")
            await wait(pilot, lambda: room._draft is not None and "sock" in room._draft.name)
            await pilot.press(*typed)
            found = room._draft.name, room.page.draft
            await app.leave()
        return found

    name, text = await edited()
    assert name == "sock"
    assert "GUS: Hm." in text
    assert await edited() == ("sock", text)
    assert await edited("x") == ("sock", f"x{text}")
    assert await edited() == ("sock 2", text)
    script.write_text("GUS\nOh.\n")
    assert (await edited())[0] == "sock 3"


async def test_a_script_that_cannot_be_read_leaves_the_draft_that_was_there(
    user_home: Path, wait: Any, tmp_path: Path
) -> None:
    script = tmp_path / "sock.txt"
    script.write_bytes(b"\x00\xff\x1b]52;c;AAAA\x07" * 50)
    app = ColdOpenApp(connect=False, script=script)
    async with app.run_test(size=(110, 34)) as pilot:
        await wait(pilot, lambda: any("sock.txt" in n.message for n in app._notifications))
        room: Any = app.room("write")
        assert (room._draft.name, room.page.read_only) == ("Untitled", False)
