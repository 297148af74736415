"""The app's shell: the rooms, the header and status lines, the engine's link, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import on
from textual.actions import ActionParseResult
from textual.app import App, ComposeResult, ScreenStackError
from textual.containers import Container
from textual.css.query import QueryError
from textual.dom import DOMNode
from textual.widget import MountError
from textual.widgets import ContentSwitcher, Static
from textual.worker import WorkerFailed

from engine import paths
from engine.errors import ColdOpenError
from tui import config
from tui.actions import Action
from tui.crash_log import logged
from tui.key_order import KeysInOrder
from tui.keymap import ACTIONS
from tui.link import EngineLink, LinkState, LinkStatus
from tui.palette import ActionProvider
from tui.pauses import keep_pauses_short
from tui.remembered import Odds, Remembered
from tui.render import content, visible
from tui.room import Room
from tui.rooms import ROOMS, RoomEntry
from tui.themes import THEMES
from tui.widgets.footer import WholeFooter
from tui.widgets.status import StatusBar
from tui.widgets.tabs import RoomTabs

if TYPE_CHECKING:
    from engine.client import EngineClient
    from engine.protocol.messages import AnyEvent, EngineState
    from engine.protocol.values import JobInfo

SETTLING_SECONDS = 1.0
"""After this long a new room has all that it keeps."""
EXIT_SECONDS = 5.0
"""How long the rooms may take to save when the program ends."""
WIDGETS_GONE = (QueryError, ScreenStackError, MountError)
"""What those meet who come back, from the disk or the engine, while the program closes."""


def say(app: App[Any], what: ColdOpenError | str) -> None:
    """Show an error, with its way out, or a piece of news; nothing in it is read as markup."""
    if isinstance(what, ColdOpenError):
        text = f"{what.message}\n{what.hint}" if what.hint else what.message
        app.notify(visible(text), severity="error", timeout=12, markup=False)
    else:
        app.notify(visible(what), timeout=5, markup=False)


class ColdOpenApp(KeysInOrder, inherit_bindings=False):
    """Five rooms around one engine.

    ``connect`` says whether to look for the engine; tests of single widgets switch it off.
    """

    TITLE = "Cold Open"
    CSS_PATH = "theme/app.tcss"
    COMMANDS: ClassVar = {ActionProvider}
    BINDINGS: ClassVar = [*ACTIONS.bindings("app")]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        *,
        connect: bool = True,
        rooms: tuple[RoomEntry, ...] = ROOMS,
        configuration: config.Configuration | None = None,
        start_room: str = "",
        corpus: tuple[str, ...] = (),
        script: Path | None = None,
    ) -> None:
        self._configuration = configuration or config.load()
        super().__init__()
        self.rooms = rooms
        self.remembered = Remembered.load()
        self.jobs: tuple[JobInfo, ...] = ()
        if corpus:
            self.remembered.corpus = corpus
            start_room = start_room or "corpus"
        self.script = script
        """What the Write room is to show as a draft; nothing once it does."""
        if script is not None:
            start_room = start_room or "write"
        self.short_pauses = False
        """Tune garbage collection for typing; only where this program is the whole process."""
        self.crash = ""
        """What to tell the user about an unexpected end; empty after an orderly one."""
        self._connect = connect
        self._start_room = start_room
        self._made: dict[str, Room] = {}
        self._room_id = ""
        self._watched: set[str] = set()
        self._leaving = False
        self._ending = False
        self._entering = asyncio.Lock()
        """A room that is being made is not there for whoever asks for it meanwhile."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._link = EngineLink(
            on_event=self._hear,
            on_status=self._show_link,
            on_ready=self._engine_is_there,
            on_failure=self.say,
            way_back=self.way_to("app.reconnect"),
        )
        ACTIONS.rebind(self, "app", self.settings.keys)
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES[self.settings.theme or self.remembered.theme].name

    # -- what rooms use

    @property
    def settings(self) -> config.Settings:
        """The user's configuration, checked."""
        return self._configuration.settings

    @property
    def engine(self) -> EngineClient:
        """The connection to the engine.

        Raises:
            EngineUnavailable: while there is none.
        """
        return self._link.client

    async def engine_ready(self) -> EngineClient:
        """The connection, as soon as there is one.

        Raises:
            ColdOpenError: when connecting has failed.
        """
        return await self._link.wait()

    @property
    def engine_state(self) -> LinkState:
        """Whether the engine is there, for a sentence to the user."""
        return self._link.status.state

    @property
    def room_id(self) -> str:
        """Id of the room in front."""
        return self._room_id

    def room(self, room_id: str) -> Room | None:
        """A room that has been entered already."""
        return self._made.get(room_id)

    async def enter(self, room_id: str) -> Room | None:
        """Bring a room to the front, making it first if need be; None when it cannot be made."""
        async with self._entering:
            return None if self._leaving else await self._enter(room_id)

    async def _enter(self, room_id: str) -> Room | None:
        switcher = self.query_one("#rooms", ContentSwitcher)
        room = self._made.get(room_id)
        if room is None:
            entry = next(entry for entry in self.rooms if entry.id == room_id)
            try:
                room = entry.make()
            except ColdOpenError as error:
                await self._show_broken(switcher, room_id, error)
                return None
            self._made[room_id] = room
            await switcher.mount(room)
            if self.short_pauses:
                self.set_timer(SETTLING_SECONDS, keep_pauses_short)
        before = self._made.get(self._room_id)
        self._front(switcher, room_id, f"room-{room_id}")
        if before is not None and before is not room:
            before.on_room_hidden()
        room.focus_room()
        room.on_room_shown()
        return room

    @property
    def corpus_paths(self) -> tuple[str, ...]:
        """The corpus to work on: from the command line, else the last one, else the bundled."""
        return self.remembered.corpus or (str(paths.bundled_corpus()),)

    @property
    def cutoff(self) -> int:
        """Words seen fewer times than this stay out of the vocabulary; the Corpus room sets it."""
        return min(1000, max(1, self.remembered.cutoff))

    def use_corpus(self, corpus: tuple[str, ...], cutoff: int | None = None) -> None:
        """Say which corpus is worked on, for the other rooms and the next start."""
        self.remembered.corpus = corpus
        if cutoff is not None:
            self.remembered.cutoff = cutoff

    @property
    def model(self) -> str:
        """Name of the model that writes; empty when none has been chosen yet."""
        return self.remembered.model

    def use_model(self, name: str) -> None:
        """Say which model writes, for the status bar and the next start."""
        self.remembered.model = name
        self._status.show_model(name)

    def use_moods(self, name: str) -> None:
        """Say which network tells moods, from now on and at the next start."""
        self.remembered.moods = name
        self.remembered.save()

    @property
    def odds(self) -> Odds:
        """How the model draws words and ends: as it was last, else as the configuration says."""
        return self.remembered.odds_for(self._usual_odds)

    def use_odds(self, odds: Odds) -> None:
        """Say how the model draws words and ends, for the next start."""
        self.remembered.odds, self.remembered.usual_odds = odds, self._usual_odds

    @property
    def _usual_odds(self) -> Odds:
        return Odds(self.settings.sampler, self.settings.stop)

    def set_chrome(self, shown: bool) -> None:
        """Show or hide everything around the room (focus mode)."""
        self.screen_stack[0].set_class(not shown, "-bare")

    def say(self, what: ColdOpenError | str) -> None:
        """Show an error or a piece of news."""
        say(self, what)

    def way_to(self, action_id: str) -> str:
        """See :meth:`tui.actions.Registry.way_to`."""
        return ACTIONS.way_to(action_id, self.settings.keys)

    # -- the shell itself

    def compose(self) -> ComposeResult:
        yield RoomTabs(self.rooms, self.way_to("app.choose_room"))
        yield ContentSwitcher(id="rooms")
        yield StatusBar()
        yield WholeFooter(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._catch_signals()
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        """What waits until the first frame is on the screen."""
        if self._leaving:  # The terminal may be gone before the first frame.
            return
        import textual.constants

        textual.constants.ESCAPE_DELAY = self.settings.escape_delay / 1000  # type: ignore[misc]
        if self._connect:
            self._link.start()
        known = {entry.id for entry in self.rooms}
        wanted = self._start_room or self.remembered.room
        await self.enter(wanted if wanted in known else self.rooms[0].id)
        if self._configuration.problems:
            text = "\n".join(f"• {problem}" for problem in self._configuration.problems)
            self.notify(
                visible(text), title="config.toml", severity="warning", timeout=20, markup=False
            )
        if not self.remembered.hint_seen:
            shows, finds = map(self.way_to, ("app.help", "app.command_palette"))
            self._status.show_hint(f"{shows} shows every key · {finds} finds any action")
        if self.remembered.model:
            self._status.show_model(self.remembered.model)

    @property
    def _status(self) -> StatusBar:
        return self.screen_stack[0].query_one(StatusBar)

    def _front(self, switcher: ContentSwitcher, room_id: str, widget_id: str) -> None:
        switcher.current = widget_id
        self._room_id = room_id
        self.remembered.room = room_id
        self.query_one(RoomTabs).active = room_id

    async def _show_broken(
        self, switcher: ContentSwitcher, room_id: str, error: ColdOpenError
    ) -> None:
        widget_id = f"broken-{room_id}"
        for old in switcher.query(f"#{widget_id}"):
            await old.remove()
        note = Static(content(f"{error.message}\n\n{error.hint}"))
        await switcher.mount(Container(note, id=widget_id, classes="broken"))
        self._front(switcher, room_id, widget_id)
        self.screen.set_focus(self.query_one(RoomTabs))

    @on(RoomTabs.Chosen)
    async def _room_chosen(self, event: RoomTabs.Chosen) -> None:
        await self.enter(event.room_id)

    @on(RoomTabs.Left)
    def _row_left(self) -> None:
        if (room := self._made.get(self._room_id)) is not None:
            room.focus_room()

    # -- actions

    def can_perform(self, action: Action) -> bool:
        """Whether the palette may offer ``action``; a room not yet made is trusted to have it."""
        if action.group == "app":
            return action.id not in ("app.command_palette",)
        node = self._made.get(action.group)
        return node is None or bool(node.check_action(action.method, ()))

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action; an error that is meant for the user is said and ends nothing."""
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except ColdOpenError as error:
            self.say(error)
            return True

    async def perform(self, action_id: str) -> None:
        """Run an action by its id, in its room."""
        action = ACTIONS[action_id]
        node: Any = self
        if action.group != "app":
            node = self._made.get(action.group)
            if node is None or action.group != self._room_id:
                node = await self.enter(action.group)
            if node is None:
                return
        await self.run_action(action.method, node)

    def action_command_palette(self) -> None:
        from tui.widgets.once import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())  # without Textual's id: one may still be going

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.screen.dismiss()
            return
        self.push_screen(HelpScreen(self._room_id, self.settings.keys))
        self.remembered.hint_seen = True
        self._status.show_hint("")

    def action_choose_room(self) -> None:
        if len(self.screen_stack) == 1:
            self.set_chrome(True)
            self.screen.set_focus(self.query_one(RoomTabs))

    async def action_next_room(self) -> None:
        ids = [entry.id for entry in self.rooms]
        here = ids.index(self._room_id) if self._room_id in ids else -1
        await self._go(ids[(here + 1) % len(ids)])

    async def action_room_corpus(self) -> None:
        await self._go("corpus")

    async def action_room_train(self) -> None:
        await self._go("train")

    async def action_room_write(self) -> None:
        await self._go("write")

    async def action_room_inspect(self) -> None:
        await self._go("inspect")

    async def action_room_library(self) -> None:
        await self._go("library")

    async def _go(self, room_id: str) -> None:
        if len(self.screen_stack) == 1:
            self.set_chrome(True)
            await self.enter(room_id)

    def action_toggle_theme(self) -> None:
        name: Literal["dark", "light"] = "light" if self.current_theme.dark else "dark"
        self.theme = THEMES[name].name
        self.remembered.theme = name

    def action_reconnect(self) -> None:
        self._link.start()

    async def action_quit(self) -> None:
        await self.leave()

    # -- the engine

    def _show_link(self, status: LinkStatus) -> None:
        if self.is_running and not self._leaving:
            self._status.show_link(status)

    def _engine_is_there(self, state: EngineState) -> None:
        self._watched.clear()
        from engine.protocol.values import ENDED

        known = {job.job for job in state.jobs}
        for job in self.jobs:
            if job.state not in ENDED and job.job not in known:
                way = f"; {self.way_to('train.resume')} in the Train room goes on"
                self.say(f"The run “{job.name}” was cut off{way if job.kind == 'model' else ''}.")
        self._set_jobs(state.jobs)
        for room in self._made.values():
            if room.is_mounted:  # else it asks by itself, once it is shown
                room.on_engine_ready()

    def _hear(self, event: AnyEvent) -> None:
        from engine.protocol.messages import JobsChanged, TrainingMetrics

        if self._leaving:
            return
        if isinstance(event, JobsChanged):
            self._set_jobs(event.jobs)
        elif isinstance(event, TrainingMetrics):
            self._status.show_metrics(event.job, (event.metrics,))
        for room in tuple(self._made.values()):
            if room.is_mounted:
                room.on_engine_event(event)

    def _set_jobs(self, jobs: tuple[JobInfo, ...]) -> None:
        self.jobs = jobs
        self._status.show_jobs(jobs)
        job = self._status.job
        if job is not None and job.job not in self._watched:
            self._watched.add(job.job)
            self._keep(asyncio.create_task(self._watch(job.job)))

    async def _watch(self, job: str) -> None:
        """Have the engine send a run's events, and start the little curve with its past."""
        from engine.protocol.messages import WatchTraining

        with contextlib.suppress(ColdOpenError):
            snapshot = await self.engine.call(WatchTraining(job=job, points=30))
            self._status.show_metrics(job, snapshot.metrics)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- the end

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.input_ended)

    def input_ended(self) -> None:
        """The terminal is gone or the system wants us gone: save, then leave."""
        self._keep(asyncio.ensure_future(self.leave()))

    async def leave(self) -> None:
        """Let every room save, remember where we were, and exit."""
        if self._leaving:
            return
        self._leaving = True
        await self._save_rooms()
        self.exit()

    async def _shutdown(self) -> None:
        self._ending = True
        self.workers.cancel_all()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._link.close(), 1.0)
        await super()._shutdown()

    async def _save_rooms(self) -> None:
        for room in self._made.values():
            try:
                await asyncio.wait_for(room.before_exit(), EXIT_SECONDS)
            except Exception as error:
                logged(error)
        with contextlib.suppress(Exception):  # Of no great worth, and never an obstacle.
            self.remembered.save()

    def _handle_exception(self, error: Exception) -> None:
        """A worker's error that is meant for the user is said; any other ends the program.

        Before that the rooms save, and the traceback goes to a log file, not over the screen.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(error, WorkerFailed) and isinstance(cause, ColdOpenError):
            self.say(cause)
        elif self._ending and isinstance(cause, WIDGETS_GONE):
            pass  # Timers go on until the last widget has gone, and begin workers.
        elif self._leaving or not self.is_running:
            super()._handle_exception(error)
        else:
            self._leaving = True
            self._keep(asyncio.ensure_future(self._die(error, cause)))

    async def _die(self, error: Exception, cause: BaseException) -> None:
        await self._save_rooms()
        self.crash = logged(cause)
        try:
            raise error
        except Exception:  # Textual formats the exception that is being handled.
            super()._handle_exception(error)
        self._exit_renderables.clear()


def run(corpus: tuple[str, ...] = (), *, start_room: str = "", script: Path | None = None) -> int:
    """Open the app in this terminal, on ``corpus`` or with ``script`` in its Write room.

    Returns the exit status.
    """
    from tui.terminal import Terminal

    app = ColdOpenApp(start_room=start_room, corpus=corpus, script=script)
    app.driver_class = Terminal
    app.short_pauses = True
    app.run()
    job = next((job for job in app.jobs if job.state == "running"), None)
    with contextlib.suppress(OSError):  # The terminal may be gone.
        if app.crash:
            print(app.crash, file=sys.stderr)
        elif job is not None:
            print(f"Training of {visible(job.name)} goes on; `coldopen` comes back to it.")
    return 1 if app.crash else app.return_code or 0
