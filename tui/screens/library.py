"""The Library room: every model, what it is, how it was made."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Static

from engine.errors import ColdOpenError
from engine.protocol.messages import (
    AnyEvent,
    DeleteModel,
    GetModelHistory,
    JobsChanged,
    ListModels,
    ModelHistory,
    RenameModel,
    RestoreModel,
    ResumeTraining,
)
from engine.protocol.values import ENDED, ModelCard
from tui.library.about import about
from tui.library.comparing import incomparable, like
from tui.library.kinds import KINDS, tells_moods
from tui.library.model_table import ModelTable
from tui.render import cut_middle
from tui.room import Room
from tui.widgets.chart import Chart
from tui.write.ask import Ask

TRAINING = ".training"
"""The training loss among the curves; no model can be called so."""
MOST_COMPARED = 3
MOST_LABEL = 24
WIDE = 100
"""From this width on the chart stands beside the facts."""


@runtime_checkable
class ShowsViews(Protocol):
    """A room with several views."""

    def show_view(self, view_id: str) -> None:
        """Bring one of them to the front."""


class LibraryRoom(Room):
    """A table of models over the chosen one's curve, configuration and last words."""

    room_id = "library"
    title = "Library"
    DEFAULT_CSS = """
    LibraryRoom { layout: vertical; }
    LibraryRoom ModelTable { height: auto; min-height: 3; max-height: 40%; }
    LibraryRoom #library-empty { padding: 1 2; color: $quiet; height: auto; display: none; }
    LibraryRoom #library-empty.-shown { display: block; }
    LibraryRoom #library-below { height: 1fr; layout: vertical; border-top: solid $border-blurred; }
    LibraryRoom.-wide #library-below { layout: horizontal; }
    LibraryRoom #library-facts { width: 1fr; height: 1fr; padding: 0 1;
      scrollbar-size-vertical: 1; }
    LibraryRoom #library-about { height: auto; }
    LibraryRoom #library-chart { width: 1fr; height: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cards: dict[str, ModelCard] = {}
        self._deleted: tuple[str, ...] = ()
        self._compared: list[str] = []
        self._histories: dict[str, ModelHistory] = {}
        self._described = ""
        """The model that the facts are of."""
        self._by_time = False

    def compose(self) -> ComposeResult:
        yield ModelTable(id="library-models")
        yield Static("", id="library-empty", markup=False)
        with Container(id="library-below"):
            yield Chart("loss, nats a word", id="library-chart", empty="no curve")
            with VerticalScroll(id="library-facts"):
                yield Static("", id="library-about", markup=False)

    def first_focus(self) -> Widget | None:
        return self._table

    @property
    def _table(self) -> ModelTable:
        return self.query_one(ModelTable)

    @property
    def chosen(self) -> ModelCard | None:
        """The model under the cursor."""
        return self._cards.get(self._table.chosen) if self.is_mounted else None

    # -- reading

    def on_room_shown(self) -> None:
        self._read()

    def on_engine_ready(self) -> None:
        self._read()

    def on_engine_event(self, event: AnyEvent) -> None:
        if isinstance(event, JobsChanged):
            self._read()

    @work(exclusive=True, group="list")
    async def _read(self) -> None:
        found = await self.ask(ListModels())
        if found is None:
            return
        self._cards = {card.name: card for card in found.models}
        self._deleted = found.deleted
        self._histories.clear()
        self._compared = [name for name in self._compared if name in self._cards]
        self._fill()
        empty = self.query_one("#library-empty", Static)
        empty.set_class(not self._cards, "-shown")
        empty.update("No models yet: the Train room makes one.")
        self._show()

    def _fill(self) -> None:
        self._table.fill(
            tuple(self._cards.values()), model=self.cold_open.model, compared=self._compared
        )

    @on(DataTable.RowHighlighted)
    def _cursor_moved(self) -> None:
        self._show()

    @on(DataTable.RowSelected)
    def _row_clicked(self) -> None:
        self._table.focus()

    @work(exclusive=True, group="show")
    async def _show(self) -> None:
        """Show the model under the cursor; its curve comes a moment later."""
        self.refresh_bindings()
        card = self.chosen
        if card is None:
            self.query_one("#library-about", Static).update("")
            self._draw(())
            self.query_one("#library-chart", Chart).border_subtitle = Content("")
            return
        self._describe(card)
        shown = []
        compared = [self._cards[name] for name in self._compared if name in self._cards]
        names = [one.name for one in compared if like(one, card)]
        for name in dict.fromkeys((*names, card.name)):
            history = self._histories.get(name) or await self.ask(GetModelHistory(name=name))
            if history is not None:
                self._histories[name] = history
                shown.append(history)
        self._describe(card)
        self._draw(shown)
        self.query_one("#library-chart", Chart).border_subtitle = Content(
            incomparable(card, compared)
        )

    def _describe(self, card: ModelCard) -> None:
        facts = self.query_one("#library-facts", VerticalScroll)
        if self._described != card.name:
            self._described = card.name
            facts.scroll_home(animate=False)
        cells = max(20, facts.scrollable_content_region.width)
        self.query_one("#library-about", Static).update(
            about(card, self._histories.get(card.name), cells)
        )

    def _draw(self, histories: list[ModelHistory] | tuple[()]) -> None:
        """One model with its training loss, or several by their validation losses."""
        chart = self.query_one("#library-chart", Chart)
        chart.remove_series()
        over = "minutes" if self._by_time else "steps"
        loss = KINDS[histories[0].card.made_by if histories else "model"].loss
        title = f"validation {loss}" if len(histories) > 1 else loss
        chart.border_title = Content(f"{title}, over {over}")
        if len(histories) == 1:
            chart.add_series(TRAINING, label="training", smooth=True)
            chart.extend(TRAINING, [(self._x(m), m.loss) for m in histories[0].metrics])
        for history in histories:
            name = history.card.name
            label = "validation" if len(histories) == 1 else cut_middle(name, MOST_LABEL)
            chart.add_series(name, label=label)
            chart.extend(name, [(self._x(p), p.loss) for p in history.validations])

    def _x(self, point: Any) -> float:
        return point.seconds / 60 if self._by_time else float(point.step)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        card = self.chosen
        if card is not None:
            self.call_after_refresh(self._describe, card)

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        card = self.chosen
        own = card is not None and not card.bundled
        idle = card is not None and card.state in ENDED
        hidden = (
            (action in ("compare",) and card is None)
            or (action == "use" and (card is None or not (can_write(card) or tells_moods(card))))
            or (action in ("rename", "delete") and not (own and idle))
            or (action == "restore" and not self._deleted)
            or (action == "resume" and not (card is not None and own and can_resume(card)))
        )
        return False if hidden else super().check_action(action, parameters)

    def action_refresh(self) -> None:
        self._read()

    async def action_use(self) -> None:
        card = self.chosen
        if card is not None and can_write(card):
            self.cold_open.use_model(card.name)
            self._fill()
            await self.cold_open.enter("write")
        elif card is not None and tells_moods(card):
            self.cold_open.use_moods(card.name)
            await self.cold_open.enter("inspect")
            room: object = self.cold_open.room("inspect")
            if isinstance(room, ShowsViews):
                room.show_view("mood")

    def action_compare(self) -> None:
        card = self.chosen
        if card is None:
            return
        if card.name in self._compared:
            self._compared.remove(card.name)
        else:
            self._compared = [*self._compared, card.name][-MOST_COMPARED:]
        self._fill()
        self._show()

    def action_toggle_log(self) -> None:
        chart = self.query_one("#library-chart", Chart)
        chart.logarithmic = not chart.logarithmic

    def action_toggle_time(self) -> None:
        self._by_time = not self._by_time
        self._show()

    @work(group="action")
    async def action_resume(self) -> None:
        card = self.chosen
        if card is not None and await self._do(ResumeTraining(name=card.name)):
            await self.cold_open.enter("train")

    @work(group="action")
    async def action_rename(self) -> None:
        card = self.chosen
        if card is None:
            return
        name = await self.app.push_screen_wait(Ask("New name of the model", value=card.name))
        if not name or name == card.name:
            return
        if await self._do(RenameModel(name=card.name, new_name=name)):
            if self.cold_open.model == card.name:
                self.cold_open.use_model(name)
            self._compared = [name if n == card.name else n for n in self._compared]
            self._read()

    @work(group="action")
    async def action_delete(self) -> None:
        card = self.chosen
        if card is None:
            return
        answer = await self.app.push_screen_wait(
            Ask(
                f"Delete “{card.name}”?",
                choices=[("no", "keep it"), ("yes", "it can be restored for a week")],
                free=False,
            )
        )
        if answer == "yes" and await self._do(DeleteModel(name=card.name)):
            way = self.way_to("library.restore")
            self.say(f"“{card.name}” is deleted; {way} restores it for a week.")
            self._read()

    @work(group="action")
    async def action_restore(self) -> None:
        name = self._deleted[0]
        if len(self._deleted) > 1:
            choices = [(deleted, "") for deleted in self._deleted]
            name = await self.app.push_screen_wait(
                Ask("Restore which model?", choices=choices, free=False)
            )
        if name and await self._do(RestoreModel(name=name)):
            self._read()

    async def _do(self, request: Any) -> bool:
        try:
            engine = await self.cold_open.engine_ready()
            await engine.call(request)
        except ColdOpenError as error:
            self.say(error)
            return False
        return True


def can_write(card: ModelCard) -> bool:
    """Whether there is a language model with weights behind a card."""
    return card.is_language_model and (card.bundled or card.perplexity is not None)


def can_resume(card: ModelCard) -> bool:
    """Whether a run was cut short and can go on."""
    return card.is_language_model and card.state in ("stopped", "failed")
