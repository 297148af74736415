"""Which models can be told apart by their figures."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.values import ModelCard


def like(one: ModelCard, other: ModelCard) -> bool:
    """Whether both are language models or both word vectors, whose losses are something else."""
    return (one.kind == "vectors") == (other.kind == "vectors")


def incomparable(card: ModelCard, others: Sequence[ModelCard]) -> str:
    """Why the figures of ``card`` say nothing beside those of ``others``; empty if they do."""
    if not all(like(card, other) for other in others):
        return "word vectors have another loss: not drawn beside language models"
    figures = "losses" if card.kind == "vectors" else "perplexities"
    if any(card.corpus_key != other.corpus_key for other in others):
        return f"other corpora: {figures} cannot be compared"
    cutoff = card.config.vocabulary_cutoff
    if any(cutoff != other.config.vocabulary_cutoff for other in others):
        return f"other vocabularies: {figures} cannot be compared"
    return ""
