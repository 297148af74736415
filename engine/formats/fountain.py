"""Fountain, the plain-text screenplay format (fountain.io), to and from ``NAME: line`` scripts.

A scene in square brackets becomes a forced heading, a speech a cue with its lines under it,
directions that stand by themselves parentheticals. What would be read as something else there is
forced or escaped, so that reading it again gives the same script; the lines of one speech come
back as one.
"""

from __future__ import annotations

import re

from engine.formats.elements import (
    HEADING,
    TRANSITION,
    Element,
    Prose,
    Scene,
    Speech,
    Title,
    Transition,
    elements_of,
)

SUFFIXES = (".fountain", ".spmd")
_PLAIN_CUE = re.compile(r"^(?=.*[A-Z])[A-Z0-9 .'\-]+$")
_SHOUT = re.compile(r"^(?=[^(]*[A-Z])[A-Z0-9][A-Z0-9\s_.'#-]*(?:\(.+\)\s*)?\^*$")
"""A spoken line that could be a cue itself."""
_SPECIAL = ("~", "!", ".", ">", "=", "#", "@")
_TITLE_KEYS = frozenset(
    {"title", "credit", "author", "authors", "source", "draft date", "date", "contact",
     "copyright", "notes", "revision", "format"}
)  # fmt: skip
_BONEYARD = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_NOTE = re.compile(r"(?<!\\)\[\[.*?\]\]", re.DOTALL)
_NOTE_WITH_BLANK = re.compile(rf"[ ]{_NOTE.pattern}(?=[ \n]|\Z)|{_NOTE.pattern}", re.DOTALL)
_FIELD = re.compile(r"^(?!title:)[^\s:][^:\n]*:", re.IGNORECASE | re.MULTILINE)
_SCENE_NUMBER = re.compile(r"[ \t]+#[\w.\-]+#[ \t]*$")


def from_plain(text: str) -> str:
    """A ``NAME: line`` script as Fountain."""
    elements = elements_of(text)
    before: list[Element | None] = [None, *elements]
    body = "\n\n".join(map(_written, elements, before))
    # A first line with a colon would be taken for a title page.
    untitled = ":" in body.partition("\n")[0] and not isinstance(elements[0], Title)
    return ("\n" if untitled else "") + body + ("\n" if body and text.endswith("\n") else "")


def _written(element: Element, before: Element | None) -> str:
    if isinstance(element, Title):
        return f"Title: {element.text}"
    if isinstance(element, Scene):
        return "." + _escaped(element.text)
    if isinstance(element, Speech):
        cue = _escaped(element.name + element.extension)
        forced = "@" if _misread_as_no_cue(element) else ""
        return "\n".join([forced + cue, *(_spoken(piece) for piece in element.pieces)])
    if isinstance(element, Transition):
        return element.text if element.text.endswith("TO:") else f"> {element.text}"
    first, *others = element.lines
    if not others and HEADING.match(first):
        return _escaped(first)
    forced = "!" if _misread_as_no_action(element, before) else ""
    return "\n".join([forced + _escaped(first), *map(_action, others)])


def _misread_as_no_cue(speech: Speech) -> bool:
    # Some readers take a shout with a direction under it for the cue.
    rival = len(speech.pieces) > 1 and _SHOUT.match(speech.pieces[0])
    return bool(rival or HEADING.match(speech.name) or not _PLAIN_CUE.match(speech.name))


def _misread_as_no_action(prose: Prose, before: Element | None) -> bool:
    """Whether the first line of prose has to be forced behind what stands before it."""
    first = prose.lines[0]
    if before is None and ":" in first:
        return True  # some look for a title page below empty lines, too
    if isinstance(before, Speech) and (
        # Some readers go on with a speech behind a direction, or take a shout for the cue.
        before.ends_on_direction or _SHOUT.match(before.pieces[-1])
    ):
        return True
    looks_like_cue = _is_cue(first) or first.partition("(")[0].isupper()
    return (looks_like_cue and len(prose.lines) > 1) or _special(first)


def _spoken(piece: str) -> str:
    return ("\\" if _ends_a_speech(piece) else "") + _escaped(piece)


def _ends_a_speech(piece: str) -> bool:
    """Whether readers would take a spoken line for something else; not so behind a backslash."""
    bare = piece.lstrip("\\")
    forced = bare.startswith(_SPECIAL) and not bare.startswith("..")
    return forced or bool(HEADING.match(bare) or TRANSITION.match(bare))


def _action(line: str) -> str:
    return ("!" if _special(line) else "") + _escaped(line)


def _special(line: str) -> bool:
    """Whether a line of prose would be read as something else wherever it stands."""
    bare = line.lstrip()
    capitals = line.upper() == line and any(map(str.isalpha, line))
    return bare.startswith(_SPECIAL) or capitals or HEADING.match(bare) is not None


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
    text = _NOTE_WITH_BLANK.sub("", _BONEYARD.sub("", text))
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


def left_out(text: str) -> str:
    """A sentence on what :func:`to_plain` leaves out of a screenplay; empty if that is nothing."""
    kept = _BONEYARD.sub("", text.replace("\r\n", "\n").lstrip("\ufeff"))
    _title, body = _title_page(kept)
    page = kept[: len(kept) - len(body)]
    lines = _NOTE.sub("", body).split("\n")
    counts = (
        (len(_FIELD.findall(page)), "field of the title page", "fields of the title page"),
        (len(_NOTE.findall(body)), "note", "notes"),
        (len(_BONEYARD.findall(text)), "passage between /* and */", "passages between /* and */"),
        (sum(line.startswith("#") for line in lines), "section", "sections"),
        (sum(line.startswith("=") for line in lines if line[:3] != "==="), "synopsis", "synopses"),
    )
    told = [f"{count:,} {one if count == 1 else more}" for count, one, more in counts if count]
    return f"Left out: {', '.join(told)}." if told else ""


def titled_body(text: str) -> str | None:
    """What stands behind the title page of ``text``; None where it does not begin with one.

    Of at least two fields that are usual there, so that a script's own "Notes:" is none.
    """
    page, _blank, body = text.replace("\r\n", "\n").lstrip("\ufeff\n").partition("\n\n")
    keys = [line.partition(":")[0].strip().lower() for line in page.split("\n") if ":" in line]
    return body if sum(key in _TITLE_KEYS for key in keys) >= 2 and keys[0] in _TITLE_KEYS else None


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
    cue = _unescaped(lines[index].lstrip("@").rstrip("^ ").strip())
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
        return f"[{_unescaped(_SCENE_NUMBER.sub('', line[1:]).strip())}]"
    if line.startswith(">"):
        return _unescaped(line.strip("> \t").rstrip("< \t"))
    if line.startswith("~"):
        return _unescaped(line[1:].strip())
    if HEADING.match(line):
        line = _SCENE_NUMBER.sub("", line)
    return _unescaped(line.removeprefix("!").rstrip())


def _prose(lines: list[str], index: int) -> tuple[int, str]:
    kept = []
    while index < len(lines) and lines[index].strip():
        if (element := _element(lines[index])) is not None:
            kept.append(element)
        index += 1
    return index, "\n".join(kept)
