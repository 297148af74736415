"""Fountain, the plain-text screenplay format (fountain.io), to and from ``NAME: line`` scripts.

A scene in square brackets becomes a forced heading, a speech a cue with its lines under it,
directions that stand by themselves parentheticals. What would be read as something else there is
forced or escaped, so that reading it again gives the same script.
"""

from __future__ import annotations

import re

from engine.formats.elements import HEADING, Prose, Scene, Speech, Title, elements_of

SUFFIXES = (".fountain", ".spmd")
_PLAIN_CUE = re.compile(r"^(?=.*[A-Z])[A-Z0-9 .'\-]+$")
_SPECIAL = ("~", "!", ".", ">", "=", "#", "@")
_TITLE_KEYS = frozenset(
    {"title", "credit", "author", "authors", "source", "draft date", "date", "contact",
     "copyright", "notes", "revision", "format"}
)  # fmt: skip
_BONEYARD = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_TRANSITION = re.compile(r"^[^a-z]*TO:$")
_NOTE = re.compile(r"(?<!\\)\[\[.*?\]\]", re.DOTALL)


def from_plain(text: str) -> str:
    """A ``NAME: line`` script as Fountain."""
    body = "\n\n".join(_written(element) for element in elements_of(text))
    # A first line with a colon would be taken for a title page.
    untitled = ":" in body.partition("\n")[0] and not body.startswith("Title: ")
    return ("\n" if untitled else "") + body + ("\n" if body and text.endswith("\n") else "")


def _written(element: Title | Scene | Speech | Prose) -> str:
    if isinstance(element, Title):
        return f"Title: {element.text}"
    if isinstance(element, Scene):
        return "." + _escaped(element.text)
    if isinstance(element, Speech):
        forced = "" if _PLAIN_CUE.match(element.name) else "@"
        cue = forced + element.name + element.extension
        return "\n".join([cue, *(_spoken(piece) for piece in element.pieces)])
    return "\n".join(_action(line) for line in element.lines)


def _spoken(piece: str) -> str:
    return ("\\" if _ends_a_speech(piece) else "") + _escaped(piece)


def _ends_a_speech(piece: str) -> bool:
    """Whether readers would take a spoken line for something else; not so behind a backslash."""
    bare = piece.lstrip("\\")
    forced = bare.startswith(_SPECIAL) and not bare.startswith("..")
    return forced or bool(HEADING.match(bare) or _TRANSITION.match(bare))


def _action(line: str) -> str:
    text = _escaped(line)
    if HEADING.match(line):
        return text
    misread = line.startswith(_SPECIAL) or (line.upper() == line and any(map(str.isalpha, line)))
    return "!" + text if misread else text


def _escaped(text: str) -> str:
    return text.replace("[[", "\\[\\[").replace("/*", "/\\*")


def _unescaped(text: str) -> str:
    return text.replace("\\[\\[", "[[").replace("/\\*", "/*")


def to_plain(text: str) -> str:
    """A Fountain screenplay as a ``NAME: line`` script.

    Boneyards, notes, sections, synopses and page breaks are left out; of a title page only the
    title is kept, as the first scene line. Dual dialogue becomes one speech after the other.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    ends_line = text.endswith("\n")
    text = _NOTE.sub("", _BONEYARD.sub("", text))
    title, text = _title_page(text)
    written = [f"[Episode: {title}]"] if title else []
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        if not line.strip():
            index += 1
            continue
        follows = index + 1 < len(lines) and lines[index + 1] != ""
        fresh = index == 0 or not lines[index - 1].strip()
        if fresh and follows and _is_cue(line):
            index, speech = _speech(lines, index)
            written.append(speech)
        elif (element := _element(line)) is None:
            index += 1
        elif _is_single(line):
            written.append(element)
            index += 1
        else:
            index, prose = _prose(lines, index)
            written.append(prose)
    return "\n\n".join(written) + ("\n" if written and ends_line else "")


def _title_page(text: str) -> tuple[str, str]:
    """The title, where the text begins with a title page, and the text behind that page."""
    head, _blank, rest = text.partition("\n\n")
    key, colon, _value = head.partition("\n")[0].partition(":")
    if not colon or key.strip().lower() not in _TITLE_KEYS:
        return "", text
    found = re.search(r"^title:[ \t]*(.*(?:\n[ \t]+\S.*)*)", head, re.IGNORECASE | re.MULTILINE)
    title = " ".join(found.group(1).split()) if found else ""
    return re.sub(r"[*_]", "", title), rest


def _is_cue(line: str) -> bool:
    if line.startswith("@"):
        return True
    name = re.sub(r"\([^)]*\)", "", line).replace("^", "").strip()
    plain = name.upper() == name and any(map(str.isalpha, name))
    return plain and not line.startswith(_SPECIAL) and not HEADING.match(line) and name[-1] != ":"


def _speech(lines: list[str], index: int) -> tuple[int, str]:
    cue = lines[index].lstrip("@").rstrip("^ ").strip()
    index += 1
    pieces = []
    while index < len(lines) and lines[index] != "":
        piece = lines[index].strip()
        if piece:
            guarded = piece.startswith("\\") and _ends_a_speech(piece)
            pieces.append(_unescaped(piece[guarded:]))
        index += 1
    return index, f"{cue}: {' '.join(pieces)}"


def _is_single(line: str) -> bool:
    return line.startswith((".", ">", "~", "#", "=")) or HEADING.match(line) is not None


def _element(line: str) -> str | None:
    """One line that is no speech, as plain text; None where it is for the writer's eyes only."""
    if line.startswith("#") or line.startswith("="):
        return None
    if line.startswith(".") and not line.startswith(".."):
        return f"[{_unescaped(line[1:].strip())}]"
    if line.startswith(">"):
        return _unescaped(line.strip("> \t").rstrip("< \t"))
    return _unescaped(line[1:].strip() if line.startswith(("!", "~")) else line.rstrip())


def _prose(lines: list[str], index: int) -> tuple[int, str]:
    kept = []
    while index < len(lines) and lines[index].strip():
        if (element := _element(lines[index])) is not None:
            kept.append(element)
        index += 1
    return index, "\n".join(kept)
