"""The cast: who speaks in a draft and in the corpus behind the model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_CUE = re.compile(r"^([^\W\d_][^\n:\[\](){}\"!?;,]{0,38}):(?=[ \t]|$)", re.MULTILINE)
MOST_WORDS = 5


def speakers(text: str) -> Counter[str]:
    """Lines of each speaker of ``text``, as the first of their cues is written."""
    names: dict[str, str] = {}
    lines: Counter[str] = Counter()
    for match in _CUE.finditer(text):
        name = match.group(1).strip()
        if len(name.split()) <= MOST_WORDS:
            lines[names.setdefault(name.lower(), name)] += 1
    return lines


def together(draft: Counter[str], corpus: Iterable[str], most: int = 30) -> list[str]:
    """The draft's speakers, most lines first, then the corpus's; each once."""
    seen = {name.lower() for name in draft}
    own = [name for name, _count in draft.most_common()]
    return (own + [name for name in corpus if name.lower() not in seen])[:most]


def completed(beginning: str, cast: Iterable[str]) -> str | None:
    """The first of ``cast`` that begins with ``beginning``, whatever its case."""
    start = beginning.lower()
    return next((name for name in cast if start and name.lower().startswith(start)), None)
