"""The Library room: every model, what it is, how it was made."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
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
    ResumeTraining,
)
from engine.protocol.values import ModelCard
from tui.render import content, visible
from tui.room import Room
from tui.train.figures import clock
from tui.widgets.chart import Chart
from tui.write.ask import Ask

COLUMNS = ("name", "kind", "state", "corpus", "perplexity", "words", "weights", "made")
MOST_COMPARED = 4


class LibraryRoom(Room):
    """A table of models beside the chosen one's configuration, curve and last words."""

    room_id = "library"
    title = "Library"
    DEFAULT_CSS = """
    LibraryRoom #library-models { height: 2fr; min-height: 5; }
    LibraryRoom #library-below { height: 3fr; }
    LibraryRoom #library-facts { width: 1fr; padding: 0 1; }
    LibraryRoom #library-curve { width: 1fr; }
    LibraryRoom #library-empty { padding: 1 2; color: $quiet; height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cards: dict[str, ModelCard] = {}
        self._compared: list[str] = []

    def compose(self) -> ComposeResult:
        yield DataTable(id="library-models", cursor_type="row", zebra_stripes=False)
        yield Static("", id="library-empty", markup=False)
        with Horizontal(id="library-below"):
            with VerticalScroll(id="library-facts"):
                yield Static("", id="library-about", markup=False)
            with Vertical(id="library-curve"):
                yield Chart("validation loss (nats a word)", id="library-chart")

    def first_focus(self) -> Widget | None:
        return self._table

    @property
    def _table(self) -> DataTable[Any]:
        return self.query_one("#library-models", DataTable)

    @property
    def _chosen(self) -> ModelCard | None:
        table = self._table
        if not table.row_count:
            return None
        key = table.coordinate_to_cell_key(table.cursor_coordinate).row_key.value
        return self._cards.get(key or "")

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
        chosen = self._chosen.name if self._chosen else self.cold_open.model
        table = self._table
        table.clear(columns=not table.columns)
        if not table.columns:
            for name in COLUMNS:
                table.add_column(name, key=name)
        self._cards = {card.name: card for card in found.models}
        for card in found.models:
            table.add_row(*(Text(visible(cell)) for cell in _cells(card)), key=card.name)
        names = list(self._cards)
        if chosen in names:
            table.move_cursor(row=names.index(chosen))
        self.query_one("#library-empty", Static).update(
            "" if names else "No models yet: train one in the Train room."
        )
        self._show()

    def on_data_table_row_highlighted(self) -> None:
        self._show()

    def on_data_table_row_selected(self) -> None:
        self.action_use()

    @work(exclusive=True, group="show")
    async def _show(self) -> None:
        card = self._chosen
        about = self.query_one("#library-about", Static)
        if card is None:
            about.update("")
            return
        about.update(content(_about(card)))
        histories: list[ModelHistory] = []
        for name in dict.fromkeys((*self._compared, card.name)):
            if name in self._cards:
                history = await self.ask(GetModelHistory(name=name))
                if history is not None:
                    histories.append(history)
        self._draw(histories)
        own = histories[-1] if histories else None
        if own is not None and own.samples:
            about.update(content(f"{_about(card)}\n\nlast sample\n{own.samples[-1][1]}"))

    def _draw(self, histories: list[ModelHistory]) -> None:
        old = self.query_one("#library-chart", Chart)
        chart = Chart("validation loss (nats a word)")
        for history in histories:
            chart.add_series(history.card.name)
            chart.extend(history.card.name, [(p.step, p.loss) for p in history.validations])
        holder = self.query_one("#library-curve", Vertical)

        async def swap() -> None:
            await old.remove()
            chart.id = "library-chart"
            await holder.mount(chart)

        self.run_worker(swap(), exclusive=True, group="chart")

    # -- actions

    def action_refresh(self) -> None:
        self._read()

    @work(group="action")
    async def action_use(self) -> None:
        card = self._chosen
        if card is None:
            return
        if card.kind == "vectors" or card.perplexity is None:
            self.say(f"“{card.name}” cannot write: it has no trained language model.")
            return
        self.cold_open.use_model(card.name)
        await self.cold_open.enter("write")

    def action_compare(self) -> None:
        card = self._chosen
        if card is None:
            return
        if card.name in self._compared:
            self._compared.remove(card.name)
        else:
            self._compared = [*self._compared, card.name][-MOST_COMPARED:]
        self._show()

    @work(group="action")
    async def action_resume(self) -> None:
        card = self._chosen
        if card is None:
            return
        started = await self.ask(ResumeTraining(name=card.name))
        if started is not None:
            await self.cold_open.enter("train")

    @work(group="action")
    async def action_rename(self) -> None:
        card = self._chosen
        if card is None:
            return
        name = await self.app.push_screen_wait(Ask("New name of the model", value=card.name))
        if (
            name
            and name != card.name
            and await self._do(RenameModel(name=card.name, new_name=name))
        ):
            if self.cold_open.model == card.name:
                self.cold_open.use_model(name)
            self._read()

    @work(group="action")
    async def action_delete(self) -> None:
        card = self._chosen
        if card is None:
            return
        answer = await self.app.push_screen_wait(
            Ask(
                f"Delete “{card.name}”? It stays in the trash for a week.",
                choices=[("no", "keep it"), ("yes", "delete it")],
            )
        )
        if answer == "yes" and await self._do(DeleteModel(name=card.name)):
            self._read()

    async def _do(self, request: Any) -> bool:
        try:
            engine = await self.cold_open.engine_ready()
            await engine.call(request)
        except ColdOpenError as error:
            self.say(error)
            return False
        return True


def _cells(card: ModelCard) -> tuple[str, ...]:
    return (
        card.name,
        card.kind,
        "bundled" if card.bundled else card.state,
        card.corpus,
        "" if card.perplexity is None else f"{card.perplexity:.1f}",
        f"{card.vocabulary_size:,}",
        f"{card.parameters:,}",
        "" if not card.created else time.strftime("%Y-%m-%d %H:%M", time.localtime(card.created)),
    )


def _about(card: ModelCard) -> str:
    """Name, corpus and configuration in lines."""
    lines = [
        card.name + ("  (came with the program)" if card.bundled else ""),
        f"{card.kind} model of {card.corpus}, {card.tokens:,} tokens",
        f"{card.steps:,} steps in {clock(card.seconds)} on {card.device}",
        "",
    ]
    values = msgspec.to_builtins(card.config)
    lines += [f"{name.replace('_', ' '):<20}{value}" for name, value in values.items()]
    return "\n".join(lines)
