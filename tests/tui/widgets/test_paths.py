"""Typed paths and listings, also of places that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets import paths


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for folder in ("scripts", "Songs", ".secret"):
        (tmp_path / folder).mkdir()
    (tmp_path / "scene one.txt").write_text("x" * 1500)
    (tmp_path / ".hidden.txt").write_text("x")
    (tmp_path / "[red]\x1b[31m.txt").write_text("x")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    return tmp_path


def names(shown: paths.Listing) -> list[str]:
    return [entry.name for entry in shown.entries]


def test_folders_first_hidden_ones_only_on_demand(tree: Path) -> None:
    shown = paths.listing(f"{tree}/")
    assert names(shown) == ["scripts", "Songs", "[red]\x1b[31m.txt", "broken", "scene one.txt"]
    assert ".secret" in names(paths.listing(f"{tree}/", hidden=True))
    assert names(paths.listing(f"{tree}/.")) == [".secret", ".hidden.txt"]
    assert ".hidden.txt" in names(paths.listing(f"{tree}/.h"))


def test_typing_narrows_down_and_beginnings_come_first(tree: Path) -> None:
    assert names(paths.listing(f"{tree}/s")) == ["scripts", "Songs", "scene one.txt"]
    assert names(paths.listing(f"{tree}/ONE")) == ["scene one.txt"]
    assert names(paths.listing(f"{tree}/s", files=False)) == ["scripts", "Songs"]


def test_what_cannot_be_read_is_said(tree: Path) -> None:
    assert "No such file" in paths.listing(f"{tree}/nowhere/").problem
    assert "Not a directory" in paths.listing(f"{tree}/scene one.txt/").problem
    assert paths.listing("a\0b/").problem == ""


def test_a_large_folder_is_cut_and_says_so(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(paths, "MOST_SHOWN", 3)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("")
    shown = paths.listing(f"{tmp_path}/")
    assert (len(shown.entries), shown.more) == (3, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/a/b c.txt", "/a/b c.txt"),
        ("'/a/b c.txt'", "/a/b c.txt"),
        ('"/a/b"', "/a/b"),
        ("file:///a/b%20c.txt", "/a/b c.txt"),
        ("/a/b\\ c.txt", "/a/b c.txt"),
        ("/a/b\n", "/a/b"),
        ("/here//there/x.txt", "/there/x.txt"),
        ("/here/~/x.txt", "~/x.txt"),
    ],
)
def test_dropped_files(text: str, expected: str) -> None:
    assert paths.unquoted(text) == expected


@pytest.mark.parametrize(
    ("text", "folder", "beginning"),
    [
        ("/", "/", ""),
        ("/et", "/", "et"),
        ("/etc/", "/etc", ""),
        ("/etc/pa", "/etc", "pa"),
        ("/etc/..", "/etc/..", ""),
        ("~/x", "HOME", "x"),
        ("~", "HOME", ""),
        ("notes/a", "HERE/notes", "a"),
        ("a", "HERE", "a"),
        ("~nobody-of-that-name/x", "HERE/~nobody-of-that-name", "x"),
    ],
)
def test_where_a_text_leads(text: str, folder: str, beginning: str) -> None:
    expected = folder.replace("HOME", str(Path.home())).replace("HERE", str(Path.cwd()))
    assert paths.divided(text) == (Path(expected), beginning)


@given(st.text(max_size=30))
def test_no_text_breaks_a_listing(text: str) -> None:
    assert isinstance(paths.listing(text), paths.Listing)


def test_without_a_working_directory_the_home_is_listed(
    user_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (user_home / "x.txt").write_text("x")
    gone = tmp_path / "gone"
    gone.mkdir()
    with monkeypatch.context() as patch:
        patch.chdir(gone)
        gone.rmdir()
        shown = paths.listing("x")
    assert shown.folder == user_home
    assert names(shown) == ["x.txt"]


def test_what_a_path_is(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    wanted = {
        "scene one.txt": "file",
        "scripts": "folder",
        "pipe": "other",
        "nothing.txt": "",
        "broken": "",
        "x" * 300: "",
    }
    assert {name: paths.kind_of(tree / name) for name in wanted} == wanted


def test_typed_is_the_way_back() -> None:
    assert paths.typed(Path("/")) == "/"
    assert paths.typed(Path("/"), "a") == "/a"
    assert paths.typed(Path("/a/b")) == "/a/b/"
    assert paths.divided(paths.typed(Path("/a/b"), "c")) == (Path("/a/b"), "c")


def test_sizes() -> None:
    shown = [paths.size_text(size) for size in (0, 812, 1500, 345_678, 3_400_000, 5 * 10**9)]
    assert shown == ["0 B", "812 B", "1.5 kB", "346 kB", "3.4 MB", "5.0 GB"]
