"""Which files a script is written to, and what is said of one that is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ColdOpenError
from engine.formats.script_files import read_script, write_script


@pytest.mark.parametrize("name", ["script", "script.txt", "script.TEXT", "script.fountain"])
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    write_script(file, "GUS: Hm.")
    assert read_script(file) == ("GUS: Hm.\n", "")


@pytest.mark.parametrize("name", ["script.docx", "script.odt", "script.txt~"])
def test_a_file_of_another_kind_is_not_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(ColdOpenError, match="cannot be written as a ") as caught:
        write_script(tmp_path / name, "GUS: Hm.")
    assert caught.value.hint == "Have the name end in .txt, .fountain, .fdx or .pdf."
    assert list(tmp_path.iterdir()) == []


def test_an_encoding_that_was_guessed_is_told(tmp_path: Path) -> None:
    file = tmp_path / "old.txt"
    file.write_bytes("ZOË: Hm.\n".encode("cp1252"))
    text, note = read_script(file)
    assert text == "ZOË: Hm.\n"
    assert "old.txt is not UTF-8; it was read as Latin-1" in note


TITLED = "Title: The Cake\nCredit: written by\nAuthor: Jane\n\n"
SCENES = "INT. KITCHEN - DAY\n\nMARLA\nWho ate it?\n\nDAD\nNot I.\n\nMARLA\nHm.\n\nDAD\nNo.\n"


def test_fountain_that_is_called_text_is_known_by_its_title_page(tmp_path: Path) -> None:
    file = tmp_path / "cake.txt"
    file.write_text(TITLED + SCENES)
    text, note = read_script(file)
    assert text.startswith("[Episode: The Cake]\n")
    assert "MARLA: Who ate it?" in text
    assert "Author" not in text
    assert "cake.txt was read as Fountain, for it has a title page." in note
    assert "Left out: 2 fields of the title page." in note


def test_other_scripts_with_colons_at_the_top_are_left_as_they_are(tmp_path: Path) -> None:
    for text in (
        "Title: The Cake\nAuthor: Jane\n\nMARLA: Who ate it?\n\nDAD: Not I.\n",
        "Notes: none\n\n" + SCENES,
        "MARLA: Who ate it?\nDAD: Not I.\n\nMARLA: Hm.\n",
    ):
        file = tmp_path / "cake.txt"
        file.write_text(text)
        assert "Fountain" not in read_script(file)[1]


def test_what_a_screenplay_loses_is_told(tmp_path: Path) -> None:
    file = tmp_path / "tea.fountain"
    file.write_text("GUS\nHm. [[why?]]\n\n# Act two\n")
    assert read_script(file) == ("GUS: Hm.\n", "Left out: 1 note, 1 section.")
