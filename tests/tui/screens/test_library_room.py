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
    StartTraining,
    TrainingStateChanged,
    TrainingValidation,
    WatchTraining,
)
from engine.protocol.values import ModelCard
from tui.app import ColdOpenApp
from tui.library.about import about
from tui.library.model_table import row_of
from tui.render import width
from tui.screens.library import TRAINING, LibraryRoom, _short
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


def test_names_that_differ_at_the_end_differ_in_the_legend() -> None:
    names = [f"{'a-model-of-the-same-play' * 2:.38}-{n}" for n in range(10)]
    labels = [_short(name) for name in names]
    assert {len(name) for name in names} == {40}
    assert len(set(labels)) == len(names)
    assert all(width(label) <= 24 for label in labels)
    assert _short("a model") == "a model"
    assert len({_short(f"{'洗濯機の夜' * 7}{end}") for end in "一二"}) == 2
