"""``coldopen explain``: where a word's odds are from, unknown words, and what comes next."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CLASSIC = [
    *("--model", "classic", "--hidden-size", "16", "--embedding-size", "16"),
    *("--batch-size", "8", "--epochs", "1", "--device", "cpu"),
]
PROMPT = "DELIA: The zorblefrotz is broken.\n\nGUS: The zorblefrotz"


def coldopen(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli.main", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(printed: str) -> list[list[str]]:
    return [line.split() for line in printed.splitlines()]


def test_the_parts_of_the_odds_have_the_names_of_the_app(engine_home: Path) -> None:
    printed = coldopen("explain", "spin-cycle", "--prompt", PROMPT)
    head, *rows = rows_of(printed)
    names = "word odds rank bits network n-grams copied said meant to copy instead"
    assert " ".join(head) == names
    first, second = (row for row in rows if row[0] == "zorblefrotz")
    assert first[2] == "unknown"
    assert second[2].isdigit()
    odds, *parts = (float(second[place]) for place in (1, 4, 5, 6, 7))
    assert abs(sum(parts) - odds) < 0.0005
    assert any(line.startswith("unknown: ") for line in printed.splitlines())
    assert "What comes next" not in printed


def test_what_comes_next_is_shown(engine_home: Path) -> None:
    printed = coldopen("explain", "spin-cycle", "--prompt", PROMPT, "--tokens", "2", "--next")
    _before, _heading, after = printed.partition("What comes next (")
    assert len(after.splitlines()) == 12  # the rest of the heading, the heads, ten words
    told = json.loads(
        coldopen("explain", "spin-cycle", "--prompt", PROMPT, "--tokens", "2", "--next", "--json")
    )
    assert len(told["tokens"]) == 2
    assert len(told["next"]["alternatives"]) == 10
    assert told["tokens"][0]["rank"] >= 1
    begun = coldopen("explain", "spin-cycle", "--prompt", "", "--next")
    assert begun.startswith("What comes next")


def test_a_model_that_has_one_source_shows_no_sources(engine_home: Path, tiny_corpus: Path) -> None:
    coldopen("train", str(tiny_corpus), "--name", "c", *CLASSIC)
    head, *rows = rows_of(coldopen("explain", "c", "--prompt", PROMPT))
    assert head == ["word", "odds", "rank", "bits", "instead"]
    mentions = [row for row in rows if row[0] == "zorblefrotz"]
    assert [row[2] for row in mentions] == ["unknown", "unknown"]
    assert all(float(row[3]) < 60 for row in mentions)
    told = json.loads(coldopen("explain", "c", "--prompt", PROMPT, "--json"))
    assert [t["unknown"] for t in told["tokens"] if t["word"] == "zorblefrotz"] == [True, True]
