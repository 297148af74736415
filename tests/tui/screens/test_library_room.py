"""The Library room with real models: table, curves, rename, delete and restore, resume, use."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from engine import paths
from engine.client import EngineClient
from engine.config import TrainingConfig
from engine.protocol.messages import (
    AnyEvent,
    ControlTraining,
    ModelHistory,
    ModelList,
    StartTraining,
    TrainingStateChanged,
    TrainingValidation,
    WatchTraining,
)
from engine.protocol.values import Metrics, ModelCard, SkipGramSettings, ValidationPoint
from tui.app import ColdOpenApp
from tui.library.about import about
from tui.library.comparing import incomparable
from tui.library.model_table import ModelTable, row_of
from tui.screens.library import TRAINING, LibraryRoom
from tui.widgets.chart import Chart
from tui.write.ask import Ask

SMALL: dict[str, Any] = {
    "embedding_size": 8,
    "hidden_size": 8,
    "layers": 1,
    "batch_size": 8,
    "attention_span": 8,
    "device": "cpu",
    "precision": "float32",
}
FIRST = "the-night-shift-at-the-laundromat-first"
SECOND = "the-night-shift-at-the-laundromat-second"


async def train(name: str, corpus: Path, *, stop: bool = False, **settings: Any) -> None:
    """Train a tiny model to its end, or stop it after its first validation."""
    over, validated = asyncio.Event(), asyncio.Event()

    def hear(event: AnyEvent) -> None:
        if isinstance(event, TrainingValidation):
            validated.set()
        if isinstance(event, TrainingStateChanged) and event.info.state in (
            "finished",
            "stopped",
            "failed",
        ):
            over.set()

    client = await EngineClient.connect("tests", on_event=hear)
    started = await client.call(
        StartTraining(name=name, paths=(str(corpus),), settings={**SMALL, **settings})
    )
    await client.call(WatchTraining(job=started.job))
    if stop:
        await asyncio.wait_for(validated.wait(), 150)
        await client.call(ControlTraining(job=started.job, command="stop"))
    await asyncio.wait_for(over.wait(), 150)
    await client.close()


def room_of(pilot: Pilot[Any], name: str = "library") -> Any:
    app = pilot.app
    assert isinstance(app, ColdOpenApp)
    return app.room(name)


def shown(room: LibraryRoom) -> list[str]:
    return list(room._cards)


async def answer(pilot: Pilot[Any], soon: Any, *keys: str) -> None:
    """Answer the question that is asked."""
    await soon(pilot, lambda: isinstance(pilot.app.screen, Ask))
    await pilot.press(*keys, "enter")
    await soon(pilot, lambda: not isinstance(pilot.app.screen, Ask))


async def test_models_are_shown_compared_renamed_deleted_and_restored(
    engine_home: Path, opened: Any, soon: Any, tiny_corpus: Path
) -> None:
    await train(FIRST, tiny_corpus, epochs=2)
    await train(SECOND, tiny_corpus, epochs=3)
    async with opened("library") as pilot:
        room: LibraryRoom = room_of(pilot)
        chart = room.query_one("#library-chart", Chart)
        await soon(pilot, lambda: {FIRST, SECOND} <= set(shown(room)))
        assert shown(room)[0] == SECOND
        await soon(pilot, lambda: TRAINING in chart._series)
        assert len(chart._series[SECOND].curve) >= 1
        text = str(room.query_one("#library-about", Static).render())
        assert SECOND in text
        assert "episode.txt" in text or "episode" in text
        assert "hidden size" in text

        await pilot.press("c", "down")
        await soon(pilot, lambda: set(chart._series) == {FIRST, SECOND})
        assert len({series.label for series in chart._series.values()}) == 2
        by_steps = list(chart._series[FIRST].curve.xs)
        await pilot.press("m")
        await soon(pilot, lambda: list(chart._series[FIRST].curve.xs) != by_steps)

        assert room.chosen is not None
        assert room.chosen.name == FIRST
        await pilot.press("n")
        await soon(pilot, lambda: isinstance(pilot.app.screen, Ask))
        pilot.app.screen.query_one(Input).value = "renamed"
        await answer(pilot, soon)
        await soon(pilot, lambda: "renamed" in shown(room) and FIRST not in shown(room))
        assert room.chosen.name in ("renamed", SECOND)

        await pilot.press("home")
        await soon(pilot, lambda: room.chosen is not None and room.chosen.name == SECOND)
        await pilot.press("d")
        await answer(pilot, soon)
        assert SECOND in shown(room)
        await pilot.press("d")
        await answer(pilot, soon, *"yes")
        await soon(pilot, lambda: SECOND not in shown(room))
        assert (paths.models_dir() / ".trash").is_dir()
        await soon(pilot, lambda: room.check_action("restore", ()))
        await pilot.press("u")
        await soon(pilot, lambda: SECOND in shown(room))
        assert not room.check_action("restore", ())

        await pilot.press("home", "enter")
        await soon(pilot, lambda: room.cold_open.room_id == "write")
        assert room.cold_open.model == shown(room)[0]


async def test_an_interrupted_run_goes_on_from_here(
    engine_home: Path, opened: Any, soon: Any, tiny_corpus: Path
) -> None:
    await train("cut", tiny_corpus, stop=True, minutes=4.0)
    async with opened("library", size=(80, 24)) as pilot:
        room: LibraryRoom = room_of(pilot)
        await soon(pilot, lambda: "cut" in shown(room))
        await soon(pilot, lambda: room.chosen is not None and room.chosen.name == "cut")
        assert room.chosen is not None
        assert room.chosen.state == "stopped"
        assert room.check_action("resume", ())
        await pilot.press("r")
        await soon(pilot, lambda: room.cold_open.room_id == "train")
        await soon(pilot, lambda: room_of(pilot, "train").run is not None)
        run = room_of(pilot, "train").run
        assert run.info.name == "cut"
        await soon(pilot, lambda: run.info.state == "running")
        await soon(pilot, lambda: room._cards["cut"].state == "running")
        assert not room.check_action("delete", ())
        await pilot.press("ctrl+s")
        await soon(pilot, lambda: run.info.state in ("stopped", "finished"))


@pytest.mark.skipif(
    not (paths.bundled_model() / "card.json").is_file(), reason="no bundled model is there"
)
async def test_the_bundled_model_cannot_be_changed(opened: Any, soon: Any) -> None:
    async with opened("library") as pilot:
        room: LibraryRoom = room_of(pilot)
        await soon(pilot, lambda: room.chosen is not None)
        assert room.chosen is not None
        assert room.chosen.bundled
        for action in ("rename", "delete", "resume", "restore"):
            assert not room.check_action(action, ())
        assert room.check_action("use", ())


async def test_a_network_that_tells_moods_is_used_in_the_inspect_room(
    opened: Any, soon: Any
) -> None:
    async with opened("library") as pilot:
        room: LibraryRoom = room_of(pilot)
        await soon(pilot, lambda: len(room.query_one(ModelTable)._names) == 2)
        await pilot.press("down")
        moods = paths.bundled_moods().name
        await soon(pilot, lambda: room.chosen is not None and room.chosen.name == moods)
        assert not room.check_action("resume", ())
        await pilot.press("enter")
        app = pilot.app
        await soon(pilot, lambda: app.room_id == "inspect")
        assert app.remembered.moods == moods
        await soon(pilot, lambda: getattr(app.room("inspect"), "_view_id", "") == "mood")


# -- words about a model


def card(**changes: Any) -> ModelCard:
    values: dict[str, Any] = {
        "name": "a model",
        "kind": "script",
        "state": "finished",
        "corpus": "a play",
        "corpus_key": "k",
        "corpus_paths": ("a.txt",),
        "config": TrainingConfig(),
        "vocabulary_size": 1234,
        "tokens": 56789,
        "perplexity": 41.25,
    }
    return ModelCard(**{**values, **changes})


@pytest.mark.parametrize("cells", [38, 60, 120])
def test_what_is_said_of_a_model_fits_and_names_every_knob(cells: int) -> None:
    text = about(card(), None, cells)
    assert all(line.cell_length <= cells for line in text.split("\n"))
    assert "41.25" in text.plain
    assert "copying" in text.plain
    assert " on" in text.plain


def test_a_classic_model_is_shown_without_what_it_does_not_have() -> None:
    classic = card(kind="classic", config=TrainingConfig(model="classic", layers=2))
    text = about(classic, None, 60).plain
    assert "layers" in text
    assert "weight decay" in text
    for missing in ("cell", "attention", "copying", "ngrams", "recency", "weight drop"):
        assert missing not in text.lower(), missing


def test_why_a_run_failed_is_said() -> None:
    failed = card(state="failed", failure="The disk of [bold] is full.\x1b[31m")
    assert "The run failed: The disk of [bold] is full." in about(failed, None, 60).plain
    assert "\x1b" not in about(failed, None, 60).plain
    assert "failed" not in about(card(), None, 60).plain


def test_hostile_names_are_shown_and_not_obeyed() -> None:
    wild = card(name="x\x1b]0;owned\x07", corpus="[red]\u202e", kind="\x9b2J")
    for cell in row_of(wild):
        assert not set(cell.plain) & {"\x1b", "\x07", "\u202e", "\x9b"}
    assert "\x1b" not in about(wild, None, 60).plain
    assert "[red]" in about(wild, None, 60).plain


def test_what_the_perplexity_owes_to_what_was_added_is_said() -> None:
    mixed = card(perplexity=51.0, perplexity_alone=96.41, added=("ngrams", "recency"))
    text = about(mixed, None, 38).plain
    assert "validation perplexity 51.00\n  network alone 96.41\n" in text
    assert "with n-grams, what was said" in text
    alone = about(card(perplexity=96.41, perplexity_alone=96.41), None, 38).plain
    assert "validation perplexity 96.41\n  of the network alone" in alone
    assert "as measured while training" in about(card(state="running"), None, 38).plain
    assert "measured" not in about(card(), None, 38).plain


def vectors(**changes: Any) -> ModelCard:
    settings = SkipGramSettings(
        dimension=50, window=4, negatives=7, epochs=3, learning_rate=0.2, subsample=1e-3,
        vocabulary_cutoff=2, seed=1,
    )  # fmt: skip
    values: dict[str, Any] = {
        "kind": "vectors",
        "perplexity": None,
        "skipgram": settings,
        "config": TrainingConfig(embedding_size=50, epochs=3, learning_rate=0.2),
    }
    return card(**{**values, **changes})


def settings_shown(of: ModelCard) -> dict[str, str]:
    lines = about(of, None, 30).plain.partition("Configuration\n")[2].split("\n")
    return {line[:19].strip(): line[19:].strip() for line in lines}


def test_word_vectors_are_shown_with_their_own_settings() -> None:
    assert settings_shown(vectors()) == {
        "dimension": "50", "window": "4", "negatives": "7", "epochs": "3",
        "learning rate": "0.2", "subsample": "0.001", "vocabulary cutoff": "2", "seed": "1",
    }  # fmt: skip
    earlier = settings_shown(vectors(skipgram=None))
    assert (earlier["dimension"], earlier["epochs"]) == ("50", "3")
    assert "cell" not in earlier
    assert settings_shown(vectors(skipgram=None, corpus_key="")) == {"dimension": "50"}


def test_what_cannot_be_compared_is_said() -> None:
    one = card()
    assert incomparable(one, [one, card(name="b")]) == ""
    assert "other corpora" in incomparable(one, [card(corpus_key="another")])
    other = card(config=TrainingConfig(vocabulary_cutoff=5))
    assert "other vocabularies" in incomparable(one, [other])
    assert "word vectors" in incomparable(one, [vectors()])
    moods = card(kind="moods", perplexity=None, corpus_key="labels")
    assert "moods and word vectors" in incomparable(moods, [vectors()])
    assert "losses" in incomparable(moods, [card(kind="moods", corpus_key="others")])
    assert incomparable(moods, [moods]) == ""
    assert "losses" in incomparable(vectors(), [vectors(corpus_key="another")])


# -- the room without an engine


def history_of(one: ModelCard) -> ModelHistory:
    metrics = Metrics(
        step=10, epoch=1, tokens=100, seconds=1.0, loss=3.0, learning_rate=1e-3,
        gradient_norm=1.0, tokens_per_second=100.0, progress=1.0,
    )  # fmt: skip
    point = ValidationPoint(step=10, seconds=1.0, loss=3.0, perplexity=20.0, best=True)
    samples = ((10, "\n".join(["a line"] * 60)),)
    return ModelHistory(card=one, metrics=(metrics,), validations=(point,), samples=samples)


@pytest.fixture
def library_of(user_home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The app in a Library of cards that the test makes up."""

    def start(*cards: ModelCard) -> ColdOpenApp:
        known = {one.name: one for one in cards}

        class Engine:
            async def call(self, request: Any, **_more: Any) -> Any:
                name = getattr(request, "name", "")
                return history_of(known[name]) if name else ModelList(models=cards)

        async def ready() -> Engine:
            return Engine()

        app = ColdOpenApp(connect=False, start_room="library")
        monkeypatch.setattr(app, "engine_ready", ready)
        return app

    return start


async def test_other_corpora_are_warned_of_and_word_vectors_left_out(
    library_of: Any, soon: Any
) -> None:
    app = library_of(card(name="a"), card(name="b", corpus_key="other"), vectors(name="c"))
    async with app.run_test(size=(80, 24)) as pilot:
        await soon(pilot, lambda: app.room_id == "library")
        room: LibraryRoom = room_of(pilot)
        chart = room.query_one("#library-chart", Chart)
        await soon(pilot, lambda: "a" in chart._series)
        assert str(chart.border_subtitle) == ""
        await pilot.press("c", "down")
        await soon(pilot, lambda: set(chart._series) == {"a", "b"})
        assert "perplexities cannot be compared" in str(chart.border_subtitle)
        await pilot.press("down")
        await soon(pilot, lambda: set(chart._series) == {TRAINING, "c"})
        assert "word vectors" in str(chart.border_subtitle)
        assert "nats" not in str(chart.border_title)


async def test_another_model_is_told_of_from_the_top(library_of: Any, soon: Any) -> None:
    app = library_of(card(name="a"), card(name="b"))
    async with app.run_test(size=(80, 24)) as pilot:
        await soon(pilot, lambda: app.room_id == "library")
        room: LibraryRoom = room_of(pilot)
        facts = room.query_one("#library-facts")
        await soon(pilot, lambda: facts.max_scroll_y > 5)
        facts.scroll_to(y=5, animate=False)
        await pilot.pause()
        assert facts.scroll_y == 5
        await pilot.press("down")
        await soon(pilot, lambda: facts.scroll_y == 0)


@pytest.mark.parametrize("wide", [60, 80, 120])
async def test_every_column_that_the_table_shows_is_whole(
    library_of: Any, soon: Any, wide: int
) -> None:
    cards = [card(name=f"my-spin-cycle-{n}", created=1.7e9, parameters=1_841_208) for n in range(3)]
    app = library_of(*cards)
    async with app.run_test(size=(wide, 24)) as pilot:
        await soon(pilot, lambda: app.room_id == "library")
        table = room_of(pilot).query_one(ModelTable)
        await soon(pilot, lambda: table.row_count == 3)
        assert table.virtual_size.width <= table.size.width
        names = [str(column.label) for column in table.columns.values()]
        assert ("made" in names) == (wide == 120)
        assert {"name", "state", "perplexity"} <= set(names)
        await pilot.press("down")
        assert table.chosen == "my-spin-cycle-1"
        await pilot.resize_terminal(140, 30)
        await soon(pilot, lambda: len(table.columns) == 9)
        assert table.chosen == "my-spin-cycle-1"
