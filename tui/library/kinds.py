"""What a card of the Library stands for, in words."""

from __future__ import annotations

from engine.protocol.values import ModelCard

_OTHERS = {"vectors": "word vectors", "moods": "moods"}


def what(card: ModelCard) -> str:
    """Several of its kind."""
    return _OTHERS.get(card.kind, "language models")


def one(card: ModelCard) -> str:
    """It alone, so that what it was made of can follow behind an "of"."""
    return _OTHERS.get(card.kind, f"{card.kind} model")
