"""The parts of a script that are told apart by how a line looks: cues, asides, scenes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

LONGEST_CUE = 40
MOST_WORDS = 5
_CUE = re.compile(r"([^\W\d_][^\n:\[\](){}\"“”!?;,…]*):(?=[ \t]|$)")
_ASIDE = re.compile(r"\([^()\n]*\)")
_SCENE = re.compile(r"(?:INT|EXT|EST|INT\./EXT|I/E)[. ]", re.IGNORECASE)

Part = Literal["cue", "aside", "scene"]


class Piece(NamedTuple):
    """Columns ``start`` up to ``end`` of a line."""

    start: int
    end: int
    part: Part


def cue_name(line: str) -> str:
    """Who speaks in ``line``; empty where it has no cue."""
    found = _CUE.match(line)
    if found is None or found.end() > LONGEST_CUE or len(found[1].split()) > MOST_WORDS:
        return ""
    return found[1].strip()


def is_scene(line: str) -> bool:
    """Whether ``line`` opens a scene or describes one: ``[…]`` or ``INT. …``."""
    return line.startswith("[") or _SCENE.match(line) is not None


@lru_cache(maxsize=4096)
def pieces(line: str) -> tuple[Piece, ...]:
    """The parts of one line that are drawn in a way of their own."""
    if is_scene(line):
        return (Piece(0, len(line), "scene"),)
    found = [Piece(m.start(), m.end(), "aside") for m in _ASIDE.finditer(line)]
    if cue_name(line):
        end = line.index(":") + 1
        found.insert(0, Piece(0, end, "cue"))
    return tuple(found)
