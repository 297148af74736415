"""Text to tokens, after the classic recipe for television scripts.

Words are lower-cased; every punctuation mark and every newline is a token of its own; a speaker's
cue at the start of a line is one token with its colon (``mrs. abernathy:``). Contractions
(``don't``), inner hyphens (``forty-one``) and numbers (``3.5``) stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKENIZER_VERSION = 1
NEWLINE = "\n"
LONGEST_CUE = 40

_PUNCTUATION = r"\s!-/:-@\[-`{-~…—–“”‘’«»¿¡"
_WORD = rf"[^{_PUNCTUATION}]+"
_IN_CUE = r"\n:\[\](){}\"“”!?;,…"
_CUE = rf"[^\W\d_](?:[^{_IN_CUE}]{{0,{LONGEST_CUE - 2}}}[^\s{_IN_CUE}])?:"
_UNSPACED = rf"""
    \d+(?:[.,:]\d+)+
    | \b(?:mr|mrs|ms|dr|st|jr|sr)\.
    | \b(?:[^\W\d_]\.){{2,}}
    | {_WORD}(?:['’&\-]{_WORD})*
    | \.{{2,}} | -{{2,}} | [^\s]
"""
_UNSPACED_TOKEN = re.compile(_UNSPACED, re.VERBOSE | re.IGNORECASE)
_WHOLE_CUE = re.compile(_CUE, re.IGNORECASE)
_TOKEN = re.compile(
    rf"\n | ^{_CUE}(?=[ \t]|$) | {_UNSPACED}", re.VERBOSE | re.MULTILINE | re.IGNORECASE
)
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
        surface = match.group()
        if surface[-1] == ":" and len(surface) > 1 and not _is_cue(surface):
            yield from _again(surface, match.start())
        else:
            yield _token(surface), match.start()


def pieces_of(unspaced: str) -> Iterator[tuple[str, str]]:
    """Tokens with their surface forms in a stretch without blanks that is no speaker's cue."""
    for match in _UNSPACED_TOKEN.finditer(unspaced):
        surface = match.group()
        yield _token(surface), surface


def opens_as_cue(beginning: str) -> bool:
    """Whether the beginning of a line, up to its first colon, is a speaker's cue."""
    return _WHOLE_CUE.fullmatch(beginning) is not None and _is_cue(beginning)


def _token(surface: str) -> str:
    if surface[0] == "." and len(surface) > 1:
        return "..."
    if surface[0] == "-" and len(surface) > 1:
        return "--"
    return surface.lower()


def _is_cue(surface: str) -> bool:
    """A name of a few words, not a sentence that happens to end in a colon."""
    return len(surface.split()) <= _CUE_WORDS


def _again(surface: str, offset: int) -> Iterator[tuple[str, int]]:
    body = surface[:-1]
    for piece, start in tokenize_with_offsets(body):
        yield piece, offset + start
    yield ":", offset + len(body)


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
