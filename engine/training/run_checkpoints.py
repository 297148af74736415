"""What a run keeps on disk: its best weights, and all that it needs to go on."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
from torch import Tensor

from engine.config import TrainingConfig
from engine.models.contract import State
from engine.storage.checkpoint import newest_valid, prune, save_checkpoint
from engine.training.disk_writes import DiskWrites
from engine.training.snapshot import Snapshot


class RunCheckpoints:
    """The checkpoints of one run; where the disk refuses one, that is told and the run goes on."""

    def __init__(self, folder: Path, snapshot: Snapshot, disk: DiskWrites) -> None:
        self._folder, self._snapshot, self._disk = folder, snapshot, disk

    def clear(self) -> None:
        """Forget those of an earlier run."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def keep_best(self, config: TrainingConfig, loss: float) -> bool:
        """Keep the weights as the best, with a validation ``loss``; False where the disk refuses.

        Then those before stay the best, so that the next that are better than they are kept.
        """
        progress = self._snapshot.progress
        before = progress.best_loss, progress.since_best
        progress.best_loss, progress.since_best = loss, 0
        weights = self._disk.attempt(
            "best checkpoint",
            lambda: save_checkpoint(
                self._folder,
                "best",
                self._snapshot.model_tensors(),
                self._snapshot.facts(config),
            ),
        )
        if weights is None:
            progress.best_loss, progress.since_best = before
            return False
        progress.weights = weights
        return True

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
