"""The training loop: truncated back-propagation through time, from the first step to the last.

Everything that decides what comes next (weights, optimizer, random states, position in the data,
carried state, best loss) is in a checkpoint, so that on a CPU a run counted in epochs that is
stopped and resumed gives the same losses, weights and samples, bit for bit.
"""

from __future__ import annotations

import dataclasses
import math
import os
import random
import time
from collections import deque
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus
from engine.errors import ModelError, TrainingError
from engine.models.build import build_model
from engine.models.contract import State
from engine.models.state_tensors import all_finite, with_tensors
from engine.protocol.values import Metrics
from engine.training.batching import Columns, Position, word_counts
from engine.training.control import Control
from engine.training.device import choose_device, out_of_memory
from engine.training.disk_writes import DiskWrites
from engine.training.distributed import ProcessError, join
from engine.training.finishing import Finished, finish
from engine.training.optimizer import make_optimizer
from engine.training.progress import (
    History,
    Listener,
    Progress,
    finite,
    gpu_use,
    perplexity,
    scale_told,
    waited_out,
)
from engine.training.run_checkpoints import RunCheckpoints, as_begun
from engine.training.schedule import one_cycle
from engine.training.self_measure import best_precision
from engine.training.snapshot import Snapshot
from engine.training.validator import VALIDATION_TOKENS, Sampler, Validator
from engine.training.window_step import WindowStep

METRIC_SECONDS = 0.25
CHECKPOINT_SECONDS = 30.0
FIRST_CHECKPOINT_SECONDS = 5.0
"""After so many there is something to go on from, should the machine fail."""
MEAN_STRETCH = 400
"""Words after which a column's state is begun anew, on average."""
BAD_STEPS = 5
"""Non-finite steps in a row after which the last good state is taken up again."""
LEAST_SCALE = 2.0**-12
"""Of the learning rate, by halving it after such steps; with less nothing is learnt any more."""

Ids = NDArray[np.int32]


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """Contiguous ids for training and validation, (tokens,) each."""

    train: Ids
    validation: Ids
    vocabulary_size: int
    cues: NDArray[np.bool_] | None = None
    """(vocabulary,) which words are speakers' cues."""

    @classmethod
    def of(cls, corpus: Corpus) -> TrainingData:
        train, validation, _test = corpus.parts()
        return cls(train, validation, len(corpus.vocabulary), corpus.vocabulary.cues())


@dataclasses.dataclass(frozen=True)
class TrainingResult:
    steps: int
    seconds: float
    perplexity: float | None
    """Of the validation text, as :func:`engine.training.finishing.finish` measures it."""
    weights: str
    """SHA-256 of the weights that were kept."""
    perplexity_alone: float | None = None
    """Of the network without what was added at the end; None where that was not measured."""
    added: tuple[str, ...] = ()
    """What was added, by the name of its setting."""


class Trainer:
    """Trains one model into ``run_dir``.

    Raises:
        TrainingError: when the device is not there.
        ModelError: when ``resume`` is asked for and no checkpoint is usable.
    """

    def __init__(
        self,
        config: TrainingConfig,
        data: TrainingData,
        run_dir: Path,
        listener: Listener,
        sampler: Sampler | None = None,
        resume: bool = False,
    ) -> None:
        self.config, self.data, self.run_dir = config, data, run_dir
        self._listener = listener
        self._counted = data.train
        self.device, _why = choose_device(config.device)
        self._group = join(self.device)
        disk = DiskWrites(listener.on_notice)
        self._history = History(run_dir, disk, write=self._group.leads)
        if self._group.size > 1:
            self.data = dataclasses.replace(data, train=self._group.share(data.train))
            if self.device.type == "cuda":
                self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
                torch.cuda.set_device(self.device)
        if resume:
            self.config = as_begun(config, run_dir / "checkpoints")
        if self.config.precision == "auto":
            precision = best_precision(self.device)
            self.config = msgspec.structs.replace(self.config, precision=precision)
        torch.manual_seed(config.seed)
        self._dice = random.Random(config.seed)
        if self.device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cudnn.allow_tf32 = True
        self.model = build_model(self.config, data.vocabulary_size)
        self._module = cast(nn.Module, self.model).to(self.device)
        self.parameters = sum(p.numel() for p in self._module.parameters() if p.requires_grad)
        self._optimizer = make_optimizer(self._module, self.config, self.device)
        self._window_step = WindowStep(
            self._module, self._optimizer, self.config, self._group, self.device
        )
        self._progress = Progress()
        snapshot = Snapshot(
            self._module,
            self._optimizer,
            self._progress,
            self._dice,
            self.device,
            data.vocabulary_size,
        )
        self._checkpoints = RunCheckpoints(run_dir / "checkpoints", snapshot, disk)
        self._state: State | None = None
        # A card is not waited for at every step; a group has to, since it must not disagree.
        self._waits = self.device.type != "cuda" or self._group.size > 1
        self._rows = 0
        """Of the columns; 0 before there are any."""
        self._validator = Validator(
            self.model,
            len(self._counted),
            data.validation if len(data.validation) > 1 else data.train,
            self.device,
            self._progress,
            self._checkpoints,
            self._history,
            listener,
            sampler,
        )
        counts = word_counts(data.train, data.vocabulary_size).to(self.device)
        cues = None if data.cues is None else torch.from_numpy(data.cues).to(self.device)
        self.model.prime(counts, cues)
        if resume:
            self._restore()
        elif self._group.leads:
            self._checkpoints.clear()
            self._history.begin()
        if self._group.size > 1:
            self._group.same_start(self._module)
            torch.manual_seed(config.seed + self._group.rank + self._progress.step)

    @property
    def seconds(self) -> float:
        """Time trained so far, pauses left out."""
        return self._progress.seconds

    def spend(self, seconds: float) -> None:
        """Count ``seconds`` that went by before the first step as part of the run."""
        self._progress.seconds += seconds

    @property
    def tokens(self) -> int:
        """Targets learnt from so far."""
        return self._progress.tokens

    # -- the run

    def run(self, control: Control) -> TrainingResult:
        """Train until the run's length is reached, it stops improving, or ``control`` says stop."""
        by_hand = self._progress.by_hand
        control.begin_from(by_hand)
        if by_hand != 1:
            self._listener.on_notice(
                f"Goes on with the planned learning rate × {by_hand:g}, as it was set by hand."
            )
        while True:
            try:
                result = self._run(control)
                # The first process finishes for all: none leaves the group before it has.
                self._group.agree(0.0, self.device)
                return result
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                self._halve_batch()

    def _run(self, control: Control) -> TrainingResult:
        progress = self._progress
        columns = Columns(
            self.data.train,
            self._group.columns(self.config.batch_size),
            self.config.sequence_length,
            self.device,
        )
        if self._state is None or self._state.batch_size != columns.columns:
            self._state = self.model.initial_state(columns.columns)
        if self._rows not in (0, columns.rows):
            # With fewer columns than before, as much of the text is behind the run as was; one that
            # is gone back to has to know of it.
            progress.row = progress.row * columns.rows // self._rows
            self._save()
        self._rows = columns.rows
        base_seconds, started = progress.seconds, time.perf_counter()
        last_metric = last_validation = time.perf_counter()
        last_checkpoint = last_metric - max(0, CHECKPOINT_SECONDS - FIRST_CHECKPOINT_SECONDS)
        since: list[Tensor] = []
        norms: deque[Tensor] = deque(maxlen=BAD_STEPS)
        tokens_since, enough = 0, False
        ahead = Position(progress.epoch, progress.row)
        self._module.train()
        while True:
            # All processes of a run follow the first one's clock and reins.
            over = control.stopping or enough
            share = self._group.agree(
                math.inf if over else progress.share_done(self.config, columns.rows), self.device
            )
            if share >= 1:
                break
            if control.paused:
                paused = time.perf_counter()
                self._save()
                waited_out(control, self._listener)
                gap = time.perf_counter() - paused
                started += gap
                last_metric += gap
                last_validation += gap
                continue
            progress.by_hand = scale_told(control, progress.by_hand, progress.step, self._listener)
            planned = self.config.learning_rate * one_cycle(share)
            rate = planned * progress.by_hand * progress.scale
            inputs, targets, ahead = columns.window(ahead, self._dice)
            kept = self._kept_rows(columns.columns, inputs.shape[1])
            loss, norm, self._state = self._window_step(inputs, targets, self._state, kept, rate)
            since.append(loss)
            norms.append(norm)
            tokens_before = progress.tokens
            progress.step += 1
            progress.tokens += targets.numel() * self._group.size
            tokens_since += targets.numel() * self._group.size
            progress.epoch, progress.row = ahead.epoch, ahead.row
            now = time.perf_counter()
            progress.seconds = base_seconds + now - started
            due = now - last_metric >= METRIC_SECONDS
            if due:
                self._tell_metrics(since, norm, rate, tokens_since / (now - last_metric), columns)
                since, tokens_since, last_metric = [], 0, now
            if (due or self._waits) and _all_bad(norms):
                self._recover()
                norms.clear()
                ahead = Position(progress.epoch, progress.row)
            state = self._state
            if ahead.row == 0 or state is None or state.batch_size != columns.columns:
                self._state = self.model.initial_state(columns.columns)
            since_last = now - last_validation
            if self._group.leads and self._validator.due(
                self.config, since_last, tokens_before, columns.rows
            ):
                enough = self._validator.validate(self.config)
                last_validation = time.perf_counter()
                progress.seconds = base_seconds + last_validation - started
                last_metric = last_validation
                tokens_since = 0
                if enough:
                    self._listener.on_notice(
                        f"Stopped early: no progress in {self.config.patience} validations."
                    )
            if time.perf_counter() - last_checkpoint >= CHECKPOINT_SECONDS and torch.isfinite(norm):
                self._save()
                last_checkpoint = time.perf_counter()
        if since:
            self._tell_metrics(since, norm, rate, 0.0, columns)
        if self._group.leads and (control.keep or not control.stopping):
            # What goes on from here goes on as if there had been no validation at this place.
            saved = self._save()
            if not self._validator.up_to_date:
                self._validator.validate(self.config, only_until_resumed=control.stopping)
            if not saved and progress.best_loss is None:
                raise TrainingError(
                    "The model could not be kept: the disk took none of its checkpoints.",
                    "Free some space, then train it again.",
                )
            return self._result(self._finish())
        return self._result(None)

    def _result(self, finished: Finished | None) -> TrainingResult:
        progress = self._progress
        reached = progress.best_loss if finished is None else finished.loss
        return TrainingResult(
            progress.step,
            progress.seconds,
            None if reached is None else perplexity(reached),
            progress.weights,
            None if finished is None else perplexity(finished.alone),
            () if finished is None else finished.added,
        )

    def _finish(self) -> Finished | None:
        """Give the best weights what needs no gradient, where it helps, and measure them."""
        if self._progress.best_loss is None:
            return None
        try:
            finished = finish(
                self.run_dir,
                self._counted,
                self.data.validation,
                self.device,
                VALIDATION_TOKENS,
                self._listener.on_notice,
            )
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            self._listener.on_notice(
                "There was not enough memory to try what may help a trained model (n-grams,"
                " recency, a neural cache). The model is as it was before."
            )
            return None
        self._progress.weights = finished.weights or self._progress.weights
        return finished

    def _kept_rows(self, rows: int, length: int) -> Tensor:
        """(rows,) which rows go on after a window of ``length``; the others begin anew.

        A writer's draft begins from nothing, which a state that is carried through a whole epoch
        never shows; cells that only ever grow would otherwise go unpunished.
        """
        return torch.rand(rows) >= length / MEAN_STRETCH

    # -- telling

    def _tell_metrics(
        self, losses: list[Tensor], norm: Tensor, rate: float, speed: float, columns: Columns
    ) -> None:
        """Tell the listener and the history."""
        progress = self._progress
        loss, length = float(torch.stack(losses).mean()), float(norm)
        share = min(1.0, progress.share_done(self.config, columns.rows))
        metrics = Metrics(
            step=progress.step,
            epoch=progress.epoch + progress.row / columns.rows,
            tokens=progress.tokens,
            seconds=progress.seconds,
            loss=finite(loss),
            learning_rate=rate,
            gradient_norm=finite(length),
            tokens_per_second=speed,
            progress=share,
            eta_seconds=progress.seconds * (1 - share) / share if share > 0.001 else None,
            **gpu_use(self.device),
        )
        if self._group.leads:
            self._listener.on_metrics(metrics)
        self._history.log("metrics", metrics)

    # -- checkpoints

    def _save(self) -> bool:
        """Write what the run needs to go on; False where the disk refuses."""
        state = self._state if all_finite(self._state) else None  # else it would be gone back to
        return not self._group.leads or self._checkpoints.save(self.config, state)

    def _restore(self) -> None:
        saved = self._checkpoints.take_up()
        self._window_step.forget()
        self._validator.forget()
        if saved:
            self._state = with_tensors(self.model.initial_state(1), saved)

    def _recover(self) -> None:
        """Take up the last good state, with half the learning rate.

        A group goes on from where it is, since only its first process has checkpoints, and no step
        that was not finite has been taken.

        Raises:
            TrainingError: when that has been done too often to be of use.
        """
        progress = self._progress
        scale = progress.scale / 2
        if scale < LEAST_SCALE:
            raise TrainingError(
                "The loss is not finite again and again, though the learning rate was halved"
                f" {-math.log2(progress.scale):.0f} times.",
                "Train it again with a smaller learning rate, or with precision float32.",
            )
        lasting = {
            "scale": scale,
            "seconds": progress.seconds,
            "by_hand": progress.by_hand,
            # Of the best weights, which are kept apart and may be newer.
            "best_loss": progress.best_loss,
            "since_best": progress.since_best,
            "weights": progress.weights,
        }
        where = "going on from where it is"
        if self._group.size == 1 and self._went_back():
            where = f"went back to step {progress.step:,}"
        else:
            self._state = None
        vars(progress).update(lasting)
        self._listener.on_notice(f"The loss is not finite: {where}, with half the learning rate.")

    def _went_back(self) -> bool:
        try:
            self._restore()
        except ModelError:
            return False
        return True

    def _halve_batch(self) -> None:
        if self._group.size > 1:
            # The others have not run out, and would wait for this one.
            raise ProcessError(
                f"Process {self._group.rank} has not enough memory.", "Choose a smaller batch."
            )
        size = self.config.batch_size // 2
        if size < 1:
            raise TrainingError(
                "There is not enough memory even for a batch of one.", "Choose a smaller model."
            )
        self.config = msgspec.structs.replace(self.config, batch_size=size)
        self._state = None
        self._window_step.forget()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self._listener.on_notice(f"Out of memory: the batch is now {size}.")


def _all_bad(norms: deque[Tensor]) -> bool:
    """Whether as many steps as it takes were not finite, the last one among them."""
    return len(norms) == BAD_STEPS and not bool(torch.isfinite(torch.stack(tuple(norms))).any())
