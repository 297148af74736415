"""Several processes train one model, and it is in the Library as any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.storage import library

SMALL = (
    '{"hidden_size": 8, "embedding_size": 8, "attention_span": 8, "batch_size": 5, "epochs": 1,'
    ' "precision": "float32", "device": "cpu"}'
)


def shared_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    return subprocess.run(
        [sys.executable, *launcher, "-m", "engine.daemon.group_run", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.timeout(300)
def test_two_processes_make_one_model(engine_home: Path, tiny_corpus: Path) -> None:
    done = shared_run(str(tiny_corpus), "--name", "shared", "--settings", SMALL)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("is in the Library") == 1
    (card,) = [card for card in library.list_cards() if card.name == "shared"]
    assert card.state == "finished"
    assert card.perplexity is not None
    assert card.config.batch_size == 6  # shared out evenly
    again = shared_run(str(tiny_corpus), "--name", "shared", "--settings", SMALL)
    assert again.returncode != 0
    assert again.stderr.count("already a model called “shared”") == 1
    assert "Traceback" not in again.stderr.split("torch/distributed", 1)[0]
