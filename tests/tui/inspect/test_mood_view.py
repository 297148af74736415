"""The Mood view with the real engine and the bundled network, and its lines of text."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Static

from engine import paths
from engine.protocol.messages import MOST_MOOD_TEXT
from engine.protocol.values import SpeechMood, WordMood
from tui.app import ColdOpenApp
from tui.inspect import mood_text
from tui.inspect.mood import MoodView, _start_of_part
from tui.screens.inspect import InspectRoom
from tui.widgets.chart import Chart

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
BUNDLED = paths.bundled_moods().name
SCRIPT = """[Scene: a laundromat]

ANNA: I love you! Thank you, this is wonderful!

BERT: I hate it. It's horrible, and I'm scared.

ANNA: The bus leaves at seven.
"""


def speech(text: str, mood: float = 0.2, speaker: str = "A") -> SpeechMood:
    words = tuple(WordMood(start=i, end=i + 1, mood=mood) for i in range(len(text)))
    return SpeechMood(
        start=0, end=len(text), speaker=speaker, mood=mood, odds=(0.4, 0.6), words=words
    )


def test_speakers_are_listed_by_how_much_they_say() -> None:
    told = [speech("x", 1.0, "GUS"), speech("x", -1.0, "Oz"), speech("x", 0.5, "OZ")]
    assert mood_text.means(told) == [("OZ", -0.25, 2), ("GUS", 1.0, 1)]
    assert mood_text.cast([speech("x", 0.5, "")], 30).plain == ""


def test_the_words_that_turned_it_are_coloured() -> None:
    words = [(0, 1, 0.0), (2, 6, 0.5), (7, 8, 0.45), (9, 12, -0.2)]
    one = SpeechMood(
        start=0, end=12, speaker="A", mood=-0.2, odds=(1.0,),
        words=tuple(WordMood(start=s, end=e, mood=m) for s, e, m in words),
    )  # fmt: skip
    shown = mood_text.turns("a cake I cry", one)
    assert shown.plain == "a cake I cry"
    styles = {shown.plain[span.start : span.end]: str(span.style) for span in shown.spans}
    assert styles["cake"] == "bold $success"
    assert styles["cry"] == "bold $error"
    assert "I" not in {word for word, style in styles.items() if style}


@given(
    st.text(alphabet="ab \n\t\x1b\u202eé\u0301漢字👩🚀[", min_size=1, max_size=12),
    st.integers(14, 60),
)
def test_any_text_is_drawn_in_its_width(text: str, width: int) -> None:
    one = speech(text, speaker=text)
    facts = mood_text.facts(one, 0, 1, (-1, 1), width)
    for line in (*facts.split("\n"), *mood_text.cast([one], width).split("\n")):
        assert cell_len(line.plain) <= width
    assert "\x1b" not in mood_text.turns(text, one).plain


def test_of_a_very_long_draft_the_part_around_the_cursor_is_read() -> None:
    line = "ANNA: Again.\n"
    text = line * 20_000
    for cursor in (0, 1000, len(text) // 2, len(text) - 10, len(text)):
        start = _start_of_part(text, cursor)
        assert text[start:].startswith("ANNA")
        assert start <= cursor <= start + MOST_MOOD_TEXT
    assert _start_of_part(line, 3) == 0


async def test_moods_of_a_draft_are_shown_and_walked_over(engine_home: Path, until: Until) -> None:
    shutil.copytree(paths.bundled_moods(), paths.models_dir() / "another")
    app = ColdOpenApp(start_room="inspect")
    async with app.run_test(size=(110, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.room("inspect"), InspectRoom))
        room = app.room("inspect")
        assert isinstance(room, InspectRoom)
        await pilot.press("ctrl+p")  # the last of the views
        view = room.view
        assert isinstance(view, MoodView)
        note = view.query_one(".view-note", Static)
        await until(pilot, lambda: str(note.render()).startswith("No text yet"))
        room.inspect_text(SCRIPT)
        await until(pilot, lambda: len(view.speeches) == 3)

        def told(part: str) -> str:
            return str(view.query_one(f"#mood-{part}", Static).render())

        assert not note.has_class("-shown")
        anna, bert, bus = view.speeches
        assert anna.mood > abs(bus.mood)
        assert bert.mood < -abs(bus.mood)
        assert told("facts").startswith(f"mood {bus.mood:+.2f}, speech 3 of 3")
        assert told("turns") == "The bus leaves at seven."
        await pilot.press("left")
        assert told("turns").startswith("I hate it.")
        assert "speech 2 of 3" in told("facts")
        assert room.subject.cursor == SCRIPT.index("BERT")
        assert "ANNA" in told("cast")
        chart = view.query_one("#mood-arc", Chart)
        assert len(chart._series["mood"].curve) == 3
        assert chart.cursor is not None
        assert "another" in told("about")
        await pilot.press("k")
        await until(pilot, lambda: BUNDLED in told("about"))
        assert "speech 2 of 3" in told("facts")
        assert "correlation" in told("about")


async def test_without_a_network_that_is_said(
    engine_home: Path, until: Until, monkeypatch: Any
) -> None:
    monkeypatch.setattr("tui.inspect.mood.KIND", "nothing")
    app = ColdOpenApp(start_room="inspect")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.room("inspect"), InspectRoom))
        room = app.room("inspect")
        assert isinstance(room, InspectRoom)
        await pilot.press("ctrl+p")
        room.inspect_text(SCRIPT)
        note = room.view.query_one(".view-note", Static)
        await until(pilot, lambda: "Nothing here tells moods" in str(note.render()))
        await pilot.press("k")
