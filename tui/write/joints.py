"""What has to stand between words that the model wrote and the draft behind them.

The model writes on from what is before the cursor; where the rest of a line stands behind it, the
two would run into one another.
"""

from __future__ import annotations

_OPENING = frozenset("([{«“‘¿¡-")
_QUOTES = frozenset("\"'")
"""Those that open and close alike."""


def joint(before: str, taken: str, behind: str, *, empty_lines: bool) -> str:
    """What goes between ``taken``, which follows ``before``, and ``behind``, the rest of its line.

    Line ends where ``taken`` is lines of its own, having begun or come to a new one (as many as the
    draft has between speeches, which ``empty_lines`` says), else a blank between words.
    """
    if not taken.strip() or not behind.strip():
        return ""
    begun = before.rsplit("\n", 1)[-1]
    if not begun.strip() or "\n" in taken:
        there = len(taken) - len(taken.rstrip("\n"))
        return "\n" * ((2 if empty_lines else 1) - there)
    return " " if _ends_a_word(begun + taken) and _begins_one(begun + taken, behind) else ""


def _ends_a_word(line: str) -> bool:
    last, one_before = line[-1], line[-2:-1]
    if last in _QUOTES:  # one behind a blank opens
        return bool(one_before) and not one_before.isspace() and one_before not in _OPENING
    return not last.isspace() and last not in _OPENING


def _begins_one(line: str, behind: str) -> bool:
    first = behind[0]
    if first in _QUOTES:  # one that is open is closed by it
        return line.count(first) % 2 == 0
    return first.isalnum() or first in _OPENING - {"-"}
