"""Writing leaves either the old file or the new one, whatever happens."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ColdOpenError
from engine.storage.atomic import write_atomically


@given(st.binary(max_size=2000))
@settings(max_examples=25, deadline=None)
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("w") / "deep" / "file"
    write_atomically(path, data)
    assert path.read_bytes() == data
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_text_is_utf8_and_a_function_may_write(tmp_path: Path) -> None:
    write_atomically(tmp_path / "text", "café – naïve")
    assert (tmp_path / "text").read_bytes().decode("utf-8") == "café – naïve"
    write_atomically(tmp_path / "made", lambda path: path.write_bytes(b"by function") and None)
    assert (tmp_path / "made").read_bytes() == b"by function"


def test_private_files_are_the_users_alone_and_others_as_any_file(tmp_path: Path) -> None:
    usual, own, shared = tmp_path / "usual", tmp_path / "own", tmp_path / "shared"
    usual.touch()
    write_atomically(own, "x")
    write_atomically(shared, "x", private=False)
    assert own.stat().st_mode & 0o077 == 0
    assert shared.stat().st_mode == usual.stat().st_mode
    shared.chmod(0o640)
    write_atomically(shared, "y", private=False)
    assert shared.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["own", "shared", "usual"]


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    links, files = tmp_path / "links", tmp_path / "files"
    links.mkdir()
    (links / "folder").symlink_to("../files")
    (links / "play").symlink_to("folder/play")
    write_atomically(links / "play", "one")  # which was not there
    assert (files / "play").read_text() == "one"
    (files / "play").chmod(0o640)
    write_atomically(links / "play", "two", private=False)
    assert (links / "play").is_symlink()
    assert (files / "play").read_text() == "two"
    assert (files / "play").stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in links.iterdir()) == ["folder", "play"]
    assert [p.name for p in files.iterdir()] == ["play"]


def test_a_failure_half_way_keeps_the_old_file_and_leaves_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "draft"
    path.write_text("old")

    def breaks(temporary: Path) -> None:
        temporary.write_text("half of the ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(ColdOpenError, match="No space left") as caught:
        write_atomically(path, breaks)
    assert str(path) in caught.value.message
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_rename_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "draft"
    path.write_text("old")

    def refuse(_self: Path, _target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ColdOpenError, match="Permission denied"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "name").mkdir()
    (tmp_path / "name" / "inside").write_text("x")
    with pytest.raises(ColdOpenError):
        write_atomically(tmp_path / "name", b"data")
    assert (tmp_path / "name" / "inside").read_text() == "x"


def test_a_folder_that_cannot_be_synced_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def without_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, "Invalid argument")
        real(handle)

    monkeypatch.setattr(os, "fsync", without_folders)
    write_atomically(tmp_path / "file", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


def test_the_data_and_the_folder_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    real = os.fsync

    def watched(handle: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    write_atomically(tmp_path / "file", b"x")
    assert synced == [False, True]
