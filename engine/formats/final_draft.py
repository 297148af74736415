"""Final Draft's XML (FDX) as ``NAME: line`` scripts."""

from __future__ import annotations

import re
from xml.parsers import expat

from engine.formats.elements import HEADING

_PARAGRAPH = ["FinalDraft", "Content", "Paragraph"]
_SCRIPT = (_PARAGRAPH, [*_PARAGRAPH, "DualDialogue", "Paragraph"])
"""Where the paragraphs of a script stand."""
_SAID = ("Dialogue", "Parenthetical", "Singing", "Lyrics")
_LINE_END = re.compile(r"[ \t]*[\r\n]+[ \t]*")


class NotFinalDraftError(ValueError):
    """The XML is broken, is not Final Draft's, or has what a screenplay has no need of."""


def to_plain(data: bytes) -> str:
    """The script in ``data``.

    Headings stand in square brackets unless they begin as INT. and the like do; a title page,
    notes and revision marks are left out. Dual dialogue becomes one speech after the other.

    Raises:
        NotFinalDraftError: with a sentence that says why.
    """
    paragraphs = _Paragraphs()
    parser = expat.ParserCreate()
    parser.StartElementHandler = paragraphs.begin
    parser.EndElementHandler = paragraphs.end
    parser.CharacterDataHandler = paragraphs.say
    parser.StartDoctypeDeclHandler = _refuse_declarations
    try:
        parser.Parse(data, True)
    except NotFinalDraftError:
        raise
    except expat.ExpatError as error:
        raise NotFinalDraftError(f"its XML is broken: {error}") from None
    except (LookupError, ValueError) as error:
        raise NotFinalDraftError(f"its encoding cannot be read: {error}") from None
    if not paragraphs.is_final_draft:
        raise NotFinalDraftError("it is XML, but not Final Draft's")
    written = _written(paragraphs.found)
    return "\n\n".join(written) + ("\n" if written else "")


def _refuse_declarations(*_about: object) -> None:
    # Entities that are declared can make a small file a huge one.
    raise NotFinalDraftError("it declares a document type of its own")


class _Paragraphs:
    """(type, text) of the paragraphs of the script itself, in their order."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.is_final_draft = False
        self._path: list[str] = []
        self._kind = ""
        self._pieces: list[str] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.is_final_draft |= not self._path and name == "FinalDraft"
        self._path.append(name)
        if self._path in _SCRIPT:
            self._kind, self._pieces = attributes.get("Type", ""), []

    def say(self, text: str) -> None:
        # Notes and summaries within a paragraph have paragraphs and texts of their own.
        if self._path[-1] == "Text" and self._path[:-1] in _SCRIPT:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        if self._path in _SCRIPT and (text := "".join(self._pieces).strip()):
            self.found.append((self._kind, text))
            self._pieces = []
        self._path.pop()


def _written(paragraphs: list[tuple[str, str]]) -> list[str]:
    written: list[str] = []
    speaking = False
    for kind, text in paragraphs:
        line = _LINE_END.sub(" ", text)
        if kind == "Character":
            written.append(f"{line}:")
            speaking = True
        elif kind in _SAID and speaking:
            bare = kind == "Parenthetical" and not line.startswith("(")
            written[-1] += f" ({line})" if bare else f" {line}"
        else:
            speaking = False
            if kind == "Scene Heading":
                written.append(line if HEADING.match(line) else f"[{line}]")
            else:
                written.append(_LINE_END.sub("\n", text))
    return written
