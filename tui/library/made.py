"""When a model was made, in words."""

from __future__ import annotations

import time


def made(seconds: float, form: str, unknown: str = "") -> str:
    """``seconds`` since 1970 in local time; ``unknown`` where a card says what no calendar has."""
    if not seconds > 0:
        return unknown
    try:
        return time.strftime(form, time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        return unknown
