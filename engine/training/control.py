"""The reins of a run, held by another thread than the one that trains."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

MOST_SCALE = 16.0
"""The learning rate can be changed by so much at most, either way."""


class StoppedBeforeItBegan(Exception):  # noqa: N818 - a state, not a fault
    """A run was stopped before it had touched anything on disk."""


def limited(scale: float) -> float:
    """``scale``, or the nearest that is allowed."""
    return min(MOST_SCALE, max(1 / MOST_SCALE, scale))


class Control:
    """Pause, resume, stop and change the learning rate of a run, from any thread."""

    def __init__(self, on_scale: Callable[[float], None] = lambda _scale: None) -> None:
        """``on_scale`` hears at once what the planned learning rate is multiplied with."""
        self._on_scale = on_scale
        self._going = threading.Event()
        self._going.set()
        self._stopping = False
        self._keep = True
        self._scale = 1.0
        self._waited = 0.0

    def pause(self) -> None:
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def stop(self, keep: bool = True) -> None:
        """End the run after the step in hand; ``keep`` says whether its last state is saved."""
        self._stopping, self._keep = True, keep
        self._going.set()

    def begin_from(self, scale: float) -> None:
        """A run that was cut off had ``scale``; what has been asked since is on top of it."""
        self._set_scale(self._scale * scale)

    def scale_learning_rate(self, factor: float) -> None:
        """Multiply the learning rate by ``factor`` from now on, on top of what was asked before."""
        self._set_scale(self._scale * factor)

    def _set_scale(self, scale: float) -> None:
        scale = limited(scale)
        if scale != self._scale:
            self._scale = scale
            self._on_scale(scale)

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    @property
    def stopping(self) -> bool:
        return self._stopping

    def leave_if_stopping(self) -> None:
        """Where nothing has been touched yet.

        Raises:
            StoppedBeforeItBegan: when the run is to stop.
        """
        if self._stopping:
            raise StoppedBeforeItBegan

    @property
    def keep(self) -> bool:
        return self._keep

    @property
    def scale(self) -> float:
        """What the planned learning rate is multiplied with."""
        return self._scale

    @property
    def waited(self) -> float:
        """Seconds that the run has waited so far."""
        return self._waited

    def wait_while_paused(self) -> None:
        begun = time.perf_counter()
        self._going.wait()
        self._waited += time.perf_counter() - begun
