"""Learning-rate schedules over the progress of a run, 0 to 1, whatever progress is measured in."""

from __future__ import annotations

import math

WARM_UP = 0.1
START_SHARE = 0.04
END_SHARE = 0.002


def one_cycle(progress: float) -> float:
    """Share of the highest learning rate at ``progress``: up quickly, then down along a cosine.

    After Smith & Topin 2019, with the warm-up shortened.
    """
    progress = min(1.0, max(0.0, progress))
    if progress < WARM_UP:
        return START_SHARE + (1 - START_SHARE) * progress / WARM_UP
    down = (progress - WARM_UP) / (1 - WARM_UP)
    return END_SHARE + (1 - END_SHARE) * (1 + math.cos(math.pi * down)) / 2
