"""Keys of widgets: each group of the registry has one, and it obeys what the user has chosen."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from textual.app import App, ComposeResult

from tui.drafts.tree import Node, Tree
from tui.keymap import ACTIONS
from tui.rooms import ROOMS
from tui.themes import THEMES
from tui.widgets.keyed import Keyed
from tui.write.tree_panel import TreePanel

OWN = {"tree.bookmark": ("z",), "tree.show_pruned": (), "app.command_palette": ("f6",)}


def keyed(cls: type[Keyed] = Keyed) -> Iterator[type[Keyed]]:
    for below in cls.__subclasses__():
        yield below
        yield from keyed(below)


@pytest.mark.parametrize("group", sorted(set(ACTIONS.groups()) - {"app"}))
def test_each_group_has_a_widget_that_does_all_of_it(group: str) -> None:
    for room in ROOMS:
        room.make()
    widgets = [cls for cls in keyed() if cls.key_group == group]
    assert widgets
    for action in ACTIONS.of(group):
        assert any(hasattr(cls, f"action_{action.method}") for cls in widgets), action.id


class Panel(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.wishes: list[str] = []
        theme = THEMES["dark"]
        self.register_theme(theme)
        self.theme = theme.name

    def compose(self) -> ComposeResult:
        yield TreePanel()

    def on_tree_panel_wanted(self, event: TreePanel.Wanted) -> None:
        self.wishes.append(event.wish)


async def test_own_keys_are_obeyed_and_named() -> None:
    class Configured(Panel):
        settings = SimpleNamespace(keys=OWN)

    app = Configured()
    async with app.run_test() as pilot:
        panel = app.query_one(TreePanel)
        tree = Tree()
        tree.add(Node(id="1a", text="What it wrote."))
        panel.show(tree, ())
        panel.add_class("-open")
        panel.focus()
        await pilot.press("b", "z", "r")
        assert app.wishes == ["bookmark", "again"]
        assert panel.hints(bookmark="★", show_pruned="hidden", again="again") == "z ★ · r again"
        assert panel.way_to("tree.bookmark") == "z"
        assert panel.way_to("app.reconnect") == "F6, Reconnect"


async def test_without_the_program_the_keys_are_the_default_ones() -> None:
    app = Panel()
    async with app.run_test():
        assert app.query_one(TreePanel).key_of("bookmark") == "b"
