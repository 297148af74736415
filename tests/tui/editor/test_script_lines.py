"""Cues, asides and scenes by the look of a line."""

from __future__ import annotations

import pytest

from tui.editor.script_lines import cue_name, is_scene, pieces


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("GUS: Socks.", "GUS"),
        ("Mrs. Abernathy:", "Mrs. Abernathy"),
        ("OZ 2: hm", "OZ 2"),
        ("http://example.org", ""),
        ("12:30 in the morning", ""),
        ("He said the following thing to me today: no", ""),
        ("Well, then: no", ""),
        ("[GUS: leaves]", ""),
        (": no", ""),
        ("", ""),
    ],
)
def test_who_speaks(line: str, name: str) -> None:
    assert cue_name(line) == name


def test_scenes() -> None:
    assert is_scene("[Spin Cycle, night.]")
    assert is_scene("INT. LAUNDRY - NIGHT")
    assert is_scene("ext. street")
    assert not is_scene("INTERN: yes")
    assert not is_scene("Interesting. Very.")


def test_the_pieces_of_a_line() -> None:
    assert pieces("OZ: (from below) It (the soup) is mine.") == (
        (0, 3, "cue"),
        (4, 16, "aside"),
        (20, 30, "aside"),
    )
    assert pieces("[Night (late).]") == ((0, 15, "scene"),)
    assert pieces("nothing here") == ()
