"""Two processes that share the columns take the steps of one where nothing is left to chance."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import TrainingError
from engine.storage.checkpoint import load_checkpoint
from engine.training.distributed import Group

PROGRAM = """
import json
import os
import sys
from pathlib import Path
import numpy as np
from engine.config import checked
from engine.training import loop
from engine.training.control import Control
from engine.training.distributed import leave
from engine.training.loop import Trainer, TrainingData

class Deaf:
    def __getattr__(self, name):
        return lambda *args: None

    def on_notice(self, text):
        print(text)

loop.MEAN_STRETCH = 1e12
ids = np.random.default_rng(3).integers(0, 20, 1601).astype(np.int32)
config = checked(dict(
    embedding_size=8, hidden_size=8, attention_span=8, batch_size=4, sequence_length=10,
    dropout=0.0, embedding_dropout=0.0, epochs=1, device="cpu", precision="float32",
) | json.loads(sys.argv[2]))
trainer = Trainer(config, TrainingData(ids, ids[:50], 20), Path(sys.argv[1]), Deaf())
trainer.run(Control())
leave(trainer._group)
os._exit(0)  # as the program's own group_run does
"""


def launch(folder: Path, size: int, **settings: Any) -> tuple[dict[str, Any], dict[str, Any], str]:
    """The tensors and facts of the last checkpoint of a run by ``size`` processes, and what the
    first of them said."""
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable]
    if size > 1:
        command += ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={size}"]
    script = folder / "train.py"
    folder.mkdir()
    script.write_text(PROGRAM)
    root = str(Path(__file__).parents[3])
    env["PYTHONPATH"] = root
    done = subprocess.run(
        [*command, str(script), str(folder / "run"), json.dumps(settings)],
        env=env,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    checkpoints = (folder / "run" / "checkpoints").iterdir()
    tensors, facts, _weights = load_checkpoint(max(checkpoints, key=lambda p: p.name))
    return tensors, facts, done.stdout


def test_two_processes_equal_one_within_rounding(tmp_path: Path) -> None:
    found = []
    for size in (1, 2):
        tensors, facts, _said = launch(tmp_path / f"of-{size}", size)
        assert facts["progress"]["tokens"] == 1600
        found.append({n: t for n, t in tensors.items() if n.startswith("model.")})
    for name, alone in found[0].items():
        assert torch.allclose(found[1][name], alone, atol=1e-4), name


def test_a_group_stops_early_where_its_first_process_sees_no_progress(tmp_path: Path) -> None:
    settings = {"epochs": 40, "learning_rate": 1e-9, "patience": 2}
    _tensors, facts, said = launch(tmp_path / "run", 2, **settings)
    assert said.count("Stopped early: no progress in 2 validations.") == 1
    assert facts["progress"]["epoch"] < 40


def test_shares_are_contiguous_and_overlap_by_the_one_word_that_is_target_and_input() -> None:
    ids = np.arange(101, dtype=np.int32)
    parts = [Group(rank, 4).share(ids) for rank in range(4)]
    assert all(len(part) == 26 for part in parts)
    assert all(a[-1] == b[0] for a, b in itertools.pairwise(parts))
    assert Group().share(ids) is ids


def test_columns_that_cannot_be_shared_are_refused() -> None:
    assert Group(0, 4).columns(32) == 8
    with pytest.raises(TrainingError, match="30 cannot be shared"):
        Group(0, 4).columns(30)
