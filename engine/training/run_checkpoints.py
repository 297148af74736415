"""What a run keeps on disk: its best weights, and all that it needs to go on."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
from torch import Tensor

from engine.config import TrainingConfig
from engine.models.contract import State
from engine.storage.checkpoint import newest_valid, prune, put_back, save_checkpoint, set_aside
from engine.training.disk_writes import DiskWrites
from engine.training.snapshot import Snapshot

BEST = "best"
BEST_BEFORE_STOP = "best-before-stop"
"""What was the best where a run was stopped and its last weights were better. A run that was not
stopped would not have looked there, so that one that goes on gets these back."""


class RunCheckpoints:
    """The checkpoints of one run; where the disk refuses one, that is told and the run goes on."""

    def __init__(self, folder: Path, snapshot: Snapshot, disk: DiskWrites) -> None:
        self._folder, self._snapshot, self._disk = folder, snapshot, disk

    def clear(self) -> None:
        """Forget those of an earlier run."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def keep_best(
        self, config: TrainingConfig, loss: float, only_until_resumed: bool = False
    ) -> bool:
        """Keep the weights as the best, with a validation ``loss``; False where the disk refuses.

        Then those before stay the best, so that the next that are better than they are kept.
        Where they are the best ``only_until_resumed``, those before are kept beside them.
        """
        progress = self._snapshot.progress
        before = progress.best_loss, progress.since_best
        progress.best_loss, progress.since_best = loss, 0

        def write() -> str:
            if only_until_resumed:
                set_aside(self._folder, BEST, BEST_BEFORE_STOP)
            tensors, facts = self._snapshot.model_tensors(), self._snapshot.facts(config)
            return save_checkpoint(self._folder, BEST, tensors, facts)

        weights = self._disk.attempt("best checkpoint", write)
        if weights is None:
            progress.best_loss, progress.since_best = before
            return False
        progress.weights = weights
        return True

    def put_back_best(self) -> None:
        """Have as the best what was so before weights that were it only until now.

        Called no sooner than something new can be compared with it: a run that was resumed and dies
        before costs nothing.
        """
        if (self._folder / BEST_BEFORE_STOP).exists():
            self._disk.attempt(
                "former best checkpoint", lambda: put_back(self._folder, BEST_BEFORE_STOP, BEST)
            )

    def save(self, config: TrainingConfig, state: State | None) -> bool:
        """Write what the run needs to go on; False where the disk refuses."""
        saved = self._disk.attempt(
            "checkpoint",
            lambda: save_checkpoint(
                self._folder,
                f"step-{self._snapshot.progress.step:010d}",
                self._snapshot.tensors(state),
                self._snapshot.facts(config),
            ),
        )
        prune(self._folder)
        return saved is not None

    def take_up(self) -> list[Tensor]:
        """Be what the newest one holds; returns the carried state's tensors, none if it had none.

        Raises:
            ModelError: when none is usable.
            TrainingError: when it is of another vocabulary.
        """
        tensors, facts, _weights = newest_valid(self._folder)
        return self._snapshot.take_up(tensors, facts)


def as_begun(config: TrainingConfig, folder: Path) -> TrainingConfig:
    """``config`` with what a run finds out for itself, as its newest checkpoint in ``folder`` says.

    Raises:
        ModelError: when none is usable.
    """
    facts = newest_valid(folder).facts
    begun = msgspec.convert(facts["config"], TrainingConfig)
    return msgspec.structs.replace(config, batch_size=begun.batch_size, precision=begun.precision)
