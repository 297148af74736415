"""How far a run is, and who hears of it."""

from __future__ import annotations

import dataclasses
import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import msgspec
import torch

from engine.config import TrainingConfig
from engine.protocol.values import JobState, Metrics, ValidationPoint
from engine.storage.atomic import refused
from engine.training.control import Control
from engine.training.disk_writes import DiskWrites


class Listener(Protocol):
    """Hears how a run goes, in the thread that trains."""

    def on_metrics(self, metrics: Metrics) -> None: ...
    def on_validation(self, point: ValidationPoint) -> None: ...
    def on_sample(self, step: int, text: str) -> None: ...
    def on_notice(self, text: str) -> None: ...
    def on_state(self, state: JobState) -> None: ...


class Silent:
    """A listener that hears nothing; others say what they hear."""

    def on_metrics(self, metrics: Metrics) -> None: ...
    def on_validation(self, point: ValidationPoint) -> None: ...
    def on_sample(self, step: int, text: str) -> None: ...
    def on_notice(self, text: str) -> None: ...
    def on_state(self, state: JobState) -> None: ...


def waited_out(control: Control, listener: Listener) -> float:
    """Wait as long as the run is paused, which ``listener`` is told; returns the seconds."""
    before = control.waited
    listener.on_state("paused")
    control.wait_while_paused()
    if not control.stopping:
        listener.on_state("running")
    return control.waited - before


def scale_told(control: Control, before: float, step: int, listener: Listener) -> float:
    """What the planned learning rate is multiplied with by hand; told if it was another before."""
    if control.scale != before:
        listener.on_notice(f"From step {step:,} on: the planned learning rate × {control.scale:g}.")
    return control.scale


@dataclasses.dataclass
class Progress:
    """Counters of a run, saved in its checkpoints."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    epoch: int = 0
    row: int = 0
    best_loss: float | None = None
    since_best: int = 0
    scale: float = 1.0
    """Of the learning rate, after losses that were not finite."""
    by_hand: float = 1.0
    """What the learning rate has been multiplied with from outside."""
    weights: str = ""

    def share_done(self, config: TrainingConfig, rows: int) -> float:
        """How much of the run's length is behind it; ``rows`` make an epoch."""
        shares = [0.0]
        if config.minutes is not None:
            shares.append(self.seconds / (60 * config.minutes))
        if config.epochs is not None:
            shares.append((self.epoch + self.row / rows) / config.epochs)
        return max(shares)


class History:
    """What a run told, a line of JSON each, so that its curve outlives it."""

    def __init__(self, run_dir: Path, disk: DiskWrites, write: bool = True) -> None:
        self._path = run_dir / "history.jsonl"
        self._disk, self._write = disk, write
        self._torn = False

    def begin(self) -> None:
        """Forget what an earlier run of this name told."""
        if self._write:
            self._path.unlink(missing_ok=True)

    def log(self, kind: str, value: msgspec.Struct) -> None:
        self.add(kind, **msgspec.to_builtins(value))

    def add(self, kind: str, **fields: Any) -> None:
        if self._write:
            line = json.dumps({"kind": kind, **fields})
            self._disk.attempt("curve", lambda: self._append(line))

    def _append(self, line: str) -> None:
        # Behind a line of which only a part was written, another begins.
        text = f"\n{line}\n" if self._torn else f"{line}\n"
        self._torn = True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as sink:
                sink.write(text)
        except OSError as error:
            raise refused(self._path, error) from error
        self._torn = False


def perplexity(loss: float) -> float:
    """exp of a mean loss in nats, capped where it says nothing any more."""
    return math.exp(min(loss, 50.0))


def finite(value: float) -> float | None:
    """``value``, or None where there is none that JSON can hold."""
    return value if math.isfinite(value) else None


def gpu_use(device: torch.device) -> dict[str, Any]:
    """Memory in bytes and share of use, where the device is a GPU that tells."""
    if device.type != "cuda":
        return {}
    used: dict[str, Any] = {"gpu_memory": torch.cuda.memory_allocated(device)}
    with suppress(RuntimeError, ImportError, OSError):  # NVML may be missing
        used["gpu_use"] = torch.cuda.utilization(device) / 100
    return used
