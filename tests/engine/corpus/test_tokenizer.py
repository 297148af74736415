"""Tokens: what is one, what is kept, and that text comes back as a reader expects it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import paths
from engine.corpus.casing import Casing, learn
from engine.corpus.detokenizer import Detokenizer, detokenize
from engine.corpus.tokenizer import cue_name, is_cue, normalised, split_context, tokenize

EPISODES = sorted(paths.bundled_corpus().glob("*.txt"))


@pytest.fixture(scope="module")
def casing() -> Casing:
    return learn(path.read_text() for path in EPISODES)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("DELIA: No.", ["delia:", "no", "."]),
        ("MRS. ABERNATHY: Hush!", ["mrs. abernathy:", "hush", "!"]),
        ("GEORGE'S MOTHER: Sit.", ["george's mother:", "sit", "."]),
        ("Mr. Oz paid 10,000 or 3.5", ["mr.", "oz", "paid", "10,000", "or", "3.5"]),
        ("OZ (V.O.): No.", ["oz:", "(", "v.o.", ")", "no", "."]),
        ("gus (to oz) (dry):\nno", ["gus:", "(", "to", "oz", ")", "(", "dry", ")", "\n", "no"]),
        ("OZ (at 12:30): No", ["oz", "(", "at", "12:30", ")", ":", "no"]),
        ("[Night]\n  \tOZ (dry): No", ["[", "night", "]", "\n", "oz:", "(", "dry", ")", "no"]),
        ("MARIE : Oui", ["marie:", "oui"]),
        ("2ND COP (dry)\xa0: Oui", ["2nd cop:", "(", "dry", ")", "oui"]),
        ("CUT TO: A laundry", ["cut", "to", ":", "a", "laundry"]),
        ("Smash cut back to:", ["smash", "cut", "back", "to", ":"]),
        ("FADE IN:", ["fade", "in", ":"]),
        ("BACK TO SCENE:", ["back", "to", "scene", ":"]),
        ("don't forty-one", ["don't", "forty-one"]),
        ("wait -- no... N.B.", ["wait", "--", "no", "...", "n.b."]),
        ('"Hi," (dry)', ['"', "hi", ",", '"', "(", "dry", ")"]),
        ("a\n\n\n\nb\r\nc", ["a", "\n", "\n", "b", "\n", "c"]),
        ("one two three four five six: seven", ["one", "two", "three", "four", "five", "six", ":",
                                                 "seven"]),
        ("日本語 café 🎬", ["日本語", "café", "🎬"]),
        ("", []),
    ],
)  # fmt: skip
def test_tokens(text: str, tokens: list[str]) -> None:
    assert tokenize(text) == tokens


@given(st.text(max_size=200).filter(lambda text: "):" not in text))
def test_nothing_but_case_and_blanks_is_lost(text: str) -> None:
    kept = "".join(tokenize(text))
    wanted = normalised(text).lower()
    for run in ("...", "--"):
        while run + run[0] in wanted:
            wanted = wanted.replace(run + run[0], run)
    wanted = wanted.replace("..", "...").replace("....", "...")
    assert "".join(kept.split()) == "".join(wanted.split())


words = st.sampled_from(["delia", "no", "machine", "don't", "forty-one", "3.5", "oz", "socks"])
marks = st.sampled_from([".", ",", "?", "!", "(", ")", '"', "--", "...", "\n"])


pieces = (words | marks).map(lambda token: [token]) | st.just(["\n", "gus:"])


@given(st.lists(pieces, max_size=40))
def test_text_of_tokens_has_the_same_words(groups: list[list[str]]) -> None:
    tokens = [token for group in groups for token in group]
    text = detokenize(tokens, Casing())
    again = tokenize(text)
    assert [t for t in again if t.isalpha()] == [t for t in tokens if t.isalpha()]


def test_the_bundled_corpus_comes_back(casing: Casing) -> None:
    lines = [line for path in EPISODES for line in normalised(path.read_text()).split("\n")]
    same = [line for line in lines if detokenize(tokenize(line), casing) == line]
    assert len(same) / len(lines) > 0.96
    spaced = [line for line in lines if detokenize(tokenize(line), casing).lower() == line.lower()]
    assert len(spaced) / len(lines) > 0.995


@given(st.integers(0, 2**32), st.data())
@settings(max_examples=30)
def test_going_on_in_the_middle_is_like_never_stopping(seed: int, data: st.DataObject) -> None:
    text = normalised(EPISODES[seed % len(EPISODES)].read_text())
    style = learn([text])
    paragraphs = text.split("\n\n")
    paragraph = "\n\n" + data.draw(st.sampled_from(paragraphs[1:]))
    tokens = tokenize(paragraph)
    cut = data.draw(st.integers(0, len(tokens) - 1))
    before = detokenize(tokens[:cut], style)
    state = Detokenizer.after(before, style)
    pieces = []
    for token in tokens[cut:]:
        piece, state = state.push(token)
        pieces.append(piece)
    assert before + "".join(pieces) == detokenize(tokens, style)


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [("DELIA: Mach", "Mach"), ("DELIA: ", ""), ("No.", ""), ("forty-o", "forty-o"), ("", ""),
     ("line\n", "")],
)  # fmt: skip
def test_the_word_at_the_cursor(text: str, unfinished: str) -> None:
    body, tail = split_context(text)
    assert tail == unfinished
    assert body + tail == text


def test_a_corpus_without_capitals_stays_without() -> None:
    style = learn(["jerry: hello. how are you? i am fine.\n\nelaine: no.\n"] * 30)
    text = detokenize(tokenize("JERRY: Hello. Is it you?\n\nELAINE: Yes."), style)
    assert text == "jerry: hello. is it you?\n\nelaine: yes."


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("GUS: Socks.", "GUS"),
        ("Mrs. Abernathy:", "Mrs. Abernathy"),
        ("OZ 2: hm", "OZ 2"),
        ("OZ (V.O.) (CONT'D): hm", "OZ"),
        ("OZ(from below): hm", "OZ"),
        (" \tOZ: hm", "OZ"),
        ("2nd Cop: hm", "2nd Cop"),
        ("MARIE : Bonjour", "MARIE"),
        ("MARIE\u202f: Bonjour", "MARIE"),
        ("Iris: in", "Iris"),
        ("Backman: to", "Backman"),
        ("Flash: yes", "Flash"),
        ("SLOW FADE OUT:", None),
        ("INTERCUT WITH:", None),
        ("ANGLE ON THE MUG:", None),
        ("SUPER: Two weeks later", None),
        ("http://example.org", None),
        ("12:30 in the morning", None),
        ("He said the following thing to me today: no", None),
        ("Well, then: no", None),
        ("[GUS: leaves]", None),
        (": no", None),
        ("", None),
    ],
)
def test_who_speaks(line: str, name: str | None) -> None:
    assert cue_name(line) == name


def test_cues() -> None:
    assert is_cue("delia:")
    assert not is_cue(":")
    assert not is_cue("delia")
    assert tokenize("DELIA:\n") == ["delia:", "\n"]


def test_a_file_of_one_long_line_is_quick(tmp_path: Path) -> None:
    assert len(tokenize("a" * 200_000)) == 1
    assert len(tokenize("ab " * 100_000)) == 100_000


@pytest.mark.parametrize(
    "line",
    [
        "i'm goin' home and get 'em.",
        "'tis the season, 'cause i'm talkin' now.",
        "what's goin' on? nothin'. somethin'!",
        "get 'em, 'cause he's 'bout to 'go'.",
        "he said 'yes' and then 'no'.",
        "she says 'go in' to him",
        "it may begin 'now'",
        "rock 'n' roll and salt 'n' pepper",
        "an 'honest' man within 'the' house",
        "'till death do us part' is long",
        "'round here' they say",
        "a cup o' coffee",
        "tom & jerry went to r&d.",
        "2 + 2 = 4",
        "either/or",
    ],
)
def test_apostrophes_and_signs_stand_as_they_stood(line: str) -> None:
    assert detokenize(tokenize(line), Casing()) == line
