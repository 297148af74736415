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
        """Let the widget in focus, and those around it, come to what they have before a key."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            for _turn in range(KEY_TURNS):
                if not self._busy():
                    break
                await asyncio.sleep(0)
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
