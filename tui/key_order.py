"""Keys are handled in the order in which they were pressed, however fast they come."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App
from textual.widgets import Input

KEY_TURNS = 100
"""So many turns of the event loop a key waits for those before it."""


class KeysInOrder(App[None]):
    """An app for slow lines, over which keys arrive several together.

    A key with an action is handled by the app itself, any other by the widget in focus, which may
    not have come to the keys before it.
    """

    async def on_event(self, event: events.Event) -> None:
        """Let the widget in focus come to the keys that it has, before the next is handled."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            for _turn in range(KEY_TURNS):
                focused = self.focused
                if focused is None or not focused.message_queue_size:
                    break
                await asyncio.sleep(0)
            if isinstance(self.focused, Input) and await self._edited(self.focused, event):
                return
        await super().on_event(event)

    async def _edited(self, field: Input, event: events.Key) -> bool:
        """Do what a key does in a field at once; the usual way through its parents is longer."""
        if event.is_printable or await self._check_bindings(event.key, priority=True):
            return not event.is_printable
        for binding in field._bindings.key_to_bindings.get(event.key, ()):
            if not binding.priority and await self.run_action(binding.action, field):
                return True
        return False
