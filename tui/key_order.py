"""Keys are handled in the order in which they were pressed, however fast they come."""

from __future__ import annotations

import asyncio
from typing import Any

from textual import events
from textual.app import App
from textual.timer import Timer
from textual.widgets import Input

KEY_TURNS = 100
"""So many turns of the event loop a key waits for those before it."""
HELD_SECONDS = 2.0
"""After so long keys that are held go to what is there."""


class KeysInOrder(App[None]):
    """An app for slow lines, over which keys arrive several together.

    A key with an action is handled by the app itself, any other by the widget in focus, which may
    not have come to the keys before it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._held: list[events.Event] | None = None
        """Keys and pastes that wait for a dialog; None while there is nothing to wait for."""
        self._held_too_long: Timer | None = None

    def hold_keys(self) -> None:
        """What is typed from now on is for a dialog that takes a moment to come.

        They are handed on when it is there. Whoever opens none after all calls
        :meth:`hand_keys_on`.
        """
        if self._held is None:
            self._held = []
            self._held_too_long = self.set_timer(HELD_SECONDS, self.hand_keys_on)

    async def hand_keys_on(self) -> None:
        """Handle what was typed meanwhile, before anything that comes later."""
        if self._held_too_long is not None:
            self._held_too_long.stop()
            self._held_too_long = None
        held, self._held = self._held or [], None
        for event in held:
            await self.on_event(event)

    async def push_screen_wait(self, screen: Any, *, mode: str | None = None) -> Any:
        """Open a dialog and wait for its answer; one that is still closing goes first."""
        self.hold_keys()
        return await super().push_screen_wait(screen, mode=mode)

    def push_screen(self, *dialog: Any, **options: Any) -> Any:
        """Open a dialog, which gets the keys that were held for it."""
        pushed = super().push_screen(*dialog, **options)
        if self._held is not None:
            self.call_later(self.hand_keys_on)
        return pushed

    async def on_event(self, event: events.Event) -> None:
        """Let the widget in focus, and those around it, come to what they have before a key."""
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        if typed and self._held is not None:
            self._held.append(event)
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            for _turn in range(KEY_TURNS):
                if not self._busy():
                    break
                await asyncio.sleep(0)
            if self._held is not None:
                self._held.append(event)
                return
            if isinstance(self.focused, Input) and await self._edited(self.focused, event):
                return
        await super().on_event(event)

    def _busy(self) -> bool:
        """Whether what the keys before have begun is still on its way.

        A key may have had its widget tell those around it, or have begun to open a dialog.
        """
        nodes = (self.focused or self.screen).ancestors_with_self
        return any(node.message_queue_size for node in nodes if node is not self)

    async def _edited(self, field: Input, event: events.Key) -> bool:
        """Do what a key does in a field at once; the usual way through its parents is longer."""
        if event.is_printable or await self._check_bindings(event.key, priority=True):
            return not event.is_printable
        for binding in field._bindings.key_to_bindings.get(event.key, ()):
            if not binding.priority and await self.run_action(binding.action, field):
                return True
        return False
