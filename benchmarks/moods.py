"""How well moods are told: by the network, by naive Bayes, and by the most frequent grade.

Once of texts that were held out of the files learned from, and once of files of another kind.

    python -m benchmarks.moods [FILE OF LABELLED TEXTS ...] [--embedding 64] [--hidden 128]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import description
from engine import paths
from engine.config import MoodConfig
from engine.moods.labelled import Labelled, read_labelled
from engine.moods.mood_model import MoodModel, mood_of
from engine.moods.training import MoodTraining, judged
from engine.protocol.values import MoodFigures
from engine.training.control import Control

SMOOTHING = 0.5
"""Added to each count of naive Bayes."""


class NaiveBayes:
    """Multinomial naive Bayes over the same words (Manning, Raghavan & Schütze 2008, 13.2)."""

    def __init__(self, labelled: Labelled, numbers: np.ndarray) -> None:
        counts = np.full((len(labelled.scale), len(labelled.vocabulary)), SMOOTHING)
        grades = np.bincount(labelled.grades[numbers], minlength=len(labelled.scale)) + SMOOTHING
        for number in numbers.tolist():
            np.add.at(counts[labelled.grades[number]], labelled.text(number), 1)
        self._words = np.log(counts / counts.sum(1, keepdims=True))
        self._grades = np.log(grades / grades.sum())

    def __call__(self, texts: Sequence[torch.Tensor]) -> torch.Tensor:
        """(texts, grades) logarithms of the odds."""
        sums = [self._words[:, text.numpy()].sum(1) + self._grades for text in texts]
        return torch.from_numpy(np.array(sums)).float()


def trained(labelled: Labelled, config: MoodConfig) -> tuple[MoodModel, float]:
    """A network of the texts that are not held out, and the seconds that it took."""
    begun = time.perf_counter()
    return MoodTraining(config, labelled).run(Control()), time.perf_counter() - begun


def figures(
    tell: MoodModel | NaiveBayes, own: Labelled, other: Labelled, numbers: np.ndarray
) -> MoodFigures:
    """How well ``tell``, which learned from ``own``, tells these texts of ``other``."""
    texts = []
    for number in numbers.tolist():
        words = other.vocabulary.decode(other.text(number).tolist())
        texts.append(torch.from_numpy(own.vocabulary.encode(words).astype(np.int64)))
    with torch.no_grad():
        scores = torch.cat([tell(texts[i : i + 256]) for i in range(0, len(texts), 256)])
    if not set(other.scale) <= set(own.scale):
        raise SystemExit(f"{other.name} has grades that {own.name} has not.")
    wanted = torch.tensor([own.scale.index(other.scale[g]) for g in other.grades[numbers]])
    return judged(scores, mood_of(scores, own.scale), wanted, own.scale, len(own.parts()[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="to judge on, too")
    parser.add_argument("--embedding", type=int, default=MoodConfig().embedding_size)
    parser.add_argument("--hidden", type=int, default=MoodConfig().hidden_size)
    parser.add_argument("--epochs", type=int, default=MoodConfig().epochs)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    config = MoodConfig(
        embedding_size=options.embedding,
        hidden_size=options.hidden,
        epochs=options.epochs,
        seed=options.seed,
    )
    print(description())
    print("| learned from | judged on | | loss | rightly | correlation |")
    print("|---|---|---|---|---|---|")
    folder = paths.bundled_labels()
    dialogue, sitcom = folder / "dialogue.tsv", folder / "spin-cycle.tsv"
    for learned, others in (
        ([dialogue, sitcom], options.files),
        ([dialogue], [sitcom]),
        ([sitcom], [dialogue]),
    ):
        own = read_labelled(learned)
        network, seconds = trained(own, config)
        naive = NaiveBayes(own, own.parts()[0])
        judged_on = [("held-out texts of the same", own, own.parts()[1])]
        for path in others:
            # Every word counts here: which of them are known, the network's own vocabulary says.
            other = read_labelled([path], cutoff=1)
            judged_on.append((path.stem, other, np.arange(len(other))))
        for name, other, numbers in judged_on:
            for who, tell in ((f"network, {seconds:.0f} s", network), ("naive Bayes", naive)):
                found = figures(tell, own, other, numbers)
                print(
                    f"| {own.name} | {name} | {who} | {found.loss:.3f}"
                    f" | {found.accuracy:.1%} ({found.most_frequent:.1%})"
                    f" | {found.correlation:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
