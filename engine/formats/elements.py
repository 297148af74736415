"""A ``NAME: line`` script as the elements of a screenplay.

A script of this program is made of paragraphs: a scene in square brackets, a speech after its cue,
mostly on one line, anything else as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from engine.corpus.tokenizer import cue_name

HEADING = re.compile(r"^(?:INT|EXT|EST|INT\.?/EXT|I/E)[. ]", re.IGNORECASE)
"""How a scene heading begins that needs no brackets."""
TRANSITION = re.compile(r"^[^a-z]*TO:$|^(?i:FADE IN:)|^FADE OUT\.$")
_ENDING = re.compile(
    r"^(?:(?:FADE|CUT|SMASH CUT) TO BLACK|BLACKOUT|(?:THE )?END(?: OF [^a-z.!?]*)?)[.!]?$"
)
"""What closes a scene or a script, and nobody says."""
_ALONE = re.compile(
    r"[^\W\d_a-z][^a-z]*TO:|(?i:FADE IN:)"
    r"|(?:BACK|BURN|CUT|DISSOLVE|FADE|FLASH|JUMP|MATCH|SMASH|WIPE)\b[^a-z.!?]*"
    r"\b(?:IN|OUT|TO)\b[^a-z.!?]*\.?"
)
"""A transition that has its paragraph for itself."""
_DIRECTION = re.compile(r"(?:^|(?<=\s))(\([^()]*\))(?=\s|$)")
_EPISODE = re.compile(r"^\[Episode: ([^\[\]*_/]+)\]$")


@dataclass(frozen=True, slots=True)
class Title:
    """What a title page can say."""

    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene's line, without its brackets."""

    text: str


@dataclass(frozen=True, slots=True)
class Speech:
    name: str
    extension: str
    """Such as `` (V.O.)``; empty where there is none."""
    pieces: tuple[str, ...]
    """What is said, line by line, and directions in round brackets, in their order."""

    @property
    def ends_on_direction(self) -> bool:
        return is_direction(self.pieces[-1])


@dataclass(frozen=True, slots=True)
class Transition:
    """How one scene gives way to the next: ``CUT TO:``."""

    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    lines: tuple[str, ...]


Element = Title | Scene | Speech | Transition | Prose


def is_direction(piece: str) -> bool:
    """Whether a piece of a speech is a direction rather than said."""
    return piece.startswith("(") and piece.endswith(")")


def elements_of(text: str) -> list[Element]:
    """The elements of a script; a title can only be the first."""
    paragraphs = [p.strip("\n") for p in re.split(r"\n[ \t]*\n+", text) if p.strip()]
    title = _title_of(paragraphs[0]) if paragraphs else ""
    found: list[Element] = [Title(title)] if title else []
    for paragraph in paragraphs[bool(title) :]:
        found.extend(_elements(paragraph.split("\n")))
    return found


def _title_of(paragraph: str) -> str:
    found = _EPISODE.match(paragraph)
    title = found.group(1) if found is not None else ""
    return title if title == " ".join(title.split()) else ""


def _elements(lines: list[str]) -> Iterator[Element]:
    """Each speech with the lines directly under it, each scene alone, prose as it stands."""
    at = 0
    while at < len(lines):
        end = at + 1
        if (cue := _cue(lines[at])) is not None:
            while end < len(lines) and _goes_on(lines[end]):
                end += 1
            name, extension, spoken = cue
            said = "\n".join([spoken, *lines[at + 1 : end]])
            yield Speech(name, extension, tuple(_pieces(said)))
        elif _is_scene(lines[at]):
            yield Scene(lines[at][1:-1])
        else:
            while end < len(lines) and not (_cue(lines[end]) or _is_scene(lines[end])):
                end += 1
            alone = end == at + 1 and _ALONE.fullmatch(lines[at])
            yield Transition(lines[at]) if alone else Prose(tuple(lines[at:end]))
        at = end


def _cue(line: str) -> tuple[str, str, str] | None:
    """Name, what stands behind it, and what is said, if anything is."""
    name = cue_name(line)
    head, _colon, said = line.partition(":")
    if name is None or not said.strip():
        return None
    return name, head[head.index(name) + len(name) :].rstrip(), said.lstrip()


def _is_scene(line: str) -> bool:
    return len(line) > 2 and line[0] == "[" and line[-1] == "]" and line[1].isalnum()


def _goes_on(line: str) -> bool:
    """Whether a line under a speech belongs to it, and does not begin something else."""
    others = (HEADING, TRANSITION, _ENDING)
    return not (
        line.startswith("[") or cue_name(line) or any(other.match(line) for other in others)
    )


def _pieces(said: str) -> Iterator[str]:
    for number, part in enumerate(_DIRECTION.split(said)):
        is_whole = number % 2 == 1
        for piece in [part.replace("\n", " ")] if is_whole else part.split("\n"):
            if piece.strip():
                yield piece.strip()
