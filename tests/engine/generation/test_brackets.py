"""Brackets in pairs: by the rule alone, and in what a model writes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.corpus.tokenizer import tokenize
from engine.corpus.vocabulary import Vocabulary
from engine.generation.brackets import MOST_ENCLOSED, Brackets
from engine.generation.stream import Stream
from engine.generation.writer import Writer
from engine.protocol.messages import Write
from engine.protocol.values import SamplerSettings, StopRule

WORDS = ("(", ")", "[", "]", ".", "?", "\n", "a", "b")
VOCABULARY = Vocabulary.of_counts(dict.fromkeys(WORDS, 5), 1)
ALL = set(range(len(VOCABULARY)))


def ids(text: str) -> list[int]:
    return [VOCABULARY.id_of(token) for token in tokenize(text)]


def names(numbers: set[int]) -> set[str]:
    return {VOCABULARY.words[number] for number in numbers}


def test_what_fits_where() -> None:
    rule = Brackets.of(VOCABULARY)
    assert names(rule.unfit(ids("(a)\na b"))) == {")", "]"}
    assert names(rule.unfit(ids("a ("))) == {"(", ")", "]", "\n", ".", "?"}
    assert names(rule.unfit(ids("[a b"))) == {"[", ")", "\n"}
    assert names(rule.unfit(ids("[a (b"))) == {"(", "]", "\n"}
    assert names(rule.unfit(ids("(" + "a " * MOST_ENCLOSED))) == {"(", "]"}
    assert names(rule.unfit([])) == {")", "]"}


def test_a_vocabulary_without_brackets_has_no_rule() -> None:
    plain = Brackets.of(Vocabulary.of_counts({"a": 3, "\n": 2}, 1))
    assert plain.unfit([3, 3]) == set()
    assert not plain.is_open([3])


@given(st.data())
def test_what_is_written_by_the_rule_is_in_pairs(data: st.DataObject) -> None:
    rule = Brackets.of(VOCABULARY)
    written: list[int] = []
    for _ in range(40):
        fits = sorted(ALL - rule.unfit(written) - {0, 1})
        written.append(data.draw(st.sampled_from(fits)))
    for line in "".join(f" {VOCABULARY.words[n]}" for n in written).split("\n")[:-1]:
        kept = "".join(c for c in line if c in "()[]")
        while (fewer := kept.replace("()", "").replace("[]", "")) != kept:
            kept = fewer
        assert kept == ""


def test_a_model_keeps_to_it(writer: Writer) -> None:
    request = Write(
        model="small",
        before="DELIA: (folding a sheet",
        seed=3,
        stop=StopRule(tokens=200),
        settings=SamplerSettings(temperature=0.7, paired_brackets=True),
    )
    stream = Stream(writer, request)
    text = request.before
    while not stream.over:
        text += "".join(token.text for _branch, token in stream.step().tokens)
    lines = text.split("\n")
    assert len(lines) > 3
    for line in lines[:-1]:
        assert line.count("(") == line.count(")")
        assert line.count("[") == line.count("]")
