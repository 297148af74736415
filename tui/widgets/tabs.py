"""The row of rooms at the top: click, digit, arrows and Enter."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.rooms import RoomEntry

_WAYS = ("a digit or ← → Enter, Esc back", "← → Enter, Esc back")
"""What to press in the row, in as many words as there is room for."""


class RoomTabs(Widget, can_focus=True):
    """One line with the rooms; posts :class:`Chosen` and :class:`Left`."""

    active: reactive[str] = reactive("")
    _pointed: reactive[int] = reactive(0)

    class Chosen(Message):
        """A room was chosen."""

        def __init__(self, room_id: str) -> None:
            super().__init__()
            self.room_id = room_id

    class Left(Message):
        """The row was left without a choice."""

    def __init__(self, rooms: Sequence[RoomEntry], key: str = "") -> None:
        """``key`` is the key that leads here, for the hint at the right."""
        super().__init__()
        self._key = key
        self._rooms = tuple(rooms)

    def _labels(self) -> list[str]:
        return [f" {number} {room.title} " for number, room in enumerate(self._rooms, 1)]

    def render(self) -> Content:
        parts: list[Content] = []
        for index, (room, label) in enumerate(zip(self._rooms, self._labels(), strict=True)):
            style = "$quiet"
            if room.id == self.active:
                style = "bold $accent on $background"
            if self.has_focus and index == self._pointed:
                style = "bold $background on $accent"
            parts.append(Content.styled(label, style))
        row = Content("").join(parts)
        hints = _WAYS if self.has_focus else (f"{self._key} rooms",)
        left = self.content_size.width - row.cell_length
        hint = next((hint for hint in hints if len(hint) < left), "")
        return Content.assemble(row, " " * (left - len(hint)), (hint, "$quiet")) if hint else row

    def on_focus(self) -> None:
        ids = [room.id for room in self._rooms]
        self._pointed = ids.index(self.active) if self.active in ids else 0

    def on_key(self, event: events.Key) -> None:
        if event.key in ("left", "right"):
            step = 1 if event.key == "right" else -1
            self._pointed = (self._pointed + step) % len(self._rooms)
        elif event.key in ("enter", "space", "down"):
            self.post_message(self.Chosen(self._rooms[self._pointed].id))
        elif event.key in ("escape", "up", "tab", "shift+tab"):
            # Whoever went a field too far with the one comes back with the other.
            self.post_message(self.Left())
        elif event.key.isdecimal() and 0 < int(event.key) <= len(self._rooms):
            self.post_message(self.Chosen(self._rooms[int(event.key) - 1].id))
        elif (initial := self._by_initial(event.key)) is not None:
            self.post_message(self.Chosen(initial))
        else:
            return
        event.stop()
        event.prevent_default()

    def _by_initial(self, key: str) -> str | None:
        return next((room.id for room in self._rooms if room.title[0].lower() == key), None)

    def on_click(self, event: events.Click) -> None:
        start = self.styles.padding.left
        for room, label in zip(self._rooms, self._labels(), strict=True):
            if start <= event.x < start + len(label):
                self.post_message(self.Chosen(room.id))
                return
            start += len(label)
