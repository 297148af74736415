"""Tokens in rows: every character is drawn once, in its own cells, whatever it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.color import Color

from tui.editor.shape import Shape
from tui.inspect.token_rows import TokenRows, tint

PLAIN = Style()
TINTED = Style(bgcolor="red")
ODD = st.text(alphabet="ab \n\t\x1b\u202eé\u0301漢字👩\u200d🚀", max_size=60)


def words(text: str) -> list[tuple[int, int]]:
    """Every run without blanks, and every line end, as tokens."""
    spans, at = [], 0
    for piece in text.replace("\n", " \n ").split(" "):
        if piece:
            start = text.index(piece, at)
            at = start + len(piece)
            spans.append((start, at))
    return spans


def drawn(rows: TokenRows, row: int) -> str:
    return "".join(segment.text for segment in rows.segments(row, lambda _index: PLAIN, PLAIN))


def test_each_token_has_its_own_style() -> None:
    rows = TokenRows("one two", [(0, 3), (4, 7)], 40)
    styled = rows.segments(0, lambda index: TINTED if index else PLAIN, PLAIN)
    assert [(s.text, s.style == TINTED) for s in styled] == [
        ("one", False),
        (" ", False),
        ("two", True),
    ]


def test_a_tinted_line_end_is_shown() -> None:
    rows = TokenRows("a\nb", [(0, 1), (1, 2), (2, 3)], 40)
    assert "".join(s.text for s in rows.segments(0, lambda _i: TINTED, PLAIN)) == "a↵"
    assert drawn(rows, 0) == "a"


def test_up_and_down_stay_in_the_column() -> None:
    rows = TokenRows("aa bb\ncc dd\n", words("aa bb\ncc dd\n"), 40)
    assert rows.spans[1] == (3, 5)
    below = rows.beside(1, 1)
    assert rows.spans[below] == (9, 11)
    assert rows.beside(below, -1) == 1
    assert rows.beside(0, -1) == 0


@given(ODD, st.integers(10, 40), st.integers(1, 3))
def test_rows_keep_to_their_width_and_lose_nothing(text: str, width: int, step: int) -> None:
    spans = [(start, min(len(text), start + step)) for start in range(0, len(text), step)]
    rows = TokenRows(text, spans, width)
    whole = "".join(drawn(rows, row) for row in range(len(rows)))
    assert whole == Shape(text).shown(text, 0, len(text))
    assert "\x1b" not in whole
    assert "\u202e" not in whole
    for row in range(len(rows)):
        # A blank may hang over the edge, with the mark that stands on it.
        assert cell_len(drawn(rows, row).rstrip()) <= width


@given(ODD, st.integers(4, 30))
def test_a_token_is_found_where_it_is_drawn(text: str, width: int) -> None:
    spans = words(text)
    rows = TokenRows(text, spans, width)
    for index, (start, end) in enumerate(rows.spans):
        if start == end:
            continue
        row = rows.row_of(index)
        cell = rows.shape.cell(start) - rows.shape.cell(rows.starts[row])
        found = rows.token_at(row, cell)
        assert found is not None
        assert rows.spans[found][0] <= start < rows.spans[found][1]


def test_an_empty_text_has_one_empty_row() -> None:
    rows = TokenRows("", [], 10)
    assert len(rows) == 1
    assert rows.segments(0, lambda _i: PLAIN, PLAIN) == []
    assert rows.beside(0, 1) == 0
    assert rows.token_at(0, 3) is None


def test_tints_grow_and_never_hide_the_text() -> None:
    black, white = Color(0, 0, 0), Color(255, 255, 255)
    levels = [tint(black, white, strength / 10).r for strength in range(-2, 14)]
    assert levels == sorted(levels)
    assert levels[0] == 0
    assert levels[-1] <= 128
