"""Words of the model and the rest of a line behind them do not run into one another."""

from __future__ import annotations

import pytest

from tui.write.joints import joint


@pytest.mark.parametrize(
    ("before", "taken", "behind", "expected"),
    [
        ("A: Yes.\n\n", "B: No.", "C: Maybe.", "\n\n"),  # lines of their own
        ("", "B: No.", "C: Maybe.", "\n\n"),
        ("A: Yes", ", it is.\n\nB: No.", " or no.", "\n\n"),  # it came to a new line
        ("A: Yes.\n\n", "B: No.\n\n", "C: Maybe.", ""),  # there are enough
        ("A: I", " think", "so.", " "),
        ("A: I", " think", " so.", ""),
        ("A: I think", " (", "so", ""),
        ("A: I think", " so", ".", ""),
        ("A: I ", "think", "(laughs) so.", " "),
        ("A: I ", "think", "“so.”", " "),
        ("A: I ", 'said "yes"', "and left.", " "),
        ("A: I ", 'said "', "yes", ""),
        ("A: I ", 'said "yes', '" and left.', ""),
        ("A: I ", "said", '"yes"', " "),
        ("A: a well", "-", "known man", ""),
        ("A: I", " think", "", ""),  # nothing is behind it
        ("A: I\n\n", "B: No.", "  ", ""),
        ("A: I", "", "so", ""),
    ],
)
def test_lines_end_and_words_are_apart(before: str, taken: str, behind: str, expected: str) -> None:
    assert joint(before, taken, behind, empty_lines=True) == expected
    assert joint(before, taken, behind, empty_lines=False) == expected.replace("\n\n", "\n")


def test_line_ends_that_are_there_count() -> None:
    before, behind = "A: Yes.\n\n", "C: Maybe."
    assert joint(before, "B: No.\n", behind, empty_lines=True) == "\n"
    assert joint(before, "B: No.\n", behind, empty_lines=False) == ""
    assert joint(before, "B: No.\n\n\n", behind, empty_lines=True) == ""
