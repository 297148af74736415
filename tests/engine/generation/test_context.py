"""What a model reads of a draft: which word it breaks off in."""

from __future__ import annotations

import pytest

from engine.corpus.casing import learn
from engine.corpus.vocabulary import Vocabulary
from engine.generation.context import Context, make_context

DRAFT = "ZARA: I am new here.\n\n"
KNOWN = ("delia:", "zz:", "hello", "i", "am", "new", "here", ".")


def context_of(before: str) -> Context:
    vocabulary = Vocabulary.of_counts(dict.fromkeys(KNOWN, 2), cutoff=1)
    return make_context(before, vocabulary, learn([DRAFT]))


@pytest.mark.parametrize("begun", ["Za", "Zz"])
def test_a_word_within_a_line_is_not_begun_like_a_cue(begun: str) -> None:
    context = context_of(f"{DRAFT}DELIA: Hello {begun}")
    assert context.unfinished == ""
    assert context.word(context.ids[-1]) == begun.lower()
    assert context.ids[-1] in context.draft_words.ids.values()


@pytest.mark.parametrize("begun", ["Za", "Zz", "De"])
def test_a_cue_can_be_begun_on_a_fresh_line(begun: str) -> None:
    context = context_of(DRAFT + begun)
    assert context.unfinished == begun
    assert context.word(context.ids[-1]) == "\n"


def test_a_known_word_can_be_begun_anywhere() -> None:
    assert context_of(f"{DRAFT}DELIA: He").unfinished == "He"
