"""Reading by arrays says just what the tokenizer and the casing counter say token by token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import paths
from engine.corpus import piece_reader
from engine.corpus.casing import CasingCounter
from engine.corpus.measuring import LENGTH_STEPS
from engine.corpus.piece_reader import PieceReader, Totals
from engine.corpus.tokenizer import is_cue, is_word, tokenize

WORDS = "Ann ann ANN: Lee: Mrs. I'm I i don't 3.5 12:30 U.S. St. a:b Ünal straße é e\u0301"
MARKS = ". ... ? ! -- - ( ) [ ] \" “ ” ' , : ; … — 🧦"
LINES = (
    "Mrs. Lee:",
    "Ann (to Lee):",
    "Lee(V.O.) (x):",
    "CUT TO:",
    "(no):",
    "a b c d e f g:",
    "[A laundry.]",
    "[Episode: One]",
    "INT. ROOM",
    "x" * 41,
)
SPACES = (" ", "  ", "\t", "\n", "\n\n", "\r\n", "\xa0", "\x0c")
FRAGMENTS = st.sampled_from([*WORDS.split(), *MARKS.split(), *LINES, *SPACES])
TEXTS = st.one_of(
    st.lists(FRAGMENTS, max_size=30).map("".join), st.lists(FRAGMENTS, max_size=30).map(" ".join)
)


def read(texts: Sequence[str]) -> tuple[list[list[str]], Totals]:
    """The tokens of each of ``texts``, and the totals."""
    reader = PieceReader()
    types: list[str] = []
    told = []
    for text in texts:
        reading = reader.read(text)
        types = [*([] if reading.afresh else types), *reading.new_types]
        told.append([types[i] for i in np.frombuffer(reading.ids, dtype=np.int32)])
    return told, reader.totals()


@settings(max_examples=600, deadline=None)
@given(TEXTS)
@example("A:\n\n  B: x\n   C: y")
@example("\n  B: x")
@example('a\n \xa0\n\n\n b: ("Hm. (no) x.) Yes')
@example("(He stops.) And.\n(He stops.) And.")
@example("Ann\tANN:")
@example("  Ann (to Lee) (3.5):\nx\n\n Lee(V.O.): a\n\nAnn (12:30): b")
def test_the_same_as_token_by_token(text: str) -> None:
    (tokens,), totals = read([text])
    assert tokens == tokenize(text)
    slow = CasingCounter()
    slow.read(text)
    for name in ("inside", "anywhere", "cues", "seen_after", "upper_after", "parenthesised"):
        fast = {k: n for k, n in getattr(totals.casing, name).items() if n}
        assert fast == {k: n for k, n in getattr(slow, name).items() if n}, name


@pytest.fixture
def episodes() -> list[str]:
    files = sorted(Path(paths.bundled_corpus()).glob("*.txt"))
    return [file.read_text(encoding="utf-8") for file in files[:6]]


def test_lines_speakers_and_scenes(episodes: list[str]) -> None:
    for text in episodes:
        tallies = read([text])[1].tallies
        lines = [line for line in " ".join(tokenize(text)).split("\n") if line.strip()]
        rows = [tokenize(line) for line in text.split("\n") if line.strip()]
        assert tallies.lines == len(lines) == len(rows) == sum(tallies.lengths.values())
        words = [sum(map(is_word, row)) for row in rows]
        assert tallies.lengths.get(len(LENGTH_STEPS), 0) == sum(n > 100 for n in words)
        for cue in {row[0] for row in rows if is_cue(row[0])}:
            said = [n for row, n in zip(rows, words, strict=True) if row[0] == cue]
            assert (tallies.speakers[cue].lines, tallies.speakers[cue].words) == (
                len(said),
                sum(said),
            )
        assert tallies.scenes == sum(
            line.startswith("[") and line.endswith("]") and not line.startswith("[Episode")
            for line in map(str.rstrip, text.split("\n"))
        )


def test_a_cue_on_a_line_of_its_own_owns_its_speech() -> None:
    text = "Romeo:\nBut soft!\nWhat light?\n\nA knock.\nJuliet:\nAy me!\nNurse: Madam!\nShe goes.\n"
    speakers = read([text])[1].tallies.speakers
    assert {cue: (tally.lines, tally.words) for cue, tally in speakers.items()} == {
        "romeo:": (1, 4),
        "juliet:": (1, 2),
        "nurse:": (1, 1),
    }


def test_forgetting_changes_nothing(episodes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    remembered, before = read(episodes)
    monkeypatch.setattr(piece_reader, "MOST_STRETCHES", 10)
    forgotten, now = read(episodes)
    assert forgotten == remembered
    assert now.casing.inside == before.casing.inside
    assert now.casing.learned() == before.casing.learned()
    assert now.tallies == before.tallies
