"""The Inspect room: why the model wrote that word, and what it has learned about words."""

from __future__ import annotations

from functools import partial

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from engine.errors import ColdOpenError
from engine.protocol.messages import AnyEvent, JobsChanged, ListModels
from engine.protocol.values import ModelCard
from tui.editor.script_area import ScriptArea
from tui.inspect.attention import AttentionView
from tui.inspect.cells import CellsView
from tui.inspect.map_view import MapView
from tui.inspect.mood import MoodView
from tui.inspect.neighbours import NeighboursView
from tui.inspect.odds import OddsView
from tui.inspect.subject import GivesText, Subject, TakeSwap
from tui.inspect.view import NO_MODEL, InspectView
from tui.keys import types_text
from tui.library import kinds
from tui.render import content, fit
from tui.room import Room
from tui.widgets.keyed import Keyed
from tui.write.ask import Ask

VIEWS: tuple[type[InspectView], ...] = (
    OddsView, AttentionView, NeighboursView, MapView, CellsView, MoodView,
)  # fmt: skip
SHOWN_IN = {
    "go_on": ("odds",),
    "next_head": ("attention",),
    "toggle_matrix": ("attention",),
    "toggle_copying": ("attention",),
    "zoom_in": ("map",),
    "zoom_out": ("map",),
    "whole_map": ("map",),
    "next_found": ("map",),
    "change_map": ("map",),
    "change_table": ("map",),
    "find_cells": ("cells",),
    "change_state": ("cells",),
    "ask": ("neighbours", "map", "cells"),
}
"""Actions that some views have and others have not."""


class OwnText(Keyed, ScriptArea):
    """Where a text is typed or pasted, drawn as safely as a draft; Esc closes it."""

    key_group = "box"

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "tab":  # nothing is pending here that it could take
            event.stop()
            event.prevent_default()
            self.screen.focus_next()

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """See :meth:`tui.inspect.query_line.QueryLine.check_consume_key`."""
        return types_text(key) or super().check_consume_key(key, character)

    def action_leave(self) -> None:
        self.app.call_next(partial(self._close))

    async def _close(self) -> None:
        room = self.query_ancestor(InspectRoom)
        room.action_edit_text()


class ViewTab(Static):
    """One name in the row of views."""

    def __init__(self, view: type[InspectView]) -> None:
        super().__init__(content(view.title), id=f"tab-{view.view_id}", classes="view-tab")
        self.view_id = view.view_id

    def on_click(self) -> None:
        self.query_ancestor(InspectRoom).show_view(self.view_id)


class InspectRoom(Room):
    """A row of views of one model and one text."""

    room_id = "inspect"
    title = "Inspect"
    DEFAULT_CSS = """
    InspectRoom #inspect-head { height: 1; background: $surface; }
    InspectRoom .view-tab { width: auto; padding: 0 1; color: $quiet; }
    InspectRoom .view-tab.-active { color: $accent; text-style: bold; }
    InspectRoom #inspect-about { width: 1fr; color: $quiet; text-align: right; padding: 0 1; }
    InspectRoom #inspect-own { height: 10; border: none; border-bottom: solid $chart-faint;
        padding: 0 1; display: none; }
    InspectRoom #inspect-own.-open { display: block; }
    InspectRoom #inspect-views { height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.subject = Subject()
        self._view_id = VIEWS[0].view_id
        self._told = ""
        self._about = ""
        """What is looked into, in words."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="inspect-head"):
            for view in VIEWS:
                yield ViewTab(view)
            yield Static("", id="inspect-about", markup=False)
        yield OwnText(id="inspect-own")
        with ContentSwitcher(id="inspect-views", initial=f"view-{self._view_id}"):
            for view in VIEWS:
                yield view(self.subject)

    def on_mount(self) -> None:
        self._mark_tab()

    def first_focus(self) -> Widget | None:
        return self.view.main()

    @property
    def view(self) -> InspectView:
        """The view in front."""
        return self.query_one(f"#view-{self._view_id}", InspectView)

    # -- the text

    def inspect_text(
        self, text: str, cursor: int | None = None, take_swap: TakeSwap | None = None
    ) -> None:
        """Look at ``text`` from ``cursor`` on (its end, where None).

        ``take_swap`` is called when the user exchanges a word; it says whether the draft still is
        as it was shown. Without it the text belongs to this room.
        """
        self.subject.set_text(text, cursor, take_swap)
        self._present()

    def _pull(self, *, over_own: bool) -> None:
        """Take the draft from the Write room where it has one, ``over_own`` text or not."""
        giver: object = self.cold_open.room("write")
        own = bool(self.subject.text) and self.subject.take_swap is None
        if not isinstance(giver, GivesText) or (own and not over_own):
            return
        text, cursor = giver.text_to_inspect()
        if not own and text == self.subject.text:
            self.subject.cursor = cursor
        elif text.strip() or not own:
            self.subject.set_text(text, cursor, giver.swap_word)

    @on(OddsView.Swapped)
    def _swap(self, event: OddsView.Swapped) -> None:
        event.stop()
        swap, subject = event.swap, self.subject
        if subject.take_swap is not None and not subject.take_swap(swap):
            self.say("The draft has changed meanwhile; here it is as it stands now.")
            self.action_refresh()
            return
        subject.swapped(swap.start, swap.end, swap.text)
        self.post_message(swap)
        self._present()

    def action_edit_text(self) -> None:
        box = self.query_one(OwnText)
        if box.has_class("-open"):
            box.remove_class("-open")
            own = self.subject.take_swap is None
            if box.text != self.subject.text or (box.text and not own):
                self.inspect_text(box.text)
            self._focus_view()
            return
        if not box.text:
            box.open_text(self.subject.text)
        box.add_class("-open")
        self.focus_on(box)

    # -- the model

    def on_room_shown(self) -> None:
        self._pull(over_own=True)
        self._find_model()

    def on_engine_ready(self) -> None:
        self._find_model()

    def on_engine_event(self, event: AnyEvent) -> None:
        if isinstance(event, JobsChanged):
            self._find_model(again=True)
            self.view.jobs_changed()

    @work(exclusive=True, group="model")
    async def _find_model(self, *, again: bool = False) -> None:
        """Look into the chosen model; without a choice, the newest one.

        ``again`` where it is looked into already, and may have been replaced.
        """
        if not self.subject.model:
            self.view.note("looking for a model…")
        elif not again:
            self._present()
        cards = await self._models()
        if cards is None:
            return
        by_name = {card.name: card for card in cards}
        wanted = self.cold_open.model
        keeps = self.subject.model in by_name and self._told == wanted
        name = self.subject.model if keeps else wanted
        card = by_name.get(name) or next(iter(cards), None)
        self._told = wanted
        self._use(card)

    async def _models(self) -> list[ModelCard] | None:
        try:
            engine = await self.cold_open.engine_ready()
            found = await engine.call(ListModels())
        except ColdOpenError as error:
            self.view.note(f"{error.message} {error.hint}".strip(), error=True)
            return None
        usable = [c for c in found.models if c.kind == "vectors" or c.perplexity is not None]
        return sorted(usable, key=lambda card: card.kind == "vectors")

    def _use(self, card: ModelCard | None) -> None:
        subject = self.subject
        name, kind, weights = "", "", ""
        if card is not None:  # a run in progress has no name for its weights yet
            name, kind, weights = card.name, card.kind, card.weights or str(card.steps)
        changed = (name, kind, weights) != (subject.model, subject.kind, subject.weights)
        subject.model, subject.kind, subject.weights = name, kind, weights
        if changed:
            subject.explained = None
        self._about = ""
        if card is not None:
            how = "word vectors" if kind == "vectors" else _attention_of(card)
            self._about = f"{fit(card.name, 30)} · {how}"
        self._tell_about()
        if changed or card is None:
            self._present()

    @on(InspectView.AboutChanged)
    def _tell_about(self) -> None:
        about = self.view.about() or self._about
        self.query_one("#inspect-about", Static).update(content(about, newlines=False))

    @work(group="dialog")
    async def action_choose_model(self) -> None:
        view, models = self.view, await self._models()
        if models is None:
            return
        cards = await view.choices(models)
        if not cards:
            self.say(NO_MODEL)
        if not cards or not self.in_front:
            return
        name = await self.app.push_screen_wait(
            Ask(
                "Look into which model?",
                choices=[(card.name, _about(card)) for card in cards],
                free=False,
            )
        )
        if name:
            card = next(card for card in cards if card.name == name)
            if not view.choose(card):
                self._use(card)

    # -- the views

    def show_view(self, view_id: str) -> None:
        """Bring a view to the front."""
        self._view_id = view_id
        self.query_one("#inspect-views", ContentSwitcher).current = f"view-{view_id}"
        self._mark_tab()
        self._tell_about()
        self._focus_view()
        self.refresh_bindings()
        self._present()

    def _focus_view(self) -> None:
        wanted = self.view.main()
        if wanted is not None:
            self.screen.set_focus(wanted)

    def _mark_tab(self) -> None:
        for tab in self.query(ViewTab):
            tab.set_class(tab.view_id == self._view_id, "-active")

    def _present(self) -> None:
        if self.subject.model:
            self.view.note("")
        self.view.present()

    def _step(self, by: int) -> None:
        ids = [view.view_id for view in VIEWS]
        self.show_view(ids[(ids.index(self._view_id) + by) % len(ids)])

    def action_next_view(self) -> None:
        self._step(1)

    def action_previous_view(self) -> None:
        self._step(-1)

    def action_refresh(self) -> None:
        self._pull(over_own=False)
        if not self.subject.model:
            self._find_model()
            return
        self.view.note("")
        self.view.again()

    async def action_go_on(self) -> None:
        giver: object = self.cold_open.room("write")
        place = self.query_one(OddsView).end_of_token()
        if place is None or self.subject.take_swap is None or not isinstance(giver, GivesText):
            way = self.way_to("write.inspect")
            self.say(f"Only a draft can be gone on with: {way} in the Write room brings it here.")
        elif giver.text_to_inspect()[0] != self.subject.text:
            self.say("The draft has changed meanwhile; here it is as it stands now.")
            self.action_refresh()
        else:
            await self.cold_open.enter("write")
            giver.branch_at(place)

    async def action_write(self) -> None:
        await self.cold_open.enter("write")

    # -- what only some views do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if (views := SHOWN_IN.get(action)) is not None:
            return self._view_id in views
        return super().check_action(action, parameters)

    def action_ask(self) -> None:
        self._do("ask")

    def action_next_head(self) -> None:
        self._do("next_head")

    def action_toggle_matrix(self) -> None:
        self._do("toggle_matrix")

    def action_toggle_copying(self) -> None:
        self._do("toggle_copying")

    def action_zoom_in(self) -> None:
        self._do("zoom_in")

    def action_zoom_out(self) -> None:
        self._do("zoom_out")

    def action_whole_map(self) -> None:
        self._do("whole_map")

    def action_next_found(self) -> None:
        self._do("next_found")

    def action_change_map(self) -> None:
        self._do("change_map")

    def action_change_table(self) -> None:
        self._do("change_table")

    def action_find_cells(self) -> None:
        self._do("find_cells")

    def action_change_state(self) -> None:
        self._do("change_state")

    def _do(self, what: str) -> None:
        """Have the view in front do something that belongs to it."""
        if self._view_id in SHOWN_IN[what]:
            getattr(self.view, what)()

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#inspect-about").display = event.size.width >= 70


def _about(card: ModelCard) -> str:
    return f"{kinds.in_words(card)} of {card.corpus}"


def _attention_of(card: ModelCard) -> str:
    attention = card.config.attention
    if card.kind == "classic" or attention == "none":
        return "no attention"
    return f"{attention} attention"
