"""Labelled texts in files, and what is said of those that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import paths
from engine.errors import CorpusError
from engine.moods.labelled import HELD_OUT, Labelled, read_labelled


def written(folder: Path, *lines: str, name: str = "labels.tsv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def many(*lines: str) -> list[str]:
    return [line for _ in range(30) for line in lines]


def test_grades_words_and_texts_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, *many("-1\tGUS: No more soup.", "2\tSoup! Soup!", "", "0\t  "))
    labelled = read_labelled([path])
    assert labelled.name == "labels"
    assert labelled.scale == (-1, 2)
    assert len(labelled) == 60
    assert labelled.vocabulary.decode(labelled.text(0)) == ["no", "more", "soup", "."]
    assert labelled.vocabulary.decode(labelled.text(59)) == ["soup", "!", "soup", "!"]
    assert labelled.grades.tolist() == [0, 1] * 30


def test_nothing_but_its_encoding_is_told_of_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, *many("POS\tYES. I do", "NEG\tNO. I do not"))
    grades, few = read_labelled([path]).notes
    assert grades == "Grades, and how many texts have them: -1 (30), 1 (30)."
    assert few == "Only 6 texts are held out: they tell little of the network."


def test_the_key_stands_for_texts_and_grades(tmp_path: Path) -> None:
    first = read_labelled([written(tmp_path, *many("0\ttea", "1\tcake"), name="a.tsv")])
    same = read_labelled([written(tmp_path, *many("0\ttea", "1\tcake"), name="b.tsv")])
    grade = read_labelled([written(tmp_path, *many("0\ttea", "2\tcake"), name="c.tsv")])
    word = read_labelled([written(tmp_path, *many("0\ttea", "1\tpie"), name="d.tsv")])
    assert first.key == same.key
    assert len({first.key, grade.key, word.key}) == 3


def test_grades_can_be_words(tmp_path: Path) -> None:
    path = written(tmp_path, *many("positive\tyes", "Neg\tno", "neutral\tmaybe"))
    assert read_labelled([path]).scale == (-1, 0, 1)


def test_rare_words_are_unknown(tmp_path: Path) -> None:
    path = written(tmp_path, *many("0\ttea", "1\tcake"), "1\tmarzipan cake")
    labelled = read_labelled([path], cutoff=2)
    assert labelled.vocabulary.decode(labelled.text(60)) == ["<unk>", "cake"]


def test_several_files_and_folders_are_one(tmp_path: Path) -> None:
    written(tmp_path, *many("0\ttea"), name="part 10.tsv")
    written(tmp_path, *many("1\tcake"), name="part 2.tsv")
    written(tmp_path, "no labels at all", name="notes.txt")
    (tmp_path / "._part 2.tsv").write_bytes(b"\0\0")
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "folder.tsv").mkdir()
    labelled = read_labelled([tmp_path])
    assert labelled.name == "part 2 and 1 more"
    assert labelled.vocabulary.decode(labelled.text(0)) == ["cake"]
    assert len(labelled) == 60


def test_another_encoding_is_read_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "old.tsv"
    path.write_bytes("\r\n".join(many("0\tcafé", "1\tnaïve")).encode("latin-1"))
    labelled = read_labelled([path])
    assert "café" in labelled.vocabulary
    assert labelled.notes[0] == "old.tsv is not UTF-8; it was read as Latin-1 (Windows-1252)."


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["1 no tab here"], r"Line 1 of .* is no labelled text: it has no tab\."),
        (["1,so good"], "it has no tab, and commas are none"),
        (["label\ttext"], r"“label” is no grade \(take headings away\)"),
        (["1\tgood", "angry\tbad"], r"Line 2 of .*: “angry” is no grade\."),
        ([*many("1\tgood", "0\tbad") * 2, "11\ta slip"], "Of 121 texts in .*, 1 has the grade 11"),
        (["1.5\tgood"], "“1.5” is no grade"),
        (["1\tgood", "0\tbad"], "has only 2 labelled texts"),
        (many("1\tgood"), "All texts in .* have the grade 1"),
        ([f"{grade}\tgood" for grade in range(30)], "more than 11 different grades"),
        (["1\t" + "x" * (1 << 20)], "Line 1 .* more than 1,048,576 characters"),
        (["9" * 5000 + "\tgood"], "“99999999999999999999…” is no grade"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, lines: list[str], said: str) -> None:
    with pytest.raises(CorpusError, match=said):
        read_labelled([written(tmp_path, *lines)])


def test_missing_and_empty_places_are_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="There is no file"):
        read_labelled([tmp_path / "nowhere.tsv"])
    with pytest.raises(CorpusError, match=r"There are no text files in .*Looked for \.tsv files"):
        read_labelled([tmp_path])
    with pytest.raises(CorpusError, match="File name too long"):
        read_labelled([tmp_path / ("x" * 300)])
    (tmp_path / "empty.tsv").touch()
    with pytest.raises(CorpusError, match="is empty"):
        read_labelled([tmp_path / "empty.tsv"])


@given(st.integers(20, 3000))
def test_every_text_is_trained_on_or_held_out(texts: int) -> None:
    grades = np.zeros(texts, dtype=np.int64)
    none = np.zeros(0, dtype=np.int32)
    labelled = Labelled("x", (), (0, 1), None, none, grades, grades)  # type: ignore[arg-type]
    train, held_out = labelled.parts()
    assert sorted([*train, *held_out]) == list(range(texts))
    assert texts / HELD_OUT / 2 <= len(held_out) <= texts / HELD_OUT * 1.5
    # From all over the file, so that none of its parts is missing.
    assert np.diff(held_out).max(initial=0) <= max(20, texts // 4)


def test_the_bundled_labels_are_what_they_are_said_to_be() -> None:
    labelled = read_labelled([paths.bundled_labels()])
    assert labelled.scale == (-2, -1, 0, 1, 2)
    assert len(labelled) == 13_997 + 4_988
    assert np.bincount(labelled.grades).min() > 1500
    told = (paths.bundled_labels() / "README.md").read_text(encoding="utf-8")
    assert "13,997" in told
    assert "4,988" in told
