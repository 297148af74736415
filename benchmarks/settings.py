"""What settings are worth: models that read a corpus equally often, one after the other.

Each argument after the corpus is one model: settings of :class:`engine.config.TrainingConfig` as
``name=value``, separated by commas, over those that the presets would choose for five minutes.

    python -m benchmarks.settings CORPUS --epochs 3 layers=2,hidden_size=512 dropout=0.2
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks.contestants import SilentListener, perplexity
from benchmarks.machine import description
from engine.corpus.corpus import Corpus, load_corpus
from engine.daemon.model_run import start_embedding
from engine.training.control import Control
from engine.training.device import choose_device
from engine.training.evaluation import mean_nll
from engine.training.loop import Trainer, TrainingData
from engine.training.presets import plan
from engine.training.restoring import load_model
from engine.training.self_measure import measure_machine

MINUTES = 5.0


def settings_in(text: str) -> dict[str, Any]:
    """``name=value,name=value`` with values as in JSON, or else as text."""
    found: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        try:
            found[name] = json.loads(value)
        except json.JSONDecodeError:
            found[name] = value
    return found


def trained(corpus: Corpus, settings: dict[str, Any], epochs: int, seed: int) -> list[float]:
    """Perplexity of validation and test text after ``epochs`` passes, in the order of the text."""
    data = TrainingData.of(corpus)
    _train, validation, test = corpus.parts()
    device, _why = choose_device()
    config, _reasons = plan(
        len(data.train),
        data.vocabulary_size,
        MINUTES,
        measure_machine(),
        {**settings, "epochs": epochs, "seed": seed},
    )
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        control = Control()
        trainer = Trainer(config, data, Path(folder), SilentListener())
        start_embedding(trainer.model, config, corpus, control)
        trainer.run(control)
        model = load_model(Path(folder), device)[0]
        return [perplexity(mean_nll(model, part, device, 1)[0]) for part in (validation, test)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("models", nargs="+", metavar="NAME=VALUE,...")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    corpus = load_corpus([arguments.corpus])
    print(description())
    print("| settings | " + " | ".join(f"seed {n + 1}" for n in range(arguments.seeds)) + " |")
    print("|---" * (arguments.seeds + 1) + "|")
    for text in arguments.models:
        cells = []
        for seed in range(1, arguments.seeds + 1):
            validation, test = trained(corpus, settings_in(text), arguments.epochs, seed)
            cells.append(f"{validation:.1f} ({test:.1f})")
        print(f"| {text} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
