"""What is set before a run: its name, how long it may take, and every knob under that."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import msgspec
from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from engine import paths
from engine.config import knobs
from engine.protocol.messages import ListModels, PlanTraining
from engine.protocol.values import ModelCard
from tui.render import content, fit
from tui.room import Room
from tui.train.figures import PRESET_NAMES
from tui.widgets.form import Box, Choice, Field, Form, walk

MINUTES = {"2m": 2.0, "10m": 10.0, "overnight": 480.0}
PLAN_SECONDS = 0.6
"""Rest after a change before the engine is asked for another plan."""
_WALKED = "SettingsView Input, SettingsView Choice"


class SettingsView(Vertical):
    """Name, preset and form; keeps the plan of the engine in step with them."""

    DEFAULT_CSS = """
    SettingsView { padding: 0 1; }
    SettingsView .settings-row { height: 1; }
    SettingsView .settings-row Label { width: 22; }
    SettingsView .settings-note { width: 1fr; color: $quiet; padding: 0 0 0 2;
      text-wrap: nowrap; text-overflow: ellipsis; }
    SettingsView .settings-row #settings-corpus { width: 1fr; text-wrap: nowrap; }
    SettingsView #settings-name { width: 34; padding: 0 1; background: $panel; }
    SettingsView #settings-name:focus { background-tint: $accent 12%; }
    SettingsView #settings-again { height: 1; color: $quiet; text-wrap: nowrap;
      text-overflow: ellipsis; display: none; }
    SettingsView #settings-again.-shown { display: block; }
    SettingsView #settings-plan { color: $quiet; height: auto; margin: 0 0 1 0; }
    SettingsView #settings-plan.-bad { color: $error; }
    SettingsView Form { height: 1fr; }
    """

    def __init__(self, room: Room, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._room = room
        self._suggested = ""
        self._planned_for: tuple[object, ...] = ()
        self._reasons = ""
        self._cards: dict[str, ModelCard] = {}
        self._form = Form(walked=_WALKED, id="settings-knobs")

    def compose(self) -> ComposeResult:
        with Horizontal(classes="settings-row"):
            yield Label("corpus")
            yield Label("", id="settings-corpus", markup=False)
        with Horizontal(classes="settings-row"):
            yield Label("name of the model")
            yield Box("", walked=_WALKED, id="settings-name", max_length=60)
            yield Static("", id="settings-name-note", classes="settings-note", markup=False)
        yield Static("", id="settings-again", markup=False)
        with Horizontal(classes="settings-row"):
            yield Label("how long")
            yield Choice(tuple(PRESET_NAMES.values()), id="settings-preset")
            yield Static("sizes all below that you leave alone", classes="settings-note")
        yield Static("", id="settings-plan", markup=False)
        yield self._form

    def on_key(self, event: events.Key) -> None:
        walk(self.screen, event, _WALKED)

    # -- what is set

    @property
    def corpus(self) -> tuple[str, ...]:
        """Paths of the corpus to train on."""
        return self._room.cold_open.corpus_paths

    @property
    def preset(self) -> str:
        """``2m``, ``10m`` or ``overnight``."""
        word = self.query_one("#settings-preset", Choice).word
        return next(key for key, name in PRESET_NAMES.items() if name == word)

    @property
    def model_name(self) -> str:
        return self.query_one("#settings-name", Input).value.strip()

    @property
    def cards(self) -> dict[str, ModelCard]:
        """The models there were when the view was last shown, by name."""
        return self._cards

    def vectors_name(self) -> str:
        """A name for word vectors of the corpus that none has yet."""
        return suggested_name(self.corpus, self._cards, "-vectors")

    def moods_name(self, labels: tuple[str, ...]) -> str:
        """A name for a network that learns moods from ``labels``, which none has yet."""
        ending = "" if Path(labels[0]).stem.lower().endswith("moods") else "-moods"
        return suggested_name(labels, self._cards, ending)

    def own_values(self) -> dict[str, Any]:
        """What the user has set, here and in the Corpus room.

        Raises:
            ConfigurationError: naming the first field that is wrong.
        """
        elsewhere = {
            "vocabulary_cutoff": self._room.cold_open.cutoff,
            "device": self._room.settings.device,
        }
        return elsewhere | self._form.own_values()

    @property
    def interrupted(self) -> ModelCard | None:
        """The newest run that was stopped or cut off and can go on."""
        return max(self.resumable, key=lambda card: card.created, default=None)

    @property
    def resumable(self) -> list[ModelCard]:
        """The runs that were stopped or cut off and can go on."""
        return [
            card
            for card in self._cards.values()
            if card.state in ("stopped", "failed")
            and card.is_language_model
            and not card.bundled
            and card.steps > 0
        ]

    def reset(self) -> None:
        """Forget what the user has set in the form."""
        self._form.reset()
        self._leave_out()
        self._planned_for = ()
        self.plan()

    # -- keeping it true

    def renew(self) -> None:
        """Look again at the corpus and the models; called whenever the view is shown."""
        corpus = self.corpus
        bundled = corpus == (str(paths.bundled_corpus()),)
        more = f" and {len(corpus) - 1} more" if len(corpus) > 1 else ""
        title = "Spin Cycle, the bundled sitcom" if bundled else Path(corpus[0]).name + more
        key = self._room.key_of("choose_corpus")
        self.query_one("#settings-corpus", Label).update(
            Content.assemble(fit(title, 60), (f"  {key} chooses another" if key else "", "$quiet"))
        )
        self._look_at_models()
        self.plan()

    @work(exclusive=True, group="models")
    async def _look_at_models(self) -> None:
        found = await self._room.ask(ListModels())
        if found is None:
            return
        self._cards = {card.name: card for card in found.models}
        box = self.query_one("#settings-name", Input)
        if box.value in ("", self._suggested):
            self._suggested = suggested_name(self.corpus, self._cards)
            box.value = self._suggested
        self._judge_name()
        self._offer_again()
        self._room.refresh_bindings()

    @on(Input.Changed, "#settings-name")
    def _name_typed(self, event: Input.Changed) -> None:
        event.stop()
        self._judge_name()

    def _judge_name(self) -> None:
        note = self.query_one("#settings-name-note", Static)
        there = self._cards.get(self.model_name)
        if there is not None and not there.bundled:
            note.update(Content.styled("there already: it would be replaced", "$warning"))
        else:
            note.update("")

    def _offer_again(self) -> None:
        """Say which run could go on, in a line of its own: names are long."""
        line, again = self.query_one("#settings-again", Static), self.interrupted
        offered = again is not None and bool(self._room.check_action("resume", ()))
        line.set_class(offered, "-shown")
        if again is not None and offered:
            way, name = self._room.way_to("train.resume"), fit(again.name, 32)
            line.update(content(f"{way} goes on with “{name}”, stopped at {again.steps:,}"))

    @on(Choice.Changed)
    def _preset_chosen(self, event: Choice.Changed) -> None:
        event.stop()
        self.plan(PLAN_SECONDS)

    @on(Form.Changed)
    def _form_changed(self, event: Form.Changed) -> None:
        if event.name == "model":
            self._leave_out()
        self.plan(PLAN_SECONDS)

    def _leave_out(self) -> None:
        """Show no settings that the chosen model does not have."""
        model = self._form.fields()["model"].value
        self._form.leave_out({knob.name for knob in knobs() if model not in knob.models})

    # -- the plan

    @work(exclusive=True, group="plan")
    async def plan(self, rest: float = 0.0) -> None:
        """After ``rest`` seconds ask the engine what fits this machine, and fill the form."""
        await asyncio.sleep(rest)
        if self._form.problems():
            self._say("Mend the marked setting first.", bad=True)
            return
        own = self.own_values()
        asked = (self.corpus, self.preset, tuple(sorted(own.items())))
        if asked == self._planned_for:
            self._say(self._reasons)
            return
        self._say("measuring this machine…")
        plan = await self._room.ask(
            PlanTraining(
                paths=self.corpus,
                minutes=own.get("minutes") or MINUTES[self.preset],
                settings=own,
            )
        )
        if plan is None:
            self._say("There is no plan for this corpus: see the message.", bad=True)
            return
        self._planned_for = asked
        values = msgspec.to_builtins(plan.config)
        values.pop(self._being_typed(), None)
        self._form.set_values(values)
        self._reasons = "\n".join(plan.reasons)
        self._say(self._reasons)

    def _being_typed(self) -> str:
        """The field that has the focus: filling it in would take the text from the user's hand."""
        focused = self.screen.focused
        field = focused.parent if isinstance(focused, Input) else None
        return field.knob.name if isinstance(field, Field) and field.own else ""

    def _say(self, text: str, *, bad: bool = False) -> None:
        note = self.query_one("#settings-plan", Static)
        note.set_class(bad, "-bad")
        note.update(content(text))


def suggested_name(corpus: tuple[str, ...], taken: dict[str, ModelCard], ending: str = "") -> str:
    """A name for a model of ``corpus`` that none has yet; ``ending`` says what it is."""
    if corpus == (str(paths.bundled_corpus()),):
        wish = "my-spin-cycle"
    else:
        wish = re.sub(r"[\W_]+", "-", Path(corpus[0]).stem.lower()).strip("-")[:40] or "model"
    wish += ending
    name, number = wish, 2
    while name in taken:
        name, number = f"{wish}-{number}", number + 1
    return name
