"""A line to type a question into, with a hint of what it understands."""

from __future__ import annotations

from textual.message import Message

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

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """What types here is not offered as a key; Textual finds no character for some names."""
        return types_text(key) or super().check_consume_key(key, character)

    def action_leave(self) -> None:
        self.post_message(self.Left())
