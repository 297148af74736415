"""The one line of the Neighbours view: what was typed, as a question to the engine."""

from __future__ import annotations

import re

from engine.protocol.messages import (
    FindAnalogy,
    FindNeighbours,
    FindOddOneOut,
    FindSimilarSpeakers,
)

Query = FindNeighbours | FindAnalogy | FindOddOneOut | FindSimilarSpeakers
HINT = "coffee · sock - washer + cake · odd: coffee soup ledger · speaker: DELIA"
_MINUS, _PLUS = r"\s+[-−–]\s+", r"\s+\+\s+"
_ANALOGY = re.compile(rf"(?P<a>.+?){_MINUS}(?P<b>.+?){_PLUS}(?P<c>.+)", re.DOTALL)
_TURNED = re.compile(rf"(?P<a>.+?){_PLUS}(?P<c>.+?){_MINUS}(?P<b>.+)", re.DOTALL)
_COMMAND = re.compile(r"(?P<name>odd|speaker)\s*:\s*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_MOST = 80
"""Longest word that is worth asking about."""


def read(typed: str, model: str, number: int) -> Query | str:
    """The question in ``typed``, or a sentence that says what is wrong with it."""
    text = " ".join(typed.split())
    if not text:
        return f"Type a word, or: {HINT}"
    command = _COMMAND.fullmatch(text)
    if command is not None:
        rest = command["rest"].strip()
        if command["name"].lower() == "speaker":
            if not rest:
                return "Whose words? Name a speaker: speaker: DELIA"
            return FindSimilarSpeakers(model=model, speaker=rest[:_MOST], number=number)
        words = tuple(word for word in re.split(r"[,\s]+", rest) if word)
        if len(words) < 3:
            return "To find the odd one out, give three words or more: odd: tea coffee sofa"
        if len(words) > 50:
            return "At most fifty words can be compared."
        return FindOddOneOut(model=model, words=words)
    sum_of = _ANALOGY.fullmatch(text) or _TURNED.fullmatch(text)
    if sum_of is not None:
        a, b, c = (sum_of[letter].strip()[:_MOST] for letter in "abc")
        return FindAnalogy(model=model, a=a, b=b, c=c, number=number)
    if re.search(rf"{_MINUS}|{_PLUS}", text):
        return "A sum needs three words, with blanks around the signs: king - man + woman"
    return FindNeighbours(model=model, word=text[:_MOST], number=number)
