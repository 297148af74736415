"""What a run tells on its way, and the card of its model, which it keeps true."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from engine.daemon.job_pipe import (
    FromJob,
    JobMetrics,
    JobNotice,
    JobSample,
    JobStateChange,
    JobValidation,
)
from engine.errors import ColdOpenError
from engine.paths import printable
from engine.protocol.values import JobState, Metrics, ModelCard, ValidationPoint
from engine.storage import library
from engine.training.disk_writes import DiskWrites

Tell = Callable[[FromJob], None]


class Reporter:
    """The trainer's listener: passes everything on and keeps the model's card true."""

    def __init__(self, card: ModelCard, folder: Path, tell: Tell) -> None:
        self.card = card
        self.folder = folder
        self.disk = DiskWrites(self.on_notice)
        self._tell = tell

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The run goes on inside; if that fails, the card says why.

        Raises:
            ColdOpenError: when the disk refuses.
        """
        self.card = msgspec.structs.replace(self.card, state="running", failure="")
        self.save()
        try:
            yield
        except Exception as error:
            self.card = msgspec.structs.replace(
                self.card, state="failed", failure=failure_in_words(error)
            )
            with contextlib.suppress(ColdOpenError):
                self.save()
            raise

    def on_metrics(self, metrics: Metrics) -> None:
        self._tell(JobMetrics(metrics=metrics))
        self.card = msgspec.structs.replace(self.card, steps=metrics.step, seconds=metrics.seconds)

    def on_validation(self, point: ValidationPoint) -> None:
        self._tell(JobValidation(point=point))
        if point.best and point.perplexity is not None:
            self.card = msgspec.structs.replace(
                self.card, perplexity=point.perplexity, perplexity_alone=None, added=()
            )
        self.disk.attempt("model's card", self.save)

    def on_sample(self, step: int, text: str) -> None:
        self._tell(JobSample(step=step, text=text))

    def on_notice(self, text: str) -> None:
        self._tell(JobNotice(text=text))

    def on_state(self, state: JobState) -> None:
        self._tell(JobStateChange(state=state))

    def save(self) -> None:
        """Write the card.

        Raises:
            ColdOpenError: when the disk refuses.
        """
        library.write_card(self.folder, self.card)


def failure_in_words(error: Exception) -> str:
    """What ended a run, for whoever waits for it."""
    if isinstance(error, ColdOpenError):
        return printable(str(error))
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "There was not enough memory. Try a smaller batch, model or vocabulary."
    return (
        f"Training stumbled: {type(error).__name__}: {printable(str(error))}."
        " `coldopen engine logs` has the details."
    )
