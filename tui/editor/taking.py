"""How much of pending text is taken at once: a word, or a line."""

from __future__ import annotations

import re

_WORD = re.compile(r"\s*\S+")


def next_word(pending: str) -> int:
    """Characters up to the end of the next word, the blanks before it included."""
    found = _WORD.match(pending)
    return found.end() if found else len(pending)


def next_line(pending: str) -> int:
    """Characters up to the end of the next line that says something."""
    start = len(pending) - len(pending.lstrip("\n"))
    end = pending.find("\n", start)
    return len(pending) if end < 0 else end
