"""Text to tokens, after the classic recipe for television scripts.

Words are lower-cased; every punctuation mark and every newline is a token of its own; a speaker's
cue at the start of a line, indented or not, is one token with its colon (``mrs. abernathy:``), and
what stands in brackets between name and colon (``OZ (V.O.):``) comes behind it. Contractions
(``don't``), inner hyphens (``forty-one``) and numbers (``3.5``) stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKENIZER_VERSION = 2
EARLIER_VERSIONS = (1,)
"""Models of these can still be used: to 1, ``CUT TO:`` was a speaker, ``OZ (V.O.):`` was not."""
NEWLINE = "\n"
_LONGEST_NAME = 39
_LONGEST_DIRECTION = 80

_PUNCTUATION = r"\s!-/:-@\[-`{-~…—–“”‘’«»¿¡"
_WORD = rf"[^{_PUNCTUATION}]+"
_IN_CUE = r"\n:\[\](){}\"“”!?;,…"
_NAME = (
    rf"(?:\d+(?:st|nd|rd|th)[ ])?[^\W\d_](?:[^{_IN_CUE}]{{0,{_LONGEST_NAME - 2}}}[^\s{_IN_CUE}])?"
)
_BEHIND_NAME = rf"(?:[ ]?\([^():\n]{{1,{_LONGEST_DIRECTION}}}\))*"
_UNSPACED = rf"""
    \d+(?:[.,:]\d+)+
    | \b(?:mr|mrs|ms|dr|st|jr|sr)\.
    | \b(?:[^\W\d_]\.){{2,}}
    | {_WORD}(?:['’&\-]{_WORD})*
    | \.{{2,}} | -{{2,}} | [^\s]
"""
_UNSPACED_TOKEN = re.compile(_UNSPACED, re.VERBOSE | re.IGNORECASE)
_END_OF_CUE = r"[ \xa0\u202f]?:(?=[ \t]|$)"
_CUE = re.compile(rf"[ \t]*({_NAME}){_BEHIND_NAME}{_END_OF_CUE}", re.IGNORECASE)
_TOKEN = re.compile(
    rf"\n | ^[ ]*{_NAME}{_BEHIND_NAME}{_END_OF_CUE} | {_UNSPACED}",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_NOBODY = re.compile(
    r"""
    (?:[\w'’\-]+[ ]){0,2} (?:cut|fade|dissolve|wipe)s? (?:[ ]back)?
        [ ](?:to|in|out|up|from) (?:[ ][\w'’]+){0,2}
    | (?:back|flash(?:back)?)[ ]to (?:[ ][\w'’]+){0,2}
    | (?:flash|jump|match|smash|time)[ ]cut
    | (?:intercut|insert|super|(?:angle|close)[ ]on) (?:[ ][\w'’]+){0,3}
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Whom nobody hears, but for a camera or an editor: ``CUT TO:``, ``ANGLE ON:``."""
_MANY_NEWLINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_CUE_WORDS = 5


def normalised(text: str) -> str:
    """``text`` with Unix line ends, spaces for tabs, no blanks at line ends, one empty line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n")
    text = text.replace("\t", " ")  # within a cue, too, where a blank is part of the token
    return _MANY_NEWLINES.sub("\n\n", re.sub(r"[ \t]+\n", "\n", text))


def tokenize(text: str) -> list[str]:
    """The tokens of ``text``, newlines as tokens, runs of empty lines as one empty line."""
    return [piece for piece, _start in tokenize_with_offsets(normalised(text))]


def tokenize_with_offsets(text: str) -> Iterator[tuple[str, int]]:
    """Each token of an already normalised ``text`` with the character offset at which it starts."""
    for match in _TOKEN.finditer(text):
        surface, start = match.group(), match.start()
        if surface[-1] != ":" or len(surface) == 1:
            yield _token(surface), start
        elif (name := cue_name(surface)) is not None:
            start += surface.index(name)
            yield f"{name.lower()}:", start
            yield from _further(text[start + len(name) : match.end() - 1], start + len(name))
        else:
            yield from _further(surface[:-1], start)
            yield ":", match.end() - 1


def _further(text: str, offset: int) -> Iterator[tuple[str, int]]:
    for piece, start in tokenize_with_offsets(text):
        yield piece, offset + start


def pieces_of(unspaced: str) -> Iterator[tuple[str, str]]:
    """Tokens with their surface forms in a stretch without blanks that is no speaker's cue."""
    for match in _UNSPACED_TOKEN.finditer(unspaced):
        surface = match.group()
        yield _token(surface), surface


def cue_name(line: str) -> str | None:
    """Who speaks in ``line``, as it is written there; None where it has no speaker's cue.

    A name is a few words, not a sentence that happens to end in a colon.
    """
    found = _CUE.match(line)
    if found is None or len(found[1].split()) > _CUE_WORDS or _NOBODY.fullmatch(found[1]):
        return None
    return found[1]


def _token(surface: str) -> str:
    if surface[0] == "." and len(surface) > 1:
        return "..."
    if surface[0] == "-" and len(surface) > 1:
        return "--"
    return surface.lower()


def is_cue(token: str) -> bool:
    """Whether ``token`` is a speaker's cue."""
    return len(token) > 1 and token[-1] == ":"


def is_word(token: str) -> bool:
    """Whether ``token`` is a word or a number rather than a mark, a newline or a cue."""
    return token[-1:] != ":" and any(c.isalnum() for c in token)


def split_context(text: str) -> tuple[str, str]:
    """``text`` up to the word that it breaks off in, and that word's beginning.

    A draft that ends right after a letter may be in the middle of a word; the beginning is kept
    apart so that generation can complete it. After a blank, a newline or a mark it is empty.
    """
    match = re.search(rf"{_WORD}(?:['’&\-]{_WORD})*['’\-]?\Z", text)
    if match is None:
        return text, ""
    return text[: match.start()], match.group()
