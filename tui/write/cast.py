"""The cast: who speaks in a draft and in the corpus behind the model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from engine.corpus.tokenizer import cue_name

_MAYBE = re.compile(r"^[ \t]*[^\W_][^\n:]{0,160}:", re.MULTILINE)
_BEGUN = re.compile(r"[^\W_][\w.'’ -]{0,30}\Z")


def speakers(text: str) -> Counter[str]:
    """Lines of each speaker of ``text``, named as in the first of their cues."""
    names: dict[str, str] = {}
    lines: Counter[str] = Counter()
    for match in _MAYBE.finditer(text):
        name = cue_name(text[match.start() : match.end() + 1].rstrip("\n"))
        if name is not None:
            lines[names.setdefault(name.lower(), name)] += 1
    return lines


def together(draft: Counter[str], corpus: Iterable[str], most: int = 30) -> list[str]:
    """The draft's speakers, most lines first, then the corpus's; each once."""
    seen = {name.lower() for name in draft}
    own = [name for name, _count in draft.most_common()]
    return (own + [name for name in corpus if name.lower() not in seen])[:most]


def may_begin_a_name(line: str) -> bool:
    """Whether a line up to the cursor can be the beginning of a speaker's name at all."""
    return _BEGUN.match(line) is not None


def completed(line: str, cast: Iterable[str]) -> str | None:
    """The first of ``cast`` that ``line``, a line up to the cursor, may be the beginning of."""
    if not may_begin_a_name(line):
        return None
    start = line.lower()
    return next((n for n in cast if n.lower().startswith(start) and len(n) >= len(start)), None)
