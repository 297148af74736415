"""Perplexity after so many minutes of training, models side by side.

All train in one run, in turns of a few seconds with a clock each, so that a noisy machine hits all
alike. A model whose schedule is set by its time budget is trained once for each budget; the
classic recipe has no schedule and is read off along the way. The plain LSTM of equal size is
trained for the longest budget alone.

    python -m benchmarks.language_models CORPUS --budgets 1,2,5,10
"""

from __future__ import annotations

import os

# Threads that spin at every barrier for long starve each other where cores are shared.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from benchmarks.contestants import (
    ClassicContestant,
    Contestant,
    EngineContestant,
    PrototypeContestant,
    perplexity,
    take_turns,
)
from benchmarks.kneser_ney import KneserNey
from benchmarks.machine import description
from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus, load_corpus
from engine.corpus.vocabulary import Vocabulary
from engine.models.build import build_model
from engine.training.loop import TrainingData
from engine.training.presets import plan
from engine.training.self_measure import measure_machine

ABLATIONS: dict[str, dict[str, Any]] = {
    "script": {},
    "without attention": {"attention": "none"},
    "without copying": {"copying": False},
    "without n-grams": {"ngrams": False},
    "without recency": {"recency": False},
    "embedding from chance": {"vector_passes": 0},
    "whole softmax": {"candidates": 0},
    "float32": {"precision": "float32"},
    "without dropout": {"dropout": 0.0, "embedding_dropout": 0.0},
    "dot attention": {"attention": "dot"},
    "additive attention": {"attention": "additive"},
    "weight drop 0.2": {"weight_drop": 0.2},
    "gru": {"cell": "gru"},
    "elman": {"cell": "elman"},
    "reply": {"model": "reply"},
    "reply without attention": {"model": "reply", "attention": "none"},
}
EQUAL = "plain LSTM of equal size"
USUAL = ("script", EQUAL, "plain prototype", "classic")


def parameters(config: TrainingConfig, vocabulary_size: int) -> int:
    with torch.device("meta"):
        model = build_model(config, vocabulary_size)
    assert isinstance(model, torch.nn.Module)
    return sum(p.numel() for p in model.parameters())


def equal_plain(config: TrainingConfig, vocabulary_size: int) -> TrainingConfig:
    """A stack without attention and copying that has as many weights as ``config``'s model."""
    budget = parameters(config, vocabulary_size)
    hidden = config.hidden_size
    while True:
        plain = msgspec.structs.replace(
            config,
            attention="none",
            copying=False,
            ngrams=False,
            recency=False,
            neural_cache=False,
            hidden_size=hidden + 8,
        )
        if parameters(plain, vocabulary_size) > budget:
            return msgspec.structs.replace(plain, hidden_size=hidden)
        hidden += 8


def contestants_for(
    names: list[str], minutes: float, corpus: Corpus, data: TrainingData
) -> list[Contestant]:
    """The models called ``names``, set up for ``minutes``."""
    made: list[Contestant] = []
    machine = measure_machine("cpu")
    for name in names:
        torch.manual_seed(1)
        if name == "classic":
            made.append(ClassicContestant(name, data))
        elif name == "plain prototype":
            made.append(PrototypeContestant(name, data, minutes))
        else:
            plain = name == EQUAL
            settings = {} if plain else ABLATIONS[name]
            config, _reasons = plan(
                len(data.train), data.vocabulary_size, minutes, machine, {**settings}
            )
            if plain:
                config = equal_plain(config, data.vocabulary_size)
            print(f"{minutes:g} min {name}: {_in_words(config)}", flush=True)
            made.append(EngineContestant(name, config, corpus))
    return made


def counted_on_training_part(every_word: Corpus, cutoff: int) -> Corpus:
    """``every_word``, which must know all words, with those that its training part has so often."""
    words = every_word.vocabulary.words
    seen = np.bincount(every_word.parts()[0], minlength=len(words)).tolist()
    vocabulary = Vocabulary.of_counts(dict(zip(words, seen, strict=True)), cutoff)
    table = np.array([vocabulary.id_of(word) for word in words], dtype=np.int32)
    return dataclasses.replace(
        every_word, vocabulary=vocabulary, cutoff=cutoff, ids=table[every_word.ids]
    )


def _in_words(config: TrainingConfig) -> str:
    return (
        f"{config.layers} x {config.hidden_size} on {config.embedding_size}, batch"
        f" {config.batch_size} x {config.sequence_length}, dropout {config.dropout:g},"
        f" {config.precision}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, nargs="+")
    parser.add_argument("--budgets", default="1,2,5,10", help="minutes, comma-separated")
    parser.add_argument(
        "--models", default=",".join(USUAL), help=f"of {', '.join((*USUAL, *list(ABLATIONS)[1:]))}"
    )
    parser.add_argument("--kneser-ney", action="store_true", help="add the 5-gram baseline")
    parser.add_argument(
        "--training-words",
        action="store_true",
        help="count the vocabulary on the training part alone; what else comes is unknown to all",
    )
    arguments = parser.parse_args()
    budgets = sorted(float(b) for b in arguments.budgets.split(","))
    names = [name.strip() for name in arguments.models.split(",")]
    corpus = load_corpus(arguments.corpus)
    if arguments.training_words:
        corpus = counted_on_training_part(load_corpus(arguments.corpus, cutoff=1), corpus.cutoff)
    data = TrainingData.of(corpus)
    train, validation, test = corpus.parts()
    rows: dict[str, dict[float, str]] = {name: {} for name in names}
    scheduled = [name for name in names if name != "classic"]
    classic = ClassicContestant("classic", data) if "classic" in names else None
    for minutes in budgets:
        now = [name for name in scheduled if name != EQUAL or minutes == budgets[-1]]
        side = contestants_for(now, minutes, corpus, data)
        if classic is not None:
            # The others start anew; the classic recipe goes on from the budget before.
            goal = 60 * minutes - classic.seconds
            share = goal / (60 * minutes)
            while any(c.seconds < 60 * minutes - 0.1 for c in side):
                take_turns(side, 6.0)
                take_turns([classic], 6.0 * share)
            take_turns([classic], max(0.0, 60 * minutes - classic.seconds))
        else:
            take_turns(side, 60 * minutes)
        for one in (*side, *([classic] if classic is not None else [])):
            found = f"{perplexity(one.nll(validation)):.1f} ({perplexity(one.nll(test)):.1f})"
            rows[one.name][minutes] = found
            speed = one.tokens / max(one.seconds, 1e-9)
            print(f"{minutes:g} min {one.name}: {found}, {speed:,.0f} words/s", flush=True)
    print(f"\n{description()}\n{len(train):,} words to train on, {len(corpus.vocabulary):,} known.")
    print("Perplexity on validation (test):\n")
    print("| model | " + " | ".join(f"{m:g} min" for m in budgets) + " |")
    print("|---" * (len(budgets) + 1) + "|")
    for name in names:
        print(f"| {name} | " + " | ".join(rows[name].get(m, "") for m in budgets) + " |")
    if arguments.kneser_ney:
        counts = KneserNey(train, len(corpus.vocabulary))
        found = f"{perplexity(counts.nll(validation)):.1f} ({perplexity(counts.nll(test)):.1f})"
        print(f"| Kneser-Ney 5-gram (no budget) | {found}" + " |" * len(budgets))


if __name__ == "__main__":
    main()
