"""Word vectors by the command line: trained, asked, exported, imported, and started from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SMALL = [
    *("--hidden-size", "16", "--embedding-size", "12", "--batch-size", "8", "--epochs", "1"),
    *("--attention-span", "16", "--precision", "float32", "--device", "cpu"),
]


def coldopen(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tui.cli.main", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def told(*arguments: str) -> list[dict[str, Any]]:
    done = coldopen(*arguments, "--json")
    assert done.returncode == 0, done.stderr + done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_from_vectors_to_a_model_that_starts_from_them(
    engine_home: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    corpus = str(tiny_corpus)
    train = ["vectors", "train", corpus, "--name", "sg", "--dimension", "16", "--epochs", "2"]
    events = told(*train)
    assert events[-1]["info"]["state"] == "finished"
    points = [event["point"] for event in events if event["event"] == "training_validation"]
    assert points[-1]["loss"] > 0
    samples = [event["text"] for event in events if event["event"] == "training_sample"]
    assert ": " in samples[-1]

    (near,) = told("neighbours", "sg", "delia", "-n", "3")
    assert len(near["tables"][0]["neighbours"]) == 3
    (found,) = told("analogy", "sg", "delia", "the", "a")
    assert found["tables"][0]["neighbours"]
    refused = coldopen("eval", "sg", corpus)
    assert refused.returncode == 1
    assert "“sg” holds word vectors only" in refused.stderr
    assert "no perplexity" in refused.stderr
    file = tmp_path / "vectors.txt"
    (exported,) = told("vectors", "export", "sg", str(file))
    assert file.read_text().splitlines()[0] == f"{exported['words']} 16"
    told("vectors", "import", str(file), "--name", "foreign")

    for name in ("sg", "foreign"):
        model = f"from-{name}"
        events = told("train", corpus, "--name", model, "--init-from", name, *SMALL)
        notices = [event["text"] for event in events if event["event"] == "training_notice"]
        assert any(f"“{name}”" in text and "principal" in text for text in notices), notices
    (library,) = told("models")
    started = {m["name"]: m["config"]["initial_vectors"] for m in library["models"]}
    assert started["from-sg"] == "sg"
    assert started["from-foreign"] == "foreign"

    for name, words in (("nobody", "no word vectors"), ("from-sg", "not word vectors")):
        refused = coldopen("train", corpus, "--name", "no", "--init-from", name, *SMALL)
        assert refused.returncode == 1
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
