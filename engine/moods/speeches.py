"""The speeches of a draft, each with the words that its mood is told by."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.corpus.tokenizer import NEWLINE, is_cue, tokenize
from engine.generation.spans import tokens_in

LONGEST_TEXT = 400
"""Tokens read as one text: of a longer one the first, of a draft's speech as many parts."""
LONG_LINE = 100
"""Characters of a line that nobody has broken by hand: where nobody speaks, it is a paragraph."""


@dataclass(slots=True)
class Speech:
    """What somebody says in one go, or a paragraph that nobody speaks."""

    start: int
    """Character offsets in the text, with the speaker's name; end exclusive."""
    end: int
    speaker: str
    """As it is written there; empty for a paragraph."""
    tokens: list[tuple[str, int, int]] = field(default_factory=list)
    """What is said, with offsets in the whole text; at most ``LONGEST_TEXT``."""


def speeches_in(text: str) -> list[Speech]:
    """The speeches of ``text``, in order; where hardly anybody speaks, its paragraphs, too.

    A speech begins with its speaker's cue and ends before the next or at an empty line, as a turn
    does (:mod:`engine.models.turns`). A very long one is several, one in which no word is said
    none.
    """
    found: list[Speech] = []
    present: Speech | None = None
    before, line = "", 0
    for token, start, end in tokens_in(text):
        if token == NEWLINE:
            paragraph = present is not None and not present.speaker
            if before == NEWLINE or (paragraph and start - line > LONG_LINE):
                present = None
            line = end
        elif is_cue(token):
            present = Speech(start, end, text[start:end].rstrip(": \xa0\u202f"))
            found.append(present)
        else:
            if present is None or len(present.tokens) == LONGEST_TEXT:
                present = Speech(start, end, present.speaker if present else "")
                found.append(present)
            present.end = end
            present.tokens.append((token, start, end))
        before = token
    said = [speech for speech in found if speech.tokens]
    spoken = [speech for speech in said if speech.speaker]
    # Stage directions are not graded; prose with a cue by chance is.
    return spoken if 2 * _words(spoken) >= _words(said) else said


def _words(speeches: list[Speech]) -> int:
    return sum(len(speech.tokens) for speech in speeches)


def words_of(text: str) -> list[str]:
    """The tokens of a text that is one speech, with a speaker's cue before it or without."""
    tokens = [token for token in tokenize(text) if token != NEWLINE]
    first = 1 if tokens and is_cue(tokens[0]) else 0
    return tokens[first : first + LONGEST_TEXT]
