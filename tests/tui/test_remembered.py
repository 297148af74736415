"""What the app remembers is never an obstacle, whatever has become of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import paths
from tui.remembered import Remembered


@pytest.mark.parametrize(
    "raw",
    [b"", b'{"room": ', b'{"cutoff": "two"}', b'{"model": "caf\xe9"}', b'{"x":' + b"[" * 100_000],
    ids=["empty", "cut-off", "another-type", "not-utf-8", "nested"],
)
def test_a_damaged_file_is_a_fresh_start(user_home: Path, raw: bytes) -> None:
    file = paths.state_dir() / "app.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(raw)
    assert Remembered.load() == Remembered()


def test_a_path_that_is_not_utf_8_leaves_what_was_remembered(user_home: Path) -> None:
    before = Remembered(room="train", corpus=("/tmp/good.txt",))
    before.save()
    Remembered(room="write", corpus=("/tmp/bad\udcff.txt",)).save()
    assert Remembered.load() == before
    assert [file.name for file in paths.state_dir().iterdir()] == ["app.json"]
