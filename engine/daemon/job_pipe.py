"""What the engine and a training process say to each other over the process's pipes."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from engine.config import TrainingConfig
from engine.protocol.messages import TrainMoods, TrainVectors
from engine.protocol.values import JobState, Metrics, ValidationPoint


class JobSpec(Struct, frozen=True, kw_only=True, tag="spec"):
    """The first frame on a training process's standard input."""

    job: str = ""
    """The run's id, given when it begins."""
    name: str
    run_dir: str
    paths: tuple[str, ...]
    settings: dict[str, Any] = {}
    preset: str = ""
    resume: bool = False
    replace: bool = False
    """Whether a model of that name goes to the trash once all that the run needs is there."""
    other: TrainVectors | TrainMoods | None = None
    """Set for a run of word vectors or moods, ``paths`` aside; None trains a language model."""


class JobCommand(Struct, frozen=True, kw_only=True, tag="command"):
    """Any later frame on its standard input."""

    command: Literal["pause", "resume", "stop", "discard", "scale_learning_rate"]
    value: float | None = None


class JobBegun(Struct, frozen=True, kw_only=True, tag="begun"):
    """The corpus is read and the model is built."""

    config: TrainingConfig | None
    device: str
    parameters: int


class JobMetrics(Struct, frozen=True, kw_only=True, tag="metrics"):
    metrics: Metrics


class JobValidation(Struct, frozen=True, kw_only=True, tag="validation"):
    point: ValidationPoint


class JobSample(Struct, frozen=True, kw_only=True, tag="sample"):
    step: int
    text: str


class JobNotice(Struct, frozen=True, kw_only=True, tag="notice"):
    text: str


class JobStateChange(Struct, frozen=True, kw_only=True, tag="state"):
    state: JobState
    message: str = ""


class JobScale(Struct, frozen=True, kw_only=True, tag="scale"):
    """What the planned learning rate is multiplied with by hand, from the next step on."""

    factor: float


ToJob = JobSpec | JobCommand
FromJob = JobBegun | JobMetrics | JobValidation | JobSample | JobNotice | JobScale | JobStateChange
