"""A form made from the knobs of a configuration: presets on top, ranges checked while typing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from engine.config import Knob, checked, knobs
from engine.errors import ConfigurationError
from tui.widgets.line_box import LineBox


class Choice(Widget, can_focus=True):
    """One of a few words: left, right and Space go through them."""

    DEFAULT_CSS = """
    Choice { width: 16; height: 1; }
    Choice:focus { color: $accent; text-style: bold; }
    """
    index: reactive[int] = reactive(0)

    class Changed(Message):
        """Another word was chosen."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, words: Sequence[str], *, index: int = 0, id: str | None = None) -> None:
        super().__init__(id=id)
        self.words = tuple(words)
        self.set_reactive(Choice.index, index)

    @property
    def word(self) -> str:
        return self.words[self.index]

    def render(self) -> Content:
        return Content.assemble(("‹ ", "$quiet"), self.word, (" ›", "$quiet"))

    def _step(self, by: int) -> None:
        self.index = (self.index + by) % len(self.words)
        self.post_message(self.Changed(self))

    def on_key(self, event: events.Key) -> None:
        if event.key in ("right", "space", "left"):
            self._step(-1 if event.key == "left" else 1)
            event.stop()
            event.prevent_default()

    def on_click(self) -> None:
        self._step(1)


class Box(LineBox):
    """A line to type in; Enter goes on at once to the next of those that ``walked`` selects.

    A message would take the focus there too late for keys that came together with Enter.
    """

    def __init__(self, value: str = "", *, walked: str, **options: Any) -> None:
        super().__init__(value, compact=True, **options)
        self._walked = walked

    async def action_submit(self) -> None:
        self.screen.focus_next(self._walked)


class Field(Horizontal):
    """One knob: its name, the box to change it, and its explanation or what is wrong."""

    DEFAULT_CSS = """
    Field { height: 1; }
    Field > Label { width: 22; }
    Field > Input { width: 16; padding: 0 1; background: $panel; }
    Field > Input:focus { background-tint: $accent 12%; }
    Field > .field-note { width: 1fr; height: 1; padding: 0 0 0 2; color: $quiet;
      text-wrap: nowrap; text-overflow: ellipsis; }
    Field.-bad > .field-note { color: $error; }
    Field.-own > Label { color: $accent; }
    """

    def __init__(self, knob: Knob, check: Callable[[dict[str, Any]], Any], walked: str) -> None:
        super().__init__()
        self.knob = knob
        self._walked = walked
        self.own = False
        """Whether the user has set it, as against a preset."""
        self.problem = ""
        self._check = check
        self._value: Any = knob.default
        self._shown = self._text(self._value)
        self._edited = False

    @property
    def value(self) -> Any:
        """The value as last typed, if it was right, else the last right one."""
        return self._value

    def compose(self) -> ComposeResult:
        yield Label(self.knob.name.replace("_", " "))
        if self.knob.type in ("bool", "choice"):
            yield Choice(self._words(), index=self._words().index(self._text(self._value)))
        else:
            yield Box(self._text(self._value), walked=self._walked, select_on_focus=True)
        yield Static(self.about(), classes="field-note", markup=False)

    def _words(self) -> tuple[str, ...]:
        return ("off", "on") if self.knob.type == "bool" else self.knob.choices

    def _text(self, value: Any) -> str:
        if self.knob.type == "bool":
            return "on" if value else "off"
        if value is None:
            return ""
        return f"{value:g}" if isinstance(value, float) else str(value)

    def about(self) -> str:
        """Range and explanation."""
        limits = f"{self.knob.limits}. " if self.knob.limits else ""
        return f"{limits}{self.knob.description}"

    def set(self, value: Any) -> None:
        """Show ``value`` as coming from a preset, not from the user."""
        self._value, self.own = value, False
        text = self._text(value)
        if self.knob.type in ("bool", "choice"):
            self.query_one(Choice).index = self._words().index(text)
        else:
            self._shown, self._edited = text, False
            self.query_one(Input).value = text
        self._judge("")

    @on(Choice.Changed)
    def _chosen(self, event: Choice.Changed) -> None:
        event.stop()
        word = event.choice.word
        self._value = word == "on" if self.knob.type == "bool" else word
        self.own = True
        self._judge("")
        self.post_message(Form.Changed(self.knob.name))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != event.input.value or (event.value == self._shown and not self._edited):
            return  # Out of date, or not the user's doing.
        self._edited = True
        try:
            self._value = self.read(event.value)
        except ConfigurationError as error:
            self.own = True
            self._judge(error.hint or error.message)
        else:
            self.own = event.value.strip() != ""
            if not self.own and not self.knob.optional:
                self._value = self.knob.default
            self._judge("")
        self.post_message(Form.Changed(self.knob.name))

    def read(self, text: str) -> Any:
        """The value that ``text`` stands for; empty means the default, or none where that may be.

        Raises:
            ConfigurationError: when it is no number or out of range.
        """
        text = text.strip()
        if not text:
            return None if self.knob.optional else self.knob.default
        if self.knob.type == "str":
            self._check({self.knob.name: text})
            return text
        text = text.replace("_", "")
        kind = "a whole number" if self.knob.type == "int" else "a number"
        try:
            value: int | float = int(text) if self.knob.type == "int" else float(text)
        except ValueError:
            raise ConfigurationError(
                f"{self.knob.name}: {text!r} is not {kind}.", f"Not {kind}: {self.knob.limits}."
            ) from None
        self._check({self.knob.name: value})
        return value

    def _judge(self, problem: str) -> None:
        self.problem = problem
        self.set_class(bool(problem), "-bad")
        self.set_class(self.own and not problem, "-own")
        note = Content(f"✕ {problem}" if problem else self.about())
        self.query_one(".field-note", Static).update(note)


class Form(Vertical):
    """Fields for ``fields`` (all knobs of a training run by default), grouped.

    Posts :class:`Changed` whenever the user changes a value. Up and Down go from field to field;
    the explanation of the present one stands in full at the bottom.
    """

    DEFAULT_CSS = """
    Form { height: 1fr; }
    Form > VerticalScroll { height: 1fr; }
    Form .form-group { color: $accent; margin: 1 0 0 0; }
    Form .form-group.-first { margin: 0; }
    Form > #form-help { height: 2; color: $quiet; border-top: none; padding: 0 0 0 0;
      background: $surface; }
    """

    class Changed(Message):
        """The user has changed the field ``name``."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(
        self,
        fields: Sequence[Knob] | None = None,
        *,
        check: Callable[[dict[str, Any]], Any] = checked,
        walked: str = "Form Input, Form Choice",
        id: str | None = None,
    ) -> None:
        """``walked`` selects what Up and Down go through, where there is more than the form."""
        super().__init__(id=id)
        self._walked = walked
        self._knobs = tuple(fields if fields is not None else knobs())
        self._check = check

    def compose(self) -> ComposeResult:
        group = ""
        with VerticalScroll(can_focus=False):
            for knob in self._knobs:
                if knob.group != group:
                    first = " -first" if not group else ""
                    yield Label(knob.group, classes=f"form-group{first}")
                    group = knob.group
                yield Field(knob, self._check, self._walked)
        yield Static(id="form-help")

    def on_mount(self) -> None:
        # Also of a focus that leaves the form: nothing of it is explained then.
        self.watch(self.screen, "focused", self._explain, init=False)

    @on(Changed)
    def _explain(self) -> None:
        focused = self.screen.focused
        field = focused.parent if focused is not None else None
        if not (isinstance(field, Field) and self in field.ancestors):
            self.query_one("#form-help", Static).update("")
        else:
            name = field.knob.name.replace("_", " ")
            style = "$error" if field.problem else ""
            self.query_one("#form-help", Static).update(
                Content.assemble((f"{name}: ", "bold"), (field.problem or field.about(), style))
            )

    def fields(self) -> dict[str, Field]:
        """The fields by name."""
        return {field.knob.name: field for field in self.query(Field)}

    def leave_out(self, names: Collection[str]) -> None:
        """Show all fields but ``names``, which have no values until they are shown again."""
        for name, field in self.fields().items():
            field.display = name not in names

    def _shown(self) -> dict[str, Field]:
        return {name: field for name, field in self.fields().items() if field.display}

    def set_values(self, values: Mapping[str, Any], *, keep_own: bool = True) -> None:
        """Show the values of a preset; what the user has set stays unless ``keep_own`` is off."""
        for name, field in self.fields().items():
            if name in values and not (keep_own and field.own):
                field.set(values[name])

    def reset(self) -> None:
        """Back to the defaults everywhere."""
        for field in self.fields().values():
            field.set(field.knob.default)

    def own_values(self) -> dict[str, Any]:
        """Only what the user has set, for a plan that may choose the rest.

        Raises:
            ConfigurationError: naming the first field that is wrong.
        """
        self._insist()
        return {name: field.value for name, field in self._shown().items() if field.own}

    def values(self) -> dict[str, Any]:
        """Every value as shown.

        Raises:
            ConfigurationError: naming the first field that is wrong.
        """
        self._insist()
        return {name: field.value for name, field in self._shown().items()}

    def problems(self) -> dict[str, str]:
        """What is wrong, by field."""
        return {name: field.problem for name, field in self._shown().items() if field.problem}

    def _insist(self) -> None:
        for name, field in self._shown().items():
            if field.problem:
                raise ConfigurationError(f"{name.replace('_', ' ')}: {field.problem}")

    def on_key(self, event: events.Key) -> None:
        walk(self.screen, event, self._walked)


def walk(screen: Screen[Any], event: events.Key, among: str) -> None:
    """Up, Down and Enter take the focus to a neighbour of those that ``among`` selects."""
    if event.key in ("up", "down", "enter"):
        step = screen.focus_previous if event.key == "up" else screen.focus_next
        step(among)
        event.stop()
        event.prevent_default()
