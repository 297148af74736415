"""What other people's Fountain parsers make of a text, in one form: ``PARSER < text > JSON``.

A program of its own, so that a parser that hangs can be ended. Left out of the comparison is what
the parsers do differently by choice: screenplain writes headings in capitals; fountain-py and
screenplay-tools keep a cue's extension, such as (V.O.), apart; screenplay-tools drops the brackets
of a parenthetical, makes one action of several and one dialogue of its lines; each removes other
escaping backslashes.

Two things no writer can help: screenplain takes a spoken line that begins with a bracket for a
parenthetical even where the bracket closes half-way, and screenplay-tools takes the second of two
parentheticals in a row for speech.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from io import StringIO

Element = tuple[str, str]


def screenplain(text: str) -> Iterator[Element]:
    from screenplain.parsers.fountain import parse
    from screenplain.types import Dialog

    script = parse(StringIO(text))
    for title in script.title_page.get("Title", ()):
        yield "title", title
    for part in script:
        if isinstance(part, Dialog):
            yield "cue", str(part.character)
            for is_parenthetical, line in part.blocks:
                yield "parenthetical" if is_parenthetical else "dialogue", str(line)
        else:
            kind = {"Slug": "heading"}.get(type(part).__name__, type(part).__name__.lower())
            yield kind, "\n".join(map(str, part.lines))


def fountain_py(text: str) -> Iterator[Element]:
    from fountain import FountainParser

    names = {"SCENE_HEADING": "heading", "CHARACTER": "cue"}
    script = FountainParser().parse(text)
    if title := script.metadata.get("title"):
        yield "title", str(title)
    for element in script.elements:
        name = element.type.name
        yield names.get(name, name.lower()), element.text


def screenplay_tools(text: str) -> Iterator[Element]:
    from screenplay_tools.fountain.parser import Parser

    names = {"SceneHeading": "heading", "Character": "cue"}
    parser = Parser()
    parser.add_text(text)
    for entry in parser.script.titleEntries:
        yield entry.key.lower(), entry.text
    for element in parser.script.elements:
        name = type(element).__name__
        yield names.get(name, name.lower()), getattr(element, "text", None) or element.name


def alike(elements: Iterator[Element]) -> Iterator[Element]:
    for kind, text in elements:
        between = {"action": r"\n\n+", "dialogue": r"\n"}.get(kind)
        for part in re.split(between, text) if between else [text]:
            said = part.replace("\\", "").strip()
            if kind == "heading":
                said = said.casefold()
            elif kind == "cue":
                said = re.sub(r"\s*\(.*\)$", "", said)
            elif kind == "parenthetical":
                said = said.removeprefix("(").removesuffix(")")
            yield kind, said


if __name__ == "__main__":
    read = {f.__name__: f for f in (screenplain, fountain_py, screenplay_tools)}[sys.argv[1]]
    json.dump(list(alike(read(sys.stdin.read()))), sys.stdout)
