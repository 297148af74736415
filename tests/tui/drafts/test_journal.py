"""A journal as a file: refused by the disk, and damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.drafts.journal import Entry, Header, Journal, read_journal


def test_a_journal_that_cannot_be_begun_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handles: list[int] = []

    def full(handle: int) -> None:
        handles.append(handle)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            Journal(tmp_path / "journal", Header())
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(handles[0])


def test_bytes_that_are_not_utf_8_end_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, Header("name"))
    journal.append([Entry(0, 0, "so")])
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole + b'[2,0,"\xff"]\n[2,0,"!"]\n')
    assert read_journal(path) == (Header("name"), [Entry(0, 0, "so")])
    path.write_bytes(whole.replace(b"name", b"\xff"))
    assert read_journal(path) == (Header(), [])
