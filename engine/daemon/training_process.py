"""A training run as a process: ``python -m engine.daemon.training_process``, started by the engine.

Reads one :class:`JobSpec` and then commands from standard input, and tells its story on standard
output, in frames. When standard input closes, the engine is gone: keep the model and leave.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.daemon.job_pipe import (
    FromJob,
    JobCommand,
    JobNotice,
    JobScale,
    JobSpec,
    JobStateChange,
    ToJob,
)
from engine.daemon.run_reporter import failure_in_words
from engine.errors import ColdOpenError
from engine.protocol.framing import ProtocolError, encode_frame, read_frame_blocking
from engine.protocol.messages import TrainMoods, TrainVectors
from engine.storage.run_lock import written_by_us
from engine.training.control import Control, StoppedBeforeItBegan

log = logging.getLogger("training")
_DECODER = msgspec.json.Decoder(ToJob)
NICENESS = 10
"""Lower priority, so that on a laptop the words on the screen come before the training."""


class Teller:
    """Writes frames to the engine; thread-safe; silent once the engine is gone."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._lock = threading.Lock()

    def tell(self, message: FromJob) -> None:
        with self._lock:
            try:
                self._sink.write(encode_frame(message))
                self._sink.flush()
            except (OSError, ValueError) as error:
                log.warning("the engine is gone: %s", error)
            except ProtocolError as error:
                log.error("not told: %s", error)


def main() -> int:
    # Frames own the real standard output; a stray print goes to the log.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = sys.stdin.buffer
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    teller = Teller(sink)
    try:
        spec = read_frame_blocking(source, _DECODER)
    except ProtocolError as error:
        log.error("%s", error)
        return 1
    if not isinstance(spec, JobSpec):
        return 1
    os.nice(NICENESS)
    try:
        _run(spec, source, teller)
    except Exception as error:
        if not isinstance(error, ColdOpenError | MemoryError):
            log.exception("training failed")
        teller.tell(JobStateChange(state="failed", message=failure_in_words(error)))
        return 1
    return 0


def _run(spec: JobSpec, source: BinaryIO, teller: Teller) -> None:
    control = Control(on_scale=lambda scale: teller.tell(JobScale(factor=scale)))
    discarded = threading.Event()
    threading.Thread(
        target=_obey, args=(source, control, discarded, teller), name="commands", daemon=True
    ).start()
    folder = Path(spec.run_dir)
    # Whoever hears that the run is over may use its folder at once.
    try:
        with written_by_us(folder):
            seconds = _train(spec, control, teller)
            deleted = discarded.is_set()  # what comes later finds the model in the Library
            if deleted:
                shutil.rmtree(folder, ignore_errors=True)
    except StoppedBeforeItBegan:
        teller.tell(JobStateChange(state="stopped", message="Stopped before it began."))
        return
    if deleted:
        teller.tell(JobNotice(text="The run was stopped and its model deleted."))
        teller.tell(JobStateChange(state="stopped", message="Discarded."))
        return
    state: JobStateChange = JobStateChange(
        state="stopped" if control.stopping else "finished",
        message=f"“{spec.name}” is in the Library, trained for {seconds:.0f} s.",
    )
    teller.tell(state)


def _train(spec: JobSpec, control: Control, teller: Teller) -> float:
    """Do what ``spec`` says; returns the seconds trained, pauses left out."""
    if isinstance(spec.other, TrainVectors):
        from engine.daemon.vectors_run import run_vectors

        return run_vectors(spec, control, teller.tell)
    if isinstance(spec.other, TrainMoods):
        from engine.daemon.moods_run import run_moods

        return run_moods(spec, control, teller.tell)
    from engine.daemon.model_run import run_model

    return run_model(spec, control, teller.tell)


def _obey(source: BinaryIO, control: Control, discarded: threading.Event, teller: Teller) -> None:
    try:
        while (command := read_frame_blocking(source, _DECODER)) is not None:
            if not isinstance(command, JobCommand):
                continue
            if command.command == "pause":
                control.pause()
            elif command.command == "resume":
                control.resume()
            elif command.command == "scale_learning_rate":
                _scale(control, command.value or 1.0, teller)
            else:
                if command.command == "discard":
                    discarded.set()
                control.stop(keep=command.command == "stop")
    except ProtocolError as error:
        log.error("%s", error)
    control.stop(keep=True)


def _scale(control: Control, factor: float, teller: Teller) -> None:
    """Multiply the learning rate by ``factor``; tell where it is as far as it may go."""
    before = control.scale
    control.scale_learning_rate(factor)
    if control.scale == before and factor != 1:
        most = "most" if factor > 1 else "least"
        text = f"The learning rate stays at × {before:g} of the plan: that is the {most}."
        teller.tell(JobNotice(text=text))


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    # The thread that waits for commands holds a lock that a normal exit would trip over.
    os._exit(status)
