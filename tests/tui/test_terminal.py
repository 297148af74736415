"""The stream that is drawn on, and what it takes for a terminal that is gone."""

from __future__ import annotations

import io

from tui.terminal import Screen


def test_half_a_character_is_not_the_end_of_the_terminal() -> None:
    raw = io.BytesIO()
    ended: list[str] = []
    screen = Screen(
        io.TextIOWrapper(raw, encoding="utf-8", errors="strict"), lambda: ended.append("gone")
    )
    assert screen.write("a\ud83db ") == 4
    screen.write("and é more")
    screen.flush()
    assert raw.getvalue().decode() == "a?b and é more"
    assert ended == []


def test_a_closed_file_ends_it_once() -> None:
    file = io.StringIO()
    file.close()
    ended: list[str] = []
    screen = Screen(file, lambda: ended.append("gone"))
    screen.write("a")
    screen.write("b")
    screen.flush()
    assert ended == ["gone"]
