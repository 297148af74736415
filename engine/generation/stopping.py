"""When a continuation is complete: at the end of a line, of a speech or of a scene."""

from __future__ import annotations

from typing import Literal

from engine.corpus.tokenizer import NEWLINE, is_cue
from engine.generation.branch import Branch

Reason = Literal["line", "speech", "scene"]

_DIRECTIONS = frozenset({"(", "["})
_SCENE_OPENERS = frozenset({"[", "int", "ext", "est"})
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
