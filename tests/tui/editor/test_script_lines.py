"""Cues, asides and scenes by the look of a line."""

from __future__ import annotations

from tui.editor.script_lines import is_scene, pieces


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
    assert pieces("OZ (V.O.): No.") == ((0, 10, "cue"),)
    assert pieces("CUT TO: (a wall)") == ((8, 16, "aside"),)
    assert pieces("[Night (late).]") == ((0, 15, "scene"),)
    assert pieces("nothing here") == ()
