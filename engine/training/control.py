"""The reins of a run, held by another thread than the one that trains."""

from __future__ import annotations

import threading


class Control:
    """Pause, resume, stop and change the learning rate of a run, from any thread."""

    def __init__(self) -> None:
        self._going = threading.Event()
        self._going.set()
        self._stopping = False
        self._keep = True
        self._scale = 1.0

    def pause(self) -> None:
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def stop(self, keep: bool = True) -> None:
        """End the run after the step in hand; ``keep`` says whether its last state is saved."""
        self._stopping, self._keep = True, keep
        self._going.set()

    def set_learning_rate(self, scale: float) -> None:
        """Multiply the scheduled learning rate by ``scale`` from now on."""
        self._scale = min(100.0, max(0.0, scale))

    @property
    def paused(self) -> bool:
        return not self._going.is_set()

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def keep(self) -> bool:
        return self._keep

    @property
    def scale(self) -> float:
        return self._scale

    def wait_while_paused(self) -> None:
        self._going.wait()
