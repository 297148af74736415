"""What is known of one run: a snapshot of its past, then its events in their order."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from engine.protocol.messages import (
    AnyEvent,
    ModelHistory,
    TrainingMetrics,
    TrainingNotice,
    TrainingSample,
    TrainingSnapshot,
    TrainingStateChanged,
    TrainingValidation,
)
from engine.protocol.values import ENDED, JobInfo, Metrics, RunKind, ValidationPoint

RunEvent = (
    TrainingMetrics | TrainingValidation | TrainingSample | TrainingNotice | TrainingStateChanged
)


def job_of(event: RunEvent) -> str:
    """The run that an event belongs to."""
    return event.info.job if isinstance(event, TrainingStateChanged) else event.job


class Run:
    """One training run, kept true by its events.

    Rules: an event counts when its sequence number is higher than any before; events that come
    while the snapshot is on its way are kept and taken after it, so that none falls between.
    """

    def __init__(self, job: str) -> None:
        self.job = job
        self.info: JobInfo | None = None
        self.snapshot: TrainingSnapshot | None = None
        self.metrics: Metrics | None = None
        """The latest point."""
        self.point: ValidationPoint | None = None
        self.best: ValidationPoint | None = None
        self.sample: tuple[int, str] | None = None
        self.notices: list[str] = []
        self._sequence = 0
        self._early: list[RunEvent] = []

    @property
    def going(self) -> bool:
        """Whether the run is still at work, as far as is known."""
        return self.info is not None and self.info.state not in ENDED

    @property
    def can_write(self) -> bool:
        """Whether a model has come out of it that can be tried."""
        return self.best is not None and self.is_language_model and not self.discarded

    @property
    def discarded(self) -> bool:
        """Whether the run was stopped and what it learned deleted."""
        return self.info is not None and self.info.message == "Discarded."

    @property
    def kind(self) -> RunKind:
        """What is trained."""
        return "model" if self.info is None else self.info.kind

    @property
    def is_language_model(self) -> bool:
        """Whether it is one that predicts words: others have no perplexity."""
        return self.kind == "model"

    def load(self, snapshot: TrainingSnapshot) -> list[RunEvent]:
        """Begin with ``snapshot``; returns the events that came before it and still count."""
        self.snapshot, self.info = snapshot, snapshot.info
        self._sequence = snapshot.sequence
        self.metrics = snapshot.metrics[-1] if snapshot.metrics else None
        self.point = self.best = None
        for point in snapshot.validations:
            self._validated(point)
        self.sample = snapshot.samples[-1] if snapshot.samples else None
        self.notices = list(dict.fromkeys(snapshot.notices))
        early, self._early = self._early, []
        return [event for event in early if self.take(event)]

    def refresh(self, snapshot: TrainingSnapshot) -> None:
        """Take configuration, device and size, which are known only once the run has begun."""
        self.snapshot = snapshot

    def take(self, event: AnyEvent) -> bool:
        """Take in an event; False where it is another's or has been seen."""
        if not isinstance(event, RunEvent) or job_of(event) != self.job:
            return False
        if self.snapshot is None or self.info is None:
            self._early.append(event)
            return False
        if event.sequence <= self._sequence:
            return False
        self._sequence = event.sequence
        if isinstance(event, TrainingMetrics):
            self.metrics = event.metrics
            self.info = msgspec.structs.replace(self.info, progress=event.metrics.progress)
        elif isinstance(event, TrainingValidation):
            self._validated(event.point)
        elif isinstance(event, TrainingSample):
            self.sample = (event.step, event.text)
        elif isinstance(event, TrainingNotice):
            self.notices.append(event.text)
        else:
            progress = max(self.info.progress, event.info.progress)
            self.info = msgspec.structs.replace(event.info, progress=progress)
            if event.info.message:
                self.notices.append(event.info.message)
        return True

    def _validated(self, point: ValidationPoint) -> None:
        self.point = point
        if point.best:
            self.best = point


def with_history(snapshot: TrainingSnapshot, history: ModelHistory) -> TrainingSnapshot:
    """``snapshot`` of a run that was resumed, with the curve of what went before."""
    begun = snapshot.metrics[0].step if snapshot.metrics else None
    first = begun if begun is not None else float("inf")
    if snapshot.validations:
        first = min(first, snapshot.validations[0].step)
    return msgspec.structs.replace(
        snapshot,
        metrics=(*(m for m in history.metrics if m.step < first), *snapshot.metrics),
        validations=(*(p for p in history.validations if p.step < first), *snapshot.validations),
        samples=(*(s for s in history.samples if s[0] < first), *snapshot.samples),
    )


def run_to_show(jobs: Iterable[JobInfo]) -> JobInfo | None:
    """The run that is at work, else the last one there was."""
    all_jobs = list(jobs)
    going = [job for job in all_jobs if job.state not in ENDED]
    return (going or all_jobs)[-1] if all_jobs else None
