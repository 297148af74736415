"""Finding words in a draft."""

from __future__ import annotations

import re
from bisect import bisect_left


def matches(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where ``wanted`` stands in ``text``: start and end of each place.

    Capitals count only where ``wanted`` has one.
    """
    if not wanted:
        return []
    flags = re.NOFLAG if any(c.isupper() for c in wanted) else re.IGNORECASE
    return [match.span() for match in re.finditer(re.escape(wanted), text, flags)]


def nearest(found: list[tuple[int, int]], cursor: int, step: int) -> int:
    """Index of the first place behind (1) or the last before (-1) the cursor, round the end."""
    at = bisect_left(found, (cursor, cursor))
    return at % len(found) if step > 0 else (at - 1) % len(found)
