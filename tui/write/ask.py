"""Small questions: a name to type, or one of a list to choose."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.render import content
from tui.widgets.keyed import Keyed
from tui.widgets.line_box import LineBox
from tui.widgets.once import Once


class Ask(Keyed, Once, ModalScreen[str]):
    """Asks for a line of text, or for one of ``choices``; an empty answer means no.

    Typing narrows the choices, the one that is called just so first; where an answer is ``free``,
    the last row is what was typed, unless that is a choice already. A digit chooses among the first
    nine where ``digits`` is set.
    """

    key_group = "dialog"
    DEFAULT_CSS = """
    Ask { align: center middle; }
    Ask > Vertical { width: 56; height: auto; max-height: 80%; padding: 0 1;
        border: round $primary; background: $surface; }
    Ask Input { border: none; height: 1; padding: 0; background: $boost; }
    Ask Input:focus { border: none; height: 1; }
    Ask OptionList { height: auto; max-height: 16; border: none; background: $surface; }
    Ask OptionList:focus { border: none; }
    """

    def __init__(
        self,
        title: str,
        *,
        choices: Sequence[tuple[str, str]] = (),
        value: str = "",
        free: bool = True,
        digits: bool = False,
    ) -> None:
        super().__init__()
        self._title, self._choices, self._value = title, list(choices), value
        self._free, self._digits = free, digits
        self._shown: list[str] = []
        self._new = ""
        """What was typed, where that may be the answer and is no choice."""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(content(self._title), classes="title")
            yield LineBox(self._value)
            if self._choices:
                yield OptionList(markup=False)

    def on_mount(self) -> None:
        self._narrow("")

    def on_input_changed(self, event: Input.Changed) -> None:
        text = event.value
        digit = int(text) if self._digits and len(text) == 1 and text.isdecimal() else 0
        if 0 < digit <= len(self._shown):
            self.dismiss(self._shown[digit - 1])
        else:
            self._narrow("" if text == self._value else text)

    def _narrow(self, text: str) -> None:
        if not self._choices:
            return
        box = self.query_one(OptionList)
        typed = text.strip()
        same = [name for name, _note in self._choices if name.lower() == typed.lower()]
        fits = [(n, note) for n, note in self._choices if n in same or self._fits(n, text)]
        fits.sort(key=lambda choice: (choice[0] != typed, choice[0] not in same))
        self._shown = [name for name, _note in fits]
        self._new = typed if self._free and not same else ""
        box.clear_options()
        for index, (name, note) in enumerate(fits):
            digit = f"{index + 1} " if self._digits and index < 9 else "  "
            box.add_option(Option(content(f"{digit}{name}  {note}", newlines=False)))
        if self._new:
            box.add_option(Option(content(f"  {self._new}  new", newlines=False)))
        if self._answers:
            box.highlighted = 0
        elif not self._free:
            box.add_option(Option("  nothing is called so", disabled=True))

    @property
    def _answers(self) -> list[str]:
        """What the rows stand for."""
        return [*self._shown, self._new] if self._new else self._shown

    def _fits(self, name: str, text: str) -> bool:
        """Whether ``text`` is a part of ``name``; where it may be a new one, a word's beginning."""
        name, text = name.lower(), text.lower()
        return f" {text}" in f" {name}" if self._free else text in name

    def action_up(self) -> None:
        self._move("cursor_up")

    def action_down(self) -> None:
        self._move("cursor_down")

    def action_page_up(self) -> None:
        self._move("page_up")

    def action_page_down(self) -> None:
        self._move("page_down")

    def _move(self, how: str) -> None:
        if self._choices:
            getattr(self.query_one(OptionList), f"action_{how}")()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if answers := self._answers:
            chosen = self.query_one(OptionList).highlighted
            self.dismiss(answers[chosen or 0])
        elif self._free:
            self.dismiss(event.value.strip())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._answers[event.option_index])

    def action_leave(self) -> None:
        self.dismiss("")
