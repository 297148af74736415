"""The parts of a script that are told apart by how a line looks: cues, asides, scenes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from engine.corpus.tokenizer import cue_name

_ASIDE = re.compile(r"\([^()\n]*\)")
_SCENE = re.compile(r"(?:INT|EXT|EST|INT\./EXT|I/E)[. ]", re.IGNORECASE)

Part = Literal["cue", "aside", "scene"]


class Piece(NamedTuple):
    """Columns ``start`` up to ``end`` of a line."""

    start: int
    end: int
    part: Part


def is_scene(line: str) -> bool:
    """Whether ``line`` opens a scene or describes one: ``[…]`` or ``INT. …``."""
    return line.startswith("[") or _SCENE.match(line) is not None


@lru_cache(maxsize=4096)
def pieces(line: str) -> tuple[Piece, ...]:
    """The parts of one line that are drawn in a way of their own."""
    if is_scene(line):
        return (Piece(0, len(line), "scene"),)
    spoken = line.index(":") + 1 if cue_name(line) else 0
    found = [Piece(m.start(), m.end(), "aside") for m in _ASIDE.finditer(line, spoken)]
    return (Piece(0, spoken, "cue"), *found) if spoken else tuple(found)
