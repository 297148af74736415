"""What has to stand between words that the model wrote and the draft behind them.

The model writes on from what is before the cursor; where the rest of a line stands behind it, the
two would run into one another.
"""

from __future__ import annotations

_OPENING = frozenset("([{«“‘¿¡-'\"")


def joint(before: str, taken: str, behind: str, *, empty_lines: bool) -> str:
    """What goes between ``taken``, which follows ``before``, and ``behind``, the rest of its line.

    Line ends where ``taken`` is lines of its own, having begun or come to a new one (as many as the
    draft has between speeches, which ``empty_lines`` says), else a blank between words.
    """
    if not taken.strip() or not behind.strip() or taken.endswith("\n"):
        return ""
    begun = before.rsplit("\n", 1)[-1]
    if not begun.strip() or "\n" in taken:
        return "\n\n" if empty_lines else "\n"
    words = behind[0].isalnum() and not taken[-1].isspace() and taken[-1] not in _OPENING
    return " " if words else ""
