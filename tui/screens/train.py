"""The Train room: settings on one side of the key, the run with its charts on the other."""

from __future__ import annotations

import contextlib
from typing import Any, Literal

from textual import work
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from engine import paths
from engine.errors import ColdOpenError, ConfigurationError
from engine.protocol.messages import (
    AnyEvent,
    ControlTraining,
    GetModelHistory,
    JobsChanged,
    ResumeTraining,
    StartTraining,
    TrainingStarted,
    TrainingStateChanged,
    TrainMoods,
    TrainVectors,
    WatchTraining,
)
from engine.protocol.values import ENDED, ModelCard
from tui.room import Room
from tui.train.run import Run, run_to_show, with_history
from tui.train.run_view import RunView
from tui.train.settings_view import SettingsView
from tui.widgets.filepicker import FilePicker
from tui.widgets.form import Choice
from tui.write.ask import Ask

Command = Literal["pause", "resume", "stop", "discard", "scale_learning_rate"]
WHILE_SETTING = ("reset",)
WHILE_GOING = ("pause", "stop", "discard", "slower", "faster")


class TrainRoom(Room):
    """Configures a run, starts it and follows it; also one that was started elsewhere."""

    room_id = "train"
    title = "Train"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._settings_view = SettingsView(self, id="train-settings")
        self._run_view = RunView(id="train-run")
        self._views = ContentSwitcher(initial="train-settings", id="train-views")
        self._wanted: Run | None = None
        """The run whose past is on its way."""

    def compose(self) -> ComposeResult:
        with self._views:
            yield self._settings_view
            yield self._run_view

    def first_focus(self) -> Widget | None:
        if self._views.current == "train-run":
            return self._run_view.loss_chart
        return self._settings_view.query_one("#settings-preset", Choice)

    @property
    def run(self) -> Run | None:
        """The run that is shown, or was last."""
        return self._run_view.run

    @property
    def _going(self) -> bool:
        return self.run is not None and self.run.going

    # -- entering, and finding the run

    def on_room_shown(self) -> None:
        self._settings_view.renew()
        self._find_run()
        focused = self.screen.focused
        if focused is not None and not any(w.id == self._views.current for w in focused.ancestors):
            self._focus_first()  # The view has changed while another room was shown.

    def on_engine_ready(self) -> None:
        """There is an engine, perhaps another one: what was known of a run may be out of date."""
        if self.run is not None and self.run.going:
            self._run_view.run = None
        if self.is_mounted:
            self._settings_view.renew()
            self._find_run()

    @work(exclusive=True, group="find")
    async def _find_run(self) -> None:
        """Take up the run in progress, or the last one, with its whole curve."""
        await self.cold_open.engine_ready()
        info = run_to_show(self.cold_open.jobs)
        if info is None:
            if self.run is None:
                self._show("train-settings")
        elif self.run is None or self.run.job != info.job:
            await self._watch(info.job, show=info.state not in ENDED)

    async def _watch(self, job: str, *, show: bool = True) -> None:
        run = Run(job)
        self._wanted = run
        snapshot = await self.ask(WatchTraining(job=job))
        if snapshot is None:
            return
        if snapshot.resumed:
            with contextlib.suppress(ColdOpenError):
                history = await self.engine.call(GetModelHistory(name=snapshot.info.name))
                snapshot = with_history(snapshot, history)
        if self._wanted is not run:
            return
        self._wanted = None
        self._run_view.follow(run, snapshot)
        if show:
            self._show("train-run")
        self.refresh_bindings()

    def on_engine_event(self, event: AnyEvent) -> None:
        if self._wanted is not None:
            self._wanted.take(event)
        if isinstance(event, JobsChanged):
            self._jobs_changed(event)
        elif self._run_view.take(event) and isinstance(event, TrainingStateChanged):
            self.refresh_bindings()
            if event.info.state != "starting":
                self._complete(event.info.job)
            if event.info.state == "failed":
                self.say(event.info.message)
            if event.info.state in ENDED:
                self._settings_view.renew()

    def _jobs_changed(self, event: JobsChanged) -> None:
        """Take up a run that was started elsewhere, by the command line for one."""
        info = run_to_show(event.jobs)
        known = {run.job for run in (self.run, self._wanted) if run is not None}
        if info is not None and info.state not in ENDED and info.job not in known:
            self._take_up(info.job)

    @work(exclusive=True, group="find")
    async def _take_up(self, job: str) -> None:
        await self._watch(job)

    @work(exclusive=True, group="facts")
    async def _complete(self, job: str) -> None:
        """Configuration and device are known only once the run has begun."""
        snapshot = await self.ask(WatchTraining(job=job, points=10))
        if snapshot is not None and self.run is not None and self.run.job == snapshot.info.job:
            self.run.refresh(snapshot)
            self._run_view.mark_dirty()

    def _show(self, view: str) -> None:
        if self._views.current != view:
            self._views.current = view
            self.refresh_bindings()
            self._focus_first()

    def _focus_first(self) -> None:
        wanted = self.first_focus()
        if wanted is not None and self.cold_open.room_id == self.room_id:
            wanted.focus(scroll_visible=False)  # the headline stands above a chart

    # -- actions on the settings

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        setting = self._views.current == "train-settings"
        hidden = (
            (action in WHILE_SETTING and not setting)
            or (action in ("start", "vectors", "moods") and self._going)
            or (action in WHILE_GOING and not self._going)
            or (action == "toggle_log" and setting)
            or (action == "toggle_form" and setting and self.run is None)
            or (action == "write" and not (self.run is not None and self.run.can_write))
            or (action == "resume" and (self._going or self._to_resume is None))
        )
        return False if hidden else super().check_action(action, parameters)

    async def action_choose_corpus(self) -> None:
        await self.cold_open.enter("corpus")

    def action_reset(self) -> None:
        self._settings_view.reset()

    @work(exclusive=True, group="start")
    async def action_start(self) -> None:
        view = self._settings_view
        if self._views.current != "train-settings":
            self._show("train-settings")
            self.say(f"{self.way_to('train.start')} starts a run with these settings.")
            return
        try:
            own = view.own_values()
        except ConfigurationError as error:
            self.say(error.message)
            return
        name = view.model_name
        if not name:
            self.say("Give the model a name first.")
            return
        replace = await self._replacing(name)
        if replace is None:
            return
        preset: Any = view.preset
        await self._begin(
            StartTraining(
                name=name, paths=view.corpus, settings=own, preset=preset, replace=replace
            )
        )

    @work(exclusive=True, group="start")
    async def action_vectors(self) -> None:
        view = self._settings_view
        name = await self.app.push_screen_wait(
            Ask("What shall the word vectors be called?", value=view.vectors_name())
        )
        if not name:
            return
        replace = await self._replacing(name)
        if replace is not None:
            cutoff = self.cold_open.cutoff
            await self._begin(
                TrainVectors(name=name, paths=view.corpus, cutoff=cutoff, replace=replace)
            )

    @work(exclusive=True, group="start")
    async def action_moods(self) -> None:
        chosen = await self.app.push_screen_wait(
            FilePicker(
                "Labelled texts: on each line a grade, a tab and a text",
                choose="any",
                start=paths.bundled_labels(),
            )
        )
        if not chosen:
            return
        files = tuple(str(path) for path in chosen)
        name = await self.app.push_screen_wait(
            Ask("What shall the network be called?", value=self._settings_view.moods_name(files))
        )
        if not name:
            return
        replace = await self._replacing(name)
        if replace is not None:
            await self._begin(TrainMoods(name=name, paths=files, replace=replace))

    async def _replacing(self, name: str) -> bool | None:
        """Whether there is a model of that name to replace; None when the user would rather not."""
        there = self._settings_view.cards.get(name)
        if there is None or there.bundled:
            return False
        answer = await self.app.push_screen_wait(
            Ask(
                f"There is a model “{name}” already. Replace it?",
                choices=[("no", "keep it"), ("yes", "it goes to the trash for a week")],
                free=False,
            )
        )
        return True if answer == "yes" else None

    @work(exclusive=True, group="start")
    async def action_resume(self) -> None:
        card = self._to_resume
        if card is not None:
            await self._begin(ResumeTraining(name=card.name))

    @property
    def _to_resume(self) -> ModelCard | None:
        """The run that is shown, where it can go on; from the settings the newest that can."""
        view, info = self._settings_view, None if self.run is None else self.run.info
        if self._views.current == "train-settings":
            return view.interrupted
        wanted = "" if info is None else info.name
        return next((card for card in view.resumable if card.name == wanted), None)

    async def _begin(
        self, request: StartTraining | ResumeTraining | TrainVectors | TrainMoods
    ) -> None:
        started: TrainingStarted | None = await self.ask(request)
        if started is not None:
            await self._watch(started.job)

    # -- actions on the run

    def action_toggle_form(self) -> None:
        if self._views.current == "train-settings":
            self._show("train-run")
        else:
            self._settings_view.renew()
            self._show("train-settings")

    def action_toggle_log(self) -> None:
        self._run_view.toggle_log()

    def action_pause(self) -> None:
        if self.run is not None and self.run.info is not None:
            paused = self.run.info.state in ("paused", "pausing")
            self._control("resume" if paused else "pause")

    def action_stop(self) -> None:
        self._control("stop")

    @work(group="discard")
    async def action_discard(self) -> None:
        run = self.run
        if run is None or run.info is None:
            return
        answer = await self.app.push_screen_wait(
            Ask(
                f"Stop “{run.info.name}” and delete what it learned?",
                choices=[("no", "go on training"), ("yes", "stop and delete")],
                free=False,
            )
        )
        if answer == "yes":
            self._control("discard", run=run)

    def action_slower(self) -> None:
        self._control("scale_learning_rate", 0.5)

    def action_faster(self) -> None:
        self._control("scale_learning_rate", 2.0)

    @work(group="control")
    async def _control(
        self, command: Command, value: float | None = None, *, run: Run | None = None
    ) -> None:
        run = run or self.run
        if run is None or not run.going:
            return
        try:
            engine = await self.cold_open.engine_ready()
            await engine.call(ControlTraining(job=run.job, command=command, value=value))
        except ColdOpenError as error:
            self.say(error)

    async def action_write(self) -> None:
        run = self.run
        if run is not None and run.info is not None and run.can_write:
            self.cold_open.use_model(run.info.name)
            await self.cold_open.enter("write")
