"""Runs as the engine follows them, with processes of the tests' own in their place."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.daemon.job_pipe import JobSpec
from engine.daemon.jobs import Job, Jobs
from engine.errors import TrainingError
from engine.protocol.values import JobInfo

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


def nobody(*_told: object) -> None:
    """Whom all this is told to."""


def followed(program: str) -> JobInfo:
    """What becomes of a run that does ``program``."""
    jobs = Jobs(nobody, nobody)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    info = JobInfo(job="1", name="run", kind="model", state="running", corpus="c")
    job = Job(info=info, folder=Path("nowhere"), process=process, resumed=False)
    thread = threading.Thread(target=jobs._listen, args=(job,), daemon=True)
    thread.start()
    thread.join(60)
    assert job.over.is_set(), "the run is still waited for"
    assert process.returncode == 0
    return job.info


def test_what_is_not_understood_of_a_run_is_passed_over() -> None:
    info = followed(STRANGE)
    assert (info.state, info.message) == ("finished", "all is well")


def test_a_run_that_cannot_be_followed_is_let_go() -> None:
    info = followed(GARBAGE)
    assert info.state == "failed"
    assert "without a word" in info.message


def test_no_run_begins_once_all_are_to_end() -> None:
    jobs = Jobs(nobody, nobody)
    jobs.stop_all()
    with pytest.raises(TrainingError, match="leaving"):
        jobs.start(JobSpec(name="late", run_dir="", paths=()), "c")
    assert jobs.infos() == ()
