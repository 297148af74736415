"""Where in a text as it was typed each of its tokens stands."""

from __future__ import annotations

import re
from bisect import bisect_right

from engine.corpus.tokenizer import tokenize_with_offsets

_DROPPED = re.compile(r"[ \t]*\n(?:[ \t]*\n)+[ \t]*|[ \t]+\n")
"""What normalising a text shortens: runs of empty lines, blanks at line ends."""


def tokens_in(text: str) -> list[tuple[str, int, int]]:
    """The tokens of ``text``, those of ``tokenize``, with character offsets, end exclusive."""
    plain = text.replace("\r\n", " \n").replace("\r", "\n").replace("\x0c", "\n").replace("\t", " ")
    pieces: list[str] = []
    here, there = [0], [0]  # offsets in the shortened text and in the text, where they part
    done = length = 0
    for match in _DROPPED.finditer(plain):
        kept = "\n\n" if match.group().count("\n") > 1 else "\n"
        pieces += (plain[done : match.start()], kept)
        length += match.start() - done
        if len(kept) == 2:  # the second line end is the last one of the run
            here.append(length + 1)
            there.append(match.start() + match.group().rindex("\n"))
        else:
            here.append(length)
            there.append(match.end() - 1)
        length += len(kept)
        here.append(length)
        there.append(match.end())
        done = match.end()
    pieces.append(plain[done:])
    found = []
    for token, start in tokenize_with_offsets("".join(pieces)):
        part = bisect_right(here, start) - 1
        found.append((token, there[part] + start - here[part]))
    ends = [start for _token, start in (*found[1:], ("", len(text)))][: len(found)]
    return [
        (token, start, start + 1 if token == "\n" else start + len(plain[start:end].rstrip()))
        for (token, start), end in zip(found, ends, strict=True)
    ]
