"""A model that is loaded for writing: what it remembers of what it has read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus
from engine.generation.writer import CHUNK, Writer
from engine.models.state_tensors import state_tensors


@pytest.mark.parametrize("span", [8, 64])
def test_no_more_memory_is_held_than_is_counted(
    make_writer: Callable[[TrainingConfig], Writer], bundled_corpus: Corpus, span: int
) -> None:
    writer = make_writer(TrainingConfig(embedding_size=16, hidden_size=16, attention_span=span))
    writer.state_after(tuple(np.asarray(bundled_corpus.ids[: 5 * CHUNK]).tolist()))
    assert len(writer._states) == 5
    parts = [part for state, _size in writer._states.values() for part in state_tensors(state)]
    storages = {part.untyped_storage().data_ptr(): part.untyped_storage() for part in parts}
    assert sum(storage.nbytes() for storage in storages.values()) <= writer._held
