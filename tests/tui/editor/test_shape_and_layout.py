"""What stands where: cells of odd characters, wrapping, and the overlay in the flow of the text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.editor.layout import PageLayout
from tui.editor.page_document import PageDocument, end_of
from tui.editor.passage import Passage
from tui.editor.shape import REMEMBERED, Shape, breaks, shape_of

ODD = st.text(st.sampled_from("ab (日e\u0301\u200b\x1b\t👩\ufe0f\u202e"), max_size=30)
MARKED = st.text(st.sampled_from("ab e\u0301\u0308\u200d👩🏽\ufe0f"), max_size=20)
LINES = st.text(st.sampled_from("abc  d\n日e\u0301"), max_size=60)


@given(ODD)
def test_cells_are_those_of_what_is_shown(text: str) -> None:
    shape = Shape(text)
    assert shape.cell(len(text)) == cell_len(shape.shown(text, 0, len(text)))
    for index in range(len(text) + 1):
        assert shape.start(index) <= index
        assert shape.index(shape.cell(index)) == shape.start(index)
    walked, at = 0, 0
    while at < len(text):
        after = shape.next(at)
        assert after > at
        walked += shape.cell(after) - shape.cell(at)
        at = after
    assert walked == shape.cell(len(text))


@pytest.mark.parametrize(
    ("text", "shown", "cells"),
    [
        ("a\x1b[31mb", "a␛[31mb", 7),
        ("a\u202eb", "a⟨U+202E⟩b", 10),
        ("日本", "日本", 4),
        ("e\u0301", "e\u0301", 1),
        ("\u0301e", "◌\u0301e", 2),
        ("a\tb", "a    b", 6),
    ],
)
def test_hostile_and_wide_characters(text: str, shown: str, cells: int) -> None:
    shape = Shape(text)
    assert shape.shown(text, 0, len(text)) == shown
    assert shape.cell(len(text)) == cells


@given(st.one_of(ODD, MARKED, st.just("cafe\u0301 x")))
def test_two_pieces_that_meet_anywhere_show_each_sign_once(text: str) -> None:
    shape, end = Shape(text), len(text)
    for at in range(end + 1):
        assert shape.shown(text, 0, at) + shape.shown(text, at, end) == shape.shown(text, 0, end)


@given(st.one_of(ODD, MARKED, st.just("abc \u0301def")), st.integers(2, 12))
def test_every_row_draws_as_many_cells_as_it_has(text: str, width: int) -> None:
    text = text.replace("\n", "")
    shape = shape_of(text)
    for start, end in pairwise((0, *breaks(text, shape, width), len(text))):
        drawn = shape.shown(text, start, end)
        assert cell_len(drawn) == shape.cell(end) - shape.cell(start)


def test_a_long_line_is_measured_once() -> None:
    line = "é" * (REMEMBERED + 1)
    assert shape_of(line) is shape_of(line)


@given(LINES.map(lambda text: text.replace("\n", "")), st.integers(2, 12))
def test_rows_fit_and_words_stay_whole(text: str, width: int) -> None:
    shape = Shape(text)
    starts = [0, *breaks(text, shape, width), len(text)]
    assert starts == sorted(starts)
    for left, right in pairwise(starts):
        end = left + len(text[left:right].rstrip())
        assert cell_len(shape.shown(text, left, end)) <= width
    for at in starts[1:-1]:  # no word is cut that fits into a row
        word_start = at
        while word_start and not text[word_start - 1].isspace():
            word_start -= 1
        word_end = at
        while word_end < len(text) and not text[word_end].isspace():
            word_end += 1
        if word_start < at < word_end:
            assert shape.cell(word_end) - shape.cell(word_start) > width


@given(LINES, st.integers(3, 14), st.integers(0, 70), st.integers(0, 8), LINES)
def test_wrapping_after_a_change_is_that_of_the_whole(
    text: str, width: int, at: int, size: int, fresh: str
) -> None:
    document = PageDocument(Passage.of(text))
    layout = PageLayout(document, width)
    start = document.location_of(min(at, len(text)))
    end = document.location_of(min(at + size, len(text)))
    document.exchange(start, end, Passage.of(fresh))
    layout.wrap_range(start, end, end_of(start, fresh))
    anew = PageLayout(document, width)
    assert layout.height == anew.height
    rows = range(document.line_count)
    assert [layout.rows_of(r) for r in rows] == [anew.rows_of(r) for r in rows]
    assert [layout.locate(y) for y in range(anew.height)] == [
        anew.locate(y) for y in range(anew.height)
    ]


@given(LINES, st.integers(3, 14), st.integers(0, 70), LINES)
def test_an_overlay_looks_as_if_its_text_stood_there(
    text: str, width: int, at: int, overlay: str
) -> None:
    document = PageDocument(Passage.of(text))
    layout = PageLayout(document, width)
    height = layout.height
    where = document.location_of(min(at, len(text)))
    layout.show_overlay(overlay, where)
    offset = document.offset_of(where)
    as_if = PageLayout(PageDocument(Passage.of(text[:offset] + overlay + text[offset:])), width)
    assert shown(layout) == shown(as_if)
    assert document.text == text
    for row, line in enumerate(document.lines):
        for column in range(len(line) + 1):
            assert layout.column(row, layout.place((row, column))) == column
    layout.show_overlay("", where)
    assert layout.height == height


def shown(layout: PageLayout) -> list[str]:
    rows = []
    for y in range(layout.height):
        row, section = layout.locate(y)
        start, end = layout.bounds(row, section)
        rows.append(layout.shown_line(row)[start:end])
    return rows


def test_places_and_cells_of_a_line_with_an_overlay() -> None:
    document = PageDocument(Passage.of("GUS: yes.\nTEO: no."))
    layout = PageLayout(document, 20)
    layout.show_overlay(" Sure.\n\nOZ: hm.", (0, 9))
    assert shown(layout) == ["GUS: yes. Sure.", "", "OZ: hm.", "TEO: no."]
    assert layout.location_to_offset((0, 9)) == (9, 0)
    assert layout.overlay_end() == (7, 2)
    assert layout.location_to_offset((1, 0)) == (0, 3)
    assert layout.offset_to_location((3, 2)) == (0, 9)  # type: ignore[arg-type]
    assert layout.offset_to_location((2, 3)) == (1, 2)  # type: ignore[arg-type]
