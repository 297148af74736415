"""Plays as they are printed, ``NAME.`` before or above the speech, to ``NAME: line`` scripts.

The forms: a name in capitals on a line of its own, with a full stop or without one, above its
speech; and a name in capitals with a full stop at the beginning of its speech. A stage direction
in brackets may stand between name and speech. A speech becomes one line; all else stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

FEWEST_SPEECHES = 4
"""So many speeches of people who speak more than once make a play."""
RAREST_SPEECHES = 40
"""Most lines that are not empty to one speech."""
_TITLES = ("MR", "MRS", "MS", "DR", "ST", "JR", "SR", "PROF", "CAPT", "LT", "SGT", "REV")
_NO_TITLE = "".join(rf"(?<!\b{title})" for title in _TITLES)
_STOP = rf"(?:{_NO_TITLE}(?P<stop>\.))"
_IN_NAME = r"[^\n:;!?,\[\](){}\"“”.]" + "".join(rf"|(?<=\b{title})\." for title in _TITLES)
_NAME = rf"(?P<name>[^\W\d_](?:{_IN_NAME}){{0,38}}?)"
_DIRECTION = r"(?:[ ]*(?P<direction>\([^()\n]*\)|\[[^\[\]\n]*\]))?"
_ABOVE = re.compile(rf"[ \t]*{_NAME}{_DIRECTION}{_STOP}?[ \t]*")
_BEFORE = re.compile(rf"[ \t]*{_NAME}{_DIRECTION}{_STOP}[ \t]*(?:[-–—]+[ \t]*)?(?P<said>\S.*)")
_PLAIN_CUE = re.compile(r"[^\W\d_][^\n:\[\](){}\"“”!?;,…]{0,38}:(?:[ \t]|$)")
_MOST_WORDS = 5
_NO_NAME = re.compile(
    r"(?:ACT|SCENE|PROLOGUE|EPILOGUE|CHAPTER|PART|BOOK|CONTENTS|THE END|END|FIN|FINIS|CURTAIN"
    r"|EXEUNT|EXIT|ENTER|INT|EXT|EST|I/E|CUT|FADE|DISSOLVE|EPISODE|SEASON)\b"
)


def is_play(head: str) -> bool:
    """Whether ``head``, the beginning of a text, is a play rather than a script or prose."""
    lines = head.split("\n")
    names: Counter[str] = Counter()
    plain = 0
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        above = lines[number - 1] if number else ""
        if (cue := _cue(line, above, below)) is not None:
            names[cue[0]] += 1
        elif _PLAIN_CUE.match(line):
            plain += 1
    written = sum(bool(line.strip()) for line in lines)
    again = [count for count in names.values() if count > 1]
    return (
        len(again) > 1
        and sum(again) >= FEWEST_SPEECHES
        and sum(again) > max(plain, written / RAREST_SPEECHES)
    )


def speeches_on_lines(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a play (no line ends) with every speech on one line after its ``NAME:``."""
    speech: list[str] = []
    above = ""
    ahead = iter(lines)
    line = next(ahead, None)
    while line is not None:
        below = next(ahead, None)
        cue = _cue(line, above, below or "")
        if cue is not None or not line.strip():
            if speech:
                yield " ".join(speech)
                speech = []
            if cue is None:
                yield line
            else:
                name, said = cue
                speech = [f"{name}:", *([said] if said else [])]
        elif speech:
            speech.append(line.strip())
        else:
            yield line
        above, line = line, below
    if speech:
        yield " ".join(speech)


def _cue(line: str, above: str, below: str) -> tuple[str, str] | None:
    """The name on ``line`` and what its bearer begins to say there, if it is a cue."""
    if not (line[:1].isupper() or line[:1] in " \t"):
        return None
    found = _ABOVE.fullmatch(line)
    if found is not None and _is_name(found["name"]):
        if not below.strip() or (not found["stop"] and above.strip()):
            return None
        return found["name"].strip(), found["direction"] or ""
    found = _BEFORE.fullmatch(line)
    if found is None or not _is_name(found["name"]):
        return None
    said = f"{found['direction'] or ''} {found['said']}".strip()
    return found["name"].strip(), said


def _is_name(name: str) -> bool:
    return (
        name.isupper()
        and 0 < len(name.split()) <= _MOST_WORDS
        and sum(map(str.isalpha, name)) > 1
        and _NO_NAME.match(name) is None
    )
