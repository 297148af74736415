"""A network that tells moods as it lies on the disk: one checkpoint, with its words and grades."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import torch
from msgspec import Meta

from engine.config import MoodConfig
from engine.corpus.tokenizer import TOKENIZER_VERSION
from engine.corpus.vocabulary import Vocabulary
from engine.errors import ModelError
from engine.moods.mood_model import MoodModel
from engine.protocol.values import MOST_GRADES, Grade
from engine.storage.checkpoint import load_checkpoint, save_checkpoint
from engine.storage.strange_tensors import compare_tensors


class MoodFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What of such a network is no tensor."""

    tokenizer: int
    config: MoodConfig
    scale: Annotated[tuple[Grade, ...], Meta(min_length=2, max_length=MOST_GRADES)]
    vocabulary: dict[str, Any]


@dataclass(frozen=True)
class MoodReader:
    """A network that tells the moods of texts, with what makes ids of them."""

    model: MoodModel
    vocabulary: Vocabulary
    scale: tuple[int, ...]


def save_moods(folder: Path, reader: MoodReader) -> str:
    """Write ``reader`` into the model's ``folder``; returns the SHA-256 of its weights.

    Raises:
        ColdOpenError: when the disk refuses.
    """
    facts = MoodFacts(
        tokenizer=TOKENIZER_VERSION,
        config=reader.model.config,
        scale=reader.scale,
        vocabulary=reader.vocabulary.to_builtins(),
    )
    weights = reader.model.state_dict()
    return save_checkpoint(folder / "checkpoints", "best", weights, msgspec.to_builtins(facts))


def load_moods(folder: Path) -> MoodReader:
    """The network in the model's ``folder``, ready to read.

    Raises:
        ModelError: when it is missing, damaged or of another version.
    """
    tensors, facts, _weights = load_checkpoint(folder / "checkpoints" / "best")
    try:
        saved = msgspec.convert(facts, MoodFacts)
        if saved.tokenizer != TOKENIZER_VERSION:
            raise ModelError(f"The moods in {folder} were made by another version.", "Train again.")
        if sorted(set(saved.scale)) != list(saved.scale):
            raise ValueError("its grades are no scale")
        vocabulary = Vocabulary.from_builtins(saved.vocabulary)
        with torch.device("meta"):  # where nothing is made of what a stranger's file asks for
            model = MoodModel(saved.config, len(vocabulary), len(saved.scale))
        compare_tensors(tensors, model.state_dict())
        model.load_state_dict(tensors, assign=True)
    except ValueError as error:
        raise ModelError(
            f"The moods in {folder} are damaged: {error}.",
            "Copy them once more from where they came, or train them again.",
        ) from None
    model.eval().requires_grad_(False)
    return MoodReader(model, vocabulary, saved.scale)
