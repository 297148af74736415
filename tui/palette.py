"""The command palette's source: every action of the registry, in the words of its help."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape

from tui import keys
from tui.actions import Action
from tui.keymap import ACTIONS

if TYPE_CHECKING:
    from tui.app import ColdOpenApp


class ActionProvider(Provider):
    """Offers the actions of the program and of the present room, then those of the others."""

    @property
    def _cold_open(self) -> ColdOpenApp:
        return cast("ColdOpenApp", self.app)

    def _offered(self) -> Iterator[tuple[str, Action]]:
        app = self._cold_open
        present = app.room_id
        titles = {room.id: room.title for room in app.rooms}
        order = (present, "app", *(room for room in titles if room != present))
        for group in order:
            for action in ACTIONS.of(group):
                if action.palette and app.can_perform(action):
                    away = group not in (present, "app")
                    yield (f"{titles[group]}: " if away else "") + action.title, action

    def _help(self, action: Action) -> str:
        own = action.keys_under(self._cold_open.settings.keys)
        shown = ", ".join(keys.shown(key) for key in own)
        return escape(f"{action.help}  ({shown})" if shown else action.help)

    async def _perform(self, action_id: str) -> None:
        """Do what was chosen, and then what was typed behind it."""
        try:
            await self._cold_open.perform(action_id)
        finally:
            await self._cold_open.hand_keys_on()

    async def discover(self) -> Hits:
        for title, action in self._offered():
            yield DiscoveryHit(title, partial(self._perform, action.id), help=self._help(action))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, action in self._offered():
            score = matcher.match(title)
            in_help = 0.4 * all(word in action.help.lower() for word in query.lower().split())
            if max(score, in_help) > 0:
                yield Hit(
                    max(score, in_help),
                    matcher.highlight(title),
                    partial(self._perform, action.id),
                    help=self._help(action),
                )
