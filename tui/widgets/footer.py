"""The keys of the moment at the bottom, as many as there is room for."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from tui.render import width

ALWAYS = ("help", "command_palette")
"""What leads to all the others stays where there is little room."""


class WholeFooter(Footer):
    """Textual's footer, less the entries that would be cut off."""

    def compose(self) -> ComposeResult:
        keys = [part for part in super().compose() if isinstance(part, FooterKey)]
        left = self.size.width - sum(_cells(key) for key in keys if key.action in ALWAYS)
        for key in keys:
            if key.action not in ALWAYS:
                left -= _cells(key)
            if key.action in ALWAYS or left >= 0:
                yield key

    def on_resize(self) -> None:
        self.call_after_refresh(self.recompose)


def _cells(key: FooterKey) -> int:
    return width(f"{key.key_display} {key.description} ")
