"""The Train room with real runs: settings, start, charts, the reins, and finding a run again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input, Static

from engine.client import EngineClient
from engine.config import TrainingConfig
from engine.errors import ColdOpenError
from engine.protocol.messages import (
    ControlTraining,
    GetModelHistory,
    ListModels,
    ModelHistory,
    ModelList,
    TrainingMetrics,
    TrainingNotice,
    TrainingSnapshot,
    TrainingStateChanged,
    TrainingValidation,
    WatchTraining,
)
from engine.protocol.values import JobInfo, JobState, Metrics, ModelCard, ValidationPoint
from tui.app import ColdOpenApp
from tui.screens.train import TrainRoom
from tui.train.figures import bar, clock, figures, headline
from tui.train.run import Run, RunEvent, run_to_show
from tui.train.settings_view import suggested_name
from tui.widgets.chart import Chart
from tui.widgets.filepicker import FilePicker
from tui.widgets.form import Choice, Form
from tui.write.ask import Ask

SMALL = {
    "embedding_size": "8",
    "hidden_size": "8",
    "layers": "1",
    "batch_size": "8",
    "attention_span": "8",
}


def app_of(pilot: Pilot[Any]) -> ColdOpenApp:
    assert isinstance(pilot.app, ColdOpenApp)
    return pilot.app


def room_of(pilot: Pilot[Any]) -> TrainRoom:
    room = app_of(pilot).room("train")
    assert isinstance(room, TrainRoom)
    return room


def state(room: TrainRoom) -> str:
    run = room.run
    return run.info.state if run is not None and run.info is not None else ""


def plain(room: TrainRoom, selector: str) -> str:
    return str(room.query_one(selector, Static).render())


async def fill_in(pilot: Pilot[Any], values: dict[str, str]) -> None:
    """Type values into the form as a user does."""
    fields = room_of(pilot).query_one(Form).fields()
    for name, value in values.items():
        fields[name].query_one(Input).focus()
        await pilot.press(*(key if key != "." else "full_stop" for key in value))


async def own_models() -> list[str]:
    client = await EngineClient.connect("tests", start=False)
    found = await client.call(ListModels())
    await client.close()
    return [card.name for card in found.models if not card.bundled]


# -- with the engine


async def test_the_device_of_the_configuration_is_used(
    opened: Any, soon: Any, tiny_corpus: Path, engine_home: Path
) -> None:
    folder = engine_home / "config" / "coldopen"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('device = "cpu"')
    async with opened("train", (tiny_corpus,)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: "passes over" in plain(room, "#settings-plan"))
        fields = room.query_one(Form).fields()
        assert fields["device"].value == "cpu"
        assert not fields["device"].own, "it can still be chosen"


async def test_a_model_is_not_asked_for_what_it_does_not_have(
    opened: Any, soon: Any, tiny_corpus: Path
) -> None:
    async with opened("train", (tiny_corpus,)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: "passes over" in plain(room, "#settings-plan"))
        fields = room.query_one(Form).fields()
        fields["cell"].query_one(Choice).focus()
        await pilot.press("right")
        await soon(pilot, lambda: "passes over" in plain(room, "#settings-plan"))
        fields["model"].query_one(Choice).focus()
        await pilot.press("right")  # reply
        assert not fields["cell"].display
        assert fields["attention"].display
        assert not fields["copying"].display
        await pilot.press("right")  # classic
        assert not fields["cell"].display
        assert not fields["attention"].display
        assert not fields["candidates"].display
        assert fields["layers"].display
        await soon(pilot, lambda: "2 layers" in plain(room, "#settings-plan"))
        await pilot.press("right")
        assert fields["cell"].display
        assert room.query_one(Form).own_values()["cell"] == "gru"


async def test_a_setting_that_is_mended_leaves_no_complaint(
    opened: Any, soon: Any, tiny_corpus: Path
) -> None:
    async with opened("train", (tiny_corpus,)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: "passes over" in plain(room, "#settings-plan"))
        box = room.query_one(Form).fields()["hidden_size"].query_one(Input)
        box.focus()
        await pilot.pause()
        before = box.value
        box.value = "none"
        await soon(pilot, lambda: "Mend the marked" in plain(room, "#settings-plan"))
        box.value = ""
        await soon(pilot, lambda: "passes over" in plain(room, "#settings-plan"))
        assert box.value in ("", before)


async def test_from_settings_to_a_model(opened: Any, soon: Any, tiny_corpus: Path) -> None:
    async with opened("train", (tiny_corpus,)) as pilot:
        room, app = room_of(pilot), app_of(pilot)
        name = room.query_one("#settings-name", Input)
        await soon(pilot, lambda: name.value == "episode")
        await soon(pilot, lambda: "passes over" in plain(room, "#settings-plan"))
        form = room.query_one(Form)
        assert form.fields()["minutes"].value == 2
        assert not room.check_action("pause", ())

        name.focus()
        await pilot.press("down", "down", "down")  # the preset, then the first two of the form
        assert app.focused is form.fields()["cell"].query_one(Choice)
        assert "The recurrent cell" in plain(room, "#form-help")
        await pilot.press("up", "up", "up")
        assert app.focused is name

        await fill_in(pilot, {"layers": "99"})
        await pilot.press("ctrl+g")
        await pilot.pause()
        assert room.run is None
        assert any("1 to 8" in notice.message for notice in app._notifications)

        await fill_in(pilot, {**SMALL, "epochs": "3"})
        assert form.own_values()["epochs"] == 3
        await pilot.press("ctrl+g")
        await soon(pilot, lambda: state(room) == "finished")
        run = room.run
        assert run is not None
        assert run.best is not None
        loss = room.query_one("#run-loss", Chart)
        assert len(loss._series["validation"].curve) >= 1
        assert len(loss._series["training"].curve) >= 1
        await soon(pilot, lambda: "finished" in plain(room, "#run-head"))
        await soon(pilot, lambda: "lstm 1×8" in plain(room, "#run-figures"))
        assert "tokens/s" in plain(room, "#run-figures")
        assert await own_models() == ["episode"]
        await pilot.press("ctrl+t")
        await soon(pilot, lambda: name.value == "episode-2")
        assert room.check_action("write", ())


async def test_word_vectors_have_charts_and_print_neighbours(
    opened: Any, soon: Any, tiny_corpus: Path
) -> None:
    async with opened("train", (tiny_corpus,)) as pilot:
        room, app = room_of(pilot), app_of(pilot)
        await soon(pilot, lambda: room.query_one("#settings-name", Input).value == "episode")
        await pilot.press("f7")
        await soon(pilot, lambda: isinstance(app.screen, Ask))
        assert app.screen.query_one(Input).value == "episode-vectors"
        await pilot.press("enter")
        await soon(pilot, lambda: state(room) == "finished")
        assert room.run is not None
        assert room.run.kind == "vectors"
        loss = room.query_one("#run-loss", Chart)
        await soon(pilot, lambda: len(loss._series["validation"].curve) >= 1)
        await soon(pilot, lambda: ": " in plain(room, "#run-sample"))
        await soon(pilot, lambda: "skip-gram, 100" in plain(room, "#run-figures"))
        assert "perplexity" not in plain(room, "#run-figures")
        assert not room.query_one("#run-perplexity", Chart).display
        assert not room.check_action("write", ())
        assert await own_models() == ["episode-vectors"]


async def test_moods_are_learned_from_a_file_of_labelled_texts(
    opened: Any, soon: Any, tiny_corpus: Path
) -> None:
    labels = tiny_corpus.with_name("mine.tsv")
    labels.write_text("2\tlovely cake\n-2\tawful weather\n" * 40)
    async with opened("train", (tiny_corpus,)) as pilot:
        room, app = room_of(pilot), app_of(pilot)
        await soon(pilot, lambda: room.query_one("#settings-name", Input).value == "episode")
        await pilot.press("f4")
        await soon(pilot, lambda: isinstance(app.screen, FilePicker))
        box = app.screen.query_one(Input)
        assert box.value.rstrip("/").endswith("moods")  # those that come with the program
        box.value = str(labels)
        await pilot.press("enter")
        await soon(pilot, lambda: isinstance(app.screen, Ask))
        assert app.screen.query_one(Input).value == "mine-moods"
        await pilot.press("enter")
        await soon(pilot, lambda: state(room) == "finished")
        assert room.run is not None
        assert room.run.kind == "moods"
        await soon(pilot, lambda: "held-out texts rightly" in plain(room, "#run-sample"))
        await soon(pilot, lambda: "moods, lstm 1×128" in plain(room, "#run-figures"))
        assert "perplexity" not in plain(room, "#run-figures")
        assert not room.query_one("#run-perplexity", Chart).display
        assert room.query_one("#run-gradient", Chart).display
        assert not room.check_action("write", ())
        assert await own_models() == ["mine-moods"]


async def test_a_run_is_held_left_and_found_again(
    opened: Any, soon: Any, tiny_corpus: Path
) -> None:
    async with opened("train", (tiny_corpus,), size=(80, 24)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: "passes over" in plain(room, "#settings-plan"))
        await fill_in(pilot, {**SMALL, "minutes": "4"})
        await pilot.press("ctrl+g")
        await soon(pilot, lambda: state(room) == "running")
        await soon(pilot, lambda: room.run is not None and room.run.best is not None)
        await pilot.press("ctrl+p")
        await soon(pilot, lambda: state(room) == "paused")
        await pilot.press("ctrl+p")
        await soon(pilot, lambda: state(room) == "running")
        await pilot.press("f8")
        await soon(pilot, lambda: "× 0.5" in plain(room, "#run-notices"))
        chart = room.query_one("#run-loss", Chart)
        await pilot.press("l")
        assert chart.logarithmic
        await soon(pilot, lambda: room.run is not None and room.run.sample is not None)
        assert room.run is not None
        job = room.run.job
        seen = list(chart._series["validation"].curve.xs)

    async with opened("train") as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: state(room) == "running")
        assert room.run is not None
        assert room.run.job == job
        curve = room.query_one("#run-loss", Chart)._series["validation"].curve
        assert list(curve.xs)[: len(seen)] == seen
        await soon(pilot, lambda: plain(room, "#run-sample"))
        run = room.run
        await soon(pilot, lambda: any(said.endswith("× 0.5.") for said in run.notices))
        await pilot.press("f8")
        await soon(pilot, lambda: any(said.endswith("× 0.25.") for said in run.notices))
        await pilot.press("f9")
        await soon(pilot, lambda: sum(said.endswith("× 0.5.") for said in run.notices) == 2)

        await pilot.press("ctrl+x")
        await soon(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press("enter")
        await pilot.pause()
        assert state(room) == "running"
        await pilot.press("ctrl+x")
        await soon(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press(*"yes", "enter")
        await soon(pilot, lambda: state(room) == "stopped")
        assert not room.check_action("write", ())
        assert await own_models() == []


async def test_a_stopped_run_is_kept_and_goes_on(opened: Any, soon: Any, tiny_corpus: Path) -> None:
    async with opened("train", (tiny_corpus,)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: "passes over" in plain(room, "#settings-plan"))
        await fill_in(pilot, {**SMALL, "minutes": "4"})
        await pilot.press("ctrl+g")
        await soon(pilot, lambda: room.run is not None and room.run.best is not None)
        await pilot.press("ctrl+s")
        await soon(pilot, lambda: state(room) == "stopped")
        assert room.run is not None
        assert room.run.metrics is not None
        steps = room.run.metrics.step
        await pilot.press("ctrl+t")
        await soon(pilot, lambda: "goes on with “episode”" in plain(room, "#settings-again"))
        await pilot.press("ctrl+r")
        await soon(pilot, lambda: state(room) == "running")
        run = room.run
        await soon(pilot, lambda: run.metrics is not None and run.metrics.step > steps)
        curve = room.query_one("#run-loss", Chart)._series["training"].curve
        assert curve.xs[0] < steps < curve.xs[-1]
        assert list(curve.xs) == sorted(curve.xs)
        await pilot.press("ctrl+s")
        await soon(pilot, lambda: state(room) == "stopped")
        assert await own_models() == ["episode"]


# -- without the engine


async def test_enter_goes_from_field_to_field(user_home: Path, soon: Any) -> None:
    app = ColdOpenApp(connect=False, start_room="train")
    async with app.run_test(size=(120, 40)) as pilot:
        await soon(pilot, lambda: app.room_id == "train")
        room = room_of(pilot)
        room.query_one("#settings-name", Input).focus()
        preset, fields = room.query_one("#settings-preset", Choice), room.query_one(Form).fields()
        await pilot.press(*"mine", "enter")
        await soon(pilot, lambda: app.focused is preset)
        for field in list(fields.values())[:6]:
            await pilot.press("enter")
            await soon(pilot, lambda field=field: app.focused.parent is field)
        assert any(field.query(Input) for field in list(fields.values())[:5])
        size = fields["embedding_size"].query_one(Input)
        size.focus()
        for key in ("2", "4", "enter", "7", "7"):  # all at once, as over a slow line
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await soon(pilot, lambda: fields["hidden_size"].query_one(Input).value.endswith("77"))
        assert size.value.endswith("24")


async def test_what_is_deleted_is_the_run_that_was_asked_about(
    user_home: Path, soon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[ControlTraining] = []

    class Engine:
        async def call(self, request: Any, **_more: Any) -> None:
            sent.append(request)

    async def ready() -> Engine:
        return Engine()

    def snapshot(job: str) -> TrainingSnapshot:
        return TrainingSnapshot(
            info=info(job=job), config=None, sequence=0,
            metrics=(), validations=(), samples=(), notices=(),
        )  # fmt: skip

    app = ColdOpenApp(connect=False, start_room="train")
    monkeypatch.setattr(app, "engine_ready", ready)
    async with app.run_test(size=(120, 40)) as pilot:
        await soon(pilot, lambda: app.room_id == "train")
        room = room_of(pilot)
        room._run_view.follow(Run("a#1"), snapshot("a#1"))
        room._show("train-run")
        await pilot.pause()
        sent.clear()
        await pilot.press("ctrl+x")
        await soon(pilot, lambda: isinstance(app.screen, Ask) and isinstance(app.focused, Input))
        room._run_view.follow(Run("b#2"), snapshot("b#2"))
        await pilot.press("y", "enter")
        await soon(pilot, lambda: [r for r in sent if isinstance(r, ControlTraining)])
        assert [r.job for r in sent if isinstance(r, ControlTraining)] == ["a#1"]


async def test_only_a_resumed_run_begins_with_its_models_curve(
    user_home: Path, soon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = ModelCard(
        name="a", kind="script", state="stopped", corpus="c", corpus_key="", corpus_paths=(),
        config=TrainingConfig(), vocabulary_size=100, tokens=1000,
    )  # fmt: skip

    class Engine:
        async def call(self, request: Any, **_more: Any) -> Any:
            if isinstance(request, WatchTraining):
                return msgspec.structs.replace(snapshot(0), resumed="again" in request.job)
            if isinstance(request, GetModelHistory):
                return ModelHistory(card=card, metrics=(metrics(4), metrics(5)), validations=())
            raise ColdOpenError("not now")

    async def ready() -> Engine:
        return Engine()

    app = ColdOpenApp(connect=False, start_room="train")
    monkeypatch.setattr(app, "engine_ready", ready)
    monkeypatch.setattr(ColdOpenApp, "engine", property(lambda _app: Engine()))
    async with app.run_test(size=(110, 34)) as pilot:
        await soon(pilot, lambda: app.room_id == "train")
        room = room_of(pilot)
        await room._watch("a#1")
        assert room.run is not None
        assert room.run.metrics is None
        await room._watch("a#again")
        assert room.run.metrics is not None
        assert room.run.metrics.step == 5


async def test_the_headline_stays_when_a_last_line_of_figures_comes(
    user_home: Path, soon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ColdOpenApp(connect=False, start_room="train")
    async with app.run_test(size=(110, 34)) as pilot:
        await soon(pilot, lambda: app.room_id == "train")
        room = room_of(pilot)
        view = room._run_view
        run = Run("a#1")
        known = TrainingSnapshot(
            info=info(), config=None, sequence=0,
            metrics=(), validations=(), samples=(), notices=(),
        )  # fmt: skip
        view.follow(run, known)
        room._show("train-run")
        await pilot.pause(0.5)
        redraw = view._redraw
        monkeypatch.setattr(view, "_redraw", lambda: None)  # the last time is by hand
        before = view.query_one("#run-figures").size.height
        config = TrainingConfig()
        run.refresh(msgspec.structs.replace(known, config=config, device="cpu", parameters=9))
        run.take(TrainingMetrics(job="a#1", sequence=1, metrics=metrics(5)))
        view.mark_dirty()
        redraw()
        await pilot.pause()
        assert view.query_one("#run-figures").size.height > before
        assert view.max_scroll_y == 0


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40)])
async def test_the_newest_notice_is_the_one_in_sight(
    user_home: Path, soon: Any, size: tuple[int, int]
) -> None:
    app = ColdOpenApp(connect=False, start_room="train")
    async with app.run_test(size=size) as pilot:
        await soon(pilot, lambda: app.room_id == "train")
        room = room_of(pilot)
        view = room._run_view
        view.follow(Run("a#1"), snapshot(0, [metrics(n) for n in range(1, 6)]))
        room._show("train-run")
        for number in range(1, 5):
            notice = TrainingNotice(job="a#1", sequence=number, text=f"change {number}")
            assert view.take(notice)
        await soon(pilot, lambda: "change 4" in plain(room, "#run-notices"))
        assert plain(room, "#run-notices").split("\n")[0] == "· change 4"
        notices = view.query_one("#run-notices")
        await soon(pilot, lambda: view.region.contains(notices.region.x, notices.region.y))


async def test_another_run_is_shown_from_the_top(user_home: Path, soon: Any) -> None:
    app = ColdOpenApp(connect=False, start_room="train")
    async with app.run_test(size=(80, 24)) as pilot:
        await soon(pilot, lambda: app.room_id == "train")
        room = room_of(pilot)
        view = room._run_view
        view.follow(Run("a#1"), snapshot(0))
        room._show("train-run")
        await soon(pilot, lambda: view.max_scroll_y > 4)
        view.scroll_to(y=4, animate=False)
        await pilot.pause()
        assert view.scroll_y == 4
        view.follow(Run("b#2"), snapshot(0))
        await soon(pilot, lambda: view.scroll_y == 0)


async def test_the_run_that_can_go_on_is_named_in_full(
    user_home: Path, soon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "the-night-shift-at-the-laundro"
    card = ModelCard(
        name=name, kind="script", state="stopped", corpus="c", corpus_key="", corpus_paths=(),
        config=TrainingConfig(), vocabulary_size=100, tokens=1000, steps=1234,
    )  # fmt: skip

    class Engine:
        async def call(self, request: Any, **_more: Any) -> Any:
            return ModelList(models=(card,)) if isinstance(request, ListModels) else None

    async def ready() -> Engine:
        return Engine()

    app = ColdOpenApp(connect=False, start_room="train")
    monkeypatch.setattr(app, "engine_ready", ready)
    async with app.run_test(size=(80, 24)) as pilot:
        await soon(pilot, lambda: app.room_id == "train")
        line = room_of(pilot).query_one("#settings-again", Static)
        await soon(pilot, lambda: line.display)
        text = str(line.render())
        assert f"goes on with “{name}”, stopped at 1,234" in text
        assert len(text) <= line.size.width


# -- the run by itself


def info(state: JobState = "running", job: str = "a#1") -> JobInfo:
    return JobInfo(job=job, name="a", kind="model", state=state, corpus="c")


def metrics(step: int, loss: float | None = 3.0) -> Metrics:
    return Metrics(
        step=step,
        epoch=0.5,
        tokens=step * 10,
        seconds=float(step),
        loss=loss,
        learning_rate=1e-3,
        gradient_norm=0.5,
        tokens_per_second=1000.0,
        progress=min(1.0, step / 100),
        eta_seconds=61.0,
    )


def snapshot(sequence: int, points: Sequence[Metrics] = ()) -> TrainingSnapshot:
    return TrainingSnapshot(
        info=info(),
        config=None,
        sequence=sequence,
        metrics=tuple(points),
        validations=(),
        samples=(),
        notices=("first",),
    )


def story() -> list[RunEvent]:
    """Ten events of one run, in order, numbered from 1."""
    events: list[RunEvent] = [
        TrainingMetrics(job="a#1", sequence=n, metrics=metrics(n)) for n in range(1, 8)
    ]
    point = ValidationPoint(step=7, seconds=7.0, loss=2.5, perplexity=12.2, best=True)
    events.append(TrainingValidation(job="a#1", sequence=8, point=point))
    events.append(TrainingNotice(job="a#1", sequence=9, text="news"))
    events.append(TrainingStateChanged(sequence=10, info=info("finished")))
    return events


@given(st.integers(0, 10), st.integers(0, 10), st.integers(0, 10))
def test_no_event_is_lost_or_counted_twice(begin: int, known: int, again: int) -> None:
    """Events from ``begin`` on come while a snapshot that knows ``known`` of them is fetched."""
    events = story()
    begin = min(begin, known)
    run = Run("a#1")
    for event in events[begin:known]:
        assert not run.take(event)
    early = run.load(snapshot(known))
    taken = len(early)
    for event in (*events[again:known], *events[known:], *events):
        taken += run.take(event)
    assert taken == len(events) - known
    if known < 8:
        assert run.best is not None
    if known < 10:
        assert run.info is not None
        assert run.info.state == "finished"


def test_events_of_other_runs_are_left_alone() -> None:
    run = Run("a#1")
    run.load(snapshot(0))
    assert not run.take(TrainingNotice(job="b#2", sequence=1, text="elsewhere"))
    assert not run.take(TrainingStateChanged(sequence=2, info=info("failed", job="b#2")))
    assert run.going


def test_the_run_at_work_is_shown_before_a_later_one_that_has_ended() -> None:
    jobs = (info("finished", "a#1"), info("running", "b#2"), info("stopped", "c#3"))
    assert run_to_show(jobs) == jobs[1]
    assert run_to_show((jobs[0], jobs[2])) == jobs[2]
    assert run_to_show(()) is None


@pytest.mark.parametrize("cells", [40, 78, 200])
def test_figures_stay_within_their_width_and_tell_what_is_not_finite(cells: int) -> None:
    run = Run("a#1")
    run.load(snapshot(1, [metrics(5, loss=None)]))
    shown = figures(run, cells)
    assert all(line.cell_length <= cells for line in shown.split("\n"))
    assert "not finite" in shown.plain
    head: Content = headline(run, cells)
    assert "running" in head.plain
    assert head.cell_length <= max(cells, 56)


def told_of(run_info: JobInfo, *points: Metrics) -> Run:
    run = Run("a#1")
    run.load(msgspec.structs.replace(snapshot(1, points), info=run_info))
    return run


@pytest.mark.parametrize(
    ("factor", "told"),
    [(8.0, "plan × 8"), (16.0, "plan × 16, the most"), (1 / 16, "plan × 0.0625, the least")],
)
def test_the_factor_of_the_learning_rate_is_among_the_figures(factor: float, told: str) -> None:
    scaled = msgspec.structs.replace(info("paused"), rate_factor=factor)
    for cells in (78, 98):
        assert told in figures(told_of(scaled, metrics(5)), cells).plain
    assert "×" not in figures(told_of(info(), metrics(5)), 78).plain


def test_a_change_of_the_factor_is_known_while_the_run_is_paused() -> None:
    run = told_of(info("paused"), metrics(5))
    scaled = msgspec.structs.replace(info("paused"), rate_factor=4.0)
    assert run.take(TrainingStateChanged(sequence=2, info=scaled))
    assert "plan × 4" in figures(run, 78).plain
    assert run.notices == ["first"]


def test_a_paused_run_reads_no_words() -> None:
    assert "tokens/s 1,000" in figures(told_of(info(), metrics(5)), 200).plain
    assert "tokens/s 0, paused" in figures(told_of(info("paused"), metrics(5)), 200).plain


def test_a_run_that_makes_steps_does_not_start_up() -> None:
    assert "starting up" in headline(told_of(info()), 78).plain
    early = headline(told_of(info(), msgspec.structs.replace(metrics(5), eta_seconds=None)), 78)
    assert "starting up" not in early.plain
    assert "not known yet" in early.plain


def test_a_discarded_run_is_called_deleted() -> None:
    gone = msgspec.structs.replace(info("stopped"), message="Discarded.")
    head = headline(told_of(gone, metrics(5)), 78).plain
    assert "deleted" in head
    assert "stopped" not in head


def test_clock_and_bar() -> None:
    assert [clock(s) for s in (0, 59.6, 61, 3600 * 8 + 5)] == ["0:00", "1:00", "1:01", "8:00:05"]
    assert bar(0.5, 4) == "██░░"
    assert bar(1.5, 4) == "████"
    assert {len(bar(n / 97, 11)) for n in range(98)} == {11}


def test_a_suggested_name_is_new_and_allowed() -> None:
    taken: dict[str, ModelCard] = {}
    wild = "/tmp/My [Great] Play: Act/II\x1b.txt"
    assert suggested_name((wild,), taken) == "ii"
    assert suggested_name(("/tmp/***.txt",), taken) == "model"
    taken = dict.fromkeys(("model", "model-2"))  # type: ignore[arg-type]
    assert suggested_name(("/tmp/***.txt",), taken) == "model-3"


def test_a_classic_model_is_called_so() -> None:
    run = Run("a#1")
    config = TrainingConfig(model="classic", layers=2, hidden_size=16, cell="gru")
    run.refresh(msgspec.structs.replace(snapshot(0), config=config))
    assert "classic 2×16" in figures(run, 100).plain
