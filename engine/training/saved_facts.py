"""What stands beside a model's tensors: how it is built, and what was added to it at the end.

A model may come from strangers, so each number has the range that the program itself would give it.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from engine.config import TrainingConfig
from engine.corpus.vocabulary import MOST_WORDS, SPECIALS
from engine.models.recency import FADING

Share = Annotated[float, Meta(ge=0, lt=1)]


class SavedCache(msgspec.Struct, frozen=True):
    """Of :class:`engine.models.neural_cache.CacheSettings`."""

    flatness: Annotated[float, Meta(ge=0, le=1000)]
    share: Share


class SavedRecency(msgspec.Struct, frozen=True):
    """The numbers of :class:`engine.models.recency.Recency`."""

    strength: Annotated[float, Meta(ge=0, lt=1 / FADING)]
    pairs: Share
    triples: Share


class SavedFacts(msgspec.Struct, frozen=True):
    """What of a checkpoint's facts a model to write with is made from."""

    config: TrainingConfig
    vocabulary_size: Annotated[int, Meta(ge=len(SPECIALS), le=MOST_WORDS)]
    neural_cache: SavedCache | None = None
    ngrams: Share | None = None
    recency: SavedRecency | None = None
