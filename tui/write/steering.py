"""Steering: which model writes, with which odds, and who it thinks speaks next."""

from __future__ import annotations

from textual import work

from engine.protocol.messages import ListModels, LoadModel, SuggestSpeakers
from engine.protocol.values import ModelCard, SamplerSettings
from tui.write.ask import Ask
from tui.write.base import WriteBase
from tui.write.odds import PRESETS


class Steering(WriteBase):
    """The part of the Write room that chooses the model and its settings."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._preparing = 0
        """Calls of :meth:`prepare_model` that have not come to their end."""

    # -- the model

    @work(exclusive=True, group="model")
    async def prepare_model(self) -> None:
        """Have the chosen model loaded; without a choice, the newest that can write."""
        self._preparing += 1
        try:
            await self._load_chosen()
        finally:
            self._preparing -= 1
        self.model_prepared()

    def model_prepared(self) -> None:
        """There is a model now, or it is known that there is none."""

    async def _load_chosen(self) -> None:
        found = await self.ask(ListModels())
        if found is None:
            return
        cards = [card for card in found.models if _writes(card)]
        wanted = self.cold_open.model
        chosen = next((card for card in cards if card.name == wanted), next(iter(cards), None))
        if chosen is None:
            self._ready = None
            self.side.show_model("no model", "train one, then write with it")
            self.tell("No model yet: train one in the Train room, then write with it here.")
            return
        if self._ready is None or not _same(self._ready.card, chosen):
            ready = await self.ask(LoadModel(name=chosen.name))
            if ready is None:
                return
            self._ready = ready
            self.cold_open.use_model(chosen.name)
            self.side.show_model(chosen.name, _about(ready.card, ready.device))
            self.show_line()
        self.show_cast()

    @work(group="dialog")
    async def action_choose_model(self) -> None:
        found = await self.ask(ListModels())
        if found is None or not self.in_front:
            return
        models = [card for card in found.models if _writes(card)]
        name = await self.app.push_screen_wait(
            Ask(
                "Write with which model?",
                choices=[(c.name, f"{c.corpus}, perplexity {c.perplexity:.1f}") for c in models],
                free=False,
            )
        )
        if name:
            self.cold_open.use_model(name)
            self._ready = None
            self.prepare_model()

    # -- who speaks

    async def fetch_odds(self) -> dict[str, float]:
        """Who would speak next at the cursor, likeliest first."""
        if self._ready is None:
            return {}
        before = self.before_cursor()
        cast = tuple(self.cast_names(before))
        found = await self.ask(
            SuggestSpeakers(model=self._ready.card.name, before=before, cast=cast)
        )
        self._next_odds = dict(found.speakers) if found is not None else {}
        return self._next_odds

    # -- odds

    def action_cooler(self) -> None:
        self.side.warm(-0.05)

    def action_warmer(self) -> None:
        self.side.warm(0.05)

    def action_preset_careful(self) -> None:
        self._preset(PRESETS["careful"])

    def action_preset_lively(self) -> None:
        self._preset(PRESETS["lively"])

    def action_preset_wild(self) -> None:
        self._preset(PRESETS["wild"])

    def _preset(self, settings: SamplerSettings) -> None:
        self.side.set_settings(settings)


def _writes(card: ModelCard) -> bool:
    return card.is_language_model and card.perplexity is not None


def _same(one: ModelCard, other: ModelCard) -> bool:
    """Whether two cards of one name are of one run, and as good."""
    return all(
        getattr(one, part) == getattr(other, part)
        for part in ("name", "created", "perplexity", "weights")
    )


def _about(card: ModelCard, device: str) -> str:
    quality = "" if card.perplexity is None else f" · perplexity {card.perplexity:.0f}"
    return f"{card.corpus}{quality} · {device}"
