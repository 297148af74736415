"""What a trained model is given that no gradient makes: n-grams, recency, a neural cache.

Each has a number or two that are tuned on validation text, and is kept where it helps there. What
comes out is measured in one way, whether anything was added or not, so that models can be compared.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import ColdOpenError
from engine.models.contract import LanguageModel
from engine.models.kneser_ney import KneserNey
from engine.models.neural_cache import HasCache, tune_cache
from engine.models.ngram_mixture import MixesNgrams, NgramMixture, tune_share
from engine.models.recency import HasRecency, tune_recency
from engine.storage.checkpoint import load_checkpoint, save_checkpoint
from engine.training.batching import word_counts
from engine.training.evaluation import mean_nll
from engine.training.progress import perplexity
from engine.training.restoring import NGRAM_IDS, RECENCY_NOVELTY, load_model

Ids = NDArray[np.int32]
LEAST_TO_TUNE = 500
"""Validation words below which tuning would only fit noise."""
COLUMNS = 4
"""Stretches that validation text is read in: long ones, as a draft is."""


@dataclasses.dataclass(frozen=True)
class Finished:
    """How well a model predicts the validation text in the end, in nats a word."""

    loss: float
    alone: float
    """Of the network without what was added."""
    added: tuple[str, ...] = ()
    """What was, by the name of its setting."""
    weights: str | None = None
    """SHA-256 of the weights, where anything was."""


@dataclasses.dataclass(frozen=True)
class _Added:
    """What was added to a model, in words and as it is saved, and how to take it away."""

    name: str
    share: str
    facts: dict[str, Any]
    tensors: dict[str, Tensor]
    remove: Callable[[], None]


def finish(
    run_dir: Path,
    train: Ids,
    held_out: Ids,
    device: torch.device,
    most_tokens: int,
    notice: Callable[[str], None],
) -> Finished:
    """Add what helps to the best weights in ``run_dir``, and measure what has come out.

    Over the first ``most_tokens`` of ``held_out`` (tokens,), in ``COLUMNS`` stretches; of ``train``
    where there is no such text.
    """
    best = run_dir / "checkpoints" / "best"
    tensors, facts, _weights = load_checkpoint(best)
    model, config, _weights = load_model(run_dir, device)
    _take_away(model, facts, tensors)
    measured = held_out if len(held_out) > 1 else train
    alone, _count = mean_nll(model, measured, device, COLUMNS, most_tokens)
    if len(held_out) < LEAST_TO_TUNE:
        return Finished(alone, alone)
    steps: list[Callable[[], _Added | None]] = []
    if config.ngrams:
        steps.append(lambda: _add_ngrams(model, train, held_out, device, most_tokens))
    if config.recency:
        steps.append(lambda: _add_recency(model, train, held_out[:most_tokens], device))
    if config.neural_cache:
        steps.append(lambda: _add_cache(model, held_out, device))
    lowest, kept = alone, list[str]()
    for add in steps:
        if (added := add()) is None:
            continue
        better, _count = mean_nll(model, held_out, device, COLUMNS, most_tokens)
        if better >= lowest:
            added.remove()
            continue
        notice(
            f"{added.share} of the odds: that brings the validation perplexity from"
            f" {perplexity(lowest):.1f} to {perplexity(better):.1f}."
        )
        facts |= added.facts
        tensors |= added.tensors
        lowest = better
        kept.append(added.name)
    if not kept:
        return Finished(alone, alone)
    try:
        weights = save_checkpoint(best.parent, best.name, tensors, facts)
    except ColdOpenError as error:
        notice(f"{error} The model is as it was before.")
        return Finished(alone, alone)
    return Finished(lowest, alone, tuple(kept), weights)


def _take_away(
    model: LanguageModel[Any], facts: dict[str, Any], tensors: dict[str, Tensor]
) -> None:
    """What an earlier end of the same run has added is found anew."""
    for fact in ("ngrams", "recency", "neural_cache"):
        facts.pop(fact, None)
    for tensor in (NGRAM_IDS, RECENCY_NOVELTY):
        tensors.pop(tensor, None)
    if isinstance(model, MixesNgrams):
        model.ngrams = None
    if isinstance(model, HasRecency):
        model.recency = None
    if isinstance(model, HasCache):
        model.cache = None


def _add_ngrams(
    model: LanguageModel[Any], train: Ids, held_out: Ids, device: torch.device, most_tokens: int
) -> _Added | None:
    if not isinstance(model, MixesNgrams):
        return None
    counts = KneserNey(train, model.vocabulary_size)
    share = tune_share(model, counts, held_out, device, most_tokens)
    if share is None:
        return None
    model.ngrams = NgramMixture(counts, share)
    return _Added(
        "ngrams",
        f"Counted n-grams have {share:.0%}",
        {"ngrams": share},
        {NGRAM_IDS: torch.from_numpy(counts.ids)},
        lambda: setattr(model, "ngrams", None),
    )


def _add_recency(
    model: LanguageModel[Any], train: Ids, held_out: Ids, device: torch.device
) -> _Added | None:
    if not isinstance(model, HasRecency):
        return None
    recency = tune_recency(model, word_counts(train, model.vocabulary_size), held_out, device)
    if recency is None:
        return None
    model.recency = recency
    return _Added(
        "recency",
        f"What was said before has up to {recency.pairs + recency.triples:.0%}",
        {
            "recency": {
                "strength": recency.strength,
                "pairs": recency.pairs,
                "triples": recency.triples,
            }
        },
        {RECENCY_NOVELTY: recency.novelty.cpu()},
        lambda: setattr(model, "recency", None),
    )


def _add_cache(model: LanguageModel[Any], held_out: Ids, device: torch.device) -> _Added | None:
    if not isinstance(model, HasCache):
        return None
    settings, _without, _with = tune_cache(model, held_out, device)
    if settings is None:
        return None
    model.cache = settings
    return _Added(
        "neural_cache",
        f"A neural cache has {settings.share:.0%}",
        {"neural_cache": dataclasses.asdict(settings)},
        {},
        lambda: setattr(model, "cache", None),
    )
