"""The search bar under the page: what to find, and what to put there."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tui.render import content
from tui.widgets.keyed import Keyed
from tui.widgets.line_box import LineBox

Step = Literal["here", "next", "previous", "replace", "replace_all"]


class FindBar(Keyed, Horizontal):
    """Two boxes and a note; says what the writer asks for."""

    key_group = "find"
    DEFAULT_CSS = """
    FindBar { height: 1; display: none; background: $surface; padding: 0 1; }
    FindBar.-open { display: block; }
    FindBar Input { border: none; height: 1; padding: 0; width: 1fr; max-width: 30;
        background: $panel; }
    FindBar Input:focus { border: none; height: 1; }
    FindBar .label { width: auto; color: $quiet; padding: 0 1; }
    FindBar #find-note { dock: right; width: auto; height: 1; color: $quiet; padding: 0 1; }
    """

    class Asked(Message):
        """Go on, back, or replace."""

        def __init__(self, step: Step) -> None:
            super().__init__()
            self.step = step

    class Closed(Message):
        """The writer goes back to the page."""

    def compose(self) -> ComposeResult:
        yield Static("find", classes="label")
        yield LineBox(id="find-what", select_on_focus=True)
        yield Static("replace by", classes="label")
        yield LineBox(id="find-instead", select_on_focus=True)
        yield Static("", id="find-note")

    @property
    def wanted(self) -> str:
        return self.query_one("#find-what", Input).value

    @property
    def instead(self) -> str:
        return self.query_one("#find-instead", Input).value

    def open(self, wanted: str = "") -> None:
        """Show the bar, with what is selected on the page."""
        self.add_class("-open")
        box = self.query_one("#find-what", Input)
        if wanted and "\n" not in wanted:
            box.value = wanted
        self.screen.set_focus(box)  # at once, for the letters that are on their way

    def close(self) -> None:
        self.remove_class("-open")

    def tell(self, note: str) -> None:
        """What came of it."""
        self.query_one("#find-note", Static).update(content(note))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "find-what":
            self.post_message(self.Asked("here"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Asked("next" if event.input.id == "find-what" else "replace"))

    def action_next(self) -> None:
        self.post_message(self.Asked("next"))

    def action_previous(self) -> None:
        self.post_message(self.Asked("previous"))

    def action_replace(self) -> None:
        self.post_message(self.Asked("replace"))

    def action_replace_all(self) -> None:
        self.post_message(self.Asked("replace_all"))

    def action_switch(self) -> None:
        what, instead = self.query_one("#find-what", Input), self.query_one("#find-instead", Input)
        self.screen.set_focus(instead if what.has_focus else what)

    def action_close(self) -> None:
        self.post_message(self.Closed())
