"""Does it help the script model to start from word vectors? The same words, twice.

Two runs that differ in nothing but the embedding's first values: the same seed, order of words,
size and learning rate, and the same number of words learnt from (the corpus over and over, or its
beginning). The vectors are skip-gram vectors of the same corpus's training part, as
``coldopen vectors train`` makes them, or those of a text file in the format of word2vec or GloVe.

    python -m benchmarks.initialised [PATH ...] [--words 200000] [--vectors FILE] [--seeds 1]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import description
from engine import paths
from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus, load_corpus
from engine.daemon.inspecting import INSPECTIONS
from engine.daemon.model_run import start_embedding
from engine.protocol.messages import ImportVectors
from engine.training.control import Control
from engine.training.loop import Trainer, TrainingData
from engine.training.progress import Silent
from engine.vectors.skipgram import SkipGramConfig
from engine.vectors.text_format import export_text
from engine.vectors.training import train_vectors

NAME = "start"


@dataclass(frozen=True)
class Outcome:
    perplexity: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[paths.bundled_corpus()])
    parser.add_argument("--words", type=int, default=200_000, help="words to learn from")
    parser.add_argument("--vectors", type=Path, help="a file of vectors to start from")
    parser.add_argument("--dimension", type=int, default=256, help="of vectors trained here")
    parser.add_argument("--vector-epochs", type=int, default=10, help="of vectors trained here")
    parser.add_argument("--size", type=int, default=256, help="of embedding and hidden layers")
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    corpus = load_corpus(options.paths)
    print(description())
    train = corpus.parts()[0]
    print(
        f"{corpus.name}: {options.words:,} words to learn from ({options.words / len(train):.2f}"
        f" passes over {len(train):,}), {len(corpus.vocabulary):,} in the vocabulary,"
        f" size {options.size}"
    )
    with tempfile.TemporaryDirectory(prefix="co-") as folder:
        os.environ["XDG_DATA_HOME"] = folder
        file = options.vectors or _trained(corpus, options, Path(folder) / "vectors.txt")
        INSPECTIONS[ImportVectors](_no_models(), ImportVectors(name=NAME, path=str(file.resolve())))
        told: dict[str, list[Outcome]] = {"random start": [], "from word vectors": []}
        for seed in range(1, options.seeds + 1):
            for name, initial in zip(told, ("", NAME), strict=True):
                outcome = run(corpus, options.words, options.size, seed, initial, Path(folder))
                told[name].append(outcome)
                print(
                    f"{name:20} seed {seed}: validation perplexity {outcome.perplexity:8.2f}"
                    f"  ({outcome.seconds:.0f} s)"
                )
    means = {name: float(np.mean([o.perplexity for o in all_])) for name, all_ in told.items()}
    before, after = means.values()
    change = (after - before) / before
    verdict = "it helps" if change < -0.005 else "it harms" if change > 0.005 else "no difference"
    print(f"mean {before:.2f} without, {after:.2f} with: {change:+.1%}, {verdict}")


def _no_models() -> Any:
    """Importing vectors loads no model."""
    return None


def _trained(corpus: Corpus, options: argparse.Namespace, path: Path) -> Path:
    begun = time.perf_counter()
    config = SkipGramConfig(dimension=options.dimension, epochs=options.vector_epochs)
    export_text(path, train_vectors(config, corpus, Silent(), Control()))
    print(
        f"skip-gram vectors of {options.dimension} numbers, {options.vector_epochs} passes:"
        f" {time.perf_counter() - begun:.0f} s beforehand, which the runs below do not count"
    )
    return path


def run(corpus: Corpus, words: int, size: int, seed: int, initial: str, folder: Path) -> Outcome:
    """Train on ``words`` words, from the vectors called ``initial`` or from chance where empty."""
    config = TrainingConfig(
        embedding_size=size,
        hidden_size=size,
        epochs=1,
        seed=seed,
        precision="float32",
        device="cpu",
        initial_vectors=initial,
    )
    train, validation, _test = corpus.parts()
    data = TrainingData(np.resize(train, words), validation, len(corpus.vocabulary))
    target = folder / f"run-{seed}-{initial}"
    target.mkdir()
    trainer = Trainer(config, data, target, Silent())
    if initial:
        (report,) = start_embedding(trainer.model, config, corpus, Control())
        if seed == 1:
            print(report)
    result = trainer.run(Control())
    assert result.perplexity is not None
    return Outcome(result.perplexity, result.seconds)


if __name__ == "__main__":
    main()
