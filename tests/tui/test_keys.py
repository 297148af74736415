"""What terminals can send."""

from __future__ import annotations

import pytest

from tui import keys


@pytest.mark.parametrize(
    "key",
    [
        "ctrl+enter", "shift+enter", "alt+enter", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+j",
        "alt+1", "alt+slash", "ctrl+1", "ctrl+shift+g", "super+c", "ctrl+tab", "shift+a",
        "ctrl+backspace", "f25", "f0", "nonsense", "", "ctrl+", "alt+ctrl+x", "ctrl+é",
    ],
)  # fmt: skip
def test_keys_that_never_arrive(key: str) -> None:
    assert keys.never_arrives(key)


@pytest.mark.parametrize(
    "key",
    [
        "ctrl+g", "ctrl+@", "ctrl+space", "f1", "f12", "tab", "shift+tab", "escape", "ctrl+right",
        "shift+left", "ctrl+pageup", "alt+x", "x", "X", "question_mark", "ctrl+backslash", "é",
        "shift+f5", "ctrl+shift+left",
    ],
)  # fmt: skip
def test_keys_that_do(key: str) -> None:
    assert keys.never_arrives(key) == ""


@pytest.mark.parametrize(("key", "who"), [("ctrl+a", "GNU screen"), ("ctrl+b", "tmux")])
def test_keys_of_the_multiplexers(key: str, who: str) -> None:
    assert keys.taken_by(key) == who
    assert keys.taken_by("ctrl+g") == ""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Ctrl+G", "ctrl+g"), (" F5 ", "f5"), ("?", "question_mark"), ("^+g", "ctrl+g"),
        ("Esc", "escape"), ("PgDn", "pagedown"), ("ctrl+\\", "ctrl+backslash"),
        ("ctrl+@", "ctrl+@"), ("Ctrl+Space", "ctrl+space"), ("A", "A"), ("+", "plus"),
        ("Return", "enter"), ("ctrl+]", "ctrl+right_square_bracket"),
    ],
)  # fmt: skip
def test_keys_as_people_write_them(written: str, expected: str) -> None:
    assert keys.normal(written) == expected


@pytest.mark.parametrize(
    ("key", "long", "short"),
    [
        ("ctrl+g", "Ctrl+G", "^G"), ("ctrl+@", "Ctrl+Space", "^Space"), ("f5", "F5", "F5"),
        ("question_mark", "?", "?"), ("shift+left", "Shift+←", "Shift+←"), ("x", "x", "x"),
        ("ctrl+backslash", "Ctrl+\\", "^\\"),
    ],
)  # fmt: skip
def test_keys_as_people_read_them(key: str, long: str, short: str) -> None:
    assert keys.shown(key) == long
    assert keys.shown(key, short=True) == short


def test_which_keys_put_text_into_an_editor() -> None:
    assert all(map(keys.types_text, ("a", "é", "space", "slash", "7")))
    assert not any(map(keys.types_text, ("tab", "escape", "f1", "ctrl+a", "up", "enter")))
