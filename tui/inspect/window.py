"""Which part of a text the engine is asked about: long drafts are looked at piece by piece."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine.protocol.values import ExplainedToken

BEFORE = 8000
"""Least number of characters before the cursor that the model is given to read."""
STEP = 2000
"""What it is given begins at a multiple of this, as it does when a draft is gone on with, so that
what the engine has read then need not be read again (``engine.generation.context``)."""
AHEAD = 240
"""Characters behind the cursor that are explained with it."""
NEAR = 20
"""Characters behind the cursor that are explained first of all."""
AFTER = 4000
"""Characters behind those that are shown, but not explained."""


@dataclass(frozen=True, slots=True)
class Window:
    """Character offsets in the whole text: sent is ``start`` to ``end``, shown to ``shown_end``."""

    start: int
    end: int
    shown_end: int

    def sent(self, text: str) -> str:
        return text[self.start : self.end]

    def shown(self, text: str) -> str:
        return text[self.start : self.shown_end]


def window_at(text: str, cursor: int) -> Window:
    """The part around ``cursor``, to the end of a word."""
    cursor = min(max(0, cursor), len(text))
    start = max(0, cursor - BEFORE) // STEP * STEP
    end = min(len(text), cursor + AHEAD)
    while end < len(text) and end < cursor + 2 * AHEAD and not text[end].isspace():
        end += 1
    return Window(start, end, min(len(text), end + AFTER))


def first_part(text: str, cursor: int, window: Window) -> Window:
    """``window`` cut off just behind the cursor, to be explained at once; shown is the same."""
    end = min(window.end, max(0, cursor) + NEAR)
    while end < window.end and not text[end].isspace():
        end += 1
    return Window(window.start, end, window.shown_end)


def token_at(tokens: Sequence[ExplainedToken], offset: int) -> int:
    """Index of the token that holds ``offset``, or of the last one before it."""
    found = bisect_right([token.start for token in tokens], offset) - 1
    return max(0, found)


def speech_around(text: str, tokens: Sequence[ExplainedToken], index: int) -> range:
    """The tokens of the line or paragraph that holds token ``index``; all of them if it has one."""
    if not tokens:
        return range(0)
    token = tokens[index]
    at = min(token.start, len(text))
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    inside = [i for i, other in enumerate(tokens) if start <= other.start <= end]
    if len(inside) < 2:
        return range(len(tokens))
    return range(inside[0], inside[-1] + 1)
