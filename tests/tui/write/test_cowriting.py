"""Co-writing with the real engine: stream, take, steer, retry, undo, and make again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from engine.protocol.messages import StreamEnded
from tui.app import ColdOpenApp
from tui.config import USUAL_ODDS
from tui.corpus.text_view import TextView

pytestmark = pytest.mark.timeout(400)
EPISODE = Path(__file__).parents[3] / "assets" / "corpus" / "s01e01-the-blue-suitcase.txt"
OPENING = "DELIA: Machine nine is a washer.\n\n"


async def test_continue_stop_take_and_undo(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    before = page.draft
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    assert page.draft == before
    await cowriting.press("escape")
    assert not room.streaming
    kept = page.pending
    assert kept
    await cowriting.pilot.pause(0.2)
    assert page.pending == kept
    await cowriting.press("tab")
    assert page.draft == before + kept
    assert page.page.spans("origin")[0].value == "1a"
    await cowriting.press("ctrl+z")
    assert page.draft == before
    await cowriting.press("ctrl+y")
    assert page.draft == before + kept


async def test_lines_in_front_of_a_line_do_not_run_into_it(cowriting: Any) -> None:
    page = cowriting.page
    await cowriting.put(OPENING + "GUS: Then wash it.\n")
    page.go_to(len(OPENING))
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    words = page.pending
    await cowriting.press("tab")
    written = words.rstrip("\n")  # it may have come to the end of its line by itself
    assert page.draft == f"{OPENING}{written}\n\nGUS: Then wash it.\n"
    assert page.cursor_offset == len(OPENING + words)
    await cowriting.press("ctrl+z")
    assert page.draft == OPENING + "GUS: Then wash it.\n"


@pytest.mark.parametrize("way", ["ended", "escape"])
async def test_words_that_turn_out_to_be_all_do_not_run_into_the_line_behind(
    cowriting: Any, way: str
) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING + "GUS: Then wash it.\n")
    page.go_to(len(OPENING))
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending.strip() and page.pending[-1] != "\n")
    going, stream = room._going, room._going.stream
    del room._streams[stream]  # as if no more had come so far
    words = page.pending
    going.branch.text = words
    room._take(len(words))
    assert room.catching_up
    if way == "escape":
        await cowriting.press("escape")
    else:
        room._streams[stream] = going
        record = going.branch.record
        room.hear(StreamEnded(stream=stream, branch=record.branch, reason="speech", record=record))
    assert page.draft == f"{OPENING}{words}\n\nGUS: Then wash it.\n"
    assert page.cursor_offset == len(OPENING + words)


async def test_asked_for_before_the_model_is_there_it_goes_on_when_it_is(
    models: Path, wait: Any
) -> None:
    app = ColdOpenApp(start_room="write")
    async with app.run_test(size=(110, 34)) as pilot:
        await wait(pilot, lambda: app.room("write") is not None and app.room("write").is_mounted)
        await wait(pilot, lambda: app.engine_state == "ready")
        room: Any = app.room("write")
        await pilot.pause()
        room.prepare_model()  # what was being loaded is asked for anew
        room._ready = None
        room.page.swap(0, 0, OPENING)
        room.action_continue()
        assert "the model is loading" in str(room.query_one("#write-line").render())
        await wait(pilot, lambda: room.page.pending)
        assert room.page.draft == OPENING
        await app.leave()


async def test_escape_and_typing_drop_what_waits_for_the_model(cowriting: Any) -> None:
    room = cowriting.room
    await cowriting.put(OPENING)
    for key in ("escape", "x"):
        room._ready, room._preparing = None, 1
        await cowriting.press("ctrl+g")
        assert room._wish is not None
        await cowriting.press(key)
        room._preparing = 0
        room.prepare_model()
        await cowriting.ready()
        await cowriting.until(lambda: room._wish is None)
        assert not room.streaming


async def test_words_for_another_place_are_not_shown(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.put(OPENING)
    room.go_on()
    page.swap(0, 0, "x")  # before the first word is there
    await cowriting.until(lambda: "wrote on" in cowriting.line())
    assert page.pending == ""
    await cowriting.until(lambda: len(list(room._draft.tree)) == 3)


async def test_second_escape_dismisses_and_the_tree_keeps_it(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    words = page.pending
    await cowriting.press("escape")
    assert page.pending == ""
    assert page.draft == OPENING
    nodes = list(room._draft.tree)
    assert len(nodes) == 3
    assert words in [node.text for node in nodes]
    assert all(node.record is not None for node in nodes)


async def test_words_and_lines_are_taken_while_it_streams(cowriting: Any) -> None:
    page = cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: len(page.pending.split()) > 3)
    first = page.pending.split()[0]
    await cowriting.press("right")
    assert page.draft == OPENING + first
    await cowriting.stopped()
    assert page.pending
    rest = page.pending
    await cowriting.press("ctrl+l")
    assert rest.startswith(page.draft[len(OPENING + first) :])
    whole = page.draft + page.pending
    await cowriting.press("tab")
    assert page.draft == whole


async def test_that_a_part_is_taken_already_is_said(cowriting: Any) -> None:
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    await cowriting.press("right", "ctrl+n")
    assert "Part of this one is taken" in cowriting.notices()
    assert "Tab takes it" in cowriting.line()


async def test_taking_the_newest_word_stops_nothing(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    branch = room._going.branch
    while page.pending:
        room.action_accept_word()
    assert room.streaming or branch.reason == "length"  # on a machine that is busy elsewhere
    await cowriting.press("right")
    assert page.cursor_offset == len(page.draft)
    first = len(page.draft)
    await cowriting.until(lambda: page.pending)
    await cowriting.press("right")
    assert len(page.draft) > first
    assert room.streaming or branch.reason == "length"  # on a machine that is busy elsewhere
    await cowriting.press("escape", "tab")
    assert not room.streaming
    written = page.draft.removeprefix(OPENING)
    assert branch.text.startswith(written)
    assert branch.taken == len(written)


async def test_typing_the_newest_word_stops_nothing(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    going = room._going
    while page.pending:
        page._type_over(page.pending[0])
    await cowriting.until(lambda: page.pending)
    assert room._going is going
    assert going.used


async def test_a_whole_branch_that_is_taken_is_not_waited_for(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    going = room._going
    while page.pending:
        room.action_accept_word()
    ended = StreamEnded(stream=going.stream, branch=0, reason="length", record=None)
    going.branch.text = going.branch.text[: going.used]
    room.hear(ended)
    assert room._going is None
    assert page.pending == ""


async def test_another_text_of_the_same_length_is_another_place(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    while page.pending:
        room.action_accept_word()
    assert room.catching_up
    end = len(page.draft)
    page.swap(end - 1, end, "Q")
    assert not room.catching_up
    await cowriting.until(lambda: not room.streaming)
    assert page.pending == ""


async def test_what_comes_at_the_bottom_of_the_page_is_in_view(cowriting: Any) -> None:
    page = cowriting.page
    await cowriting.put("DELIA: Yes.\n\n" * 40)
    await cowriting.press("ctrl+end", "ctrl+g")

    def in_view() -> bool:
        end = page.layout_of_page.overlay_end() if page.pending else None
        row = (end or page.layout_of_page.location_to_offset(page.cursor_location)).y
        return bool(page.scroll_offset.y <= row < page.scroll_offset.y + page.size.height)

    assert in_view()
    await cowriting.until(lambda: cowriting.room.query_one("#choices").has_class("-open"))
    await cowriting.until(lambda: page.pending.count("\n") > 6)
    assert in_view()
    await cowriting.stopped()
    await cowriting.pilot.resize_terminal(80, 20)
    await cowriting.pilot.pause()
    assert in_view()


async def test_tab_with_nothing_pending_stays_on_the_page(cowriting: Any) -> None:
    page = cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("tab")
    assert "Nothing is pending" in cowriting.line()
    await cowriting.press("l")
    assert cowriting.pilot.app.focused is page
    assert page.draft == OPENING + "l"


async def test_another_letter_after_a_taken_word_drops_the_rest(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: len(page.pending.split()) > 3)
    word = page.pending.split()[0]
    await cowriting.press("right")
    page.swap(page.cursor_offset, page.cursor_offset, "~")
    room._flush()
    await cowriting.until(lambda: not room._streams)
    assert room._going is None
    assert page.pending == ""
    assert page.draft == f"{OPENING}{word}~"


async def test_looking_for_something_after_a_taken_word_drops_the_rest(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: len(page.pending.split()) > 3)
    word = page.pending.split()[0]
    await cowriting.press("right")
    await cowriting.press("ctrl+f")
    await cowriting.until(lambda: not room._streams)
    assert page.pending == ""
    assert page.draft == OPENING + word


async def test_what_streams_as_the_draft_is_closed_is_in_its_tree(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: len(page.pending.split()) > 3)
    word = page.pending.split()[0]
    await cowriting.press("right")
    name = room._draft.name
    await room._go_to("other")
    assert not room.streaming
    assert (page.draft, page.pending, len(room._draft.tree)) == ("", "", 0)
    await room._go_to(name)
    assert page.draft == OPENING + word
    node = room._draft.tree["1a"]
    assert node.text[: node.taken] == word
    assert len(node.text) > node.taken
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    assert room._going.number == 2


async def test_retry_replaces_only_what_is_pending(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(400)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    old = room._going.stream
    await cowriting.press("ctrl+r")
    await cowriting.until(lambda: room._going is not None and room._going.stream not in ("", old))
    await cowriting.stopped()
    assert page.draft == OPENING
    assert page.pending == room._going.pending
    assert room._going.number == 2
    await cowriting.until(lambda: len(room._draft.tree) == 6)


async def test_alternatives_side_by_side(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    texts = [branch.text for branch in room._going.branches]
    assert len(texts) == 3
    seen = [page.pending]
    for _ in range(2):
        await cowriting.press("ctrl+n")
        seen.append(page.pending)
    assert seen == texts
    await cowriting.press("ctrl+p")
    assert page.pending == texts[1]
    assert "▸2" in str(room.query_one("#choices").render())
    await cowriting.press("tab")
    assert page.draft == OPENING + texts[1]
    assert page.page.spans("origin")[0].value == "1b"


async def test_speaking_as_a_new_character(cowriting: Any) -> None:
    page = cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+t")
    await cowriting.asked()
    await cowriting.type("Zelda")
    await cowriting.press("enter")
    await cowriting.until(lambda: page.pending)
    await cowriting.stopped()
    assert page.pending.startswith("ZELDA:")
    assert "T 0.95 · Tab takes it" in cowriting.line()
    # Who was asked to speak has the word, and nobody else.
    assert len(re.findall(r"^\S.*:", page.pending, re.MULTILINE)) == 1
    await cowriting.press("tab")
    await cowriting.until(lambda: "ZELDA" in cowriting.room.cast_names())


async def test_temperature_changes_mid_stream_and_all_can_be_made_again(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    room.side.query_one("#odds-seed").value = "77"
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    await cowriting.press("f9")
    room.action_warmer()
    room.action_cooler()
    await cowriting.until(lambda: not any(w.group == "adjust" for w in room.workers))
    so_far = len(page.pending)
    await cowriting.until(lambda: len(page.pending) > so_far + 200)
    room.action_stop()  # a key may take longer than the rest of the words
    room.action_accept_all()
    words = page.draft
    await cowriting.until(lambda: len(room._draft.tree) == 3)
    node = room._draft.tree["1a"]
    assert node.record.seed == 77
    assert node.record.changes[0].settings.temperature == USUAL_ODDS.temperature
    assert len(node.record.changes) > 1
    room.action_repeat()
    await cowriting.until(lambda: "Made again, letter for letter." in cowriting.notices())
    assert page.draft == words
    assert page.pending == node.text


async def test_where_it_ends_can_change_while_it_streams(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    branch = room._going.branch
    await cowriting.at_most(9)
    await cowriting.at_most(19_000)
    await cowriting.until(lambda: not any(w.group == "adjust" for w in room.workers))
    so_far = len(branch.tokens)
    await cowriting.until(lambda: len(branch.tokens) > so_far + 20)
    await cowriting.at_most(5)
    await cowriting.until(lambda: branch.reason)
    assert branch.reason == "length"
    assert len(branch.tokens) < 19_000


async def test_typing_over_what_streams(cowriting: Any) -> None:
    page = cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: len(page.pending) > 8)
    start = page.pending[:4]
    await cowriting.type(start)
    assert page.draft == OPENING + start
    await cowriting.stopped()
    assert page.draft + page.pending == OPENING + cowriting.room._going.branch.text
    await cowriting.type("\x7e")
    assert page.pending == ""
    assert page.draft == OPENING + start + "~"


async def test_filling_in_shows_the_best_fit(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.put(OPENING + "GUS: Socks.")
    page.go_to(len(OPENING))
    room.action_fill_in()
    await cowriting.until(lambda: room._going is not None and room._going.complete)
    fits = [branch.fit for branch in room._going.branches]
    assert None not in fits
    assert room._going.branch.fit == min(fits)
    assert page.pending == room._going.branch.text


async def test_the_tree_gives_branches_back(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    texts = [branch.text for branch in room._going.branches]
    await cowriting.press("tab")
    await cowriting.type("\nGUS: Hm.")
    after = page.draft[len(OPENING) + len(texts[0]) :]
    await cowriting.press("f3")
    await cowriting.until(lambda: room.tree_panel.has_focus)
    assert room.tree_panel.node.id == "1a"
    await cowriting.press("down", "b", "enter")
    await cowriting.until(lambda: page.has_focus and page.draft == OPENING + texts[1] + after)
    assert room._draft.tree["1b"].bookmarked
    await cowriting.press("ctrl+z")
    assert page.draft == OPENING + texts[0] + after
    await cowriting.press("f3")
    await cowriting.until(lambda: room.tree_panel.has_focus)
    await cowriting.press("x")
    await cowriting.until(lambda: "hidden" in cowriting.line())


async def test_a_branch_put_in_while_another_streams_keeps_its_name(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    await cowriting.press("escape")
    await cowriting.at_most(20_000)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    await cowriting.press("f3")
    node = room.tree_panel.node
    assert node.id == "1c"
    await cowriting.press("enter")
    await cowriting.until(lambda: page.has_focus)
    assert page.pending == node.text
    await cowriting.until(lambda: not room._streams)
    assert page.pending == node.text
    await cowriting.press("tab")
    assert page.draft == OPENING + node.text
    assert page.page.spans("origin")[0].value == "1c"


@pytest.mark.parametrize("place", ["in a word", "at a line end", "between two speeches"])
async def test_branching_inside_what_the_model_wrote(cowriting: Any, place: str) -> None:
    room, page = cowriting.room, cowriting.page
    room.side.query_one("#odds-seed").value = "5"
    await cowriting.put(OPENING)
    await cowriting.at_most(300)
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    tokens = [token.text for token in room._going.branch.tokens]
    blank = max(i for i in range(1, len(tokens)) if tokens[i - 1] == tokens[i] == "\n")
    await cowriting.press("escape")
    await cowriting.at_most(blank + 1)
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    await cowriting.press("tab")
    whole = page.draft
    assert whole.endswith("\n\n")
    cut = next(i for i in range(len(OPENING) + 1, len(whole)) if fits(whole, i, place))
    page.go_to(cut)
    inside = room.generation_here()
    await cowriting.press("f4")
    await cowriting.until(lambda: page.pending)
    assert page.draft == whole[:cut]
    await cowriting.stopped()
    assert room._draft.tree[room._going.branch.node].parent == inside
    await cowriting.press("escape", "ctrl+z")
    assert page.draft == whole


async def test_what_the_model_wrote_stays_until_others_come(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    await cowriting.put(OPENING)
    page.swap(len(OPENING), len(OPENING), "GUS: Well, no.", generation="1a")
    whole, cut = page.draft, len(OPENING) + 9
    page.go_to(cut)
    room._ready, room._preparing = None, 1
    await cowriting.press("f4")
    assert "the model is loading" in cowriting.line()
    assert page.draft == whole
    room._preparing = 0
    room.prepare_model()
    await cowriting.until(lambda: page.pending)
    assert page.draft == whole[:cut]
    await cowriting.press("escape", "escape", "ctrl+z")
    assert page.draft == whole


def fits(text: str, at: int, place: str) -> bool:
    """Whether ``at`` is such a place."""
    before, after = text[at - 1], text[at]
    if place == "in a word":
        return before.isalpha() and after.isalpha()
    if place == "at a line end":
        return before != "\n" and after == "\n"
    return before == after == "\n"


async def test_a_lost_engine_is_said_and_the_words_stay(cowriting: Any) -> None:
    import os
    import signal

    room, page = cowriting.room, cowriting.page
    await cowriting.at_most(20_000)
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.until(lambda: page.pending)
    os.kill(cowriting.app.engine.engine_pid, signal.SIGKILL)
    await cowriting.until(lambda: "The engine was lost while it wrote" in cowriting.notices())
    assert page.pending
    assert not room.streaming
    await cowriting.press("tab")
    await cowriting.type("still here")
    assert page.draft.endswith("still here")


async def test_the_draft_is_saved_with_its_origins(cowriting: Any, models: Path) -> None:
    page = cowriting.page
    await cowriting.put(OPENING)
    await cowriting.press("ctrl+g")
    await cowriting.stopped()
    await cowriting.press("tab", "ctrl+s")
    await cowriting.until(lambda: "Saved" in cowriting.notices())
    path = models / "data" / "coldopen" / "drafts" / "Untitled.txt"
    assert path.read_text() == page.draft
    assert '"1a"' in path.with_name(".Untitled.notes.json").read_text()


async def test_copied_words_lead_to_their_line_in_the_corpus(cowriting: Any) -> None:
    room, app = cowriting.room, cowriting.app
    lines = EPISODE.read_text().splitlines()
    number, line = next((n, s) for n, s in enumerate(lines) if n > 40 and len(s.split()) > 14)
    await cowriting.put("DELIA: Mine.\n\n")
    at = room.page.cursor_offset
    room.page.swap(at, at, f"{line}\n", generation="1a")
    await app.perform("write.show_source")
    await cowriting.until(lambda: app.room_id == "corpus")
    view = app.room("corpus").query_one(TextView)
    await cowriting.until(lambda: view.total_lines and view.place == number)
    assert app.room("corpus").summary.name == EPISODE.stem
    assert view._wanted
    assert view._wanted.lower() in line.lower()


async def test_behind_a_complete_line_it_goes_on_in_a_new_one(cowriting: Any) -> None:
    room, page = cowriting.room, cowriting.page
    room.side.query_one("#odds-at", Input).value = "line"
    room.side.query_one("#odds-seed", Input).value = "5"
    await cowriting.at_most(2000)
    await cowriting.put(OPENING)
    for _line in range(2):
        await cowriting.press("ctrl+g")
        await cowriting.until(lambda: page.pending and not room.streaming)
        assert room._going.branch.reason == "line"
        await cowriting.press("tab")
    one, two = (node.text[: node.taken] for node in room._draft.tree if node.taken)
    assert two.startswith("\n")
    assert page.draft == OPENING + one + two
    node = next(node for node in room._draft.tree if node.text == two)
    await cowriting.press("left", "right", "ctrl+g")
    await cowriting.until(lambda: page.pending)
    assert page.pending.startswith("\n")
    await cowriting.press("escape", "escape", "left", "ctrl+g")
    await cowriting.until(lambda: room._going is not None and room._going.stream)
    assert not room._going.request.new_line
    await cowriting.press("escape", "escape", "ctrl+end")
    page.swap(len(OPENING + one), len(page.draft), "")
    room.write_again(node)
    await cowriting.until(lambda: "Made again, letter for letter." in cowriting.notices())
    assert page.pending == two
