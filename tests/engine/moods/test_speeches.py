"""The speeches of a draft, with the words that are said in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.moods.speeches import LONGEST_TEXT, speeches_in, words_of

DRAFT = """[Scene: a laundromat, at night]

DELIA: Who put\ta cake in there?\r
And why?

OZ (V.O.): (sadly) I did.
GUS:

Nobody speaks here.

MRS. B: Hm.
"""


def test_speeches_have_a_speaker_words_and_a_place() -> None:
    found = speeches_in(DRAFT)
    assert [speech.speaker for speech in found] == ["DELIA", "OZ", "MRS. B"]
    assert DRAFT[found[0].start : found[0].end] == "DELIA: Who put\ta cake in there?\r\nAnd why?"
    words = [token for token, _start, _end in found[1].tokens]
    assert words == ["(", "v.o.", ")", "(", "sadly", ")", "i", "did", "."]
    for speech in found:
        for token, start, end in speech.tokens:
            assert DRAFT[start:end].lower().removesuffix(":") == token


def test_where_nobody_speaks_paragraphs_count() -> None:
    text = "It rained.\nAll day.\n\n\nThen it stopped.\n"
    found = speeches_in(text)
    assert [text[s.start : s.end] for s in found] == ["It rained.\nAll day.", "Then it stopped."]
    assert {speech.speaker for speech in found} == {""}


def test_a_speech_is_read_as_a_labelled_text_is() -> None:
    (speech,) = speeches_in("GUS: No, no. Not the soup!")
    words = [token for token, _start, _end in speech.tokens]
    assert words == words_of("GUS: No, no. Not the soup!") == words_of("No, no. Not the soup!")


def test_a_very_long_speech_is_several() -> None:
    text = "GUS: " + "soup " * 1000
    found = speeches_in(text)
    assert [len(speech.tokens) for speech in found] == [LONGEST_TEXT, LONGEST_TEXT, 200]
    assert {speech.speaker for speech in found} == {"GUS"}
    assert found[-1].end == len(text.rstrip())
    assert len(words_of(text)) == LONGEST_TEXT


def test_prose_with_a_cue_by_chance_stays_prose() -> None:
    text = "It rained all day long.\n\nPS: bring milk.\n\nThen it stopped at last.\n"
    assert len(speeches_in(text)) == 3


def test_long_lines_that_nobody_speaks_are_paragraphs() -> None:
    line = (
        "It rained and it rained, all over the town and the hills and the sea and the ships on it. "
    )
    text = f"{line * 2}\n{line * 2}\nshort one\nand another\n"
    assert [text[s.start : s.end].count("\n") for s in speeches_in(text)] == [0, 0, 1]


@given(st.text(st.sampled_from("ab:. \n\r\t()[]é-"), max_size=80))
def test_any_text_has_speeches_in_order_with_words(text: str) -> None:
    end = 0
    for speech in speeches_in(text):
        assert end <= speech.start < speech.end <= len(text)
        assert speech.tokens
        for _token, start, last in speech.tokens:
            assert speech.start <= start < last <= speech.end
        end = speech.end
