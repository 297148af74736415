"""A run as a process: what it does when told to, and what it says has become of its model."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.daemon import training_process
from engine.daemon.job_pipe import (
    FromJob,
    JobCommand,
    JobNotice,
    JobScale,
    JobSpec,
    JobStateChange,
)
from engine.daemon.training_process import Teller, _obey
from engine.protocol.framing import encode_frame, read_frame_blocking
from engine.training.control import Control

_DECODER = msgspec.json.Decoder(FromJob)


def told(sink: io.BytesIO) -> Iterator[FromJob]:
    sink.seek(0)
    while (message := read_frame_blocking(sink, _DECODER)) is not None:
        yield message


def test_a_discard_that_comes_when_the_model_is_kept_is_not_said_to_have_been_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reins: list[Control] = []

    def kept_at_once(spec: JobSpec, control: Control, _teller: Teller) -> float:
        Path(spec.run_dir).mkdir()
        reins.append(control)
        return 1.0

    @contextmanager
    def discarded_as_it_leaves(_folder: Path) -> Iterator[None]:
        yield
        with os.fdopen(commands, "wb") as pipe:
            pipe.write(encode_frame(JobCommand(command="discard")))
            pipe.flush()
            deadline = time.monotonic() + 60
            while not reins[0].stopping:
                assert time.monotonic() < deadline
                time.sleep(0.01)

    monkeypatch.setattr(training_process, "_train", kept_at_once)
    monkeypatch.setattr(training_process, "written_by_us", discarded_as_it_leaves)
    heard, commands = os.pipe()
    sink = io.BytesIO()
    spec = JobSpec(name="kept", run_dir=str(tmp_path / "kept"), paths=())
    with os.fdopen(heard, "rb") as source:
        training_process._run(spec, source, Teller(sink))
        (end,) = told(sink)
        assert isinstance(end, JobStateChange)
        assert "Library" in end.message
        assert (tmp_path / "kept").is_dir()


def obeyed(*factors: float) -> list[Any]:
    """What is told when the learning rate of a run is multiplied by ``factors``."""
    frames = [
        encode_frame(JobCommand(command="scale_learning_rate", value=factor)) for factor in factors
    ]
    sink = io.BytesIO()
    teller = Teller(sink)
    control = Control(on_scale=lambda scale: teller.tell(JobScale(factor=scale)))
    _obey(io.BytesIO(b"".join(frames)), control, threading.Event(), teller)
    sink.seek(0)
    told = []
    while (message := read_frame_blocking(sink, _DECODER)) is not None:
        told.append(message)
    return told


def test_the_factor_of_the_learning_rate_is_told_at_once() -> None:
    assert obeyed(2.0, 2.0, 0.5) == [JobScale(factor=f) for f in (2, 4, 2)]


def test_at_the_most_it_is_said_that_it_is() -> None:
    *_before, last = obeyed(16.0, 2.0)
    assert isinstance(last, JobNotice)
    assert "× 16 of the plan: that is the most" in last.text
    *_before, last = obeyed(1 / 16, 0.5)
    assert isinstance(last, JobNotice)
    assert "that is the least" in last.text
