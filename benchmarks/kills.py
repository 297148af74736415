"""Kills while one types: what a crash of the program costs a writer.

Each round starts the real program in a pseudo-terminal on a draft, types into it at a brisk pace
(letters, line ends, backspaces, sometimes a save), and kills it with SIGKILL at a random moment; in
a third of the rounds right behind the save key, so that the draft is being written whole. Then

1. a copy of the drafts folder is opened with the program's own recovery code, and the text must be
   what the draft was after one of the keys, and not before the last key that was pressed more than
   a second before the kill;
2. when the program had said that the draft is saved, the text must not be older than that;
3. the next round starts the real program on the real folder, which recovers the draft itself; its
   note must say so, and what is typed then must follow what was recovered.

Every ten rounds a new draft is begun; at the end all drafts must hold what they held when they were
left. The engine is started once and lives on, as it does for a writer whose window is killed. Exit
status 1 when anything was lost that must not be.

    python -m benchmarks.kills [--times 200] [--seed 1] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.typing_latency import Screen, coldopen
from tui.drafts.store import DraftStore

ALLOWED_SECONDS = 1.0
ROUNDS_A_DRAFT = 10
FIRST = "ж"
"""Nowhere else on the screen: its echo says that the page takes keys."""
LETTERS = "etaoinshrdlu     \r"
BACKSPACE, SAVE = "\x7f", "\x13"


@dataclass
class Result:
    """What the kills cost, summed up."""

    kills: int = 0
    kills_while_saving: int = 0
    drafts: int = 0
    keys: int = 0
    recoveries: int = 0
    """Rounds after which the journal held more than the text."""
    recoveries_told: int = 0
    """Of these, so many the next start of the program spoke of."""
    drafts_lost: int = 0
    """Drafts that were not what they had been after any key, or were older than a save."""
    late: int = 0
    """Rounds in which a key was lost that was pressed more than a second before the kill."""
    most_seconds_lost: float = 0.0
    most_keys_lost: int = 0

    @property
    def good(self) -> bool:
        return not self.drafts_lost and not self.late and self.recoveries == self.recoveries_told


class Typist:
    """Types into one draft and knows what it should hold after each key."""

    def __init__(self, screen: Screen, text: str, dice: random.Random) -> None:
        self._screen, self._dice = screen, dice
        self.states = [text]
        """The draft before the first key, and after each."""
        self.times: list[float] = []
        self.saved = 0
        """Index of the state that the program said was saved."""

    def press(self, key: str) -> None:
        text = self.states[-1]
        at = time.monotonic()
        self._screen.press(key)
        self.times.append(at)
        if key == BACKSPACE:
            self.states.append(text[:-1])
        else:
            self.states.append(text + ("\n" if key == "\r" else key))

    def type(self, seconds: float) -> None:
        """Type for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            back = self._dice.random() < 0.05 and self.states[-1].endswith(tuple("etaoinshrdlu"))
            self.press(BACKSPACE if back else self._dice.choice(LETTERS))
            self._screen.drain(self._dice.uniform(0.005, 0.06))

    def save(self) -> None:
        """Save, and wait until the program says so."""
        state = len(self.states) - 1
        self._screen.press(SAVE)
        self._screen.until("Saved", 60)
        self.saved = state


def one_round(
    home: Path, name: str, text: str, told: bool, dice: random.Random, result: Result
) -> tuple[str, bool]:
    """Start, type, kill and look; the draft then, and whether the next start has to speak of it."""
    state = home / "state" / "coldopen"
    state.mkdir(parents=True, exist_ok=True)
    (state / "app.json").write_text(json.dumps({"room": "write", "draft": name}))
    screen = Screen(home)
    try:
        if told:
            with suppress(TimeoutError):
                screen.until(f"“{name}” was recovered", 60)
                result.recoveries_told += 1
        else:
            screen.until(name, 60)
        screen.drain(0.1)
        typist = Typist(screen, text, dice)
        typist.press(FIRST)
        screen.until(FIRST, 60)
        typist.press(BACKSPACE)
        if dice.random() < 0.5:
            typist.type(dice.uniform(0.1, 0.8))
            typist.save()
        typist.type(dice.uniform(0.1, 1.6))
        if dice.random() < 1 / 3:
            result.kills_while_saving += 1
            screen.press(SAVE)
            screen.drain(dice.uniform(0.0, 0.03))
    finally:
        killed = time.monotonic()
        os.kill(screen.process.pid, signal.SIGKILL)
        screen.process.wait()
        os.close(screen.master)
    result.kills += 1
    result.keys += len(typist.times)
    found, recovered = on_disk(home, name)
    kept = _last_index(typist.states, found)
    if kept is None or kept < typist.saved:
        result.drafts_lost += 1
    else:
        lost = typist.times[kept:]
        seconds = killed - lost[0] if lost else 0.0
        result.late += seconds > ALLOWED_SECONDS
        result.most_seconds_lost = max(result.most_seconds_lost, seconds)
        result.most_keys_lost = max(result.most_keys_lost, len(lost))
    result.recoveries += recovered
    return found, recovered


def on_disk(home: Path, name: str) -> tuple[str, bool]:
    """A draft as it is recovered from a copy, and whether its journal was needed."""
    with tempfile.TemporaryDirectory(prefix="co-") as folder:
        copy = Path(folder) / "drafts"
        shutil.copytree(home / "data" / "coldopen" / "drafts", copy)
        draft = DraftStore(copy).open(name)
        text, recovered = draft.text, draft.recovered > 0
        draft.close()
    return text, recovered


def _begin(home: Path, name: str) -> None:
    """An empty draft."""
    folder = home / "data" / "coldopen" / "drafts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").touch()


def _last_index(states: Sequence[str], text: str) -> int | None:
    return next((i for i in range(len(states) - 1, -1, -1) if states[i] == text), None)


def measure(times: int, seed: int = 1) -> Result:
    """Kill the program ``times`` times."""
    dice = random.Random(seed)
    result = Result()
    left: dict[str, str] = {}
    text, told = "", False
    home = Path(tempfile.mkdtemp(prefix="co-"))
    try:
        for number in range(times):
            name = f"play-{number // ROUNDS_A_DRAFT}"
            if name not in left:
                result.recoveries_told += told  # nothing starts on the last one of a draft
                text, told = "", False
                _begin(home, name)
            text, told = one_round(home, name, text, told, dice, result)
            left[name] = text
        result.recoveries_told += told
        result.drafts = len(left)
        result.drafts_lost += sum(on_disk(home, name)[0] != text for name, text in left.items())
    finally:
        coldopen(home, "engine", "stop", "--force")
        shutil.rmtree(home, ignore_errors=True)
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measure(options.times, options.seed)
    if options.json:
        print(json.dumps(vars(result)))
    else:
        print(
            f"{result.kills} kills while typing ({result.kills_while_saving} of them while saving),"
            f" {result.keys} keys, {result.drafts} drafts\n"
            f"drafts lost, or older than when they were said to be saved: {result.drafts_lost}\n"
            f"kills that cost a key older than {ALLOWED_SECONDS:g} s: {result.late}\n"
            f"most typing lost: {result.most_seconds_lost:.2f} s, {result.most_keys_lost} keys\n"
            f"recovered from the journal: {result.recoveries},"
            f" and the program said so: {result.recoveries_told}"
        )
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
