"""What was saved of a run, as a model to write with or a state to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import msgspec
import torch
from torch import Tensor, nn

from engine.config import TrainingConfig
from engine.errors import ModelError
from engine.models.build import build_model
from engine.models.contract import LanguageModel
from engine.models.kneser_ney import KneserNey
from engine.models.neural_cache import CacheSettings, HasCache
from engine.models.ngram_mixture import MixesNgrams, NgramMixture
from engine.models.recency import HasRecency, Recency
from engine.storage.checkpoint import is_there, load_checkpoint, newest_valid
from engine.storage.strange_tensors import compare_tensors, tensor_named
from engine.training.saved_facts import SavedFacts

NGRAM_IDS = "ngrams.ids"
"""Name among a checkpoint's tensors of the text that its n-grams are counted in."""
RECENCY_NOVELTY = "recency.novelty"
"""And of how new each word is to the training text."""


def load_model(
    run_dir: Path, device: torch.device
) -> tuple[LanguageModel[Any], TrainingConfig, str]:
    """The best (else newest) model in ``run_dir``, ready to step, with its configuration and hash.

    Raises:
        ModelError: when no checkpoint there is usable, or the one that is holds no model.
    """
    folder = run_dir / "checkpoints"
    best = folder / "best"
    tensors, facts, weights = load_checkpoint(best) if is_there(best) else newest_valid(folder)
    try:
        saved = msgspec.convert(facts, SavedFacts)
        return _made(saved, tensors, device), saved.config, weights
    except (KeyError, TypeError, ValueError) as error:  # a RuntimeError is the machine's
        raise ModelError(
            f"The model in {run_dir} is damaged: {error}.",
            "Copy it once more from where it came, or train it again.",
        ) from None


def _made(
    saved: SavedFacts, tensors: dict[str, Tensor], device: torch.device
) -> LanguageModel[Any]:
    """The model; ``ValueError`` says in words what of it cannot be."""
    words = saved.vocabulary_size
    with torch.device("meta"):  # where nothing is made of what a stranger's file asks for
        model = cast(nn.Module, build_model(saved.config, words))
    own = {name[6:]: value for name, value in tensors.items() if name.startswith("model.")}
    compare_tensors(own, model.state_dict())
    model.load_state_dict({n: v.to(device) for n, v in own.items()}, strict=True, assign=True)
    model.eval().requires_grad_(False)
    if saved.neural_cache is not None and isinstance(model, HasCache):
        model.cache = CacheSettings(saved.neural_cache.flatness, saved.neural_cache.share)
    if saved.ngrams and isinstance(model, MixesNgrams):
        ids = tensor_named(tensors, NGRAM_IDS)
        if ids.dtype != torch.int32 or ids.dim() != 1:
            raise ValueError(f"{NGRAM_IDS} is no text")
        model.ngrams = NgramMixture(KneserNey(ids.numpy(), words), saved.ngrams)
    if saved.recency is not None and isinstance(model, HasRecency):
        novelty = tensor_named(tensors, RECENCY_NOVELTY)
        compare_tensors({RECENCY_NOVELTY: novelty}, {RECENCY_NOVELTY: torch.empty(words + 1)})
        if not bool(((novelty >= 0) & (novelty <= 1)).all()):
            raise ValueError(f"a number in {RECENCY_NOVELTY} is not between 0 and 1")
        model.recency = Recency(novelty.to(device), **msgspec.structs.asdict(saved.recency))
    return cast(LanguageModel[Any], model)
