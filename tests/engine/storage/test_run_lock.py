"""A model's folder is one process's at a time, and free however that process ends."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import TrainingError
from engine.storage.run_lock import is_written, written_by_us

HOLD = """
import sys, time
from pathlib import Path
from engine.storage.run_lock import written_by_us
with written_by_us(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_file_system_without_locks_keeps_nobody_from_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_given: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("engine.storage.run_lock.fcntl.flock", unknown)
    with written_by_us(tmp_path / "mine"):
        assert not is_written(tmp_path / "mine")


def test_a_folder_is_one_process_s_until_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert not is_written(folder)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert is_written(folder)
        assert not is_written(tmp_path / "another")
        with pytest.raises(TrainingError, match="Another process"), written_by_us(folder):
            pass
        other.kill()
    assert not is_written(folder)
    with written_by_us(folder):
        assert is_written(folder)
    assert not is_written(folder)
    assert not folder.exists()
