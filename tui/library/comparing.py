"""Which models can be told apart by their figures."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.values import ModelCard
from tui.library.kinds import KINDS


def like(one: ModelCard, other: ModelCard) -> bool:
    """Whether both are of one kind, so that their losses are of the same things."""
    return one.made_by == other.made_by


def incomparable(card: ModelCard, others: Sequence[ModelCard]) -> str:
    """Why the figures of ``card`` say nothing beside those of ``others``; empty if they do."""
    for other in others:
        if not like(card, other):
            pair = KINDS[card.made_by].several, KINDS[other.made_by].several
            return f"{pair[0]} and {pair[1]} have other losses: not drawn side by side"
    figures = "perplexities" if card.is_language_model else "losses"
    if any(card.corpus_key != other.corpus_key for other in others):
        return f"other corpora: {figures} cannot be compared"
    cutoff = card.config.vocabulary_cutoff
    if any(cutoff != other.config.vocabulary_cutoff for other in others):
        return f"other vocabularies: {figures} cannot be compared"
    return ""
