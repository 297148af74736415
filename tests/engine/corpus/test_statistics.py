"""A corpus in numbers: figures that can be compared with each other."""

from __future__ import annotations

from pathlib import Path

from engine.corpus.corpus import load_corpus
from engine.corpus.statistics import summarise


def test_there_is_one_figure_for_the_words_that_are_known(
    tiny_corpus: Path, engine_home: Path
) -> None:
    whole = summarise(load_corpus([tiny_corpus], cutoff=1))
    assert whole.vocabulary_size == whole.types
    for cutoff in (1, 2, 5):
        summary = summarise(load_corpus([tiny_corpus], cutoff=cutoff))
        (row,) = (at for at in summary.cutoffs if at.cutoff == cutoff)
        assert row.size == summary.vocabulary_size
