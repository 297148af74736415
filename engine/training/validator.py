"""Judging a run on text that it does not learn from, while it goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.config import TrainingConfig
from engine.errors import ColdOpenError
from engine.models.contract import LanguageModel
from engine.protocol.values import ValidationPoint
from engine.training.device import out_of_memory
from engine.training.evaluation import mean_nll
from engine.training.progress import History, Listener, Progress, finite, perplexity
from engine.training.run_checkpoints import RunCheckpoints
from engine.training.validation_schedule import seconds_between, words_between

VALIDATION_TOKENS = 12_000

Sampler = Callable[[LanguageModel[Any]], str]


class Validator:
    """Says when a run is to be validated, does it, and keeps the weights where they are the best.

    ``words`` is how many the run learns from, ``held_out`` (tokens,) what it is judged on.
    """

    def __init__(
        self,
        model: LanguageModel[Any],
        words: int,
        held_out: NDArray[np.int32],
        device: torch.device,
        progress: Progress,
        checkpoints: RunCheckpoints,
        history: History,
        listener: Listener,
        sampler: Sampler | None,
    ) -> None:
        self._model, self._words, self._held_out = model, words, held_out
        self._device, self._progress, self._checkpoints = device, progress, checkpoints
        self._history, self._listener, self._sampler = history, listener, sampler
        self._took, self._step = 0.0, -1

    @property
    def up_to_date(self) -> bool:
        """Whether the run's present weights have been judged, and kept where they had to be."""
        return self._step == self._progress.step

    def forget(self) -> None:
        """The run is at another place than before."""
        self._step = -1

    def due(self, config: TrainingConfig, since: float, tokens_before: int, rows: int) -> bool:
        """Whether to validate after a step, ``since`` seconds after the last time.

        Where epochs alone rule the run, its place in the text says so, else the clock;
        ``tokens_before`` were learnt from before the step, and an epoch has so many ``rows``.
        """
        progress = self._progress
        if config.minutes is None and config.epochs is not None:
            held_out = min(len(self._held_out), VALIDATION_TOKENS)
            every = words_between(config.epochs, self._words, held_out)
            return progress.tokens // every > tokens_before // every
        share = progress.share_done(config, rows)
        estimate = progress.seconds / share if share > 0.01 else math.inf
        if config.minutes is not None:
            estimate = min(estimate, 60 * config.minutes)
        return since >= seconds_between(estimate, self._took)

    def validate(self, config: TrainingConfig, only_until_resumed: bool = False) -> bool:
        """Validate, keep the weights if they are the best, show a sample; True to stop early.

        Weights that are kept ``only_until_resumed`` give way to those before when the run goes on.
        """
        progress, begun = self._progress, time.perf_counter()
        saved = torch.get_rng_state()
        self._model.settle()
        loss, _count = mean_nll(
            self._model, self._held_out, self._device, most_tokens=VALIDATION_TOKENS
        )
        self._step = progress.step
        self._checkpoints.put_back_best()
        best = math.isfinite(loss) and (progress.best_loss is None or loss < progress.best_loss)
        if best:
            best = self._checkpoints.keep_best(config, loss, only_until_resumed)
            if not best:  # which the disk may take at the end
                self.forget()
        else:
            progress.since_best += 1
        point = ValidationPoint(
            step=progress.step,
            seconds=progress.seconds,
            loss=finite(loss),
            perplexity=perplexity(loss) if math.isfinite(loss) else None,
            best=best,
        )
        self._listener.on_validation(point)
        self._history.log("validation", point)
        self._show_sample()
        torch.set_rng_state(saved)
        self._took = time.perf_counter() - begun
        return bool(config.patience) and progress.since_best >= config.patience

    def _show_sample(self) -> None:
        """Show what the model writes; a run goes on without where it can write nothing."""
        if self._sampler is None:
            return
        module = self._model
        assert isinstance(module, torch.nn.Module)
        module.eval()
        try:
            text = self._sampler(self._model)
        except ColdOpenError as error:
            why = str(error)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            why = "There is not enough memory."
        else:
            self._listener.on_sample(self._progress.step, text)
            self._history.add("sample", step=self._progress.step, text=text)
            return
        finally:
            module.train()
        self._listener.on_notice(f"No samples are shown from here on. {why}")
        self._sampler = None
