"""Garbage collection that a typist does not feel.

A full collection walks every object of the program: some 60 ms, every few keys while words stream.
What a room is made of lives as long as the program, so it is taken out of the walk.
"""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 5_000, 20, 50
"""Objects, and collections of the generation below, before each generation is walked."""


def keep_pauses_short() -> None:
    """Collect now, leave what is alive out of later collections, and make those rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
