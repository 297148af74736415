"""The side panel: how daring the model is, where it stops, who is in the cast."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Label, Static

from engine.protocol.values import SamplerSettings, StopRule
from tui.render import content, fit

PRESETS: dict[str, SamplerSettings] = {
    "careful": SamplerSettings(temperature=0.5, top_p=0.85),
    "lively": SamplerSettings(temperature=0.8, top_p=0.95),
    "wild": SamplerSettings(temperature=1.2, top_p=1.0, min_p=0.02),
}
FIELDS = {
    "temperature": "temperature",
    "top_k": "top-k",
    "top_p": "top-p",
    "min_p": "min-p",
    "repetition_penalty": "repetition",
    "no_repeat_ngram": "no n-gram",
    "banned": "banned",
    "max_copied_words": "max copied",
}
STOPS = ("length", "line", "speech", "scene")


class OddsPanel(VerticalScroll):
    """Settings that hold from the next word on."""

    DEFAULT_CSS = """
    OddsPanel { width: 30; padding: 0 1; border-left: solid $chart-faint; display: none; }
    OddsPanel.-open { display: block; }
    OddsPanel Label { color: $quiet; }
    OddsPanel Input { border: none; height: 1; padding: 0; background: $surface; }
    OddsPanel Input:focus { background: $boost; }
    OddsPanel Input.-bad { color: $error; }
    OddsPanel .problem { color: $error; height: auto; }
    """

    class Changed(Message):
        """Settings or stop rule are others now."""

    def __init__(self, settings: SamplerSettings, stop: StopRule, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.settings, self.stop_rule = settings, stop
        self.seed: int | None = None
        self.last_seed: int | None = None

    def compose(self) -> ComposeResult:
        yield Static("Odds", classes="title")
        for name, label in FIELDS.items():
            yield Label(label)
            yield Input(self._shown(name), id=f"odds-{name}", select_on_focus=True)
        yield Label("seed (empty: a new one)")
        yield Input("", id="odds-seed", select_on_focus=True)
        yield Label("words at most")
        yield Input(str(self.stop_rule.tokens), id="odds-tokens", select_on_focus=True)
        yield Label("stop at " + " / ".join(STOPS))
        yield Input(self.stop_rule.at, id="odds-at", select_on_focus=True)
        yield Static("", id="odds-problem", classes="problem", markup=False)
        yield Static(self._presets(), id="odds-presets")
        yield Static("", id="odds-cast", markup=False)

    def _shown(self, name: str) -> str:
        value = getattr(self.settings, name)
        return ", ".join(value) if isinstance(value, tuple) else f"{value:g}"

    def _presets(self) -> Content:
        lines = [
            f"{name}: temperature {s.temperature:g}, top-p {s.top_p:g}"
            + (f", min-p {s.min_p:g}" if s.min_p else "")
            for name, s in PRESETS.items()
        ]
        return content("Presets (F2):\n" + "\n".join(lines))

    def set_settings(self, settings: SamplerSettings) -> None:
        """Show and use ``settings``."""
        self.settings = settings
        for name in FIELDS:
            box = self.query_one(f"#odds-{name}", Input)
            with box.prevent(Input.Changed):
                box.value = self._shown(name)
            box.remove_class("-bad")
        self.post_message(self.Changed())

    def warm(self, by: float) -> None:
        """Change the temperature by ``by``, within its range."""
        wanted = round(min(5.0, max(0.0, self.settings.temperature + by)), 2)
        self.set_settings(msgspec.structs.replace(self.settings, temperature=wanted))

    def show_cast(self, rows: Sequence[tuple[str, str]]) -> None:
        """The cast with a figure beside each name."""
        lines = [f"{fit(name, 18, pad=True)} {figure:>7}" for name, figure in rows]
        text = "Cast (Ctrl+T speaks as)\n" + "\n".join(lines) if lines else ""
        self.query_one("#odds-cast", Static).update(content(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check and take a value as it is typed."""
        event.stop()
        name = (event.input.id or "").removeprefix("odds-")
        problem = self._take(name, event.value.strip())
        event.input.set_class(bool(problem), "-bad")
        self.query_one("#odds-problem", Static).update(content(problem))
        if not problem:
            self.post_message(self.Changed())

    def _take(self, name: str, text: str) -> str:
        """Use a typed value; says what is wrong with it, or nothing."""
        try:
            if name == "seed":
                self.seed = int(text) if text else None
                if self.seed is not None and not 0 <= self.seed < 2**63:
                    raise ValueError
            elif name in ("tokens", "at"):
                values = msgspec.to_builtins(self.stop_rule) | {
                    name: int(text) if name == "tokens" else text
                }
                self.stop_rule = msgspec.convert(values, StopRule)
            else:
                values = {f: getattr(self.settings, f) for f in FIELDS}
                if name == "banned":
                    values[name] = tuple(w.strip() for w in text.split(",") if w.strip())
                elif name in ("top_k", "no_repeat_ngram", "max_copied_words"):
                    values[name] = int(text)
                else:
                    values[name] = float(text)
                self.settings = msgspec.convert(values, SamplerSettings)
        except (ValueError, msgspec.ValidationError) as error:
            said = str(error).partition(" - at")[0] if "Expected" in str(error) else "not a number"
            return f"{FIELDS.get(name, name)}: {said}"
        return ""
