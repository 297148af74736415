"""The speeches of a draft, each with the words that its mood is told by."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.corpus.tokenizer import NEWLINE, is_cue, tokenize
from engine.generation.spans import tokens_in

LONGEST_TEXT = 400
"""Tokens of a text that are read, the first ones."""


@dataclass(slots=True)
class Speech:
    """What somebody says in one go, or a paragraph that nobody speaks."""

    start: int
    """Character offsets in the text, with the speaker's name; end exclusive."""
    end: int
    speaker: str
    """As it is written there; empty for a paragraph."""
    tokens: list[tuple[str, int, int]] = field(default_factory=list)
    """The first ``LONGEST_TEXT`` of what is said, with their offsets in the whole text."""


def speeches_in(text: str) -> list[Speech]:
    """The speeches of ``text``, in order, or its paragraphs where nobody speaks.

    A speech begins with its speaker's cue and ends before the next or at an empty line, as a turn
    does (:mod:`engine.models.turns`). One in which no word is said is left out.
    """
    found: list[Speech] = []
    present: Speech | None = None
    before = ""
    for token, start, end in tokens_in(text):
        if token == NEWLINE:
            if before == NEWLINE:
                present = None
        elif is_cue(token):
            present = Speech(start, end, text[start:end].rstrip(": \xa0\u202f"))
            found.append(present)
        else:
            if present is None:
                present = Speech(start, end, "")
                found.append(present)
            present.end = end
            if len(present.tokens) < LONGEST_TEXT:
                present.tokens.append((token, start, end))
        before = token
    said = [speech for speech in found if speech.tokens]
    spoken = [speech for speech in said if speech.speaker]
    return spoken or said


def words_of(text: str) -> list[str]:
    """The tokens of a text that is one speech, with a speaker's cue before it or without."""
    tokens = [token for token in tokenize(text) if token != NEWLINE]
    first = 1 if tokens and is_cue(tokens[0]) else 0
    return tokens[first : first + LONGEST_TEXT]
