"""Plays as they are printed: recognised, reported, and turned into one line a speech."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus.corpus import load_corpus
from engine.corpus.plays import is_play, speeches_on_lines
from engine.corpus.reading import find_sources
from engine.corpus.statistics import summarise

ABOVE = """ACT I

SCENE I. A laundry.

Enter ROSA and OLD TOM.

ROSA.
Who left this sock,
and where is its brother?

OLD TOM (aside)
Not I.

ROSA.
(kneeling)
It is still warm.
OLD TOM.
Then somebody was here.

Exeunt.
"""
BEFORE = """MRS. PELL. Don't begin, Stephen.
It is late.

STEPHEN [firmly]. I will begin.

MRS. PELL. Begin, then.

STEPHEN. Machine nine is on fire.
"""
SCREENPLAY = """INT. LAUNDRY - DAY

                    ROSA
          Who left this sock?

                    TOM
              (hiding)
          Not I.

                    ROSA
          It is warm.

                    TOM
          So am I.
"""


def converted(text: str) -> str:
    return "\n".join(speeches_on_lines(text.split("\n")))


def test_names_above_the_speech() -> None:
    assert is_play(ABOVE)
    assert converted(ABOVE).splitlines() == [
        "ACT I",
        "",
        "SCENE I. A laundry.",
        "",
        "Enter ROSA and OLD TOM.",
        "",
        "ROSA: Who left this sock, and where is its brother?",
        "",
        "OLD TOM: (aside) Not I.",
        "",
        "ROSA: (kneeling) It is still warm.",
        "OLD TOM: Then somebody was here.",
        "",
        "Exeunt.",
    ]


def test_names_before_the_speech() -> None:
    assert is_play(BEFORE)
    assert converted(BEFORE).splitlines() == [
        "MRS. PELL: Don't begin, Stephen. It is late.",
        "",
        "STEPHEN: [firmly] I will begin.",
        "",
        "MRS. PELL: Begin, then.",
        "",
        "STEPHEN: Machine nine is on fire.",
    ]


def test_names_in_the_middle_of_the_page() -> None:
    assert is_play(SCREENPLAY)
    assert "TOM: (hiding) Not I." in converted(SCREENPLAY).splitlines()
    assert converted(SCREENPLAY).startswith("INT. LAUNDRY - DAY\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ROSA: Who left this sock?\nTOM: Not I.\n" * 20,
        "It was late. NASA. waited.\nShe went home.\n" * 20,
        "CHAPTER ONE\nIt was late.\n\nCHAPTER TWO\nIt was early.\n" * 3,
        "THE END.\n\nTHE END.\nno\n\n" * 4,
    ],
)
def test_what_is_no_play_stays(text: str) -> None:
    assert not is_play(text)


@given(st.text(alphabet="AB.: \n()[]a-", max_size=120))
def test_no_word_is_lost(text: str) -> None:
    def letters(of: str) -> str:
        return "".join(filter(str.isalpha, of))

    assert letters(converted(text)) == letters(text)


def test_a_play_as_a_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "play.txt"
    file.write_bytes(b"\xef\xbb\xbf" + ABOVE.replace("\n", "\r\n").encode())
    (source,) = find_sources([file])
    assert source.encoding == "utf-8-sig"
    summary = summarise(load_corpus([file]))
    assert "read as a play" in summary.notes[0]
    assert {(s.name, s.lines) for s in summary.speakers} == {("ROSA", 2), ("OLD TOM", 2)}
