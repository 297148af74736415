"""What a card of the Library or a run stands for, in words."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol.values import ModelCard, RunKind


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said of all that are trained alike."""

    several: str
    loss: str
    """Title of its curve."""
    sample: str
    """What its samples are."""


KINDS: dict[RunKind, Kind] = {
    "model": Kind("language models", "loss, nats a word", "what it writes"),
    "vectors": Kind("word vectors", "loss", "nearest words"),
    "moods": Kind("moods", "loss, nats a text", "held-out texts"),
}


def in_words(card: ModelCard) -> str:
    """A card's kind, so that what it was made of can follow behind an "of"."""
    return f"{card.kind} model" if card.is_language_model else KINDS[card.made_by].several


def tells_moods(card: ModelCard) -> bool:
    """Whether there is a network behind a card that can tell moods."""
    return card.kind == "moods" and bool(card.weights)
