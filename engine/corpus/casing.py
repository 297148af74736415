"""How a corpus writes its words: learned from it, so that output looks like it.

The model sees lower-case words; this puts the capitals back: names from how they stand in the
middle of sentences, sentence starts and cues from what most of them look like.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import Struct, convert

from engine.corpus.tokenizer import NEWLINE, is_cue, is_word, normalised, tokenize_with_offsets

CueStyle = Literal["upper", "title", "lower"]
AFTER_CUE = "cue"
FEW = 20
MOST_FORMS = 2_000_000
LINE_PARENTHESIS = "\n("
_SENTENCE_ENDS = frozenset({".", "!", "?", "..."})
PLACES = _SENTENCE_ENDS | {NEWLINE, "(", LINE_PARENTHESIS, "[", ":", AFTER_CUE}
"""Where a corpus with capitals may begin a word with one; which of them do is learned."""
_QUOTES = frozenset("\"'“‘«")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next word stands, as far as its capital is concerned.

    A quotation mark is looked through, and after a parenthesis the sentence goes on as before.
    """

    opener: str = NEWLINE
    around: str | None = None
    """The place that an open parenthesis stands in."""
    previous: str = NEWLINE

    def push(self, token: str) -> Place:
        """The place after ``token``."""
        around = self.around
        if is_cue(token):
            opener = AFTER_CUE
        elif token == "(":
            around = self.opener
            opener = LINE_PARENTHESIS if self.previous == NEWLINE else "("
        elif token == ")" and around is not None:
            opener = self.previous if self.previous in _SENTENCE_ENDS else around
            around = None
        elif token in _QUOTES and (self.opener in PLACES or self.opener == ","):
            opener = self.opener
        else:
            opener = token
        return Place(opener, None if token == NEWLINE else around, token)


class Casing(Struct, frozen=True, kw_only=True):
    """The casing of one corpus."""

    surfaces: dict[str, str] = {}
    """Usual form of words that are not simply lower-case, by lower-cased word."""
    cues: dict[str, str] = {}
    """Usual form of each speaker's cue, colon included."""
    cue_style: CueStyle = "upper"
    openers: tuple[str, ...] = ()
    """Places where most words begin with a capital."""
    opens_parentheses: tuple[str, ...] = ()
    """Words that usually have a capital after a parenthesis within a line: "(He stops.)"."""

    def word(self, token: str, place: Place) -> str:
        """``token`` as it is written at ``place``."""
        if is_cue(token):
            return self.cues.get(token) or self._styled(token)
        surface = self.surfaces.get(token, token)
        opens = place.opener in self.openers or (
            place.opener == "(" and token in self.opens_parentheses
        )
        if opens and surface[:1].islower():
            return surface[0].upper() + surface[1:]
        return surface

    def _styled(self, cue: str) -> str:
        if self.cue_style == "upper":
            return cue.upper()
        return cue.title().replace("'S", "'s") if self.cue_style == "title" else cue

    def to_builtins(self) -> dict[str, Any]:
        return {
            "surfaces": self.surfaces,
            "cues": self.cues,
            "cue_style": self.cue_style,
            "openers": list(self.openers),
            "opens_parentheses": list(self.opens_parentheses),
        }

    @classmethod
    def from_builtins(cls, values: Any) -> Casing:
        """The inverse of :meth:`to_builtins`; raises msgspec.ValidationError on anything else."""
        return convert(values, cls)


class CasingCounter:
    """Counts surface forms over any number of pieces of a corpus; pieces are whole lines."""

    def __init__(self) -> None:
        self.inside: Counter[str] = Counter()
        self.anywhere: Counter[str] = Counter()
        self.cues: Counter[str] = Counter()
        self.upper_after: Counter[str] = Counter()
        self.seen_after: Counter[str] = Counter()
        self.parenthesised: Counter[str] = Counter()
        self._place = Place()

    def read(self, text: str) -> None:
        """Count the words of ``text``."""
        text = normalised(text)
        for token, start in tokenize_with_offsets(text):
            written = text[start : start + len(token)]
            self.observe(token, f"{written[:-1]}:" if is_cue(token) else written)

    def observe(self, token: str, surface: str) -> None:
        """Count one token, in the order of the text, with the form that it has there."""
        place = self._place
        if is_cue(token):
            self.cues[surface] += 1
        elif is_word(token):
            self.anywhere[surface] += 1
            if place.opener == "(":
                self.parenthesised[token] += 1 if surface[:1].isupper() else -1
            if place.opener in PLACES:
                if token != "i" and not token.startswith("i'"):
                    self.seen_after[place.opener] += 1
                    self.upper_after[place.opener] += surface[:1].isupper()
            elif not surface.isupper() or len(surface) == 1:
                self.inside[surface] += 1
        self._place = place.push(token)

    def merge(self, other: CasingCounter) -> None:
        """Add what ``other`` has counted; of very many forms those seen once are dropped."""
        for name in ("inside", "anywhere", "cues", "upper_after", "seen_after", "parenthesised"):
            counter: Counter[str] = getattr(self, name)
            counter.update(getattr(other, name))
            if len(counter) > MOST_FORMS:
                setattr(self, name, Counter({form: n for form, n in counter.items() if n > 1}))

    def usual_forms(self) -> dict[str, str]:
        """The most frequent form of each word, wherever it stands."""
        return _usual(self.anywhere)

    def learned(self) -> Casing:
        """What the counts say."""
        opening = {t for t, seen in self.seen_after.items() if self.upper_after[t] * 2 > seen}
        if "." in opening and self.seen_after[NEWLINE] < FEW:
            opening.add(NEWLINE)  # lines of this corpus begin with cues; a line of prose is a guess
        openers = tuple(sorted(opening))
        return Casing(
            surfaces=self._surfaces(bool(openers)),
            cues=_usual(self.cues),
            cue_style=_cue_style(self.cues),
            openers=openers,
            opens_parentheses=tuple(sorted(w for w, n in self.parenthesised.items() if n > 0)),
        )

    def _surfaces(self, has_capitals: bool) -> dict[str, str]:
        usual = _usual(self.inside)
        inside = set(usual)
        # A word that only ever opens sentences says little of its casing: names do so too, but
        # most such words are ordinary, so they stay lower-case.
        opened = {
            lower: surface
            for lower, surface in _usual(self.anywhere).items()
            if lower not in inside and not (has_capitals and surface == lower.capitalize())
        }
        return {low: s for low, s in {**usual, **opened}.items() if s != low}


def learn(texts: Iterable[str]) -> Casing:
    """The casing of ``texts``."""
    counter = CasingCounter()
    for text in texts:
        counter.read(text)
    return counter.learned()


def _usual(forms: Counter[str]) -> dict[str, str]:
    best: dict[str, tuple[int, str]] = {}
    for surface, count in forms.items():
        lower = surface.lower()
        if len(lower) != len(surface):
            continue
        rank = (count, surface)
        if lower not in best or rank > best[lower]:
            best[lower] = rank
    return {lower: surface for lower, (_, surface) in best.items()}


def _cue_style(cues: Counter[str]) -> CueStyle:
    votes: Counter[CueStyle] = Counter()
    for surface, count in cues.items():
        if re.search(r"[^\W\d_]{2}", surface):
            style: CueStyle = (
                "upper" if surface.isupper() else "lower" if surface.islower() else "title"
            )
            votes[style] += count
    return max(votes, key=lambda style: (votes[style], style), default="upper")
