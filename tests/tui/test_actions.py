"""The registry holds together: no id twice, no key twice, no key that terminals cannot send."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import TextArea

from tui import keys
from tui.actions import Action, Registry
from tui.app import ColdOpenApp
from tui.keymap import ACTIONS

EDITOR_KEYS = {
    binding.key for binding in TextArea()._bindings.key_to_bindings.values() for binding in binding
}


def test_an_id_cannot_be_used_twice() -> None:
    with pytest.raises(ValueError, match=r"write\.retry"):
        Registry([Action("write.retry", "a", "b"), Action("write.retry", "c", "d")])


def test_no_key_means_two_things() -> None:
    assert ACTIONS.clashes() == []


def test_a_clash_is_found_between_the_shell_and_a_room() -> None:
    registry = Registry(
        [
            Action("write.go", "Go", "x", ("ctrl+g",)),
            Action("train.go", "Go", "x", ("ctrl+g",)),
            Action("app.go", "Go", "x", ("f1",)),
        ]
    )
    assert registry.clashes() == []
    clashes = registry.clashes({"app.go": ("ctrl+g",)})
    assert [(clash.first, clash.second) for clash in clashes] == [
        ("app.go", "write.go"),
        ("app.go", "train.go"),
    ]


def test_a_clash_is_found_between_a_room_and_what_is_in_it() -> None:
    def told(**own: str) -> list[str]:
        chosen = {name.replace("__", "."): (key,) for name, key in own.items()}
        return [clash.first for clash in ACTIONS.clashes(chosen)]

    assert told(tree__bookmark="f8") == ["write.cooler"]
    assert told(find__replace="ctrl+s") == ["write.save"]
    assert told(tokens__left="ctrl+p") == ["inspect.previous_view"]
    assert told(chart__left="ctrl+p") == ["train.pause"]
    assert told(box__leave="ctrl+g") == ["inspect.refresh"]
    assert told(tree__bookmark="ctrl+r") == [], "what is off there gives way"


def test_control_space_clashes_under_both_its_names() -> None:
    registry = Registry(
        [
            Action("write.a", "A", "x", ("ctrl+space",)),
            Action("write.b", "B", "x", ("ctrl+@",)),
        ]
    )
    assert registry.clashes() != []


@pytest.mark.parametrize("action", [*ACTIONS], ids=lambda action: action.id)
def test_an_action_is_complete_and_its_keys_arrive(action: Action) -> None:
    assert action.title
    assert len(action.title) <= 22
    assert action.help.endswith((".", "?"))
    for key in action.keys:
        assert key == keys.normal(key)
        assert keys.never_arrives(key) == ""
        assert keys.taken_by(key) == ""


@pytest.mark.parametrize("action", ACTIONS.of("write"), ids=lambda action: action.id)
def test_keys_of_the_write_room_win_over_the_editor_and_type_nothing(action: Action) -> None:
    for key in action.keys:
        assert not keys.types_text(key)
        if key in EDITOR_KEYS or key in ("tab", "escape"):
            assert action.priority, f"the editor would keep {key} from {action.id}"


def test_keys_of_the_shell_work_while_an_editor_has_the_focus() -> None:
    for action in ACTIONS.of("app"):
        assert action.priority or not action.keys
        assert not EDITOR_KEYS & set(action.keys)


def test_every_action_of_the_shell_is_implemented() -> None:
    for action in ACTIONS.of("app"):
        assert hasattr(ColdOpenApp, f"action_{action.method}"), action.id


def test_every_binding_has_the_id_of_its_action() -> None:
    for group in ACTIONS.groups():
        for binding in ACTIONS.bindings(group):
            assert binding.id in ACTIONS
            assert binding.action == ACTIONS[str(binding.id)].method


async def test_own_keys_replace_the_default_ones_also_for_actions_without_any() -> None:
    class Counting(App[None]):
        done: list[str] = []  # noqa: RUF012
        BINDINGS = [*ACTIONS.bindings("library")]  # noqa: RUF012

        def compose(self) -> ComposeResult:
            return []

        def action_refresh(self) -> None:
            self.done.append("refresh")

        def action_rename(self) -> None:
            self.done.append("rename")

    app = Counting()
    ACTIONS.rebind(app, "library", {"library.refresh": ("f7", "x"), "library.rename": ()})
    async with app.run_test() as pilot:
        await pilot.press("f9", "n")
        assert app.done == []
        await pilot.press("f7", "x")
        assert app.done == ["refresh", "refresh"]
