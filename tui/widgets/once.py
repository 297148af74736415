"""Dialogs that close once, however many keys were on their way to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.widgets import Input

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


class Palette(Once, CommandPalette):
    """Textual's command palette, closing once and doing once what was chosen."""

    @on(Input.Submitted)
    def _only_once(self, event: Input.Submitted) -> None:
        if self._over or not self.is_active:
            event.stop()
            event.prevent_default()
