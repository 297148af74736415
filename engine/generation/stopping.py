"""When a continuation is complete: at the end of a line, a speech or a scene, or at its length."""

from __future__ import annotations

from typing import Literal

from engine.corpus.tokenizer import NEWLINE, is_cue
from engine.generation.brackets import Brackets
from engine.generation.branch import Branch
from engine.protocol.values import StopRule

Reason = Literal["line", "speech", "scene"]

_DIRECTIONS = frozenset({"(", "["})
_SCENE_OPENERS = frozenset({"[", "int", "ext", "est"})
_SENTENCE_ENDS = (".", "!", "?", "...")
MOST_MORE = 60
"""Tokens beyond its length that a continuation may take to finish a sentence."""
_LEAST_SCENE = 3
"""Tokens before a scene can end, so that one can be continued from its very heading."""


def reason_to_end(at: str, branch: Branch, token: str) -> Reason | None:
    """Why ``branch`` is complete before ``token`` is written, if it is.

    A line ends at its line end, if a word was written in it. A speech ends at an empty line, a cue
    or a stage direction on a line of its own. A scene ends before the next one's heading.
    """
    if at == "line" and token == NEWLINE and branch.words_in_line:
        return "line"
    if not branch.fresh_line:
        return None
    opens = token == NEWLINE or token in _DIRECTIONS or is_cue(token)
    if at == "speech" and branch.words_in_speech and opens:
        return "speech"
    if at == "scene" and branch.drawn >= _LEAST_SCENE and token in _SCENE_OPENERS:
        return "scene"
    return None


def is_long_enough(stop: StopRule, branch: Branch, brackets: Brackets) -> bool:
    """Whether ``branch`` ends behind what it has, for its length alone.

    Where a sentence is to be finished, that is behind its mark, quotation and bracket around it
    included, if it does not go on too long.
    """
    more = branch.drawn - stop.tokens
    if more < 0 or not stop.finish or more >= MOST_MORE:
        return more >= 0
    written = branch.detokenizer
    return (
        (written.previous in _SENTENCE_ENDS or written.previous in ('"', "]"))
        and not written.open_quotes
        and not brackets.is_open(branch.recent)
    )


def ends_before(stop: StopRule, branch: Branch, token: str) -> bool:
    """Whether ``branch`` is long enough for its line end, ``token``, to be left out."""
    return (
        stop.finish
        and branch.drawn >= stop.tokens
        and token == NEWLINE
        and branch.words_in_line > 0
    )
