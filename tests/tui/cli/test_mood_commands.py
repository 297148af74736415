"""``coldopen moods``: learned from a file, told of a script."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def coldopen(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui.cli.main", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_from_labelled_texts_to_the_moods_of_a_script(engine_home: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("positive\tlovely cake today\nnegative\tawful rain today\n" * 60)
    done = coldopen("moods", "train", str(labels), "--name", "mine", "--epochs", "3")
    assert done.returncode == 0, done.stderr
    assert "100% of 12 held-out texts rightly" in done.stdout
    assert "“mine” is in the Library" in done.stdout

    script = tmp_path / "script.txt"
    script.write_bytes(
        "ANNA: Lovely, lovely cake!\r\n\r\nB\u00c9A: Awful rain.\r\n".encode("cp1252")
    )
    done = coldopen("moods", "read", str(script), "--name", "mine")
    note, head, anna, bea, blank, *means = done.stdout.splitlines()
    assert "Latin-1" in note
    assert head.split() == ["mood", "speaker", "speech"]
    assert anna.split()[:2] == [anna.split()[0], "ANNA"]
    assert float(anna.split()[0]) > 0.3 > -0.3 > float(bea.split()[0])
    assert "Awful rain." in bea
    assert blank == ""
    assert len([line for line in means if line.endswith(("ANNA", "BÉA"))]) == 2

    (told,) = map(json.loads, coldopen("moods", "read", str(script), "--json").stdout.splitlines())
    assert told["scale"] == [-2, -1, 0, 1, 2]
    assert [one["speaker"] for one in told["speeches"]] == ["ANNA", "BÉA"]

    (library,) = map(json.loads, coldopen("models", "--json").stdout.splitlines())
    assert {"mine", "dialogue-moods", "spin-cycle"} == {one["name"] for one in library["models"]}


def test_what_does_not_fit_is_said(engine_home: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.tsv"
    labels.write_text("lovely\tcake\n")
    script = tmp_path / "long.txt"
    script.write_text("ANNA: Hello.\n\n" * 10_000)
    for arguments, status, said in (
        (("train", str(labels), "--name", "x"), 1, "Line 1 of"),
        (("train", str(tmp_path / "no.tsv"), "--name", "x"), 1, "There is no file"),
        (("train", str(labels), "--name", "x", "--epochs", "0"), 2, "--epochs 0 is not allowed"),
        (("read", str(tmp_path / "no.txt")), 1, "There is no file"),
        (("read", str(labels), "--name", "spin-cycle"), 1, "does not tell moods"),
    ):
        done = coldopen("moods", *arguments)
        assert done.returncode == status, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_long_script_is_read_by_parts(engine_home: Path, tmp_path: Path) -> None:
    script = tmp_path / "long.txt"
    script.write_text("".join(f"ANNA: Number {number}.\n\n" for number in range(8000)))
    (told,) = map(json.loads, coldopen("moods", "read", str(script), "--json").stdout.splitlines())
    assert len(told["speeches"]) == 8000
    text = script.read_text()
    for number in (0, 4000, 7999):
        speech = told["speeches"][number]
        assert text[speech["start"] : speech["end"]] == f"ANNA: Number {number}."
        start, end, _mood = speech["words"][1]
        assert text[start:end] == str(number)
    script.write_text("\n\n")
    assert "is empty" in coldopen("moods", "read", str(script)).stderr
    script.write_text("ANNA:\n")
    assert coldopen("moods", "read", str(script)).stdout == "There is no word in this text.\n"
