"""What a writer does in one sitting, in a real terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.terminal, pytest.mark.timeout(300)]

SMALL = [
    *("--hidden-size", "16", "--embedding-size", "16", "--batch-size", "8"),
    *("--attention-span", "16", "--precision", "float32", "--epochs", "10000"),
]


def coldopen(*arguments: str) -> dict[str, Any]:
    """One command of the program with ``--json``; its last line."""
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli.main", *arguments, "--json"],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def go_to(terminal: Any, room: str) -> None:
    terminal.keys("C-\\")
    terminal.keys(room)


def test_train_and_write(terminal: Any, engine_home: Path) -> None:
    terminal.run()
    terminal.until("101,126 tokens")
    go_to(terminal, "2")
    terminal.until("passes over")
    terminal.keys("C-g")
    terminal.until("the best so far", within=120)
    terminal.keys("C-s")
    terminal.until("is in the Library", within=120)
    terminal.keys("C-o")
    terminal.until("temperature")  # keys go to the page; the model may still be on its way
    terminal.type("DELIA: Who put a wedding cake in dryer six?")
    terminal.keys("Enter")
    terminal.keys("Enter")
    terminal.keys("C-g")
    terminal.until(lambda shown: "Tab takes it ·" in shown and "▸1" in shown)
    terminal.keys("Tab")
    terminal.press_until("C-s", "Saved")
    terminal.keys("C-q")
    terminal.until("LEFT 0")
    (draft,) = (engine_home / "data" / "coldopen" / "drafts").glob("*.txt")
    text = draft.read_text()
    assert text.startswith("DELIA: Who put a wedding cake in dryer six?\n\n")
    assert len(text.split()) > 30


def test_training_outlives_the_window(terminal: Any, engine_home: Path, tiny_corpus: Path) -> None:
    job = coldopen("train", str(tiny_corpus), "--name", "tiny", "--detach", *SMALL)["job"]
    terminal.run()
    terminal.until("● engine ready")
    go_to(terminal, "2")
    terminal.until("tiny  running")
    terminal.keys("C-q")
    terminal.until("LEFT 0")
    state = coldopen("engine", "status")["state"]
    assert [(j["job"], j["state"]) for j in state["jobs"]] == [(job, "running")]
    terminal.close()
    terminal.run()
    shown = terminal.until("tiny  running")
    assert "tokens/s" in terminal.until("tokens/s"), shown
    terminal.keys("C-s")
    terminal.until("tiny  stopped")
    names = [model["name"] for model in coldopen("models")["models"]]
    assert "tiny" in names


def test_a_hostile_file_is_refused_in_words(
    terminal: Any, engine_home: Path, tmp_path: Path
) -> None:
    hostile = tmp_path / "evil\x1b]0;owned\x07[TODO].txt"
    hostile.write_bytes(b"\x00\xff\x1b]52;c;AAAA\x07" * 50)
    terminal.run(str(hostile))

    def refused(shown: str) -> bool:
        # Path and sentence wrap in their column, at places that depend on the path's length.
        column = "".join(line.partition("│")[0].strip() for line in shown.splitlines())
        words = column.replace(" ", "")
        sentence = "not a text file. Export the script as plain text, Fountain or FDX."
        return sentence.replace(" ", "") in words and "[TODO]" in words

    terminal.until(refused)
    assert "owned" not in terminal._tmux("display-message", "-p", "#{pane_title}")
    terminal.keys("b")
    terminal.until("101,126 tokens")
    terminal.keys("C-q")
    terminal.until("LEFT 0")


def test_a_new_draft_shows_nothing_of_the_one_before(terminal: Any) -> None:
    terminal.run()
    terminal.until("101,126 tokens")
    go_to(terminal, "3")
    terminal.until("temperature")
    for line in ("DELIA: One.", "OZ: Two.", "GUS: Three."):
        terminal.type(line)
        terminal.keys("Enter")
    terminal.until("GUS: Three.")
    terminal.keys("F2")
    terminal.type("new draft")
    terminal.until("New draft")
    terminal.keys("Enter")
    terminal.until("Name of the new draft")
    terminal.keys("Enter")
    terminal.until(lambda shown: "Untitled 2" in shown and "Name of" not in shown)
    terminal.until(lambda shown: "Two." not in shown and "Three." not in shown, within=20)
    terminal.keys("C-q")
    terminal.until("LEFT 0")


def test_a_script_of_ones_own_is_edited_here_and_elsewhere(
    terminal: Any, engine_home: Path, tmp_path: Path
) -> None:
    script = tmp_path / "sock.txt"
    script.write_text("GUS: One sock.\n")
    terminal.run("edit", str(script))
    terminal.until("GUS: One sock.")
    terminal.type("TEO: Two.")
    terminal.press_until("C-s", "Saved")
    draft = engine_home / "data" / "coldopen" / "drafts" / "sock.txt"
    assert draft.read_text() == "TEO: Two.GUS: One sock.\n"
    with draft.open("a") as file:
        file.write("EXTERNAL LINE\n")
    terminal.until("EXTERNAL LINE")
    terminal.keys("C-q")
    terminal.until("LEFT 0")
    assert draft.read_text() == "TEO: Two.GUS: One sock.\nEXTERNAL LINE\n"
    assert script.read_text() == "GUS: One sock.\n"
