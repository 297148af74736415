"""What the views say and draw, without widgets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from engine.generation.context import window_start
from engine.protocol.messages import (
    CellsFound,
    Explanation,
    FindAnalogy,
    FindNeighbours,
    FindOddOneOut,
    FindSimilarSpeakers,
    Neighbours,
    OddOneOutFound,
)
from engine.protocol.values import (
    Alternative,
    CellScore,
    ExplainedToken,
    GateSaturation,
    MapPoint,
    NeighbourList,
    NeighbourWord,
    NextWordOdds,
    WordSimilarity,
)
from tui.inspect import attention_text, cell_text, neighbour_text, odds_text, queries, word_map
from tui.inspect.attention_text import Looking
from tui.inspect.cell_text import CellName
from tui.inspect.matrix import first_shown, upright
from tui.inspect.subject import Explained, Subject
from tui.inspect.window import AFTER, BEFORE, STEP, speech_around, token_at, window_at
from tui.inspect.word_map import Eye, draw, search, whole
from tui.inspect.words import named, percent, replacement

ODD = st.text(alphabet="ab \n\t\x1b\u202eé\u0301漢字👩🚀", min_size=1, max_size=12)


def token(text: str, start: int, **values: object) -> ExplainedToken:
    facts: dict[str, object] = {
        "word": text,
        "probability": 0.25,
        "rank": 2,
        "surprise": 2.0,
        "entropy": 3.5,
        "from_softmax": 0.2,
        "from_copying": 0.05,
        "copy_share": 0.1,
    }
    facts.update(values)
    return ExplainedToken(text=text, start=start, end=start + len(text), **facts)  # type: ignore[arg-type]


def lines(text: object) -> list[str]:
    return str(text).split("\n")


# -- words


def test_words_have_names_that_can_be_seen() -> None:
    assert named("\n") == "↵"
    assert named(" ") == "␣"
    assert "\x1b" not in named("\x1b[31m")


@pytest.mark.parametrize(
    ("text", "old", "instead", "result"),
    [
        ("I drink tea.", "tea", " coffee", "I drink coffee."),
        ("I drink tea.", "tea", ".", "I drink.."),
        ("I drink tea.", ".", " now", "I drink tea now"),
        ("(tea)", "tea", "coffee", "(coffee)"),
        ("a\nb", "b", "C", "a\nC"),
        ("a\n    b", "b", "C", "a\n    C"),
        ("a b", "b", "\n", "a\n"),
        ("dryers (the dryer)", "(", ".", "dryers. the dryer)"),
        ("(the dryer)", "(", " then", "then the dryer)"),
        ("a (b)", "(", " [", "a [b)"),
        ("a (b)", "(", ' "', 'a "b)'),
        ('a "b"', '"', " (", 'a (b"'),
        ("a (b)", "(", "\n", "a\nb)"),
        ("say “(b)”", "“", ".", "say. (b)”"),
        ("say (“b”)", "(", ".", "say. “b”)"),
        ("tea.", "tea", " coffee", "coffee."),
    ],
)
def test_a_word_is_exchanged_with_its_blanks(
    text: str, old: str, instead: str, result: str
) -> None:
    start = text.index(old)
    alternative = Alternative(text=instead, word=instead.strip(" "), probability=0.1)
    first, last, new = replacement(text, start, start + len(old), alternative)
    assert text[:first] + new + text[last:] == result


@given(st.floats(0, 1))
def test_percentages_stay_short(share: float) -> None:
    assert len(percent(share)) <= 6


# -- the window


def test_a_short_text_is_sent_whole() -> None:
    window = window_at("one two", 7)
    assert (window.start, window.end, window.shown_end) == (0, 7, 7)


@given(st.text(alphabet="ab \n", max_size=30), st.integers(-3, 9_000_000), st.integers(0, 900))
def test_of_a_long_text_the_part_around_the_cursor_is_sent(
    piece: str, cursor: int, times: int
) -> None:
    text = piece * times
    window = window_at(text, cursor)
    at = min(max(0, cursor), len(text))
    assert 0 <= window.start <= at <= window.end <= window.shown_end <= len(text)
    assert window.end - window.start <= BEFORE + STEP + 1000
    assert window.shown_end - window.end <= AFTER


def test_what_is_sent_begins_where_writing_began_to_read() -> None:
    line = "OZ: The suitcase was already blue when I found it.\n\n"
    draft = line * 400
    for cursor in (9_000, 12_345, 17_999):
        shown = window_at(draft, cursor)
        read = shown.start + window_start(draft[shown.start : cursor])
        assert read == window_start(draft[:cursor])


def test_the_speech_around_a_token_is_its_line() -> None:
    text = "A: one two\nB: three"
    tokens = [token(w, text.index(w)) for w in ("A:", "one", "two", "B:", "three")]
    assert speech_around(text, tokens, 1) == range(3)
    assert speech_around(text, tokens, 4) == range(3, 5)
    assert speech_around("", [], 0) == range(0)
    assert token_at(tokens, 5) == 1
    assert token_at(tokens, 0) == 0


def test_another_text_makes_answers_old() -> None:
    subject = Subject(model="m")
    subject.set_text("a\r\nb", None, None)
    assert subject.text == "a\nb"
    version = subject.version
    subject.swapped(0, 1, "xy")
    assert (subject.text, subject.cursor) == ("xy\nb", 0)
    assert subject.version > version
    assert subject.fresh(attention=False) is None


def test_other_weights_under_the_same_name_make_answers_old() -> None:
    subject = Subject(model="m", weights="before")
    subject.set_text("tea", None, None)
    reply = Explanation(tokens=(token("tea", 0),), attention="", heads=0, summary="")
    subject.explained = Explained(
        subject.window(), reply, subject.identity, subject.version, with_attention=False
    )
    assert subject.fresh(attention=False) is subject.explained
    subject.weights = "after"
    assert subject.fresh(attention=False) is None


# -- odds


def test_the_facts_of_a_token() -> None:
    text = lines(odds_text.facts(token("tea", 0), 40))
    assert text[0] == "tea"
    assert "25.0%, rank 2, 2.0 bits" in text[1]
    assert "3.5 bits" in text[2]
    assert "20.0%" in text[3]
    assert "5.0%" in text[4]
    assert "10.0%" in text[5]
    assert not any(line.startswith(("n-grams", "said")) for line in text)


def test_a_model_that_cannot_copy_says_nothing_of_copying() -> None:
    text = lines(odds_text.facts(token("tea", 0, from_copying=0.0, copy_share=0.0), 40))
    assert len(text) == 4
    assert "cop" not in text[-1]
    text = lines(odds_text.facts(token("tea", 0, from_copying=0.0), 40))
    assert any(line.startswith("copied") for line in text)


def test_a_word_that_the_model_does_not_have_has_no_rank() -> None:
    odd = token("zorblax", 0, rank=None, unknown=True)
    text = lines(odds_text.facts(odd, 36))
    assert "25.0%, unknown word, 2.0 bits" in text[1]
    assert " ".join(text[3:]) == odds_text.UNKNOWN
    assert "rank" not in "".join(text)


def test_what_comes_next_has_no_digits() -> None:
    others = (Alternative(text=" tea", word="tea", probability=0.5),)
    odds = NextWordOdds(entropy=3.5, copy_share=0.1, alternatives=others)
    text = lines(odds_text.next_facts(odds, 40))
    assert text == ["what comes next", "unsure by 3.5 bits (entropy)", "meant to copy: 10.0%"]
    assert str(odds_text.alternatives(others, 40, None)).split()[:2] == ["tea", "50.0%"]
    assert str(odds_text.alternatives(others, 40, "tea")).split()[:2] == ["1", "tea"]


def test_every_source_of_the_odds_is_told() -> None:
    told = token("tea", 0, from_softmax=0.1, from_ngrams=0.08, from_said=0.02)
    text = lines(odds_text.facts(told, 40))
    parts = {line.split()[0]: line.split()[1] for line in text[3:7]}
    assert parts == {"network": "10.0%", "n-grams": "8.0%", "copied": "5.0%", "said": "2.0%"}


@given(ODD, st.integers(12, 60))
def test_the_panel_keeps_to_its_width(word: str, width: int) -> None:
    others = tuple(
        Alternative(text=word * n, word=word * n, probability=0.5 / n) for n in range(1, 12)
    )
    one = token(word, 0, alternatives=others)
    for text in (odds_text.facts(one, width), odds_text.alternatives(others, width, word)):
        assert all(cell_len(line) <= max(width, 24) for line in lines(text))
    assert len(lines(odds_text.alternatives(others, width, word))) == 9


def test_without_alternatives_it_says_so() -> None:
    assert "no alternatives" in str(odds_text.alternatives((), 30, "a"))


@given(st.lists(st.floats(0, 20) | st.just(float("nan")), max_size=50), st.integers(0, 60))
def test_the_entropy_line_has_its_size(values: list[float], cursor: int) -> None:
    rows = odds_text.entropy_line(values, cursor, 40, 3)
    for row in rows:
        assert cell_len(str(row)) == 40 or "no entropy" in str(row)


def test_tint_grows_with_surprise() -> None:
    tokens = [token("a", 0, surprise=bits) for bits in (0.0, 3.0, 9.0, 40.0)]
    shades = odds_text.surprise_shades(tokens)
    assert shades == sorted(shades, key=lambda s: s or 0)
    assert shades[-1] == 1.0


# -- attention

TEXT = "tea and tea again"


def looking(heads: int = 1) -> Looking:
    tokens = (
        token("tea", 8, attention=((0.75, 0.25),) * heads, copy_weights=(1.0, 0.0),
              first_attended=-2),
        token("again", 12, attention=((0.0, 0.1, 0.9),) * heads, first_attended=-2),
    )  # fmt: skip
    reply = Explanation(
        tokens=tokens, attention="general", heads=heads, summary="", reached=((0, 3), (4, 7))
    )
    return Looking(reply, TEXT)


def test_weights_lie_over_what_was_read_before() -> None:
    seen = looking()
    assert [seen.word(column) for column in range(seen.columns)] == ["tea", "and", "tea", "again"]
    assert seen.weights(0, None) == {0: 0.75, 1: 0.25}
    assert seen.weights(1, None) == {1: 0.1, 2: 0.9}
    assert seen.copying(0) == {0: 1.0}
    assert attention_text.shades(seen, seen.weights(1, None))[3] is None
    assert attention_text.shades(seen, seen.weights(1, None))[2] == 1.0
    assert attention_text.shades(seen, {}) == [None] * 4


def test_what_was_looked_at_in_a_sentence() -> None:
    assert attention_text.sentence(looking(), 1, None) == (
        "For “again” the model looked most at: “tea”, “and”; 20% of its odds came from copying."
    )


def test_marks_and_line_ends_are_told_as_the_table_has_them() -> None:
    text = ".\n,"
    last = token(",", 2, attention=((0.3, 0.7),), copy_weights=(0.9, 0.1), first_attended=-2)
    reply = Explanation(
        tokens=(last,), attention="general", heads=1, summary="", reached=((0, 1), (1, 2))
    )
    seen = Looking(reply, text)
    said = attention_text.sentence(seen, 0, None)
    assert said.startswith("For “,” the model looked most at: line ends, “.”; ")
    shares = [line.split()[0] for line in lines(attention_text.table(seen, 0, None, 44, 3))[1:]]
    assert set(shares) == {"↵", "."}


def test_where_a_word_would_be_copied_from_in_a_sentence() -> None:
    assert attention_text.copy_sentence(looking(), 0) == (
        "For “tea” the model would most likely copy: “tea”; meant to copy: 10.0%;"
        " 20% of its odds came from copying."
    )


def test_heads_go_round() -> None:
    assert attention_text.next_head(1, None) is None
    heads = [attention_text.next_head(2, head) for head in (None, 0, 1)]
    assert heads == [0, 1, None]
    assert attention_text.head_name(3, None) == "mean of 3 heads"
    assert looking(2).weights(0, None) == looking(2).weights(0, 1)


@given(st.integers(20, 90), st.integers(0, 8))
def test_the_table_of_weights_keeps_to_its_width(width: int, rows: int) -> None:
    text = lines(attention_text.table(looking(), 0, None, width, rows))
    assert all(cell_len(line) <= max(width, 34) for line in text)


@given(st.lists(ODD, min_size=1, max_size=6), st.integers(1, 8))
def test_upright_words_never_shift_a_column(words: list[str], rows: int) -> None:
    picture = upright([named(word, 20) for word in words], rows)
    assert len(picture) == rows
    for row in picture:
        assert [cell_len(piece) for piece in row] == [2] * len(words)


def test_a_table_has_a_column_only_for_what_the_model_does() -> None:
    both = looking()
    assert lines(attention_text.table(both, 0, None, 50, 3))[0].split() == ["attention", "copying"]
    told = tuple(replace(seen, copy_weights=()) for seen in both.reply.tokens)
    attends = Looking(replace(both.reply, tokens=told), TEXT)
    assert lines(attention_text.table(attends, 0, None, 50, 3))[0].split() == ["attention"]
    told = tuple(replace(seen, attention=()) for seen in both.reply.tokens)
    copies = Looking(replace(both.reply, tokens=told, attention="", heads=0), TEXT)
    assert lines(attention_text.table(copies, 0, None, 50, 3))[0].split() == ["copying"]


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 20), st.integers(1, 60))
def test_the_cursor_is_always_in_view(first: int, cursor: int, shown: int, total: int) -> None:
    cursor = min(cursor, total - 1)
    start = first_shown(first, cursor, shown, total)
    assert start <= cursor < start + shown
    assert 0 <= start <= max(0, total - shown)


# -- neighbours


def test_the_line_of_the_neighbours() -> None:
    assert queries.read("coffee", "m", 5) == FindNeighbours(model="m", word="coffee", number=5)
    sum_of = FindAnalogy(model="m", a="king", b="man", c="woman", number=5)
    assert queries.read("king - man + woman", "m", 5) == sum_of
    assert queries.read(" king + woman  − man ", "m", 5) == sum_of
    assert queries.read("odd: tea, sofa coffee", "m", 5) == FindOddOneOut(
        model="m", words=("tea", "sofa", "coffee")
    )
    assert queries.read("Speaker: GUS", "m", 5) == FindSimilarSpeakers(
        model="m", speaker="GUS", number=5
    )
    assert queries.read("twenty-one", "m", 5) == FindNeighbours(
        model="m", word="twenty-one", number=5
    )


@pytest.mark.parametrize("typed", ["", "   ", "odd: tea coffee", "speaker:", "king - man", "a + b"])
def test_what_cannot_be_asked_is_said(typed: str) -> None:
    assert isinstance(queries.read(typed, "m", 5), str)


@given(st.lists(ODD, max_size=4), st.integers(20, 120), st.integers(1, 4))
def test_neighbours_stand_side_by_side(words: list[str], width: int, tables: int) -> None:
    near = tuple(NeighbourWord(word=w, similarity=0.5, count=7) for w in words)
    found = Neighbours(
        word="x",
        count=1,
        tables=tuple(NeighbourList(table=f"t{n}", neighbours=near) for n in range(tables)),
    )
    shown = lines(neighbour_text.tables(found, width))
    assert all(cell_len(line) <= max(width, 30) for line in shown)
    if width >= 30 * tables + 2 * (tables - 1):
        assert all(f"t{n}" in shown[0] for n in range(tables))


def test_how_like_words_are_to_the_others_is_told() -> None:
    words = (
        WordSimilarity(word="sofa", similarity=-0.125),
        WordSimilarity(word="tea", similarity=0.5),
    )
    found = OddOneOutFound(word="sofa", table="skip-gram", words=words)
    text = lines(neighbour_text.likenesses(found, 50))
    assert "skip-gram" in text[0]
    assert text[1].split() == ["sofa", "-0.125"]
    assert text[2].split()[:2] == ["tea", "0.500"]
    assert all(cell_len(line) <= 50 for line in text)


# -- the map


def points(*words: str) -> list[MapPoint]:
    return [
        MapPoint(word=word, x=float(n), y=float(n % 3), count=10 - n)
        for n, word in enumerate(words)
    ]


def test_frequent_words_come_first_and_the_rest_are_dots() -> None:
    crowd = [MapPoint(word=f"word{n}", x=n / 1000, y=0.0, count=n) for n in range(5)]
    crowd.append(MapPoint(word="far", x=1.0, y=1.0, count=1))
    rows = draw(crowd, whole(crowd), 40, 10)
    text = ["".join(piece.text for piece in row) for row in rows]
    assert any("word4" in line for line in text)
    assert not any("word0" in line for line in text)
    wanted = draw(crowd, whole(crowd), 40, 10, first=[0])
    assert any("word0" in "".join(p.text for p in row) for row in wanted)


@given(
    st.lists(st.tuples(ODD, st.floats(-1, 1), st.floats(-1, 1)), max_size=20),
    st.integers(1, 40),
    st.integers(1, 12),
)
def test_every_row_of_the_map_has_its_width(
    places: list[tuple[str, float, float]], columns: int, rows: int
) -> None:
    there = [MapPoint(word=w, x=x, y=y, count=n) for n, (w, x, y) in enumerate(places)]
    picture = draw(there, whole(there), columns, rows)
    assert len(picture) == rows
    for row in picture:
        assert cell_len("".join(piece.text for piece in row)) == columns


def test_zooming_comes_back_and_ends() -> None:
    most = whole(points("a", "b", "c"))
    eye = most.zoomed(word_map.STEP, most).panned(0.5, 0, most)
    assert eye.half_width < most.half_width
    assert eye.zoomed(0.01, most) == most
    for _ in range(100):
        eye = eye.zoomed(word_map.STEP, most)
    assert eye.half_width > 0
    for _ in range(100):
        eye = eye.panned(0.25, -0.25, most)
    assert abs(eye.x - most.x) <= most.half_width + 1e-9
    assert whole([]) == Eye()


def test_the_whole_word_is_found_before_its_parts() -> None:
    there = points("steam", "tea", "teapot", "tea:")
    assert [there[i].word for i in search(there, "tea")] == ["tea", "tea:", "teapot", "steam"]
    assert search(there, " ") == []
    assert search(there, "sofa") == []


# -- cells


def test_a_cell_or_a_feature_is_read() -> None:
    assert cell_text.read("cell 1 12") == CellName(1, 12)
    assert cell_text.read("Cell 0:3") == CellName(0, 3)
    assert cell_text.read("Line  Start") == "line start"
    assert cell_text.read("speaker DELIA:") == "speaker DELIA"
    assert cell_text.read("  ") == ""


def test_it_is_said_what_a_cell_shows_and_of_how_many_words_a_score_is() -> None:
    found = CellsFound(
        cells=(), saturation=(), layers=1, cells_a_layer=8, of="c", marked=3, tokens=1234
    )
    told = lines(cell_text.about(CellName(1, 7), 0.354, "c", found, "“line start”"))
    assert told == [
        "cell 7 of layer 1: tanh(c) is +0.35 here",
        "cells that mark “line start”, by tanh(c):",
        "3 of 1,234 words marked; 0.500 is chance",
    ]
    assert cell_text.about(CellName(0, 1), -0.1, "h", None, "") == (
        "cell 1 of layer 0: h is -0.10 here"
    )


def test_cells_and_gates_are_told() -> None:
    low = str(cell_text.score_line(CellScore(layer=1, cell=7, score=0.02), 40))
    assert low.startswith("1:7")
    assert "low" in low
    gates = (GateSaturation(layer=0, gate="forget", shut=0.25, open=0.5),)
    table = lines(cell_text.saturation_table(gates, 34))
    assert table[-1].split() == ["0", "forget", "25.0%", "50.0%"]
    assert "no gates" in str(cell_text.saturation_table((), 34))


def test_small_activations_are_drawn_up() -> None:
    assert cell_text.stretched([0.0, 0.9, -0.3]) == [None, 0.9, -0.3]
    assert cell_text.stretched([0.1, -0.05]) == [0.5, -0.25]
    assert cell_text.stretched([0.0]) == [None]
    assert cell_text.likely_feature("(he sits)") == "parentheses"
    assert cell_text.likely_feature("he sits") == "line start"
