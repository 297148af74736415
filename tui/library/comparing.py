"""Which models can be told apart by their figures."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.values import ModelCard
from tui.library.kinds import what


def like(one: ModelCard, other: ModelCard) -> bool:
    """Whether both are language models, or both word vectors or moods: losses of the same kind."""
    if one.is_language_model or other.is_language_model:
        return one.is_language_model and other.is_language_model
    return one.kind == other.kind


def incomparable(card: ModelCard, others: Sequence[ModelCard]) -> str:
    """Why the figures of ``card`` say nothing beside those of ``others``; empty if they do."""
    if not all(like(card, other) for other in others):
        other = next(other for other in others if not like(card, other))
        pair = sorted((what(card), what(other)), key="language models".__eq__)
        return f"{pair[0]} have another loss: not drawn beside {pair[1]}"
    figures = "perplexities" if card.is_language_model else "losses"
    if any(card.corpus_key != other.corpus_key for other in others):
        return f"other corpora: {figures} cannot be compared"
    cutoff = card.config.vocabulary_cutoff
    if any(cutoff != other.config.vocabulary_cutoff for other in others):
        return f"other vocabularies: {figures} cannot be compared"
    return ""
