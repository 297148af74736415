"""The Mood view with the real engine and the bundled network, and its lines of text."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from engine import paths
from engine.config import MoodConfig
from engine.protocol.messages import (
    MOST_MOOD_TEXT,
    ListModels,
    ModelList,
    MoodsRead,
    TrainMoods,
)
from engine.protocol.values import SpeechMood, WordMood
from tui.app import ColdOpenApp
from tui.inspect import mood_text
from tui.inspect.mood import MoodView, _start_of_part
from tui.remembered import Remembered
from tui.screens.inspect import InspectRoom
from tui.widgets.chart import Chart
from tui.write.ask import Ask

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
BUNDLED = paths.bundled_moods().name
SCRIPT = """[Scene: a laundromat]

ANNA: I love you! Thank you, this is wonderful!

BERT: I hate it. It's horrible, and I'm scared.

ANNA: The bus leaves at seven.
"""


def speech(text: str, mood: float = 0.2, speaker: str = "A") -> SpeechMood:
    words = tuple(WordMood(i, i + 1, mood) for i in range(len(text)))
    return SpeechMood(
        start=0, end=len(text), speaker=speaker, mood=mood, odds=(0.4, 0.6), words=words
    )


def read(*speeches: SpeechMood, scale: tuple[int, ...] = (-1, 1)) -> MoodsRead:
    return MoodsRead(scale=scale, unmoved=0.0, speeches=speeches)


def styles(shown: Content) -> dict[str, str]:
    return {shown.plain[span.start : span.end]: str(span.style) for span in shown.spans}


def test_speakers_are_listed_by_how_much_they_say() -> None:
    told = [speech("x", 1.0, "GUS"), speech("x", -1.0, "Oz"), speech("x", 0.5, "OZ")]
    assert mood_text.means(told) == [("OZ", -0.25, 2), ("GUS", 1.0, 1)]
    assert mood_text.cast([speech("x", 0.5, "")], 30).plain == ""


def test_scenes_have_the_mean_of_their_speeches() -> None:
    text = "[A street]\nx\nx\n[A kitchen, at night]\nx\n"
    told = [
        msgspec.structs.replace(speech("x", mood), start=text.index("x", at))
        for at, mood in ((0, 0.5), (13, 0.1), (20, -0.4))
    ]
    rows = mood_text.scenes(text, told, 40).plain.split("\n")[1:]
    assert [row.split()[-2:] for row in rows] == [["+0.30", "2"], ["-0.40", "1"]]
    assert [row[:8] for row in rows] == ["A street", "A kitche"]
    assert mood_text.scenes("[A street]\nx\n", told[:1], 40).plain == ""


def test_the_words_that_turned_it_are_coloured() -> None:
    words = [(0, 1, 0.3), (2, 6, 0.5), (7, 8, 0.45), (9, 12, -0.2)]
    one = SpeechMood(
        start=0, end=12, speaker="A", mood=-0.2, odds=(1.0,),
        words=tuple(WordMood(*word) for word in words),
    )  # fmt: skip
    shown = mood_text.turns("a cake I cry", one, 0.25)
    assert shown.plain == "a cake I cry"
    found = styles(shown)
    assert found["cake"] == "bold $success"
    assert found["cry"] == "bold $error"
    # What the network takes for granted is no word's doing.
    assert not {"a", "I"} & {word for word, style in found.items() if style}


def test_a_scale_without_bad_grades_has_no_signs_but_colours() -> None:
    one = msgspec.structs.replace(speech("x"), odds=(0.2, 0.5, 0.3))
    shown = mood_text.facts(read(one, scale=(1, 2, 3)), 0, 40)
    assert [line.split()[0] for line in shown.plain.split("\n")[2:]] == ["1", "2", "3"]
    found = [str(span.style) for span in shown.spans if "█" in shown.plain[span.start : span.end]]
    assert found == ["$error", "$quiet", "$success"]
    grades = mood_text.facts(read(speech("x"), scale=(-1, 1)), 0, 40).plain.split("\n")[2:]
    assert [line.split()[0] for line in grades] == ["-1", "+1"]


def test_words_that_it_does_not_know_are_told() -> None:
    one = msgspec.structs.replace(speech("xyz"), unknown=2)
    assert "2 of 3 words unknown to it" in mood_text.facts(read(one), 0, 40).plain
    assert "unknown" not in mood_text.facts(read(speech("xyz")), 0, 40).plain


def test_no_mood_has_no_sign() -> None:
    assert [mood_text.signed(mood) for mood in (-0.004, 0.0, 0.004, -0.006, 1.0)] == [
        "0.00", "0.00", "0.00", "-0.01", "+1.00",
    ]  # fmt: skip


@given(
    st.text(alphabet="ab \n\t\x1b\u202eé\u0301漢字👩🚀[", min_size=1, max_size=12),
    st.integers(14, 60),
)
def test_any_text_is_drawn_in_its_width(text: str, width: int) -> None:
    one = speech(text, speaker=text)
    facts = mood_text.facts(read(one), 0, width)
    for line in (*facts.split("\n"), *mood_text.cast([one], width).split("\n")):
        assert cell_len(line.plain) <= width
    assert "\x1b" not in mood_text.turns(text, one, 0.0).plain


def test_of_a_very_long_draft_the_part_around_the_cursor_is_read() -> None:
    line = "ANNA: Again.\n"
    text = line * 20_000
    for cursor in (0, 1000, len(text) // 2, len(text) - 10, len(text)):
        start = _start_of_part(text, cursor)
        assert text[start:].startswith("ANNA")
        assert start <= cursor <= start + MOST_MOOD_TEXT
    assert _start_of_part(line, 3) == 0
    one_line = "x" * 3 * MOST_MOOD_TEXT
    for cursor in (0, len(one_line) // 2, len(one_line)):
        assert 0 <= cursor - _start_of_part(one_line, cursor) <= MOST_MOOD_TEXT


async def opened(pilot: Pilot[Any], until: Until) -> tuple[InspectRoom, MoodView]:
    """The room with the last of its views in front."""
    app = pilot.app
    assert isinstance(app, ColdOpenApp)
    await until(pilot, lambda: isinstance(app.room("inspect"), InspectRoom))
    room = app.room("inspect")
    assert isinstance(room, InspectRoom)
    await pilot.press("ctrl+p")
    view = room.view
    assert isinstance(view, MoodView)
    return room, view


def told(view: MoodView, part: str) -> str:
    return str(view.query_one(f"#mood-{part}", Static).render())


def shown_above(room: InspectRoom) -> str:
    return str(room.query_one("#inspect-about", Static).render())


async def choose(pilot: Pilot[Any], until: Until, name: str) -> None:
    """Take a network from the list of those that there are."""
    await pilot.press("ctrl+o")
    await until(pilot, lambda: isinstance(pilot.app.screen, Ask))
    await pilot.press(*name)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, Ask))


def part_at_cursor(view: MoodView) -> str:
    return told(view, "turns")


def picture(widget: Any) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


async def test_moods_of_a_draft_are_shown_and_walked_over(engine_home: Path, until: Until) -> None:
    shutil.copytree(paths.bundled_moods(), paths.models_dir() / "another")
    app = ColdOpenApp(start_room="inspect")
    async with app.run_test(size=(110, 40)) as pilot:
        room, view = await opened(pilot, until)
        note = view.query_one(".view-note", Static)
        await until(pilot, lambda: str(note.render()).startswith("No text yet"))
        room.inspect_text(SCRIPT)
        await until(pilot, lambda: len(view.speeches) == 3)
        assert not note.has_class("-shown")
        anna, bert, bus = view.speeches
        assert anna.mood > abs(bus.mood)
        assert bert.mood < -abs(bus.mood)
        assert told(view, "facts").startswith(f"mood {mood_text.signed(bus.mood)}, speech 3 of 3")
        assert told(view, "turns") == "The bus leaves at seven."
        await pilot.press("left")
        assert told(view, "turns").startswith("I hate it.")
        assert "speech 2 of 3" in told(view, "facts")
        assert room.subject.cursor == SCRIPT.index("BERT")
        assert "ANNA" in told(view, "cast")
        chart = view.query_one("#mood-arc", Chart)
        assert len(chart._series["arc"].curve) == len(chart._series["speeches"].curve) == 3
        assert chart.cursor is not None
        assert chart.y_range is not None
        low, high = chart.y_range
        assert -low == high >= max(0.5, abs(bert.mood))
        # The panel can be scrolled by keys.
        assert view.query_one("#mood-panel").can_focus
        # It is the bundled one that tells them, though another is newer, until that is chosen.
        assert BUNDLED in told(view, "about")
        assert shown_above(room) == f"moods by {BUNDLED}"
        await choose(pilot, until, "another")
        await until(pilot, lambda: "another" in told(view, "about"))
        assert "speech 2 of 3" in told(view, "facts")
        assert "correlation" in told(view, "about")
        assert shown_above(room) == "moods by another"
        await pilot.press("ctrl+p")
        assert shown_above(room).startswith("spin-cycle")
    assert Remembered.load().moods == "another"


async def test_of_a_long_text_parts_are_shown_and_what_fails_changes_nothing(
    engine_home: Path, until: Until
) -> None:
    text = "".join(f"ANNA: Number {number} it is.\n" for number in range(4000))
    broken = paths.models_dir() / "broken"
    shutil.copytree(paths.bundled_moods(), broken)
    tensors = broken / "checkpoints" / "best" / "tensors.safetensors"
    app = ColdOpenApp(start_room="inspect")
    app.remembered.moods = "broken"
    async with app.run_test(size=(110, 40)) as pilot:
        room, view = await opened(pilot, until)
        room.inspect_text(text, 0)
        await until(pilot, lambda: len(view.speeches) > 1000)
        note = view.query_one(".view-note", Static)
        await until(pilot, lambda: str(note.render()).startswith("A part of this long text"))
        first = len(view.speeches)
        shown = picture(view.text)[:9]
        # The network is lost; what is shown stays, and so does the place in the text.
        kept = tensors.read_bytes()
        tensors.write_bytes(b"")
        stamp = tensors.with_name("state.json")
        stamp.write_text(stamp.read_text())
        await pilot.press("end", "right")
        await until(pilot, lambda: note.has_class("-error"))
        assert len(view.speeches) == first
        await pilot.press("home")
        assert picture(view.text)[:9] == shown
        assert part_at_cursor(view) == "Number 0 it is."
        # The other network can be asked, and the damaged one once it is mended.
        await choose(pilot, until, BUNDLED)
        await until(pilot, lambda: BUNDLED in told(view, "about"))
        tensors.write_bytes(kept)
        stamp.write_text(stamp.read_text())
        await pilot.press("end", "right")
        await until(pilot, lambda: view._told is not None and view._told.start > 0)
        cursor = room.subject.cursor
        assert cursor > MOST_MOOD_TEXT
        assert abs(text.index(part_at_cursor(view)) - cursor) < 40


async def test_a_network_that_is_trained_anew_tells_anew(engine_home: Path, until: Until) -> None:
    app = ColdOpenApp(start_room="inspect")
    async with app.run_test(size=(110, 40)) as pilot:
        room, view = await opened(pilot, until)
        room.inspect_text(SCRIPT)
        await until(pilot, lambda: len(view.speeches) == 3)
        labels = engine_home / "labels.tsv"
        labels.write_text("1\tthe bus leaves\n0\tI love you\n" * 30)
        engine = await app.engine_ready()
        settings = MoodConfig(embedding_size=8, hidden_size=8, epochs=2)
        await engine.call(TrainMoods(name="mine", paths=(str(labels),), settings=settings))
        models = ListModels()
        while "mine" not in [c.name for c in (await engine.call(models)).models if c.weights]:
            await pilot.pause(0.05)
        await choose(pilot, until, "mine")
        await until(pilot, lambda: "mine" in told(view, "about"))
        before = view.speeches
        request = TrainMoods(name="mine", paths=(str(labels),), settings=settings, replace=True)
        await engine.call(
            msgspec.structs.replace(request, settings=msgspec.structs.replace(settings, seed=2))
        )
        await until(pilot, lambda: view.speeches != before)
        assert "mine" in told(view, "about")


async def test_without_a_network_that_is_said(
    engine_home: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ColdOpenApp(start_room="inspect")
    async with app.run_test(size=(80, 24)) as pilot:
        room, view = await opened(pilot, until)

        async def nothing(request: object, *, in_passing: bool = False) -> ModelList:
            return ModelList(models=())

        monkeypatch.setattr(view, "fetch", nothing)
        room.inspect_text(SCRIPT)
        note = view.query_one(".view-note", Static)
        await until(pilot, lambda: "Nothing here tells moods" in str(note.render()))
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert "Nothing here tells moods" in str(note.render())
