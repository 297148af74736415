"""Keys that come together, as one packet of a slow line brings them, and answers that come late."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs
from textual import events
from textual.command import CommandList
from textual.keys import _character_to_key
from textual.widgets import Input

from engine.errors import ColdOpenError
from engine.protocol.messages import StopStream, StreamEnded, StreamStarted, TokensWritten, Write
from engine.protocol.values import GenerationRecord, StopRule, WrittenToken
from tui.drafts.open_draft import OpenDraft, Snapshot
from tui.link import LinkStatus
from tui.screens.corpus import CorpusRoom
from tui.screens.help import HelpScreen
from tui.widgets.once import Palette
from tui.write import draft_actions
from tui.write.ask import Ask
from tui.write.drafts_screen import DraftsScreen
from tui.write.streaming import Branch, Continuation

SCENE = "ANNA: hi.\n\nBOB: ho.\n\n"
CHARACTERS = {"enter": "\r", "escape": "\x1b"}


def together(sitting: Any, *keys: str) -> None:
    """Press ``keys`` with no turn of the event loop between them."""
    for key in keys:
        one = len(key) == 1
        name = _character_to_key(key) if one else key
        sitting.app.post_message(events.Key(name, key if one else CHARACTERS.get(key)))


async def settled(sitting: Any) -> None:
    await sitting.until(lambda: not sitting.app.message_queue_size)
    await sitting.pilot.pause(0.1)


@pytest.mark.parametrize(
    ("action", "keys"),
    [
        ("write.new", ["enter", "enter"]),
        ("write.export", ["enter", "enter"]),
        ("write.open", ["enter", "enter"]),
        ("write.open", ["n", "enter", "enter"]),
        ("write.speak_as", ["A", "enter", "enter"]),
        ("app.help", ["escape", "escape"]),
        ("app.command_palette", ["enter", "enter"]),
        ("app.command_palette", ["enter", "f1"]),
        ("app.command_palette", ["enter", "escape", "f2"]),
    ],
)
async def test_a_dialog_closes_once(
    sitting: Any,
    action: str,
    keys: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    await sitting.app.perform(action)
    await sitting.until(lambda: len(sitting.app.screen_stack) == 2)
    await sitting.until(lambda: sitting.app.focused is not None)
    if action == "app.command_palette":
        assert isinstance(sitting.app.screen, Palette)
    together(sitting, *keys)
    await settled(sitting)
    for _screen in range(3):
        await sitting.press("escape")
    await sitting.until(lambda: len(sitting.app.screen_stack) == 1)
    assert sitting.app._exception is None
    assert not sitting.app.crash


async def test_what_is_chosen_in_the_palette_is_done_once(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    async def perform(action: str) -> None:
        done.append(action)

    monkeypatch.setattr(sitting.app, "perform", perform)
    await sitting.press("f2")
    await sitting.until(lambda: isinstance(sitting.app.focused, Input))
    await sitting.type("light")
    await sitting.until(lambda: sitting.app.screen.query_one(CommandList).option_count > 0)
    together(sitting, "enter", "enter")
    await sitting.until(lambda: done)
    await settled(sitting)
    assert len(done) == 1


async def test_a_dialog_is_not_put_over_another(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving, saved, save_draft = asyncio.Event(), asyncio.Event(), sitting.room.save_draft

    async def save() -> Any:
        saving.set()
        await saved.wait()
        return await save_draft()

    monkeypatch.setattr(sitting.room, "save_draft", save)
    await sitting.app.perform("write.open")
    await saving.wait()
    await sitting.press("f1")
    await sitting.until(lambda: isinstance(sitting.app.screen, HelpScreen))
    assert not sitting.room.in_front
    saved.set()
    await settled(sitting)
    assert len(sitting.app.screen_stack) == 2
    await sitting.press("f1")
    assert sitting.room.in_front


@pytest.mark.parametrize("hidden_by", ["toggle_focus", "tree"])
async def test_the_odds_are_shown_where_they_get_the_keys(sitting: Any, hidden_by: str) -> None:
    await sitting.app.perform(f"write.{hidden_by}")
    await sitting.pilot.pause()
    await sitting.app.perform("write.settings")
    await sitting.until(lambda: isinstance(sitting.app.focused, Input))
    await sitting.until(lambda: sitting.app.focused.region.height > 0)
    assert not sitting.room.has_class("-focus", "-tree")


async def test_what_is_looked_for_can_be_read(sitting: Any) -> None:
    await sitting.press("ctrl+f")
    await sitting.until(lambda: isinstance(sitting.app.focused, Input))
    await sitting.type("soup")
    await sitting.until(lambda: sitting.app.focused.content_size.height == 1)


async def test_what_follows_the_key_that_opens_something_goes_into_it(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    monkeypatch.setattr(sitting.room, "go_on", lambda speaker=None, **_fill: asked.append(speaker))
    await sitting.put(SCENE)
    together(sitting, "ctrl+t", "2")
    await sitting.until(lambda: asked)
    assert asked == ["BOB"]
    together(sitting, "ctrl+t", "ctrl+t")
    await sitting.asked()
    assert len(sitting.app.screen_stack) == 2
    await sitting.press("escape")
    together(sitting, "ctrl+f", "h", "o")
    await sitting.until(lambda: sitting.room.query_one("#find-what", Input).value == "ho")
    await sitting.press("escape")
    together(sitting, "ctrl+o", "escape", "x")
    await sitting.until(lambda: sitting.page.draft == SCENE.replace("ho", "x"))  # what was found
    assert len(sitting.app.screen_stack) == 1


async def test_a_name_follows_the_key_that_asks_for_it_in_the_list_of_drafts(sitting: Any) -> None:
    await sitting.app.perform("write.open")
    await sitting.until(lambda: isinstance(sitting.app.screen, DraftsScreen))
    await sitting.until(lambda: sitting.app.focused is not None)
    together(sitting, "n", *"dud")
    await settled(sitting)
    assert isinstance(sitting.app.screen, Ask)
    assert sitting.app.focused.value.endswith("dud")
    assert len(sitting.room._store.entries()) == 1, "d and u copy and bring back drafts"
    await sitting.press("escape", "escape")


@pytest.mark.parametrize("key", ["down", "ctrl+z", "x", "left"])
async def test_asking_again_at_once_is_not_undone_by_what_was_dismissed(
    sitting: Any, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    room, page = sitting.room, sitting.page
    await sitting.put(SCENE)
    page.go_to(page.page.length)
    begun: list[Continuation] = []
    monkeypatch.setattr(room, "_start", begun.append)
    room._ready = SimpleNamespace(card=SimpleNamespace(name="m"), speakers=())
    before = Continuation(
        None, 0, "", room.here(), room._draft.tree, stream="s1",
        branches=[Branch(0, "1a", "some words here", reason="length")],
    )  # fmt: skip
    room._going = before
    page.set_pending(before.pending)
    await sitting.pilot.pause()
    together(sitting, key, "ctrl+g")
    await sitting.until(lambda: begun)
    await settled(sitting)
    assert room._going is begun[-1]


RECORD = GenerationRecord(
    model="m", weights="w", seed=1, branch=0, changes=(), stop=StopRule(), context=""
)


def words(*texts: str, branch: int = 0) -> TokensWritten:
    tokens = [
        WrittenToken(text=t, word=t, probability=0.5, rank=1, surprise=1.0, entropy=1.0)
        for t in texts
    ]
    return TokensWritten(stream="s1", branch=branch, tokens=tuple(tokens))


@pytest.mark.parametrize("dropped", [False, True])
async def test_words_that_come_before_the_answer_are_in_the_tree_in_their_order(
    sitting: Any, monkeypatch: pytest.MonkeyPatch, dropped: bool
) -> None:
    room = sitting.room
    asked, answer, stopped = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Engine:
        async def call(self, request: object, **_more: object) -> object:
            if isinstance(request, Write):
                asked.set()
                await answer.wait()
                return StreamStarted(stream="s1", records=(RECORD,))
            if isinstance(request, StopStream):
                await stopped.wait()
            return None

    async def ready() -> Engine:
        return Engine()

    monkeypatch.setattr(sitting.app, "engine_ready", ready)
    monkeypatch.setattr(sitting.app._link, "status", LinkStatus(state="ready", device="cpu"))
    await sitting.put(SCENE)
    room._ready = SimpleNamespace(card=SimpleNamespace(name="m"), speakers=())
    await sitting.press("ctrl+g")
    await asked.wait()
    if dropped:
        await sitting.press("escape")
    answer.set()
    room.hear(words("one "))
    room.hear(words("two "))
    await sitting.until(lambda: "s1" in room._streams)
    room.hear(words("three "))
    room.hear(StreamEnded(stream="s1", branch=0, reason="stopped", record=RECORD))
    stopped.set()
    await sitting.until(lambda: "s1" not in room._streams)
    assert [node.text for node in room._draft.tree] == ["one two three "]


@pytest.mark.parametrize("mark", ["bookmarked", "pruned"])
async def test_a_lost_stream_leaves_the_marks_on_what_was_whole(sitting: Any, mark: str) -> None:
    room, tree = sitting.room, sitting.room._draft.tree
    going = Continuation(None, 1, "", room.here(), tree)
    going.begin(StreamStarted(stream="s1", records=(RECORD, structs.replace(RECORD, branch=1))))
    room._streams["s1"] = going
    room.hear(words("whole"))
    room.hear(words("half", branch=1))
    room.hear(StreamEnded(stream="s1", branch=0, reason="line", record=RECORD))
    tree.change("1a", mark, True)
    room.keep_streams()
    assert [(node.text, getattr(node, mark)) for node in tree] == [("whole", True), ("half", False)]


async def test_nothing_gives_way_to_a_branch_that_the_engine_refuses(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone() -> object:
        raise ColdOpenError("The engine stops again and again.")

    room, page = sitting.room, sitting.page
    monkeypatch.setattr(sitting.app, "engine_ready", gone)
    page.swap(0, 0, "GUS: one two three", generation="1a")
    page.go_to(8)
    room._ready = SimpleNamespace(card=SimpleNamespace(name="m"), speakers=())
    await sitting.press("f4")
    await sitting.until(lambda: "again and again" in sitting.notices())
    assert page.draft == "GUS: one two three"


async def test_a_script_that_is_read_slowly_takes_no_keys_of_another_room(
    sitting: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "in.txt"
    script.write_text("imported text\n")
    read = draft_actions.read_script

    def slowly(path: Path) -> tuple[str, str]:
        time.sleep(0.5)
        return read(path)

    async def chosen(_screen: object) -> tuple[Path, ...]:
        return (script,)

    monkeypatch.setattr(draft_actions, "read_script", slowly)
    monkeypatch.setattr(sitting.app, "push_screen_wait", chosen)
    sitting.room.action_import()
    await sitting.pilot.pause()
    await sitting.app.enter("corpus")
    await sitting.until(lambda: sitting.page.draft == "imported text\n")
    await sitting.press("h", "i")
    assert sitting.page.draft == "imported text\n"
    await sitting.app.enter("write")
    await sitting.until(lambda: sitting.page.has_focus)


@pytest.mark.parametrize("key", ["b", "ctrl+q"])
async def test_a_corpus_that_is_not_waited_for_any_more_is_no_error(sitting: Any, key: str) -> None:
    app = sitting.app

    async def show() -> None:
        room = await app.enter("corpus")
        await room.show_place(("/some/where",), 3, "x")

    work = sitting.room.run_worker(show(), group="dialog", exit_on_error=True)
    await sitting.until(lambda: isinstance(app.room("corpus"), CorpusRoom))
    await sitting.until(
        lambda: any(w.group == "load" and w.is_running for w in app.workers) or work.is_finished
    )
    await sitting.press(key)
    await sitting.until(lambda: work.is_finished)
    assert app._exception is None


async def select_first_word(sitting: Any) -> None:
    await sitting.put("NORA: one.")
    sitting.page.go_to(0, 4)


@pytest.mark.parametrize("pause", [0, 0.3])
async def test_what_follows_a_choice_in_the_palette_goes_into_what_it_opens(
    sitting: Any, pause: float
) -> None:
    await select_first_word(sitting)
    together(sitting, "f2", *"new draft")
    await sitting.until(lambda: isinstance(sitting.app.focused, Input))
    palette = sitting.app.screen
    await sitting.until(lambda: palette.query_one(CommandList).option_count > 0)
    await sitting.pilot.pause(pause)
    together(sitting, "enter", "Z", "Z", "1")
    await sitting.asked()
    await sitting.until(lambda: sitting.app.screen.query_one(Input).value == "ZZ1")
    assert sitting.page.draft == "NORA: one."


async def test_keys_wait_for_the_list_of_drafts_while_the_draft_is_saved(
    sitting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await select_first_word(sitting)
    write = OpenDraft.write

    def slowly(draft: OpenDraft, snapshot: Snapshot) -> None:
        time.sleep(0.3)
        write(draft, snapshot)

    monkeypatch.setattr(OpenDraft, "write", slowly)
    await sitting.app.perform("write.open")
    together(sitting, "n")
    await sitting.asked()
    assert sitting.page.draft == "NORA: one."


async def test_keys_do_not_wait_for_ever(sitting: Any) -> None:
    sitting.app.hold_keys()
    together(sitting, "a", "b")
    await settled(sitting)
    assert sitting.page.draft == ""
    await sitting.until(lambda: sitting.page.draft == "ab")
    await sitting.press("c")
    assert sitting.page.draft == "abc"
