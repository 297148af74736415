"""The Train room: settings on one side of the key, the run with its charts on the other."""

from __future__ import annotations

import math
from collections import deque
from pathlib import Path
from typing import Any

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Input, Label, Static

from engine import paths
from engine.errors import ColdOpenError
from engine.protocol.messages import (
    AnyEvent,
    ControlTraining,
    ListModels,
    PlanTraining,
    StartTraining,
    TrainingMetrics,
    TrainingNotice,
    TrainingSample,
    TrainingSnapshot,
    TrainingStateChanged,
    TrainingValidation,
    WatchTraining,
)
from engine.protocol.values import Metrics, ValidationPoint
from tui.render import content
from tui.room import Room
from tui.train.figures import PRESET_NAMES, figures, headline
from tui.widgets.chart import Chart
from tui.widgets.form import Choice, Form
from tui.write.ask import Ask

ENDED = ("finished", "stopped", "failed")
MINUTES = {"2m": 2.0, "10m": 10.0, "overnight": 480.0}
NOTICES = 4


class TrainRoom(Room):
    """Configures a run, starts it and follows it."""

    room_id = "train"
    title = "Train"
    DEFAULT_CSS = """
    TrainRoom #train-form { padding: 0 1; }
    TrainRoom .train-row { height: 1; }
    TrainRoom .train-row Label { width: 20; color: $quiet; }
    TrainRoom #train-name { border: none; height: 1; padding: 0; width: 40; background: $boost; }
    TrainRoom #train-plan { color: $quiet; height: auto; margin: 0 0 1 0; }
    TrainRoom #train-head { height: 1; padding: 0 1; text-style: bold; }
    TrainRoom #train-figures { height: auto; padding: 0 1; color: $quiet; }
    TrainRoom #train-charts { height: 2fr; min-height: 8; }
    TrainRoom #train-loss { width: 2fr; }
    TrainRoom #train-side { width: 1fr; }
    TrainRoom #train-below { height: 1fr; min-height: 4; padding: 0 1; }
    TrainRoom #train-notices { height: auto; color: $quiet; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._snapshot: TrainingSnapshot | None = None
        self._metrics: Metrics | None = None
        self._point: ValidationPoint | None = None
        self._notices: deque[str] = deque(maxlen=NOTICES)
        self._sequence = 0
        self._dirty = False
        self._planned_for: tuple[object, ...] = ()
        self._scale = 1.0

    def compose(self) -> ComposeResult:
        with ContentSwitcher(initial="train-form", id="train-views"):
            with VerticalScroll(id="train-form"):
                yield Static("", id="train-corpus", markup=False)
                with Horizontal(classes="train-row"):
                    yield Label("name of the model")
                    yield Input("", id="train-name")
                with Horizontal(classes="train-row"):
                    yield Label("how long")
                    yield Choice(tuple(PRESET_NAMES.values()), id="train-preset")
                yield Static("", id="train-plan", markup=False)
                yield Form(id="train-knobs")
            with Vertical(id="train-run"):
                yield Static("", id="train-head", markup=False)
                yield Static("", id="train-figures", markup=False)
                with Horizontal(id="train-charts"):
                    yield _chart("loss (nats a word)", "train-loss", "training", "validation")
                    with Vertical(id="train-side"):
                        yield _chart("validation perplexity", "train-perplexity", "perplexity")
                        yield _chart("learning rate", "train-rate", "learning rate")
                yield Static("", id="train-notices", markup=False)
                with VerticalScroll(id="train-below"):
                    yield Static("", id="train-sample", markup=False)

    def on_mount(self) -> None:
        self.set_interval(0.25, self._redraw)

    def first_focus(self) -> Widget | None:
        return self.query_one("#train-preset", Choice)

    # -- entering

    def on_room_shown(self) -> None:
        corpus = self._corpus()
        shown = ", ".join(Path(p).name for p in corpus)
        bundled = corpus == (str(paths.bundled_corpus()),)
        title = "Spin Cycle, the bundled sitcom" if bundled else shown
        self.query_one("#train-corpus", Static).update(
            content(f"corpus: {title}   (the Corpus room chooses another)", newlines=False)
        )
        self._suggest_name()
        self._plan()
        self._find_run()

    def on_engine_ready(self) -> None:
        self._snapshot = None
        self._find_run()

    def _corpus(self) -> tuple[str, ...]:
        return self.cold_open.corpus_paths or (str(paths.bundled_corpus()),)

    @work(exclusive=True, group="name")
    async def _suggest_name(self) -> None:
        box = self.query_one("#train-name", Input)
        if box.value:
            return
        found = await self.ask(ListModels())
        taken = {card.name for card in found.models} if found else set()
        corpus = self._corpus()
        bundled = corpus == (str(paths.bundled_corpus()),)
        wish = "my-spin-cycle" if bundled else Path(corpus[0]).stem.lower().replace("_", "-")
        name, number = wish[:60], 2
        while name in taken:
            name, number = f"{wish[:60]}-{number}", number + 1
        if not box.value:
            box.value = name

    # -- planning

    @property
    def preset(self) -> str:
        word = self.query_one("#train-preset", Choice).word
        return next(key for key, name in PRESET_NAMES.items() if name == word)

    def on_choice_changed(self, event: Choice.Changed) -> None:
        if event.choice.id == "train-preset":
            self._plan()

    @work(exclusive=True, group="plan")
    async def _plan(self) -> None:
        """Ask the engine what fits this machine, and fill the form with it."""
        form = self.query_one("#train-knobs", Form)
        own = form.own_values()
        asked = (self._corpus(), self.preset, tuple(sorted(own.items())))
        if asked == self._planned_for:
            return
        note = self.query_one("#train-plan", Static)
        note.update(content("measuring this machine…"))
        plan = await self.ask(
            PlanTraining(paths=self._corpus(), minutes=MINUTES[self.preset], settings=own)
        )
        if plan is None:
            note.update(content("No plan: see the message. Your own settings will be used."))
            return
        self._planned_for = asked
        form.set_values(msgspec.to_builtins(plan.config))
        note.update(content("\n".join(plan.reasons)))

    # -- the run

    def action_start(self) -> None:
        if self._is_going():
            self.say("A run is in progress: stop it first, or wait for it.")
            return
        form = self.query_one("#train-knobs", Form)
        if problems := form.problems():
            name, problem = next(iter(problems.items()))
            self.say(f"{name.replace('_', ' ')}: {problem}")
            return
        name = self.query_one("#train-name", Input).value.strip()
        if not name:
            self.say("Give the model a name first.")
            return
        self._begin(name, form.own_values())

    @work(exclusive=True, group="start")
    async def _begin(self, name: str, own: dict[str, Any], replace: bool = False) -> None:
        try:
            engine = await self.cold_open.engine_ready()
            started = await engine.call(
                StartTraining(
                    name=name,
                    paths=self._corpus(),
                    settings=own,
                    preset=self.preset,  # type: ignore[arg-type]
                    replace=replace,
                )
            )
        except ColdOpenError as error:
            if "already a model" in error.message and not replace:
                answer = await self.app.push_screen_wait(
                    Ask(
                        f"“{name}” is there already. Replace it?", choices=[("no", ""), ("yes", "")]
                    )
                )
                if answer == "yes":
                    self._begin(name, own, replace=True)
                return
            self.say(error)
            return
        self.query_one("#train-name", Input).value = ""
        await self._watch(started.job)

    @work(exclusive=True, group="find")
    async def _find_run(self) -> None:
        """Take up the run in progress, or the last one, with its whole curve."""
        await self.cold_open.engine_ready()
        jobs = [job for job in self.cold_open.jobs if job.kind == "model"]
        going = [job for job in jobs if job.state not in ENDED] or jobs[-1:]
        if going and (self._snapshot is None or self._snapshot.info.job != going[-1].job):
            await self._watch(going[-1].job)
        elif not going:
            self._show("train-form")

    async def _watch(self, job: str) -> None:
        snapshot = await self.ask(WatchTraining(job=job))
        if snapshot is None:
            return
        self._snapshot, self._sequence = snapshot, snapshot.sequence
        self._metrics = snapshot.metrics[-1] if snapshot.metrics else None
        self._point = snapshot.validations[-1] if snapshot.validations else None
        self._notices = deque(snapshot.notices, maxlen=NOTICES)
        for chart in self.query(Chart):
            chart.clear()
        for metrics in snapshot.metrics:
            self._draw_metrics(metrics)
        for point in snapshot.validations:
            self._draw_point(point)
        if snapshot.samples:
            self._show_sample(snapshot.samples[-1][1])
        else:
            self.query_one("#train-sample", Static).update("")
        self._dirty = True
        if snapshot.info.state not in ENDED:
            self._show("train-run")

    def on_engine_event(self, event: AnyEvent) -> None:
        snapshot = self._snapshot
        if snapshot is None or not isinstance(
            event,
            TrainingMetrics
            | TrainingValidation
            | TrainingSample
            | TrainingNotice
            | TrainingStateChanged,
        ):
            return
        job = event.info.job if isinstance(event, TrainingStateChanged) else event.job
        if job != snapshot.info.job or event.sequence <= self._sequence:
            return
        self._sequence = event.sequence
        if isinstance(event, TrainingMetrics):
            self._metrics = event.metrics
            info = msgspec.structs.replace(snapshot.info, progress=event.metrics.progress)
            self._snapshot = msgspec.structs.replace(snapshot, info=info)
            self._draw_metrics(event.metrics)
        elif isinstance(event, TrainingValidation):
            self._point = event.point
            self._draw_point(event.point)
        elif isinstance(event, TrainingSample):
            self._show_sample(event.text)
        elif isinstance(event, TrainingNotice):
            self._notices.append(event.text)
        else:
            self._snapshot = msgspec.structs.replace(snapshot, info=event.info)
            if event.info.message:
                self._notices.append(event.info.message)
            if event.info.state in ("running", *ENDED):
                self.run_worker(self._refresh_facts(job), group="facts")
            if event.info.state == "failed":
                self.say(event.info.message)
        self._dirty = True

    async def _refresh_facts(self, job: str) -> None:
        """Configuration and device are known only once the run has begun."""
        fresh = await self.ask(WatchTraining(job=job, points=10))
        if (
            fresh is not None
            and self._snapshot is not None
            and fresh.info.job == self._snapshot.info.job
        ):
            self._snapshot = msgspec.structs.replace(
                fresh, metrics=self._snapshot.metrics, validations=self._snapshot.validations
            )
            self._dirty = True

    def _is_going(self) -> bool:
        return self._snapshot is not None and self._snapshot.info.state not in ENDED

    # -- drawing

    def _draw_metrics(self, metrics: Metrics) -> None:
        self.query_one("#train-loss", Chart).append("training", metrics.step, metrics.loss)
        self.query_one("#train-rate", Chart).append(
            "learning rate", metrics.step, metrics.learning_rate
        )

    def _draw_point(self, point: ValidationPoint) -> None:
        self.query_one("#train-loss", Chart).append("validation", point.step, point.loss)
        shown = point.perplexity
        if shown is not None and not math.isfinite(shown):
            shown = None
        self.query_one("#train-perplexity", Chart).append("perplexity", point.step, shown)

    def _show_sample(self, text: str) -> None:
        self.query_one("#train-sample", Static).update(content(text))

    def _redraw(self) -> None:
        if not self._dirty or self._snapshot is None:
            return
        self._dirty = False
        snapshot = self._snapshot
        self.query_one("#train-head", Static).update(
            content(headline(snapshot.info, self._metrics), newlines=False)
        )
        self.query_one("#train-figures", Static).update(
            content(figures(snapshot, self._metrics, self._point))
        )
        self.query_one("#train-notices", Static).update(content("\n".join(self._notices)))

    def _show(self, view: str) -> None:
        self.query_one("#train-views", ContentSwitcher).current = view
        if view == "train-run":
            self.query_one("#train-loss", Chart).focus()
        else:
            self.query_one("#train-preset", Choice).focus()

    # -- actions on the run

    def action_toggle_form(self) -> None:
        shown = self.query_one("#train-views", ContentSwitcher).current
        self._show("train-run" if shown == "train-form" else "train-form")

    def action_toggle_log(self) -> None:
        for name in ("#train-loss", "#train-perplexity"):
            chart = self.query_one(name, Chart)
            chart.logarithmic = not chart.logarithmic

    def action_pause(self) -> None:
        if self._snapshot is not None:
            paused = self._snapshot.info.state == "paused"
            self._control("resume" if paused else "pause")

    def action_stop(self) -> None:
        self._control("stop")

    @work(group="discard")
    async def action_discard(self) -> None:
        if self._snapshot is None or not self._is_going():
            self.say("No run is in progress.")
            return
        answer = await self.app.push_screen_wait(
            Ask(
                f"Stop “{self._snapshot.info.name}” and delete what it learned?",
                choices=[("no", "go on training"), ("yes", "delete it")],
            )
        )
        if answer == "yes":
            self._control("discard")

    def action_slower(self) -> None:
        self._rescale(0.5)

    def action_faster(self) -> None:
        self._rescale(2.0)

    def _rescale(self, by: float) -> None:
        self._scale *= by
        self._control("scale_learning_rate", self._scale)
        self._notices.append(f"Learning rate × {self._scale:g} from here on.")
        self._dirty = True

    def _control(self, command: Any, value: float | None = None) -> None:
        if self._snapshot is None or not self._is_going():
            self.say("No run is in progress.")
            return
        job = self._snapshot.info.job
        self.run_worker(
            self.ask(ControlTraining(job=job, command=command, value=value)), group="control"
        )

    async def action_write(self) -> None:
        if self._snapshot is not None and self._point is not None:
            self.cold_open.use_model(self._snapshot.info.name)
        await self.cold_open.enter("write")


def _chart(title: str, id: str, *series: str) -> Chart:
    chart = Chart(title, id=id)
    for name in series:
        chart.add_series(name, smooth=name == "training")
    return chart
