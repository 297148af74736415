"""The Inspect room with the real engine and tiny real models, driven by keys."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tui.app import ColdOpenApp
from tui.inspect.attention import AttentionView
from tui.inspect.cells import CellsView
from tui.inspect.map_view import MapView
from tui.inspect.matrix import Matrix
from tui.inspect.mood import MoodView
from tui.inspect.neighbours import NeighboursView
from tui.inspect.odds import OddsView
from tui.inspect.query_line import QueryLine
from tui.inspect.subject import SwapWord
from tui.inspect.token_text import TokenText
from tui.inspect.view import NO_MODEL, InspectView
from tui.keys import types_text
from tui.screens.inspect import VIEWS, InspectRoom, OwnText

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
NO_TEXT = (
    "No text yet: Ctrl+T opens a place to type or paste one; F5 in the Write room brings the draft."
)
SCRIPT = "DELIA: Machine nine is a washer.\n\nOZ: (from under it) The soup is mine.\n"


@pytest.fixture
def app(engine_home: Path) -> ColdOpenApp:
    app = ColdOpenApp(start_room="inspect")
    app.remembered.model = "tiny"
    return app


async def opened(pilot: Pilot[Any], until: Until, model: str = "tiny") -> InspectRoom:
    """The room, once it looks into ``model``."""
    app = pilot.app
    assert isinstance(app, ColdOpenApp)
    await until(pilot, lambda: isinstance(app.room("inspect"), InspectRoom))
    room = app.room("inspect")
    assert isinstance(room, InspectRoom)
    await until(pilot, lambda: room.subject.model == model)
    return room


def note(room: InspectRoom) -> str:
    line = room.view.query_one(".view-note", Static)
    return str(line.render()) if line.has_class("-shown") else ""


def shown(room: InspectRoom, widget: str) -> str:
    return str(room.query_one(f"#{widget}", Static).render())


def picture(widget: Any) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


async def view(pilot: Pilot[Any], until: Until, room: InspectRoom, kind: type[InspectView]) -> Any:
    """Walk to a view with the key."""
    for _ in VIEWS:
        if isinstance(room.view, kind):
            break
        await pilot.press("ctrl+n")
    assert isinstance(room.view, kind)
    return room.view


async def test_odds_of_a_typed_text(models: Path, app: ColdOpenApp, until: Until) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        room = await opened(pilot, until)
        await until(pilot, lambda: note(room) == NO_TEXT)
        await pilot.press("ctrl+t", *"GUS", "colon", "space", *"soup", "ctrl+t")
        await until(pilot, lambda: "rank" in shown(room, "odds-facts"))
        text = room.query_one("#odds-text", TokenText)
        assert shown(room, "odds-facts").startswith("soup")
        assert app.focused is text
        await pilot.press("left")
        assert shown(room, "odds-facts").startswith("gus:")
        assert "GUS: soup" in picture(text)[0]
        await pilot.press("right")
        explained = room.subject.explained
        assert explained is not None
        instead = explained.tokens[1].alternatives[2]
        await pilot.press("3")
        await until(pilot, lambda: room.subject.text == "GUS:" + instead.text)
        await until(pilot, lambda: "rank 3," in shown(room, "odds-facts"))
        assert room.query_one(OwnText).text != room.subject.text


async def test_behind_the_last_word_stands_what_comes_next(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text("GUS: The soup", None, lambda _swap: True)
        await until(pilot, lambda: shown(room, "odds-facts").startswith("soup"))
        text = room.query_one("#odds-text", TokenText)
        for key in ("right", "end"):
            await pilot.press("home")
            assert shown(room, "odds-facts").startswith("gus:")
            await pilot.press(*([key] * 3 if key == "right" else [key]))
            await until(pilot, lambda: shown(room, "odds-facts").startswith("what comes next"))
        assert "GUS: The soup →" in picture(text)[0]
        explained = room.subject.explained
        assert explained is not None
        following = explained.reply.next
        assert following is not None
        assert len(following.alternatives) == 9
        others = shown(room, "odds-others")
        assert "puts that word" not in others
        assert "goes on from here" in others
        assert room.subject.cursor == len(room.subject.text)
        assert room.query_one(OddsView).end_of_token() == len(room.subject.text)
        await pilot.press("3")
        await until(pilot, lambda: bool(app._notifications))
        assert room.subject.text == "GUS: The soup"
        await pilot.press("right", "left")
        await until(pilot, lambda: shown(room, "odds-facts").startswith("soup"))
        await pilot.press("1")
        await until(pilot, lambda: room.subject.text != "GUS: The soup")


async def test_within_a_long_text_nothing_comes_next(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text(SCRIPT * 40, 100)
        await until(pilot, lambda: room.subject.fresh(attention=False) is not None)
        await until(pilot, lambda: "bits" in shown(room, "odds-facts"))
        explained = room.subject.explained
        assert explained is not None
        assert explained.reply.next is None
        await pilot.press("end")
        assert "what comes next" not in shown(room, "odds-facts")


async def test_a_swap_goes_to_the_draft_that_was_shown(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    swaps: list[SwapWord] = []

    def take(swap: SwapWord) -> bool:
        swaps.append(swap)
        return len(swaps) == 1

    async with app.run_test(size=(120, 40)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text(SCRIPT, SCRIPT.index("soup"), take)
        await until(pilot, lambda: shown(room, "odds-facts").startswith("soup"))
        await pilot.press("1")
        await until(pilot, lambda: len(swaps) == 1)
        assert swaps[0].old == " soup"
        assert SCRIPT[swaps[0].start : swaps[0].end] == " soup"
        await until(pilot, lambda: "rank 1," in shown(room, "odds-facts"))
        before = room.subject.text
        await pilot.press("2")
        await until(pilot, lambda: len(swaps) == 2)
        await until(pilot, lambda: bool(app._notifications))
        assert room.subject.text == before


async def test_the_draft_comes_from_the_write_room_and_words_go_back(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text("a text of its own")
        await app.enter("write")
        write: Any = app.room("write")
        await until(pilot, lambda: write._draft is not None and write._ready is not None)
        write.page.open_text(SCRIPT)
        await pilot.press("f5")
        await until(pilot, lambda: app.room_id == "inspect" and room.subject.text == SCRIPT)
        await until(pilot, lambda: "rank" in shown(room, "odds-facts"))
        explained = room.subject.explained
        assert explained is not None
        token = explained.tokens[room.subject.index()]
        other = next(n for n, a in enumerate(token.alternatives, 1) if a.word != token.word)
        await pilot.press(str(other))
        await until(pilot, lambda: write.page.draft != SCRIPT)
        assert room.subject.text == write.page.draft
        await until(pilot, lambda: room.subject.explained is not None)
        end = room.query_one(OddsView).end_of_token()
        assert end is not None
        await pilot.press("g")
        await until(pilot, lambda: app.room_id == "write")
        await until(pilot, lambda: write.page.cursor_offset == end)
        await until(pilot, lambda: bool(write.page.pending))
        await pilot.press("escape", "f5")
        await until(pilot, lambda: app.room_id == "inspect")
        await pilot.press("f5")
        await until(pilot, lambda: app.room_id == "write")


async def test_attention_as_shades_and_as_a_matrix(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test(size=(110, 30)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text(SCRIPT * 40)
        await view(pilot, until, room, AttentionView)
        await until(pilot, lambda: "attention" in shown(room, "attention-kind"))
        assert shown(room, "attention-kind").startswith("general attention")
        await until(pilot, lambda: "the model looked most at" in shown(room, "attention-said"))
        before = room.subject.cursor
        await pilot.press("up", "up")
        assert room.subject.cursor < before
        await pilot.press("m")
        matrix = room.query_one(Matrix)
        assert app.focused is matrix
        await until(pilot, lambda: matrix.size.height > 5)
        row = matrix.row
        await pilot.press("up", "left", "left")
        assert matrix.row == row - 1
        assert "looked at" in matrix.read_out()
        assert matrix.read_out() in "".join(picture(matrix))
        await pilot.press("c")
        assert "would be copied from" in matrix.read_out()
        assert "would most likely copy: " in shown(room, "attention-said")
        await pilot.press("m")
        assert shown(room, "attention-kind").endswith("copy weights on the text")
        # Going back past what is explained has the part before explained.
        first = room.subject.explained
        assert first is not None
        await pilot.press("home", "left")
        await until(pilot, lambda: room.subject.explained not in (first, None))
        again = room.subject.explained
        assert again is not None
        assert again.window.end < first.window.end


async def test_a_model_without_attention_says_so(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    app.remembered.model = "plain"
    async with app.run_test(size=(100, 30)) as pilot:
        room = await opened(pilot, until, "plain")
        room.inspect_text(SCRIPT)
        await view(pilot, until, room, AttentionView)
        await until(pilot, lambda: "has no attention" in note(room))
        await pilot.press("h", "c", "m")
        await until(pilot, lambda: bool(app._notifications))
        assert app.focused is room.query_one("#attention-text", TokenText)
        await pilot.press("left", "up", "m", "left")
        assert "has no attention" in note(room)


async def test_the_matrix_gives_way_to_the_text_of_a_model_without_one(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text(SCRIPT)
        await view(pilot, until, room, AttentionView)
        await until(pilot, lambda: "attention" in shown(room, "attention-kind"))
        await pilot.press("m")
        assert app.focused is room.query_one(Matrix)
        room._use(next(card for card in await room._models() or () if card.name == "plain"))
        await until(pilot, lambda: "has no attention" in note(room))
        assert app.focused is room.query_one("#attention-text", TokenText)


async def test_cells_without_a_c_show_their_h(models: Path, app: ColdOpenApp, until: Until) -> None:
    app.remembered.model = "plain"
    async with app.run_test(size=(100, 30)) as pilot:
        room = await opened(pilot, until, "plain")
        room.inspect_text(SCRIPT)
        await view(pilot, until, room, CellsView)
        await until(pilot, lambda: "by h:" in shown(room, "cells-about"))
        await until(pilot, lambda: ": h is " in shown(room, "cells-about"))
        await pilot.press("o")
        await until(pilot, lambda: bool(app._notifications))
        assert "tanh(c)" not in shown(room, "cells-about")


async def test_the_key_that_asks_begins_a_question_and_is_no_part_of_it(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        room = await opened(pilot, until)
        neighbours: NeighboursView = await view(pilot, until, room, NeighboursView)
        await pilot.press("slash", *"machine", "enter")
        await until(pilot, lambda: shown(room, "neighbours-head").startswith("machine"))
        await pilot.press("slash", *"soup", "slash")
        assert neighbours.line.value == "soup/"


async def test_what_the_map_cannot_draw_is_said_in_passing(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test(size=(120, 30)) as pilot:
        room = await opened(pilot, until)
        words: MapView = await view(pilot, until, room, MapView)
        await until(pilot, lambda: "% of their variance" in shown(room, "map-about"))
        drawn = words.picture.points
        words._table = "nobody's"
        words.again()
        await until(pilot, lambda: bool(app._notifications))
        await until(pilot, lambda: note(room) == "")
        assert words.picture.points == drawn
        assert words._table == "embedding"
        for typed, said in (("machine", "“machine”"), ("the", "words with “the”; ")):
            words.query_one(QueryLine).value = typed
            await pilot.press("slash", "right", "enter")
            await until(pilot, lambda said=said: said in note(room))  # type: ignore[misc]


async def test_neighbours_map_and_cells(models: Path, app: ColdOpenApp, until: Until) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text(SCRIPT)
        neighbours: NeighboursView = await view(pilot, until, room, NeighboursView)
        assert app.focused is neighbours.line
        await pilot.press(*"machine", "enter")
        await until(pilot, lambda: "machine" in shown(room, "neighbours-head"))
        assert "embedding" in shown(room, "neighbours-tables")
        neighbours.line.value = "xyzzy[/]\x1b"
        await pilot.press("enter")
        await until(pilot, lambda: "xyzzy[/]" in note(room))
        neighbours.line.value = "odd: machine soup delia"
        await pilot.press("enter")
        await until(pilot, lambda: "does not belong" in shown(room, "neighbours-head"))
        assert "mean cosine with the others" in shown(room, "neighbours-tables")
        neighbours.line.value = "odd: xyzzy plugh qwert"
        await pilot.press("enter")
        await until(pilot, lambda: "xyzzy" in note(room))
        assert shown(room, "neighbours-head") == ""

        words: MapView = await view(pilot, until, room, MapView)
        await until(pilot, lambda: "words of embedding, by PCA" in shown(room, "map-about"))
        whole = words.picture.eye
        await pilot.press("plus", "right", "up")
        assert words.picture.eye.half_width < whole.half_width
        assert words.picture.eye.x > whole.x
        await pilot.press("0")
        assert words.picture.eye == whole
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, QueryLine))
        await pilot.press(*"soup", "enter")
        await until(pilot, lambda: bool(words.picture.found))
        assert any("soup" in line for line in picture(words.picture))
        assert app.focused is words.picture

        cells: CellsView = await view(pilot, until, room, CellsView)
        await until(pilot, lambda: "parentheses" in shown(room, "cells-about"))
        await until(pilot, lambda: "tanh(c) is " in shown(room, "cells-about"))
        assert "words marked" in shown(room, "cells-about")
        assert "forget" in shown(room, "cells-gates")
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, QueryLine))
        await pilot.press(*"speaker XYZ", "enter")
        await until(pilot, lambda: cells.list.option_count == 0)
        assert " here" in shown(room, "cells-about")
        assert "cells that mark" not in shown(room, "cells-about")
        assert any("soup is mine" in line for line in picture(cells.text))
        await pilot.press("shift+left", "shift+left", "f")
        await until(pilot, lambda: "the selection" in shown(room, "cells-about"))
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, QueryLine))
        await pilot.press(*"cell 0 3", "enter")
        await until(pilot, lambda: shown(room, "cells-about").startswith("cell 3 of layer 0"))
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, QueryLine))
        cells.query_one(QueryLine).value = "cell 9 9"
        await pilot.press("enter")
        await until(pilot, lambda: "There is no cell 9 in layer 9" in note(room))


async def test_a_model_that_was_trained_again_is_asked_anew(
    models: Path, app: ColdOpenApp, until: Until
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text(SCRIPT)
        await until(pilot, lambda: room.subject.explained is not None)
        card = next(card for card in await room._models() or () if card.name == "tiny")
        room._use(card)
        assert room.subject.explained is not None
        room._use(msgspec.structs.replace(card, weights="others"))
        assert room.subject.explained is None
        await until(pilot, lambda: room.subject.explained is not None)
        neighbours: NeighboursView = await view(pilot, until, room, NeighboursView)
        await pilot.press(*"machine", "enter")
        await until(pilot, lambda: "machine" in shown(room, "neighbours-head"))
        found = neighbours._found
        cells: CellsView = await view(pilot, until, room, CellsView)
        await until(pilot, lambda: cells._found is not None)
        room._use(card)
        assert cells._found is None
        await until(pilot, lambda: cells._found is not None)
        await view(pilot, until, room, NeighboursView)
        await until(pilot, lambda: neighbours._found is not found)


async def test_odd_texts_and_a_lost_engine(models: Path, app: ColdOpenApp, until: Until) -> None:
    odd = "漢字 e\u0301 👩\u200d🚀 \x1b[31m \u202e[/b] xyzzy\n" * 30
    async with app.run_test(size=(64, 20)) as pilot:
        room = await opened(pilot, until)
        room.inspect_text(odd)
        await until(pilot, lambda: "rank" in shown(room, "odds-facts"))
        for kind in VIEWS:
            await view(pilot, until, room, kind)
            await pilot.press("left", "up", "right")
            for text in room.view.query(TokenText):
                for y in range(text.size.height):
                    strip = text.render_line(y)
                    assert strip.cell_length == text.scrollable_content_region.width
                    assert "\x1b" not in strip.text
        await view(pilot, until, room, OddsView)
        os.kill(app.engine.engine_pid, signal.SIGKILL)
        room.inspect_text("another text")
        # The app finds the engine again, and the room goes on by itself.
        await until(pilot, lambda: "bits" in shown(room, "odds-facts"))
        room.inspect_text("  \n ")
        await until(pilot, lambda: note(room) == NO_TEXT)
        assert shown(room, "odds-facts") == ""


async def test_keys_that_type_are_not_offered(user_home: Path, until: Until) -> None:
    app = ColdOpenApp(connect=False, start_room="inspect")

    def offered() -> set[str]:
        shown = {b.binding.key for b in app.screen.active_bindings.values() if b.binding.show}
        return {key for key in shown if types_text(key)}

    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.room("inspect"), InspectRoom))
        room = app.room("inspect")
        assert isinstance(room, InspectRoom)
        await view(pilot, until, room, NeighboursView)
        assert isinstance(app.focused, QueryLine)
        assert offered() == set()
        await view(pilot, until, room, MapView)
        assert offered() >= {"slash", "minus", "plus", "t"}
        await pilot.press("slash")
        assert isinstance(app.focused, QueryLine)
        assert offered() == set()
        await pilot.press("ctrl+t")
        assert isinstance(app.focused, OwnText)
        assert offered() == set()


async def test_without_a_model_every_view_says_so(user_home: Path, until: Until) -> None:
    app = ColdOpenApp(connect=False, start_room="inspect")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.room_id == "inspect")
        room = app.room("inspect")
        assert isinstance(room, InspectRoom)
        await until(pilot, lambda: note(room) == "looking for a model…")
        for _ in VIEWS:
            await pilot.press("ctrl+n")
            # Moods are told by a network of their own.
            lacking = NO_TEXT if isinstance(room.view, MoodView) else NO_MODEL
            await until(pilot, lambda lacking=lacking: note(room) == lacking)
            await pilot.press("left", "1", "plus", "f", "h", "slash", "escape")
