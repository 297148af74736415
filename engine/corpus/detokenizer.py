"""Tokens back to text, one at a time: which blank goes before a token, and which capitals.

Append-only, since words are streamed: what has been written never changes, so each decision is
made from what stands before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from engine.corpus.casing import Casing, Place
from engine.corpus.tokenizer import NEWLINE, is_cue, tokenize

_CLOSING = frozenset(".,;:!?)]}%…»”’")
_OPENING = frozenset("([{«“‘¿¡$#@")
_QUOTES = frozenset("\"'`*_")
_TIGHT = frozenset("/\\^~")
_CUT_SHORT = frozenset({"o", "ol", "th", "wit"})
"""Words that an apostrophe ends, besides those in -in'; where no quotation is open."""
_WHOLE = frozenset(
    {
        *("admin", "alvin", "assassin", "austin", "basin", "begin", "benjamin", "berlin"),
        *("bulletin", "cabin", "calvin", "chin", "coffin", "coin", "colin", "cousin"),
        *("darwin", "dolphin", "dustin", "edwin", "franklin", "gavin", "goblin", "grin"),
        *("join", "justin", "kevin", "latin", "lenin", "login", "mandarin", "margin"),
        *("martin", "marvin", "merlin", "muffin", "napkin", "origin", "penguin", "plugin"),
        *("pumpkin", "putin", "raisin", "resin", "robin", "ruin", "satin", "shin", "skin"),
        *("spin", "stalin", "thin", "toxin", "twin", "violin", "virgin", "vitamin", "within"),
    }
)
"""Words in -in that have lost nothing; those in -ain have not either."""
_CUT_OFF = frozenset(
    {
        *("bout", "cause", "cept", "cos", "coz", "cuz", "em", "kay", "neath", "nuff", "scuse"),
        *("til", "tis", "twas"),
    }
)
"""Words that an apostrophe begins."""
_CONTEXT_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Detokenizer:
    """The state between two tokens; a value, so that a branch is only another reference."""

    casing: Casing
    previous: str | None = None
    place: Place = field(default_factory=Place)
    open_quotes: frozenset[str] = frozenset()
    glued: bool = True
    """No blank before the next word, whatever it is."""

    @classmethod
    def after(cls, context: str, casing: Casing) -> Detokenizer:
        """The state after a draft's text, so that continuing it spaces and capitalises rightly."""
        line = context[-_CONTEXT_CHARACTERS:]
        cut = line.rfind("\n\n")
        line = line[cut + 1 :] if cut >= 0 else line
        made = cls(casing)
        for token in tokenize(line):
            made = made.behind(token)
        blank = context[-1:].isspace() and not context.endswith("\n")
        return replace(made, glued=True) if blank else made

    def text(self, token: str) -> str:
        """What ``token`` appends."""
        if token == NEWLINE:
            return NEWLINE
        surface = self.casing.word(token, self.place)
        return surface if self.glued or not self._blank_before(token) else f" {surface}"

    def push(self, token: str) -> tuple[str, Detokenizer]:
        """The text that ``token`` appends, and the state after it."""
        return self.text(token), self.behind(token)

    def behind(self, token: str) -> Detokenizer:
        """The state after ``token``."""
        if token == NEWLINE:
            return Detokenizer(self.casing, NEWLINE)
        closes = token in self.open_quotes or self._ends_the_word(token)
        quotes = self.open_quotes
        if token in _CUT_OFF and self.previous == "'" and "'" in quotes:
            quotes = quotes - {"'"}  # which was that word's apostrophe
        elif token in _QUOTES and not self._ends_the_word(token):
            quotes = quotes ^ {token}
        glued = token in _OPENING or token in _TIGHT or (token in _QUOTES and not closes)
        return Detokenizer(self.casing, token, self.place.push(token), quotes, glued)

    def _ends_the_word(self, token: str) -> bool:
        """Whether ``token`` is the apostrophe of a word like goin'; an open quotation it ends."""
        if token != "'" or "'" in self.open_quotes or self.glued:
            return False
        before = self.previous or ""
        in_g = len(before) > 3 and before.endswith("in") and not before.endswith("ain")
        return before in _CUT_SHORT or (in_g and before not in _WHOLE)

    def _blank_before(self, token: str) -> bool:
        if self.previous is None or self.previous == NEWLINE:
            return False
        if is_cue(self.previous):
            return True
        if token in _CLOSING or token in _TIGHT or token in self.open_quotes:
            return False
        if self._ends_the_word(token):
            return False
        return token != "..." or self.previous in ("?", "!", ")")


def detokenize(tokens: Iterable[str], casing: Casing) -> str:
    """The text of ``tokens`` from the start of a text."""
    state = Detokenizer(casing)
    pieces = []
    for token in tokens:
        text, state = state.push(token)
        pieces.append(text)
    return "".join(pieces)
