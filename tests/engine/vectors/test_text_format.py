"""Vectors as text: what others read and write, and what is not vectors."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.vectors.text_format import DIMENSIONS, export_text, import_text
from engine.vectors.word_vectors import WordVectors


def test_what_is_exported_is_imported_again(tmp_path: Path) -> None:
    words = ("coffee", "mrs. abernathy:", "don't", "...", "snake_case", "é")
    vectors = np.random.default_rng(1).normal(size=(6, 5)).astype(np.float32)
    path = tmp_path / "vectors.txt"
    size = export_text(path, WordVectors(words, (1,) * 6, vectors))
    assert size == path.stat().st_size
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "6 5"
    assert all(len(line.split(" ")) == 6 for line in lines[1:])
    back = import_text(path)
    assert back.words == words
    assert np.allclose(back.vectors, vectors, rtol=1e-5)


def test_glove_has_no_first_line_and_odd_words(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("The 1 2 3\nthe 4 5 6\n. . . 7 8 9\n\nof -1e-3 0 2.5\r\n")
    found = import_text(path)
    assert found.words == ("the", "._._.", "of")
    assert found.vectors[0].tolist() == [1, 2, 3]
    assert found.vectors[2] == pytest.approx([-0.001, 0, 2.5])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "no word vectors"),
        (b"2 3\na 1 2 3\n", "no word vectors"),
        (b"a 1 2 3\nb 1 2\n", "Line 2"),
        (b"a 1 2 3\nb 1 x 3\n", "no number"),
        (b"a 1 2 3\nb 1 nan 3\n", "not finite"),
        (b"a 1 2 3\nb 1 1e999 3\n", "not finite"),
        (b"9999999999 300\n", "says that it has"),
        (b"hello\n", "no numbers"),
        (b"\x00\x01\x02\xff" * 50, "word vector"),
    ],
)
def test_what_is_no_vectors_is_refused_in_words(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "odd.txt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=complaint):
        import_text(path)


def test_a_line_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    with path.open("wb") as sink:
        sink.truncate(200_000_000)
    tracemalloc.start()
    with pytest.raises(ModelError, match=r"Line 1 of .* more than 131,104 characters"):
        import_text(path)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000


def test_as_many_numbers_as_there_can_be_fit_on_a_line(tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    rows = np.random.default_rng(1).normal(size=(2, DIMENSIONS.stop - 1)).tolist()
    text = (
        f"word{number} " + " ".join(f"{x:.20f}" for x in row) for number, row in enumerate(rows)
    )
    path.write_text("\n".join(text))
    assert import_text(path).vectors.shape == (2, DIMENSIONS.stop - 1)


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    held = os.open(path, os.O_RDWR)
    os.write(held, b"hello\n")
    try:
        for odd in (path, tmp_path):
            with pytest.raises(ModelError, match="is not a file"):
                import_text(odd)
    finally:
        os.close(held)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        import_text(tmp_path / "gone.txt")


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_file_breaks_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise.txt"
    path.write_bytes(content)
    try:
        found = import_text(path)
    except ModelError:
        return
    assert len(found.words) == len(found.vectors)
