"""Whose turn it is: a character that the writer names, or one of those that the model expects."""

from __future__ import annotations

from textual import work

from tui.write.ask import Ask
from tui.write.model_actions import ModelActions


class SpeakActions(ModelActions):
    """The part of the Write room that lets a character speak."""

    @work(group="dialog")
    async def action_speak_as(self) -> None:
        names = self.cast_names(self.before_cursor())
        chances = {name.lower(): odds for name, odds in self._next_odds.items()}
        name = await self.app.push_screen_wait(
            Ask(
                "Who speaks? A digit or a name; a new name joins the cast.",
                choices=[(n, _percent(chances.get(n.lower()))) for n in names],
                digits=True,
            )
        )
        if name:
            self.page.clear_pending()
            self.let_go()
            self.go_on(speaker=name)

    @work(group="dialog")
    async def action_suggest_speaker(self) -> None:
        odds = await self.fetch_odds()
        if not odds or not self.in_front:
            return
        name = await self.app.push_screen_wait(
            Ask(
                "Who speaks next, by the model's odds",
                choices=[(name, _percent(chance)) for name, chance in odds.items()],
                digits=True,
            )
        )
        if name:
            self.page.clear_pending()
            self.let_go()
            self.go_on(speaker=name)


def _percent(chance: float | None) -> str:
    return "" if chance is None else f"{chance:.0%}"
