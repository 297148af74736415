"""Word vectors against gensim's Word2Vec: words a second, and how good the neighbours are.

Both read the same tokens (the corpus without its last tenth, line ends and words seen once) with
the same dimension, window, noise words, thinning-out and epochs, in turns. Quality is a ranking of
held-out pairs: of two words that stand within five words of each other in the last tenth, both
outside the hundred most frequent, how often are their vectors closer (by cosine) than the first
one's to a word from another such pair? 0.5 is chance.

    python -m benchmarks.word_vectors [PATH ...] [--gensim-python PYTHON] [--seeds 2]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import description
from engine import paths
from engine.corpus.corpus import Corpus, load_corpus
from engine.corpus.vocabulary import SPECIALS
from engine.training.control import Control
from engine.training.progress import Silent
from engine.vectors.skipgram import SkipGramConfig
from engine.vectors.training import train_vectors

FREQUENT = 100
REACH = 5
SHUFFLES = 50
LINE = 10_000
"""Words of one "sentence" for gensim, which cuts longer ones."""


@dataclass(frozen=True)
class Outcome:
    words_a_second: float
    ranking: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[paths.bundled_corpus()])
    parser.add_argument("--gensim-python", default=sys.executable, help="a Python with gensim")
    parser.add_argument("--dimension", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=2)
    arguments = parser.parse_args()
    corpus = load_corpus(arguments.paths)
    train = _words(corpus, corpus.parts()[0])
    held_out = _words(corpus, np.concatenate(corpus.parts()[1:]))
    print(description())
    print(
        f"{corpus.name}: {len(train):,} words to learn from, {len(held_out):,} held out;"
        f" dimension {arguments.dimension}, window 5, 5 noise words, {arguments.epochs} epochs"
    )
    print(f"{'':12}{'words/s':>12}{'held-out ranking':>20}")
    results: dict[str, list[Outcome]] = {"Cold Open": [], "gensim": []}
    with tempfile.TemporaryDirectory() as folder:
        tokens = Path(folder) / "tokens.txt"
        _write(tokens, train)
        known = set(train)
        for seed in range(1, arguments.seeds + 1):
            config = SkipGramConfig(
                dimension=arguments.dimension, epochs=arguments.epochs, seed=seed
            )
            ours = _ours(corpus, config)
            theirs = _gensim(arguments.gensim_python, tokens, config)
            for name, made in (("Cold Open", ours), ("gensim", theirs)):
                if made is None:
                    continue
                words, vectors, seconds = made
                outcome = Outcome(
                    len(train) * config.epochs / seconds, ranking(words, vectors, held_out, known)
                )
                results[name].append(outcome)
                print(f"{name:12}{outcome.words_a_second:12,.0f}{outcome.ranking:20.4f}")
    for name, outcomes in results.items():
        if outcomes:
            speed = float(np.mean([o.words_a_second for o in outcomes]))
            quality = float(np.mean([o.ranking for o in outcomes]))
            print(f"{name + ' mean':18}{speed:6,.0f}{quality:20.4f}")


def _words(corpus: Corpus, ids: NDArray[np.int32]) -> list[str]:
    words = corpus.vocabulary.words
    return ["_".join(words[i].split()) for i in ids.tolist() if i >= len(SPECIALS)]


def _write(path: Path, words: list[str]) -> None:
    with path.open("w", encoding="utf-8") as sink:
        for begin in range(0, len(words), LINE):
            sink.write(" ".join(words[begin : begin + LINE]) + "\n")


Made = tuple[list[str], NDArray[np.float32], float]


def _ours(corpus: Corpus, config: SkipGramConfig) -> Made:
    begun = time.perf_counter()
    table = train_vectors(config, corpus, Silent(), Control())
    seconds = time.perf_counter() - begun
    return ["_".join(word.split()) for word in table.words], table.vectors, seconds


def _gensim(python: str, tokens: Path, config: SkipGramConfig) -> Made | None:
    out = tokens.with_name("gensim.npz")
    script = Path(__file__).with_name("gensim_word2vec.py")
    values = (
        config.dimension,
        config.window,
        config.negatives,
        config.epochs,
        config.subsample,
        config.seed,
    )
    command = [python, str(script), str(tokens), str(out), *map(str, values)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"gensim could not run: {done.stderr.strip().splitlines()[-1]}")
        print("Install it (pip install gensim) or name a Python that has it: --gensim-python")
        return None
    with np.load(out, allow_pickle=False) as found:
        return found["words"].tolist(), found["vectors"], float(found["seconds"])


def ranking(
    words: list[str], vectors: NDArray[np.float32], held_out: list[str], known: set[str]
) -> float:
    """See the module's docstring; only words of the training text count."""
    rows = {word: row for row, word in enumerate(words)}
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    counts: dict[str, int] = {}
    for word in held_out:
        counts[word] = counts.get(word, 0) + 1
    frequent = set(sorted(counts, key=lambda w: (-counts[w], w))[:FREQUENT])
    pairs = [
        (rows[word], rows[other])
        for place, word in enumerate(held_out)
        for other in held_out[place + 1 : place + 1 + REACH]
        if word != other and not {word, other} & frequent and word in known and other in known
    ]
    first, second = np.array(pairs).T
    dice = np.random.default_rng(1)
    close = (unit[first] * unit[second]).sum(axis=1)
    wins = []
    for _ in range(SHUFFLES):
        far = (unit[first] * unit[dice.permutation(second)]).sum(axis=1)
        wins.append(((close > far) + 0.5 * (close == far)).mean())
    return float(np.mean(wins))


if __name__ == "__main__":
    main()
