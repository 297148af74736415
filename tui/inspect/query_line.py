"""A line to type a question into, with a hint of what it understands."""

from __future__ import annotations

from textual import events
from textual.message import Message

from tui.keymap import ACTIONS
from tui.keys import types_text
from tui.widgets.keyed import Keyed
from tui.widgets.line_box import LineBox


class QueryLine(Keyed, LineBox):
    """Enter asks; Esc leaves the line for what it is about."""

    DEFAULT_CSS = """
    QueryLine { height: 1; border: none; padding: 0 1; background: $surface; }
    QueryLine:focus { border: none; background: $boost; }
    """
    key_group = "box"

    class Left(Message):
        """Esc was pressed."""

    def __init__(self, hint: str, *, id: str | None = None) -> None:
        super().__init__(placeholder=hint, id=id, compact=True)

    async def _on_key(self, event: events.Key) -> None:
        """The key that leads here begins a new question, and is no part of one."""
        whole = len(self.selected_text) == len(self.value)
        if whole and event.key in ACTIONS["inspect.ask"].keys_under(self.own_keys):
            event.stop()
            event.prevent_default()
            self.value = ""
            return
        await super()._on_key(event)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """What types here is not offered as a key; Textual finds no character for some names."""
        return types_text(key) or super().check_consume_key(key, character)

    def action_leave(self) -> None:
        self.post_message(self.Left())
