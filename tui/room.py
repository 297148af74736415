"""What every room is: a container with actions, the engine, and a say in how the program ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events
from textual.containers import Container
from textual.widget import Widget

from engine.errors import ColdOpenError
from tui.keymap import ACTIONS
from tui.widgets.keyed import Keyed

if TYPE_CHECKING:
    from engine.client import EngineClient
    from engine.client.connection import ProgressHandler
    from engine.protocol.messages import AnyEvent, Reply, Request
    from tui.app import ColdOpenApp
    from tui.config import Settings

R = TypeVar("R", bound="Reply")


class Room(Keyed, Container):
    """Base of the five rooms. A room is made when it is first entered and then kept.

    A subclass sets ``room_id`` and ``title`` and has an ``action_<name>`` method for each action
    ``<room_id>.<name>`` of the registry; the key bindings are made from there. An action whose
    method is missing is not offered. To hide one for the moment, extend :meth:`check_action`.
    """

    room_id: ClassVar[str] = ""
    title: ClassVar[str] = ""

    DEFAULT_CSS = """
    Room { width: 1fr; height: 1fr; }
    """

    def __init_subclass__(cls, **options: Any) -> None:
        if cls.__dict__.get("room_id"):
            cls.key_group = cls.room_id
        super().__init_subclass__(**options)

    # -- services

    @property
    def cold_open(self) -> ColdOpenApp:
        """The app, typed."""
        return cast("ColdOpenApp", self.app)

    @property
    def settings(self) -> Settings:
        """The user's configuration, checked."""
        return self.cold_open.settings

    @property
    def engine(self) -> EngineClient:
        """The connection to the engine.

        Raises:
            EngineUnavailable: while there is none; :meth:`ask` waits for it instead.
        """
        return self.cold_open.engine

    async def ask(
        self, request: Request[R], *, on_progress: ProgressHandler | None = None
    ) -> R | None:
        """Call the engine, once it is there; a failure is said and gives None.

        Call it from a worker (``self.run_worker(...)``) so that keys are still answered meanwhile.
        """
        try:
            engine = await self.cold_open.engine_ready()
            return await engine.call(request, on_progress=on_progress)
        except ColdOpenError as error:
            self.say(error)
            return None

    def say(self, what: ColdOpenError | str) -> None:
        """Show an error or a piece of news."""
        self.cold_open.say(what)

    # -- for subclasses

    def on_engine_event(self, event: AnyEvent) -> None:
        """Called for every event of the engine, also while another room is shown."""

    def on_engine_ready(self) -> None:
        """Called when the engine is there: at the start and after a loss, if the room is there."""

    def on_room_shown(self) -> None:
        """Called each time the room comes to the front."""

    def on_room_hidden(self) -> None:
        """Called each time another room takes its place."""

    async def before_exit(self) -> None:
        """Put what must not be lost on disk. Has five seconds; also runs on SIGTERM and SIGHUP."""

    def first_focus(self) -> Widget | None:
        """What has the focus when the room is first entered; None takes the first that can."""
        return None

    # -- shared behaviour

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Actions of the registry without a method are not offered."""
        if f"{self.room_id}.{action.replace('_', '-')}" in ACTIONS or self._is_own(action):
            return hasattr(self, f"action_{action}")
        return super().check_action(action, parameters)

    def _is_own(self, action: str) -> bool:
        return any(own.method == action for own in ACTIONS.of(self.room_id))

    def focus_room(self) -> None:
        """Give the focus to the room, so that its keys work."""
        wanted = self._last_focus
        if wanted is None or not wanted.is_attached or not wanted.focusable:
            wanted = self.first_focus()
        if wanted is None:
            wanted = next((w for w in self.query("*") if w.focusable), None)
        if wanted is None:
            self.can_focus = True
            wanted = self
        self.screen.set_focus(wanted)

    @property
    def in_front(self) -> bool:
        """Whether the user has this room before them, and no dialog over it."""
        return self.cold_open.room_id == self.room_id and self.screen.is_active

    def focus_on(self, widget: Widget) -> None:
        """Give ``widget`` the focus, now or when the room is in front again.

        At once, unlike :meth:`Widget.focus`, so that a key which is on its way finds it there.
        """
        if self.cold_open.room_id == self.room_id:
            self.screen.set_focus(widget)
        else:
            self._last_focus = widget

    _last_focus: Widget | None = None

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember where the focus was, for coming back.

        By the time this is heard another room may have the focus, so that the screen's is not it.
        """
        if event.widget is not self:
            self._last_focus = event.widget
            self.can_focus = False
