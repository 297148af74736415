"""F1: every action with its keys and what it does, made from the registry, with a search."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui import keys
from tui.actions import Action, OwnKeys
from tui.keymap import ACTIONS
from tui.render import fit
from tui.rooms import ROOMS
from tui.widgets.keyed import Keyed
from tui.widgets.line_box import LineBox
from tui.widgets.once import Once

_TITLES = {
    "app": "Everywhere",
    "chart": "In a chart",
    "tokens": "In a text of tokens",
    "map": "On the map of words",
    "files": "Choosing a file",
    "dialog": "In a question, and in this help",
    "box": "In a box to type in",
} | {room.id: f"In the {room.title} room" for room in ROOMS}

_EDITOR = (
    ("⇧ and arrows", "Select", "Shift with any key that moves the cursor selects on the way."),
    ("F6 F7", "Select more", "The line, or all of it."),
    ("^C ^X ^V", "Copy, cut, paste", "Also by the terminal's own keys."),
    ("^A ^E", "Line", "Go to its beginning or its end; Home and End do, too."),
    ("^← ^→", "Word", "Go to the word before or behind."),
    ("^W ^U ^K", "Delete", "The word before, or the line up to the cursor or from it."),
)
"""Keys that belong to the page as to any editor, and cannot be changed."""
_KEYS = 14
_TITLE = 22
_LEAST_BESIDE = 32
"""Cells from which on the help of an action stands beside its title; below them, under it."""
_INDENT = 3
"""Cells before it there."""


def matches(action: Action, own: OwnKeys, query: str) -> bool:
    """Whether every word of ``query`` is in the action's names, its keys or its help."""
    shown = " ".join(keys.shown(key) for key in action.keys_under(own))
    text = f"{action.id} {action.title} {action.help} {action.section} {shown}".lower()
    return all(word in text for word in query.lower().split())


def help_rows(room_id: str, own: OwnKeys, query: str = "") -> Iterator[tuple[str, Action | None]]:
    """Headings (with None) and actions, those of the present room first."""
    groups = ACTIONS.groups()
    order = [room_id, "app", *(group for group in groups if group not in (room_id, "app"))]
    for group in order:
        chosen = [action for action in ACTIONS.of(group) if matches(action, own, query)]
        if not chosen:
            continue
        yield _TITLES.get(group, group.capitalize()), None
        section = ""
        for action in chosen:
            if action.section != section:
                section = action.section
                yield f"  {section}", None
            yield action.title, action


class HelpScreen(Keyed, Once, ModalScreen[None]):
    """The help over the present room. Typing searches, Esc or F1 closes."""

    key_group = "dialog"
    DEFAULT_CSS = """
    HelpScreen > .dialog { height: 92%; }
    HelpScreen Input { margin: 0 0 1 0; background: $panel; }
    HelpScreen VerticalScroll { height: 1fr; }
    HelpScreen Static { width: 1fr; height: auto; }
    """

    def __init__(self, room_id: str, own: OwnKeys) -> None:
        super().__init__()
        self._room_id = room_id
        self._own = own
        self._under = False
        self._palette = ACTIONS.way_to("app.command_palette", own)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = Content(
                f"^ is Ctrl · {self._palette} runs anything by name · * your own key"
                f" · {self.key_of('leave')} closes"
            )
            yield LineBox(placeholder="type to search", compact=True)
            with VerticalScroll(can_focus=False):
                yield Static(id="help-text")

    def on_mount(self) -> None:
        if self.is_current:  # It may have been closed before it was there.
            self._show("")
            self.query_one(Input).focus()

    @on(Input.Changed)
    def _searched(self, event: Input.Changed) -> None:
        self._show(event.value)

    def on_resize(self) -> None:
        if self.is_current:
            self._show(self.query_one(Input).value)

    def _show(self, query: str) -> None:
        width = self.query_one(VerticalScroll).size.width - 3
        beside = width - _KEYS - _TITLE - 1
        self._under = beside < _LEAST_BESIDE
        room = max(20, width - _INDENT) if self._under else beside
        lines = [
            line
            for title, action in help_rows(self._room_id, self._own, query)
            for line in self._lines(title, action, room)
        ]
        lines += self._editor_lines(query, room)
        text = Content("\n").join(lines) if lines else Content.styled("nothing found", "$quiet")
        self.query_one("#help-text", Static).update(text)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _editor_lines(self, query: str, room: int) -> list[Content]:
        words = query.lower().split()
        rows = [row for row in _EDITOR if all(word in " ".join(row).lower() for word in words)]
        head = [Content.styled("While you type; these stay as they are", "bold $accent")]
        return [
            *(head if rows else ()),
            *(
                line
                for shown, title, text in rows
                for line in _row(shown, title, textwrap.wrap(text, room), under=self._under)
            ),
        ]

    def _lines(self, title: str, action: Action | None, room: int) -> list[Content]:
        """An entry with its help wrapped to ``room`` cells, under itself, and its id at the end."""
        if action is None:
            return [Content.styled(title, "$quiet" if title.startswith(" ") else "bold $accent")]
        own = action.keys_under(self._own)
        shown = " ".join(keys.shown(key, short=True) for key in own)
        if not own and action.palette:
            shown = self._palette
        mark = "*" if action.id in self._own else " "
        *before, last = textwrap.wrap(action.help, room)
        if len(last) + 2 + len(action.id) > room:
            before, last = [*before, last], ""
        text = [*before, last + action.id.rjust(room - len(last))]
        return _row(shown + mark, title, text, under=self._under, bright=bool(own))

    def action_leave(self) -> None:
        self.dismiss()

    def action_up(self) -> None:
        self._scroll(-1)

    def action_down(self) -> None:
        self._scroll(1)

    def action_page_up(self) -> None:
        self._scroll(-10)

    def action_page_down(self) -> None:
        self._scroll(10)

    def _scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def _row(
    shown: str, title: str, text: list[str], *, under: bool, bright: bool = True
) -> list[Content]:
    """Keys, title, and the lines of ``text`` beside or under them."""
    first, *rest = ["", *text] if under else text
    head = Content.assemble(
        " ",
        (fit(shown, _KEYS, pad=True), "$foreground" if bright else "$quiet"),
        (fit(title, _TITLE, pad=not under), "bold"),
        (first, "$quiet"),
    )
    indent = " " * (_INDENT if under else 1 + _KEYS + _TITLE)
    return [head, *(Content.styled(indent + line, "$quiet") for line in rest)]
