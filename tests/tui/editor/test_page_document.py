"""The document against a plain string: text, offsets and marks after any changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.editor.page_document import PageDocument, end_of
from tui.editor.passage import Passage, Span

TEXTS = st.text(st.sampled_from("ab \n日\u0301\r\x0b\u2028"), max_size=8)
STEPS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9), TEXTS, st.booleans()))


def colours(document: PageDocument) -> list[str]:
    """For each character the value of its mark."""
    found = [""] * len(document.text)
    for span in document.spans("origin"):
        found[span.start : span.end] = [span.value] * (span.end - span.start)
    return [v if c != "\n" else "" for v, c in zip(found, document.text, strict=True)]


@given(TEXTS, STEPS)
def test_it_is_a_string_with_marks(text: str, steps: list[tuple[int, int, str, bool]]) -> None:
    document = PageDocument(Passage.of(text))
    marks = [""] * len(text)
    for number, (at, size, fresh, marked) in enumerate(steps):
        start = min(at, len(text))
        end = min(start + size, len(text))
        first, last = document.location_of(start), document.location_of(end)
        assert document.offset_of(first) == start
        passage = Passage.of(fresh, "origin" if marked else "", str(number))
        was = text
        removed = document.exchange(first, last, passage)
        assert removed.text == text[start:end]
        text = text[:start] + fresh + text[end:]
        value = str(number) if marked else ""
        marks[start:end] = ["" if c == "\n" else value for c in fresh]
        marks = [m if c != "\n" else "" for m, c in zip(marks, text, strict=True)]
        assert document.text == text
        assert document.length == len(text)
        assert colours(document) == marks
        # taking it back gives exactly what was there, marks included
        again = document.exchange(first, end_of(first, fresh), removed)
        assert document.text == was
        assert again.text == fresh
        document.exchange(first, last, again)
        assert colours(document) == marks


def test_only_a_newline_ends_a_line() -> None:
    text = "a\u2028b\x0bc\x0cd\x85e\rf"
    assert PageDocument(Passage.of(text)).text == text
    assert PageDocument(Passage.of(text)).line_count == 1


def test_marks_go_out_and_in_by_offset() -> None:
    text = "GUS: socks\nand more\n\nTEO: no"
    spans = [Span(5, 16, "origin", "g1"), Span(25, 28, "origin", "g2")]
    document = PageDocument(Passage.marked(text, spans))
    assert document.spans("origin") == spans
    document.mark("copied", [Span(0, 3, "copied")])
    assert document.spans("copied") == [Span(0, 3, "copied")]
    document.mark("copied", [])
    assert document.spans("copied") == []
    assert document.spans("origin") == spans


def test_the_text_around_a_place_is_cut_to_what_is_asked() -> None:
    document = PageDocument(Passage.of("abc\ndef\nghi"))
    assert document.before((1, 2), 4) == "c\nde"
    assert document.after((1, 2), 3) == "f\ng"
    assert document.before((0, 0), 10) == ""
    assert document.after((2, 3), 10) == ""
