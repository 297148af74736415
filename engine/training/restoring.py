"""What was saved of a run, as a model to write with or a state to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import torch
from torch import nn

from engine.config import TrainingConfig
from engine.errors import ModelError
from engine.models.build import build_model
from engine.models.contract import LanguageModel
from engine.models.kneser_ney import KneserNey
from engine.models.neural_cache import CacheSettings, HasCache
from engine.models.ngram_mixture import MixesNgrams, NgramMixture
from engine.models.recency import HasRecency, Recency
from engine.storage.checkpoint import is_there, load_checkpoint, newest_valid

NGRAM_IDS = "ngrams.ids"
"""Name among a checkpoint's tensors of the text that its n-grams are counted in."""
RECENCY_NOVELTY = "recency.novelty"
"""And of how new each word is to the training text."""


def load_model(
    run_dir: Path, device: torch.device
) -> tuple[LanguageModel[Any], TrainingConfig, str]:
    """The best (else newest) model in ``run_dir``, ready to step, with its configuration and hash.

    Raises:
        ModelError: when no checkpoint there is usable.
    """
    folder = run_dir / "checkpoints"
    best = folder / "best"
    tensors, facts, weights = load_checkpoint(best) if is_there(best) else newest_valid(folder)
    config = msgspec.convert(facts["config"], TrainingConfig)
    with torch.device("meta"):
        model = cast(nn.Module, build_model(config, facts["vocabulary_size"]))
    model.load_state_dict(
        {n[6:]: v.to(device) for n, v in tensors.items() if n.startswith("model.")},
        strict=True,
        assign=True,
    )
    model.eval().requires_grad_(False)
    if facts.get("neural_cache") and isinstance(model, HasCache):
        model.cache = CacheSettings(**facts["neural_cache"])
    if facts.get("ngrams") and isinstance(model, MixesNgrams):
        try:
            counts = KneserNey(tensors[NGRAM_IDS].numpy(), facts["vocabulary_size"])
        except (KeyError, ValueError, TypeError) as error:
            raise ModelError(f"The n-grams in {best} cannot be used: {error}.", "") from None
        model.ngrams = NgramMixture(counts, facts["ngrams"])
    if facts.get("recency") and isinstance(model, HasRecency):
        try:
            model.recency = Recency(tensors[RECENCY_NOVELTY].to(device), **facts["recency"])
        except (KeyError, TypeError) as error:
            raise ModelError(f"The recency in {best} cannot be used: {error}.", "") from None
    return cast(LanguageModel[Any], model), config, weights
