"""Training runs: each a process of its own, its history kept for whoever asks.

A process rather than a thread: a run that crashes or runs out of memory takes nothing with it,
its priority can be lowered, and a word streamed to a writer never waits for a training step.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import msgspec

from engine import paths
from engine.config import TrainingConfig
from engine.daemon.job_pipe import (
    FromJob,
    JobBegun,
    JobCommand,
    JobMetrics,
    JobNotice,
    JobSample,
    JobScale,
    JobSpec,
    JobStateChange,
    JobValidation,
)
from engine.errors import ColdOpenError, TrainingError
from engine.protocol.framing import NotUnderstoodError, encode_frame, read_frame_blocking
from engine.protocol.messages import (
    AnyEvent,
    TrainingMetrics,
    TrainingNotice,
    TrainingSample,
    TrainingSnapshot,
    TrainingStateChanged,
    TrainingValidation,
    TrainMoods,
)
from engine.protocol.values import ENDED, JobInfo, JobState, Metrics, RunKind, ValidationPoint
from engine.storage import library
from engine.storage.run_lock import written_by_us

log = logging.getLogger(__name__)
_DECODER = msgspec.json.Decoder(FromJob)
KEPT_SAMPLES = 200

P = TypeVar("P")
Tell = Callable[[str, AnyEvent], None]


@dataclass
class Job:
    """One run and everything that it has told so far."""

    info: JobInfo
    folder: Path
    process: subprocess.Popen[bytes]
    resumed: bool
    config: TrainingConfig | None = None
    device: str = ""
    parameters: int = 0
    sequence: int = 0
    metrics: list[Metrics] = field(default_factory=list)
    validations: list[ValidationPoint] = field(default_factory=list)
    samples: list[tuple[int, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stdin_lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """Starts training processes, listens to them and passes on what they tell."""

    def __init__(self, tell: Tell, on_change: Callable[[], None]) -> None:
        self._tell = tell
        self._on_change = on_change
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._counter = 0
        self._leaving = False

    def start(self, spec: JobSpec, corpus: str) -> str:
        """Start the run that ``spec`` describes, on what is called ``corpus``; returns its job id.

        Raises:
            TrainingError: when any run is in progress, or all are being ended.
            ProtocolError: when what it shall do is too long to be told.
        """
        with self._lock:
            if self._leaving:
                raise TrainingError("The engine is leaving.", "Try again in a moment.")
            for other in self._jobs.values():
                if other.info.state not in ENDED:
                    raise TrainingError(
                        f"“{other.info.name}” is still training.",
                        "Stop it first, or wait for it: two runs would only slow each other down.",
                    )
            self._counter += 1
            job_id = f"{spec.name}#{os.getpid()}.{self._counter}"
            spec = msgspec.structs.replace(spec, job=job_id)
            encode_frame(spec)  # what cannot be told must not leave a run that waits for it
            log_sink = paths.log_file().open("ab")
            process = subprocess.Popen(
                [sys.executable, "-m", "engine.daemon.training_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log_sink,
            )
            log_sink.close()
            info = JobInfo(
                job=job_id, name=spec.name, kind=_kind(spec), state="starting", corpus=corpus
            )
            job = Job(info, Path(spec.run_dir), process, spec.resume)
            job.stdin_lock.acquire()  # What it shall do comes before any command.
            self._jobs[job_id] = job
        try:
            _write(job, spec)
        finally:
            job.stdin_lock.release()
        threading.Thread(target=self._listen, args=(job,), name=job_id, daemon=True).start()
        self._on_change()
        return job_id

    def control(self, job_id: str, command: JobCommand) -> None:
        """Pass ``command`` to a running job, and tell what it is about to do.

        Raises:
            TrainingError: when there is no such job, or it has ended or is to, and can't pause.
        """
        job = self._find(job_id)
        if job.info.state in ENDED:
            raise TrainingError(f"“{job.info.name}” has already ended.")
        if job.info.state == "stopping" and command.command == "pause":
            raise TrainingError(f"“{job.info.name}” is stopping.")
        self._send(job, command)

    def snapshot(self, job_id: str, points: int) -> TrainingSnapshot:
        """The whole story of a run so far, its curve thinned to ``points`` points."""
        job = self._find(job_id)
        with job.lock:
            return TrainingSnapshot(
                info=job.info,
                resumed=job.resumed,
                config=job.config,
                sequence=job.sequence,
                metrics=thinned(job.metrics, points),
                validations=thinned(job.validations, points),
                samples=tuple(job.samples[-20:]),
                notices=tuple(job.notices[-50:]),
                device=job.device,
                parameters=job.parameters,
            )

    def infos(self) -> tuple[JobInfo, ...]:
        with self._lock:
            return tuple(job.info for job in self._jobs.values())

    def running(self) -> tuple[JobInfo, ...]:
        return tuple(info for info in self.infos() if info.state not in ENDED)

    def is_training(self, name: str) -> bool:
        return any(info.name == name for info in self.running())

    def stop_all(self, timeout: float = 60.0) -> None:
        """Ask every run to keep its model and leave; wait for them, then insist.

        No other is begun after that.
        """
        with self._lock:
            self._leaving = True
            jobs = [job for job in self._jobs.values() if job.info.state not in ENDED]
        for job in jobs:
            self._send(job, JobCommand(command="stop"))
        for job in jobs:
            if not job.over.wait(timeout):
                job.process.kill()
                job.over.wait(5.0)

    def _find(self, job_id: str) -> Job:
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None:  # a model's name serves too: its latest run
                named = [j for j in self._jobs.values() if j.info.name == job_id]
                job = named[-1] if named else None
        if job is None:
            raise TrainingError(f"There is no training run called {job_id!r}.")
        return job

    def _send(self, job: Job, message: JobCommand) -> None:
        with job.stdin_lock:  # What is told of two commands comes in the order of the two.
            with job.lock:
                before = job.info.state
                state = _asked(job, message)
                if state != before:  # and before the run can say that it has done so
                    self._tell_state(job, state)
            _write(job, message)
        if state != before:
            self._on_change()

    def _listen(self, job: Job) -> None:
        try:
            self._hear(job)
        except Exception:
            log.exception("%s cannot be followed", job.info.job)
            _let_go(job)
        finally:
            code = job.process.wait()
            if job.info.state not in ENDED:
                why = f"signal {-code}" if code < 0 else f"exit status {code}"
                self._fail(
                    job,
                    f"The training process ended without a word ({why}). What it had"
                    " checkpointed is kept; `coldopen engine logs` has the details.",
                )
            for stream in (job.process.stdin, job.process.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()
            job.over.set()

    def _hear(self, job: Job) -> None:
        """Take what a run tells, until it is over."""
        pipe = cast(BinaryIO, job.process.stdout)
        while True:
            try:
                message = read_frame_blocking(pipe, _DECODER)
            except NotUnderstoodError as error:  # of another version, installed meanwhile
                log.error("%s: %s", job.info.job, error)
                continue
            if message is None:
                return
            self._take(job, message)

    def _fail(self, job: Job, why: str) -> None:
        """A run is over that could not say so itself."""
        if job.config is not None:  # else the folder may hold a model that it was to replace
            with contextlib.suppress(ColdOpenError), written_by_us(job.folder):
                library.write_failure(job.folder, why)
        self._take(job, JobStateChange(state="failed", message=why))

    def _take(self, job: Job, message: FromJob) -> None:
        with job.lock:
            if isinstance(message, JobBegun | JobStateChange | JobScale):
                self._take_state(job, message)
            else:
                self._take_news(job, message)
        if isinstance(message, JobBegun | JobStateChange):
            self._on_change()

    def _take_state(self, job: Job, message: JobBegun | JobStateChange | JobScale) -> None:
        if isinstance(message, JobScale):
            job.info = msgspec.structs.replace(job.info, rate_factor=message.factor)
            self._tell_state(job, job.info.state)
        elif isinstance(message, JobBegun):
            job.config, job.device = message.config, message.device
            job.parameters = message.parameters
            self._tell_state(job, _reached(job, "running"))
        else:
            self._tell_state(job, _reached(job, message.state), message.message)

    def _tell_state(self, job: Job, state: JobState, said: str = "") -> None:
        """``job.lock`` is held, here and below: what is told comes in the order of its numbers."""
        job.sequence += 1
        job.info = msgspec.structs.replace(job.info, state=state, message=said)
        self._tell(job.info.job, TrainingStateChanged(sequence=job.sequence, info=job.info))

    def _take_news(
        self, job: Job, message: JobMetrics | JobValidation | JobSample | JobNotice
    ) -> None:
        job_id = job.info.job
        job.sequence += 1
        number = job.sequence
        event: AnyEvent
        if isinstance(message, JobMetrics):
            job.metrics.append(message.metrics)
            job.info = msgspec.structs.replace(job.info, progress=message.metrics.progress)
            event = TrainingMetrics(job=job_id, sequence=number, metrics=message.metrics)
        elif isinstance(message, JobValidation):
            job.validations.append(message.point)
            event = TrainingValidation(job=job_id, sequence=number, point=message.point)
        elif isinstance(message, JobSample):
            job.samples.append((message.step, message.text))
            del job.samples[:-KEPT_SAMPLES]
            event = TrainingSample(
                job=job_id, sequence=number, step=message.step, text=message.text
            )
        else:
            job.notices.append(message.text)
            event = TrainingNotice(job=job_id, sequence=number, text=message.text)
        self._tell(job_id, event)


def _kind(spec: JobSpec) -> RunKind:
    if spec.other is None:
        return "model"
    return "moods" if isinstance(spec.other, TrainMoods) else "vectors"


def _asked(job: Job, message: JobCommand) -> JobState:
    """The state of a run that is told ``message``, until it tells one itself."""
    state = job.info.state
    if state in ENDED:
        return state
    if message.command in ("stop", "discard"):
        return "stopping"
    if message.command == "pause" and state in ("starting", "running"):
        return "pausing"
    if message.command == "resume" and state == "pausing":  # of which the run may see nothing
        return "running" if job.device else "starting"
    return state


def _reached(job: Job, state: JobState) -> JobState:
    """The state of a run that tells ``state``: what it was asked meanwhile is still to come."""
    if state in ENDED:
        return state
    asked = job.info.state
    if asked == "stopping" or (asked == "pausing" and state == "running"):
        return asked
    return state


def _write(job: Job, message: JobSpec | JobCommand) -> None:
    pipe = cast(BinaryIO, job.process.stdin)
    with contextlib.suppress(OSError, ValueError):
        pipe.write(encode_frame(message))
        pipe.flush()


def _let_go(job: Job) -> None:
    """Have a run keep its model and leave; what it still tells would hold it up, unread."""
    with contextlib.suppress(OSError, ValueError):
        cast(BinaryIO, job.process.stdin).close()
    with contextlib.suppress(OSError):
        while cast(BinaryIO, job.process.stdout).read(1 << 16):
            pass


def thinned(points: list[P], most: int) -> tuple[P, ...]:
    """At most ``most`` of ``points``, evenly spread, the last always among them."""
    if len(points) <= most:
        return tuple(points)
    stride = len(points) / most
    return tuple(points[min(len(points) - 1, int((i + 1) * stride) - 1)] for i in range(most))
