"""Widgets that have the keys of one group of the registry, as the user wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tui.actions import OwnKeys
from tui.keymap import ACTIONS

if TYPE_CHECKING:
    from textual.widget import Widget

    _Base = Widget
else:
    _Base = object  # Styles are looked up along the first base that is a widget.


class Keyed(_Base):
    """For a widget with an ``action_<name>`` method for each action ``<key_group>.<name>``."""

    key_group: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        if cls.__dict__.get("key_group"):
            cls.BINDINGS = [*ACTIONS.bindings(cls.key_group)]
        super().__init_subclass__(**options)

    def on_mount(self) -> None:
        self.take_own_keys()

    @property
    def own_keys(self) -> OwnKeys:
        """The keys that the user has chosen; none outside the program."""
        return getattr(getattr(self.app, "settings", None), "keys", {})

    def take_own_keys(self) -> None:
        """Put the user's keys in the place of the default ones."""
        ACTIONS.rebind(self, self.key_group, self.own_keys)

    def key_of(self, name: str) -> str:
        """The key of this group's action ``name`` as a person writes it, for hints; maybe empty."""
        return ACTIONS.key_of(f"{self.key_group}.{name}", self.own_keys)

    def hints(self, **words: str) -> str:
        """``key word`` for each of the actions that has a key, for a line of hints."""
        return " · ".join(f"{key} {word}" for n, word in words.items() if (key := self.key_of(n)))

    def way_to(self, action_id: str) -> str:
        """See :meth:`tui.actions.Registry.way_to`."""
        return ACTIONS.way_to(action_id, self.own_keys)
