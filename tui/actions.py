"""The one registry of actions: key bindings, help, footer and palette are all made from it.

An action's id is ``group.name``. The group is ``app`` (everywhere) or a room's id; the widget of
that group has a method ``action_<name>``. A widget hides an action for the moment by returning
False for it from ``check_action``.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

from tui import keys as terminal_keys

OwnKeys = Mapping[str, tuple[str, ...]]
"""Keys that the user has chosen, by action id."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that the user can do."""

    id: str
    title: str
    """One to three words, for footer and palette."""
    help: str
    """One sentence, for help and palette."""
    keys: tuple[str, ...] = ()
    section: str = ""
    """Heading in the help, under that of the group."""
    footer: bool = False
    palette: bool = True
    priority: bool = False
    """The key goes to this action before the focused widget sees it."""

    @property
    def group(self) -> str:
        return self.id.partition(".")[0]

    @property
    def method(self) -> str:
        """The name after ``action_`` of the method that does it."""
        return self.id.partition(".")[2].replace("-", "_")

    def keys_under(self, own: OwnKeys | None) -> tuple[str, ...]:
        """The keys, where the user has not chosen others."""
        return self.keys if own is None else own.get(self.id, self.keys)

    def binding(self, own: OwnKeys | None = None) -> Binding | None:
        """As Textual wants it; None for an action without a key.

        A key that the user has chosen goes before the focused widget's keys, unless it types.
        """
        keys = self.keys_under(own)
        if not keys:
            return None
        chosen = own is not None and self.id in own
        return Binding(
            ",".join(twin for key in keys for twin in terminal_keys.with_twins(key)),
            self.method,
            self.title,
            show=self.footer,
            key_display=terminal_keys.shown(keys[0], short=True),
            tooltip=self.help,
            priority=self.priority or (chosen and not any(map(terminal_keys.types_text, keys))),
            id=self.id,
        )


class Registry:
    """Actions by id, in order.

    ``inside`` names the rooms whose keys are alive, too, where those of a group are; but for the
    actions ``giving_way``, which are off there.
    """

    def __init__(
        self,
        actions: Iterable[Action],
        inside: Mapping[str, tuple[str, ...]] | None = None,
        giving_way: Container[str] = (),
    ) -> None:
        self._inside, self._giving_way = inside or {}, giving_way
        self._by_id: dict[str, Action] = {}
        for action in actions:
            if action.id in self._by_id:
                raise ValueError(f"two actions are called {action.id!r}")
            self._by_id[action.id] = action

    def __iter__(self) -> Iterator[Action]:
        return iter(self._by_id.values())

    def __contains__(self, action_id: object) -> bool:
        return action_id in self._by_id

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(action.group for action in self))

    def of(self, group: str) -> tuple[Action, ...]:
        return tuple(action for action in self if action.group == group)

    def bindings(self, group: str, own: OwnKeys | None = None) -> list[Binding]:
        """The key bindings of the widget that stands for ``group``."""
        return [made for action in self.of(group) if (made := action.binding(own)) is not None]

    def key_of(self, action_id: str, own: OwnKeys) -> str:
        """The first key of an action as a person writes it; empty where it has none."""
        keys = self[action_id].keys_under(own)
        return terminal_keys.shown(keys[0]) if keys else ""

    def way_to(self, action_id: str, own: OwnKeys) -> str:
        """How to do an action, for a sentence: its key, or its name in the palette."""
        palette = self.key_of("app.command_palette", own)
        named = f"{palette}, {self[action_id].title}" if palette else self[action_id].title
        return self.key_of(action_id, own) or named

    def rebind(self, node: DOMNode, group: str, own: OwnKeys) -> None:
        """Give ``node`` the user's keys for ``group`` in place of the default ones.

        Textual's own key map cannot do this: it has no place for actions without a default key.
        """
        others = [
            binding
            for _, binding in node._bindings
            if (binding.id or "").partition(".")[0] != group
        ]
        node._bindings = BindingsMap([*self.bindings(group, own), *others])

    def clashes(self, own: OwnKeys | None = None) -> list[Clash]:
        """Keys that would mean two things at once, under ``own`` keys laid over the defaults.

        The keys of ``app`` are alive in every room, so they clash with those of each room, and
        those of a room with those of what is in it.
        """
        found: list[Clash] = []
        everywhere = dict(self._keys_of("app", own))
        for group in sorted(self.groups(), key=lambda name: name != "app"):
            seen = {} if group == "app" else dict(everywhere)
            for room in self._inside.get(group, ()):
                around = self._keys_of(room, own)
                seen |= {key: name for key, name in around if name not in self._giving_way}
            for key, name in self._keys_of(group, own):
                if key in seen:
                    found.append(Clash(key, seen[key], name))
                else:
                    seen[key] = name
        return found

    def _keys_of(self, group: str, own: OwnKeys | None) -> Iterator[tuple[str, str]]:
        """Each key of ``group`` with the action's id."""
        for action in self.of(group):
            keys = action.keys_under(own)
            for key in dict.fromkeys(twin for k in keys for twin in terminal_keys.with_twins(k)):
                yield key, action.id


@dataclass(frozen=True, slots=True)
class Clash:
    """One key, two actions."""

    key: str
    first: str
    second: str
