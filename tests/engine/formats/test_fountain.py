"""Fountain: the script comes back, and other people's screenplays are understood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import paths
from engine.formats.elements import Element, Speech, elements_of
from engine.formats.fountain import from_plain, left_out, to_plain

EPISODES = sorted(paths.bundled_corpus().glob("*.txt"))


@pytest.mark.parametrize("path", EPISODES, ids=lambda path: path.stem)
def test_the_bundled_corpus_comes_back(path) -> None:  # type: ignore[no-untyped-def]
    text = path.read_text()
    assert to_plain(from_plain(text)) == text


names = st.sampled_from(["DELIA", "Mrs. Abernathy", "O'NEIL", "McAvoy", "R2-D2", "Zoë", "INT. MAN"])
word = st.sampled_from(
    [
        ".5",
        "#",
        "\\",
        "\\~",
        "no",
        "socks",
        "(dry)",
        "...",
        "--",
        "[[",
        "/*",
        "~",
        "INT.",
        "CUT",
        "NO.",
        "a:b",
    ]
)
sentence = st.lists(word, min_size=1, max_size=8).map(" ".join)
speech = st.builds("{}: {}".format, names, sentence)
scene = st.builds("[Scene {}.]".format, st.integers(1, 99)) | st.sampled_from(
    ["[Episode: The Sock]", "[Episode: *The*  Sock]", "[Episode: 1/2]"]
)
prose = st.sampled_from(
    [
        *("(The lights go out.)", "He waits.", "BANG!", "INT. HOUSE - DAY", ".5 miles"),
        *("> CUT TO:", "# not a section", "= nor this", "!really", "@home"),
        *(
            "INT. LAUNDRY\nHe waits.",
            "He waits.\nEXT. IS ALL HE READS",
            "BANG (far off)\nThen no more.",
        ),
        *("Title: ", "Bang! Crash!: a story", "  indented", "  ! indented"),
    ]
).map(str.rstrip)


@given(st.lists(speech | scene | prose, min_size=1, max_size=12))
def test_generated_scripts_come_back(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs) + "\n"
    assert to_plain(from_plain(text)) == text


@pytest.mark.parametrize(
    ("plain", "fountain"),
    [
        ("DELIA: No.", "DELIA\nNo."),
        ("Delia: No.", "@Delia\nNo."),
        ("DELIA: (dry) No. (beat) Fine.", "DELIA\n(dry)\nNo.\n(beat)\nFine."),
        ("[Spin Cycle, night.]", ".Spin Cycle, night."),
        ("BANG!", "!BANG!"),
        ("~ rain", "!~ rain"),
        ("INT. MAN: No.", "@INT. MAN\nNo."),
        ("TEO: NO. (beat) Fine.", "@TEO\nNO.\n(beat)\nFine."),
        ("GUS: (waits)\n\nHe waits.", "GUS\n(waits)\n\n!He waits."),
        ("GUS: FADE OUT.", "GUS\n\\FADE OUT."),
        ("BOB: says\ncontinues here", "BOB\nsays\ncontinues here"),
        ("BOB: says\nFADE TO BLACK.", "BOB\nsays\n\n> FADE TO BLACK."),
        ("BOB: Stop it and\nEND THIS NOW!", "BOB\nStop it and\nEND THIS NOW!"),
        ("BOB: says\nTHE END", "BOB\nsays\n\n!THE END"),
        ("BOB: (to\nOz) One. (beat)\n~ two", "BOB\n(to Oz)\nOne.\n(beat)\n\\~ two"),
        ("BOB: No.\nOZ: Yes.\nOh yes.", "BOB\nNo.\n\nOZ\nYes.\nOh yes."),
        ("BOB: No.\nINT. STREET", "BOB\nNo.\n\nINT. STREET"),
        ("BOB: No.\nCUT TO:", "BOB\nNo.\n\nCUT TO:"),
        ("He waits.\n\nCUT TO:\n\nGUS: No.", "He waits.\n\nCUT TO:\n\nGUS\nNo."),
        ("FADE OUT.", "> FADE OUT."),
        ("FADE IN:", "> FADE IN:"),
        ("BURN TO WHITE.", "> BURN TO WHITE."),
        ("CUT IT OUT!", "!CUT IT OUT!"),
        ("There is only one thing left to do: run.", "!There is only one thing left to do: run."),
        ("ANGLE ON: the mug", "!ANGLE ON: the mug"),
        ("2ND COP (V.O.): No.", "2ND COP (V.O.)\nNo."),
        ("MARIE : Bonjour.", "MARIE\nBonjour."),
        ("BOB: No.\nOz:", "BOB\nNo.\n\nOz:"),
        ("BOB: No.\n[Night.]", "BOB\nNo.\n\n.Night."),
        ("BOB: No.\n\nHe waits.", "BOB\nNo.\n\nHe waits."),
        ("Bang! Crash!: A story", "!Bang! Crash!: A story"),
    ],
)
def test_writing(plain: str, fountain: str) -> None:
    assert from_plain(plain).strip() == fountain


@pytest.mark.parametrize(
    ("fountain", "plain"),
    [
        ("Title: Big Fish\nAuthor: X\n\nINT. HOUSE - DAY\n\nHe sits.", "[Episode: Big Fish]\n\n"
         "INT. HOUSE - DAY\n\nHe sits."),
        ("NORA: not a title page", "NORA: not a title page"),
        ("STEEL (V.O.)\nBeer?\n\nBRICK ^\nNo.", "STEEL (V.O.): Beer?\n\nBRICK: No."),
        ("STEEL\nBeer? [[tea?]] Now.\n\n[[gone]]", "STEEL: Beer? Now."),
        (".NIGHT #12A#\n\nINT. HOUSE #3#", "[NIGHT]\n\nINT. HOUSE"),
        ("> FADE OUT.\n\nCUT TO:", "FADE OUT.\n\nCUT TO:"),
        ("A [[note]]line. /* gone\nfor good */", "A line."),
        ("# Act\n\n= synopsis\n\nText.", "Text."),
        ("DELIA\nOne.\n  \nTwo.", "DELIA: One. Two."),
        (">CENTRED<", "CENTRED"),
        ("", ""),
    ],
)  # fmt: skip
def test_reading(fountain: str, plain: str) -> None:
    assert to_plain(fountain) == plain


@given(st.lists(speech, min_size=1, max_size=4), st.lists(sentence, min_size=1, max_size=3))
def test_a_speech_of_several_lines_comes_back_on_one(speeches: list[str], more: list[str]) -> None:
    text = "\n".join([*speeches, *more])
    elements = elements_of(text)
    if all(isinstance(element, Speech) for element in elements):
        back = elements_of(to_plain(from_plain(text)))
        assert [words_of(element) for element in back] == [words_of(e) for e in elements]


def words_of(element: Element) -> list[str]:
    assert isinstance(element, Speech)
    return [element.name, *" ".join(element.pieces).split()]


def test_what_is_left_out_is_told() -> None:
    told = left_out(
        "Title: Tea\nAuthor: X\nContact: Y\n  Z\n\n# One\n\n= They meet.\n\n===\n\n"
        "INES\nTea. [[or coffee?]]\n\n/* no\nno */\n[[a]]\n\n[[b\n# c]]\n"
    )
    assert told == (
        "Left out: 2 fields of the title page, 3 notes, 1 passage between /* and */, 1 section,"
        " 1 synopsis."
    )
    assert left_out("Title: Tea\n\nINES\nTea.\n") == ""
    assert left_out("NORA: not a title page\n") == ""


@given(st.text(max_size=300))
def test_any_text_is_read_and_written(text: str) -> None:
    to_plain(text)
    from_plain(text)
    left_out(text)
