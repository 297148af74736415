"""Dialogs that close once, however many keys were on their way to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.command import CommandInput, CommandList, CommandPalette
from textual.widgets import Input

from tui.key_order import KeysInOrder
from tui.widgets.line_box import LineBox

if TYPE_CHECKING:
    from textual.screen import Screen

    _Base = Screen[Any]
else:
    _Base = object  # Styles are looked up along the first base that is a widget.


class Once(_Base):
    """For a screen to which a second Enter may come in the same packet as the first.

    Closing it again would take another screen away, or end the program where there is none.
    """

    _over = False

    def dismiss(self, result: Any = None) -> AwaitComplete:
        if self._over or not self.is_active:
            return AwaitComplete()
        self._over = True
        return super().dismiss(result)


class PaletteLine(CommandInput, LineBox):
    """The palette's box, with its look, drawn as all the others are."""


class Palette(Once, CommandPalette):
    """Textual's command palette, closing once and doing once what was chosen."""

    def compose(self) -> ComposeResult:
        for part in super().compose():
            if isinstance(part, CommandInput):
                yield PaletteLine(placeholder=part.placeholder, select_on_focus=False)
            else:
                yield part

    @on(Input.Submitted)
    def _only_once(self, event: Input.Submitted) -> None:
        if self._over or not self.is_active:
            event.stop()
            event.prevent_default()
        elif self._list_visible and self.query_one(CommandList).highlighted is not None:
            self._hold_keys()

    def dismiss(self, result: Any = None) -> AwaitComplete:
        if self._selected_command is not None and not self._over and self.is_active:
            self._hold_keys()
        return super().dismiss(result)

    def _hold_keys(self) -> None:
        """What is typed is for what was chosen, which the app comes to after these keys."""
        if isinstance(self.app, KeysInOrder):
            self.app.hold_keys()
