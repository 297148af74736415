"""Runs as the engine follows them, with processes of the tests' own in their place."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal

import pytest

from engine.daemon.job_pipe import JobCommand, JobSpec
from engine.daemon.jobs import Job, Jobs
from engine.errors import TrainingError
from engine.protocol.messages import AnyEvent, TrainingStateChanged
from engine.protocol.values import JobInfo, JobState

Command = Literal["pause", "resume", "stop", "discard", "scale_learning_rate"]

TELL = """
import struct, sys
def tell(body):
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.flush()
"""
STRANGE = (
    TELL
    + """
tell(b'{"type": "of a later version"}')
tell(b'{"type": "state", "state": "finished", "message": "all is well"}')
"""
)
GARBAGE = (
    TELL
    + """
sys.stdout.buffer.write(bytes([255]) * 500_000)
sys.stdout.flush()
assert sys.stdin.read() == ""  # the end of it is what a run is told to leave by
"""
)
COMMANDS = (
    TELL
    + """
import json
def heard():
    while prefix := sys.stdin.buffer.read(4):
        yield json.loads(sys.stdin.buffer.read(struct.unpack(">I", prefix)[0]))["command"]
def state(name):
    tell(json.dumps({"type": "state", "state": name}).encode())
commands = heard()
"""
)
LONG_STEPS = (
    COMMANDS
    + """
paused = to_pause = to_stop = False
for command in commands:
    to_pause = command == "pause" or (to_pause and command != "resume")
    to_stop = to_stop or command in ("stop", "discard")
    step_is_over = command == "scale_learning_rate"
    if step_is_over and to_stop:
        for name in ("paused", "running", "stopped"):  # as if it had just paused, and was woken
            state(name)
        break
    if paused if not to_pause else (step_is_over and not paused):
        paused = to_pause
        state("paused" if paused else "running")
"""
)
BEGINS_LATE = (
    COMMANDS
    + """
next(commands)
tell(b'{"type": "begun", "config": null, "device": "cpu", "parameters": 1}')
next(commands)
state("finished")
"""
)


def nobody(*_told: object) -> None:
    """Whom all this is told to."""


class Following:
    """A run "1" that does ``program``, with the states that are told of it."""

    def __init__(self, program: str, state: JobState = "running") -> None:
        self.told: queue.Queue[AnyEvent] = queue.Queue()
        self.jobs = Jobs(lambda _job, event: self.told.put(event), nobody)
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        info = JobInfo(job="1", name="run", kind="model", state=state, corpus="c")
        self.job = Job(info=info, folder=Path("nowhere"), process=process, resumed=False)
        if state != "starting":
            self.job.device = "cpu"
        self.jobs._jobs["1"] = self.job
        self._thread = threading.Thread(target=self.jobs._listen, args=(self.job,), daemon=True)
        self._thread.start()

    def control(self, *commands: Command) -> None:
        for command in commands:
            self.jobs.control("1", JobCommand(command=command))

    def states(self, number: int) -> list[str]:
        """The next so many that are told, which are in order."""
        events = [self.told.get(timeout=60) for _ in range(number)]
        numbers = [event.sequence for event in events if isinstance(event, TrainingStateChanged)]
        assert numbers == sorted(set(numbers))
        return [event.info.state for event in events if isinstance(event, TrainingStateChanged)]

    def end(self) -> JobInfo:
        self._thread.join(60)
        assert self.job.over.is_set(), "the run is still waited for"
        assert self.job.process.returncode == 0
        return self.job.info


def followed(program: str) -> JobInfo:
    """What becomes of a run that does ``program``."""
    return Following(program).end()


def test_what_is_not_understood_of_a_run_is_passed_over() -> None:
    info = followed(STRANGE)
    assert (info.state, info.message) == ("finished", "all is well")


def test_a_run_that_cannot_be_followed_is_let_go() -> None:
    info = followed(GARBAGE)
    assert info.state == "failed"
    assert "without a word" in info.message


def test_a_pause_is_told_at_once_and_can_be_taken_back_before_it_has_come() -> None:
    run = Following(LONG_STEPS)
    run.control("pause")
    assert run.states(1) == ["pausing"]
    run.control("pause", "resume")
    assert run.states(1) == ["running"]
    run.control("scale_learning_rate", "pause", "scale_learning_rate")
    assert run.states(2) == ["pausing", "paused"]
    run.control("pause", "resume")
    assert run.states(1) == ["running"]
    run.control("stop", "scale_learning_rate")
    run.end()


@pytest.mark.parametrize("before", ["pause", "stop", "resume"])
@pytest.mark.parametrize("ending", ["stop", "discard"])
def test_what_is_to_stop_is_stopping_until_it_has(before: Command, ending: Command) -> None:
    run = Following(LONG_STEPS)
    run.control(before, ending)
    with pytest.raises(TrainingError, match="is stopping"):
        run.control("pause")
    run.control("resume")
    assert run.job.info.state == "stopping"
    run.control("scale_learning_rate")
    assert run.end().state == "stopped"
    with pytest.raises(TrainingError, match="already ended"):
        run.control("stop")
    states = run.states(run.told.qsize())
    assert set(states[:-1]) - {"pausing"} == {"stopping"}
    assert states[-1] == "stopped"


def test_a_run_can_be_paused_before_it_has_begun() -> None:
    run = Following(BEGINS_LATE, "starting")
    run.control("pause")
    assert run.states(2) == ["pausing", "pausing"]
    run.control("resume")
    assert run.states(2) == ["running", "finished"]
    run.end()


def test_a_pause_that_is_taken_back_before_the_run_has_begun_leaves_it_starting() -> None:
    run = Following(LONG_STEPS, "starting")
    run.control("pause", "resume", "stop", "scale_learning_rate")
    assert run.states(3) == ["pausing", "starting", "stopping"]
    run.end()


def test_no_run_begins_once_all_are_to_end() -> None:
    jobs = Jobs(nobody, nobody)
    jobs.stop_all()
    with pytest.raises(TrainingError, match="leaving"):
        jobs.start(JobSpec(name="late", run_dir="", paths=()), "c")
    assert jobs.infos() == ()
