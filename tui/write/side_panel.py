"""The side panel: the model and its odds, the draft in figures, the cast and who speaks next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static

from engine.protocol.values import SamplerSettings, StopRule
from tui.render import content, fit
from tui.widgets.line_box import LineBox
from tui.write.figures import Figures
from tui.write.odds import (
    FIELDS,
    PRESETS,
    STOP_FIELDS,
    allowed,
    seed_from,
    shown,
    summary,
    with_stop,
    with_value,
)

WIDTH = 30
_INNER = WIDTH - 4


class SidePanel(VerticalScroll):
    """Settings that hold from the next word on, and what there is to know while writing."""

    DEFAULT_CSS = f"""
    SidePanel {{ width: {WIDTH}; padding: 0 1; border-left: solid $chart-faint; display: none;
        scrollbar-size-vertical: 1; }}
    SidePanel.-open {{ display: block; }}
    SidePanel Grid {{ grid-size: 2; grid-columns: 13 1fr; grid-rows: 1; height: auto; }}
    SidePanel Label {{ color: $quiet; }}
    SidePanel Input {{ border: none; height: 1; padding: 0; background: $surface; }}
    SidePanel Input:focus {{ border: none; background: $panel; }}
    SidePanel Input.-bad {{ color: $error; }}
    SidePanel #side-problem {{ color: $error; height: auto; }}
    SidePanel Static {{ height: auto; }}
    SidePanel .part {{ margin: 1 0 0 0; }}
    """

    class Changed(Message):
        """Settings or stop rule are others now."""

    def __init__(self, settings: SamplerSettings, stop: StopRule, *, id: str | None = None) -> None:
        super().__init__(id=id, can_focus=False)
        self.settings, self.stop_rule = settings, stop
        self.seed: int | None = None
        """The seed to use; None draws one each time."""
        self.last_seed: int | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="side-model")
        with Grid():
            for name, label in (FIELDS | STOP_FIELDS | {"seed": "seed"}).items():
                yield Label(label)
                yield LineBox(self._text(name), id=f"odds-{name}", select_on_focus=True)
        yield Static(id="side-problem")
        yield Static(self._presets(), id="side-presets")
        yield Static(id="side-figures", classes="part")
        yield Static(id="side-cast", classes="part")

    def on_mount(self) -> None:
        self.query_one("#odds-seed", Input).placeholder = "a new one"

    # -- settings

    def _text(self, name: str) -> str:
        if name in STOP_FIELDS:
            return str(getattr(self.stop_rule, name))
        if name == "seed":
            return "" if self.seed is None else str(self.seed)
        return shown(self.settings, name)

    def _presets(self) -> Content:
        # Short enough for one row each; what all have in common stands in the fields.
        values = {
            name: summary(msgspec.structs.replace(settings, no_repeat_ngram=0))
            for name, settings in PRESETS.items()
        }
        shorter = {"0.": ".", "T ": "T", "p ": "p"}
        for long, short in shorter.items():
            values = {name: value.replace(long, short) for name, value in values.items()}
        lines = [f"{name:8}{value}" for name, value in values.items()]
        return content("\n".join(lines), "$quiet")

    def set_settings(self, settings: SamplerSettings) -> None:
        """Show and use ``settings``."""
        self.settings = settings
        for name in FIELDS:
            box = self.query_one(f"#odds-{name}", Input)
            with box.prevent(Input.Changed):
                box.value = self._text(name)
            box.remove_class("-bad")
        self.query_one("#side-problem", Static).update("")
        self.post_message(self.Changed())

    def warm(self, by: float) -> None:
        """Change the temperature by ``by``, within its range."""
        wanted = round(min(5.0, max(0.0, self.settings.temperature + by)), 2)
        self.set_settings(msgspec.structs.replace(self.settings, temperature=wanted))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check and take a value as it is typed."""
        event.stop()
        name = (event.input.id or "").removeprefix("odds-")
        before = (self.settings, self.stop_rule, self.seed)
        problem = self._take(name, event.value.strip())
        event.input.set_class(bool(problem), "-bad")
        told = content(problem) if problem else content(allowed(name), "$quiet")
        self.query_one("#side-problem", Static).update(told)
        if (self.settings, self.stop_rule, self.seed) != before:
            self.post_message(self.Changed())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what may stand in the field."""
        name = (event.widget.id or "").removeprefix("odds-")
        self.query_one("#side-problem", Static).update(content(allowed(name), "$quiet"))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """What was typed and cannot be is forgotten: the field shows what holds."""
        box = event.widget
        if isinstance(box, Input) and box.has_class("-bad"):
            with box.prevent(Input.Changed):
                box.value = self._text((box.id or "").removeprefix("odds-"))
            box.remove_class("-bad")
        self.query_one("#side-problem", Static).update("")

    def _take(self, name: str, text: str) -> str:
        """Use a typed value; says what is wrong with it, or nothing."""
        try:
            if name == "seed":
                self.seed = seed_from(text)
            elif name in STOP_FIELDS:
                self.stop_rule = with_stop(self.stop_rule, name, text)
            else:
                self.settings = with_value(self.settings, name, text)
        except ValueError as error:
            return str(error)
        return ""

    # -- what it tells

    def show_model(self, name: str, about: str) -> None:
        """The model in use."""
        text = Content.assemble((fit(name, _INNER), "bold $accent"), "\n", (fit(about, _INNER), ""))
        self.query_one("#side-model", Static).update(text)

    def show_figures(self, figures: Figures, copied: str) -> None:
        """The draft in figures; ``copied`` tells of the longest span from the corpus."""
        lines = [
            f"{figures.words:,} words · {figures.pages:.1f} pages",
            f"{figures.scenes:,} scenes" if figures.scenes != 1 else "1 scene",
            f"model {figures.by_model:.0%} · you {1 - figures.by_model:.0%}",
            *([copied] if copied else []),
        ]
        self.query_one("#side-figures", Static).update(content("\n".join(lines), "$quiet"))

    def show_cast(
        self,
        names: Sequence[str],
        own: Mapping[str, int],
        corpus: Mapping[str, int],
        odds: Mapping[str, float],
        key: str,
    ) -> None:
        """The cast with lines here and in the corpus, and the odds of speaking next."""
        lines = list(self._cast_lines(names, own, corpus, odds))
        if not lines:
            self.query_one("#side-cast", Static).update("")
            return
        head = Content.styled(fit(f"Cast ({key} speaks as)", _INNER), "$quiet")
        labels = Content.styled(f"{'':12}here corp next", "$quiet")
        self.query_one("#side-cast", Static).update(Content("\n").join([head, labels, *lines]))

    @staticmethod
    def _cast_lines(
        names: Sequence[str],
        own: Mapping[str, int],
        corpus: Mapping[str, int],
        odds: Mapping[str, float],
    ) -> Iterator[Content]:
        chances = {name.lower(): chance for name, chance in odds.items()}
        for name in names:
            chance = chances.get(name.lower())
            next_up = "" if chance is None else f"{chance:.0%}"
            yield Content.assemble(
                fit(name, 11, pad=True),
                (f"{own.get(name, 0):5}{corpus.get(name.lower(), 0):5}", "$quiet"),
                (f"{next_up:>5}", "$accent"),
            )
