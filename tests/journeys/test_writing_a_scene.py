"""Co-writing a scene in a real terminal: take, branch, retry, steer, undo, export and import."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tui.drafts.store import DraftStore
from tui.drafts.tree import Tree, number_of

pytestmark = [pytest.mark.terminal, pytest.mark.timeout(300)]

TWO_PAGES = 500
"""Words."""
OPENING = "[Spin Cycle, night.]\n\nDELIA: Who put a wedding cake in dryer six?\n\n"


class Sitting:
    """A writer at the real program, on a draft of the home ``home``."""

    def __init__(self, terminal: Any, home: Path) -> None:
        self.terminal, self._home = terminal, home
        self.asked = self.accepted = 0

    def open(self) -> None:
        config = self._home / "config" / "coldopen" / "config.toml"
        config.parent.mkdir(parents=True)
        config.write_text("[stop]\ntokens = 20000\n")  # so that there is time to act mid-stream
        self.terminal.run()
        self.terminal.until("● engine ready")
        self.terminal.keys("C-\\")
        self.terminal.keys("3")
        self.terminal.until("│ spin-cycle")

    def type(self, text: str) -> None:
        for number, line in enumerate(text.split("\n")):
            if number:
                self.terminal.keys("Enter")
            if line:
                self.terminal.type(line)

    def ask(self, *keys: str) -> None:
        """Have the model go on (``keys`` ask for it); returns while it writes."""
        self.terminal.keys(*(keys or ("C-g",)))
        self.asked += 1
        self.terminal.until("▸1")
        self.terminal.until("writing…")

    def stop(self) -> None:
        self.terminal.keys("Escape")
        self.terminal.until("Tab takes it")

    def take(self, *keys: str) -> None:
        """Accept by ``keys``, one step each, the last of them all that is left."""
        for key in keys:
            self.terminal.keys(key)
            self.accepted += 1
        self.gone("Tab takes it", "▸1", "writing…")

    def seed(self) -> str:
        """The seed of what streams, as the line above the page tells it."""
        found = re.search(r"seed \d+", self.terminal.until("seed "))
        assert found is not None
        return found.group()

    def gone(self, *words: str) -> None:
        """Wait until none of ``words`` is on the screen."""
        deadline = time.monotonic() + 60
        while any(word in self.terminal.screen() for word in words):
            assert time.monotonic() < deadline, self.terminal.screen()
            time.sleep(0.05)

    def saved(self, name: str = "Untitled") -> str:
        """The text of the draft on disk, after the save key."""
        self.gone("Saved")
        self.terminal.press_until("C-s", "Saved")
        return self.draft(name).read_text()

    def draft(self, name: str) -> Path:
        return self._home / "data" / "coldopen" / "drafts" / f"{name}.txt"

    def tree(self) -> Tree:
        """Everything that was tried."""
        return DraftStore().open("Untitled").tree

    def pick(self, path: Path) -> None:
        """Type a path into the file picker."""
        self.terminal.until("Enter")
        self.terminal.keys("C-u")
        self.terminal.type(str(path))
        self.terminal.until(path.name)
        self.terminal.keys("Enter")


def test_a_two_page_scene(terminal: Any, engine_home: Path, tmp_path: Path) -> None:
    sitting = Sitting(terminal, engine_home)
    sitting.open()
    sitting.type(OPENING)

    # Ways to take what came: all of it, a line, a word and the rest, another alternative.
    while sitting.accepted < 16 or len(sitting.saved().split()) < TWO_PAGES:
        sitting.ask()
        sitting.stop()
        sitting.take("Tab")
        sitting.ask()
        sitting.stop()
        sitting.take("Right", "Tab")
        sitting.ask()
        sitting.stop()
        terminal.keys("C-n")
        terminal.until("▸2")
        sitting.take("Tab")

    # The temperature turns while it streams.
    sitting.ask()
    terminal.keys("F9")
    terminal.until(lambda shown: " T 1 " in shown and "writing…" in shown)
    sitting.stop()
    sitting.take("Tab")

    # A retry while it streams.
    sitting.ask()
    seed = sitting.seed()
    terminal.keys("C-r")
    sitting.gone(seed)
    terminal.until(lambda shown: "▸1" in shown and "writing…" in shown)
    assert sitting.seed() != seed
    sitting.stop()
    sitting.take("Tab")

    # Branches from inside what the model wrote.
    for _ in range(3):
        terminal.keys(*["Left"] * 12)
        sitting.ask("F4")
        sitting.stop()
        sitting.take("Tab")
    assert sitting.accepted >= 20

    whole = sitting.saved()
    assert whole.startswith(OPENING)
    assert len(whole.split()) > TWO_PAGES

    terminal.keys(*["C-z"] * 5)
    undone = sitting.saved()
    assert undone.startswith(OPENING)
    assert len(undone) < len(whole)
    terminal.keys(*["C-y"] * 5)
    assert sitting.saved() == whole

    exported = tmp_path / "cake.txt"
    terminal.keys("C-o")
    terminal.until("Export to a file")
    sitting.pick(exported)
    terminal.until("Exported")
    terminal.keys("F2")
    terminal.type("import")
    terminal.until("Import a script")
    terminal.keys("Enter")
    sitting.pick(exported)
    terminal.until("cake · T")
    assert sitting.saved("cake").rstrip("\n") == whole.rstrip("\n")
    terminal.keys("C-q")
    terminal.until("LEFT 0")

    nodes = list(sitting.tree())
    assert all(node.record is not None for node in nodes)
    sizes = Counter(number_of(node.id) for node in nodes)
    assert set(sizes.values()) == {3}
    assert len(sizes) == sitting.asked + 1, "and one retry"
    changes = [node.record.changes for node in nodes if node.record is not None]
    turned = {change[1].settings.temperature for change in changes if len(change) == 2}
    assert turned == {1.0}
    places = Counter({(node.parent, node.at): 0 for node in nodes})
    for node in {number_of(n.id): n for n in nodes}.values():
        places[(node.parent, node.at)] += 1
    assert max(places.values()) == 2, "the retry went on from the same place"
