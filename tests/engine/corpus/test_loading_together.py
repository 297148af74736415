"""Several that load the same new corpus at once get the same corpus, made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.corpus.corpus import Corpus, load_corpus
from engine.errors import CorpusError


def test_threads_that_load_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    script = tmp_path / "script.txt"
    script.write_text("".join(f"ANN: word{n} and more.\n" for n in range(3000)), encoding="utf-8")

    def load(_: int) -> Corpus:
        return load_corpus([script])

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(load, range(6)))
    assert len({corpus.key for corpus in made}) == 1
    for corpus in made[1:]:
        assert np.array_equal(corpus.ids, made[0].ids)


def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    script = tmp_path / "script.txt"
    script.write_text("ANN: hello there.\n" * 20, encoding="utf-8")
    with pytest.raises(CorpusError, match="cannot be cached"):
        load_corpus([script])
