"""A ``NAME: line`` script as the elements of a screenplay.

A script of this program is made of paragraphs: a scene in square brackets, a speech on one line
after its cue, anything else as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADING = re.compile(r"^(?:INT|EXT|EST|INT\.?/EXT|I/E)[. ]", re.IGNORECASE)
"""How a scene heading begins that needs no brackets."""
_CUE = re.compile(r"^([^\W\d_][^\n:\[\](){}\"!?;,]{0,39}?)( \([^()\n]*\))?:[ \t]+(\S.*)$")
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
    """What is said, and directions in round brackets, in their order."""

    @property
    def ends_on_direction(self) -> bool:
        return is_direction(self.pieces[-1])


@dataclass(frozen=True, slots=True)
class Prose:
    lines: tuple[str, ...]


Element = Title | Scene | Speech | Prose


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
    """Each speech and each scene alone, prose as it stands."""
    prose: list[str] = []
    for line in lines:
        if (alone := _alone(line)) is None:
            prose.append(line)
            continue
        if prose:
            yield Prose(tuple(prose))
            prose = []
        yield alone
    if prose:
        yield Prose(tuple(prose))


def _alone(line: str) -> Scene | Speech | None:
    if len(line) > 2 and line[0] == "[" and line[-1] == "]" and line[1].isalnum():
        return Scene(line[1:-1])
    if (speech := _CUE.match(line)) is not None:
        name, extension, spoken = speech.groups()
        pieces = tuple(p.strip() for p in _DIRECTION.split(spoken) if p.strip())
        return Speech(name, extension or "", pieces)
    return None
