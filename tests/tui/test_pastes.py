"""Pasted text and typed keys come apart again, wherever a line cuts what was sent."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tui.pastes import BEGIN, END, KEY_SECONDS, PASTE_SECONDS, Part, Pastes

TEXTS = st.text(alphabet="ab \n\x1b[20~\x07é", max_size=12)
PARTS = st.lists(st.tuples(TEXTS, st.booleans()), max_size=6)


def sent(parts: list[tuple[str, bool]]) -> str:
    return "".join(f"{BEGIN}{text}{END}" if pasted else text for text, pasted in parts)


def joined(parts: list[Part]) -> list[Part]:
    """Neighbours of one kind as one: where they were cut does not matter."""
    whole: list[Part] = []
    for part in parts:
        if whole and whole[-1].pasted == part.pasted:
            part = Part(whole.pop().text + part.text, part.pasted)
        whole.append(part)
    return whole


def read(pieces: list[str]) -> list[Part]:
    pastes = Pastes()
    parts = [part for piece in pieces for part in pastes.feed(piece)]
    parts += pastes.nothing_came(PASTE_SECONDS)
    assert all(part.text for part in parts)
    return joined(parts)


@given(PARTS, st.lists(st.integers(0, 80), max_size=8))
def test_what_was_sent_comes_apart_wherever_it_is_cut(
    parts: list[tuple[str, bool]], cuts: list[int]
) -> None:
    whole = sent(parts)
    # An escape character that ends a piece is a key, and must not be waited with.
    at = sorted({0, len(whole), *(cut for cut in cuts if whole[cut - 1 : cut] != "\x1b")})
    pieces = [whole[a:b] for a, b in itertools.pairwise(at)]
    assert read(pieces) == read([whole] if whole else [])


@given(TEXTS, TEXTS, TEXTS)
def test_pasted_text_stays_as_it_is(before: str, pasted: str, after: str) -> None:
    wanted = [Part(before, False), Part(pasted, True), Part(after, False)]
    assert read([sent([(text, kind) for text, kind in wanted])]) == joined(
        [part for part in wanted if part.text]
    )


def test_keys_are_not_waited_with() -> None:
    pastes = Pastes()
    for key in ("\x1b", "a", "\x1b[A", "\x1b[2~", "\x1bOP"):
        assert pastes.feed(key) == [Part(key, False)]
    assert pastes.feed("\x1b[2") == []
    assert pastes.nothing_came(KEY_SECONDS / 2) == []
    assert pastes.nothing_came(KEY_SECONDS) == [Part("\x1b[2", False)]


def test_a_paste_whose_end_is_lost_ends_all_the_same() -> None:
    pastes = Pastes()
    assert pastes.feed(f"a{BEGIN}b") == [Part("a", False)]
    assert pastes.nothing_came(KEY_SECONDS) == [], "a slow line is no end"
    assert pastes.nothing_came(PASTE_SECONDS) == [Part("b", True)]
    assert pastes.feed("c") == [Part("c", False)]
