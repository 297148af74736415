"""A table of word vectors: what can be asked of it, and how it lies on the disk."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from engine.errors import ModelError
from engine.storage.atomic import write_atomically
from engine.storage.foreign_json import bounded, decoded

FORMAT = 1
FILE, WORDS_FILE = "vectors.safetensors", "vectors.json"
MOST_WORD_BYTES = 1 << 30

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class WordVectors:
    """One vector a word; words and counts in the order of the rows."""

    words: tuple[str, ...]
    counts: tuple[int, ...]
    """How often each word stands in the corpus; 0 where that is not known."""
    vectors: Floats
    """(words, dimension)"""

    @functools.cached_property
    def ids(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    @functools.cached_property
    def unit(self) -> Floats:
        """(words, dimension): the vectors scaled to length 1."""
        lengths = np.linalg.norm(self.vectors, axis=1, keepdims=True)
        scaled: Floats = (self.vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
        return scaled

    def nearest(
        self, query: Floats, number: int, without: Collection[int] = ()
    ) -> list[tuple[int, float]]:
        """Rows with the highest cosine to ``query`` (dimension,), best first, with the cosine."""
        similarity = self.unit @ (query / max(float(np.linalg.norm(query)), 1e-12))
        similarity[list(without)] = -np.inf
        most = min(number, len(similarity) - len(set(without)))
        if most <= 0:
            return []
        best = np.argpartition(-similarity, most - 1)[:most]
        best = best[np.argsort(-similarity[best], kind="stable")]
        return [(int(row), float(similarity[row])) for row in best]


def save_vectors(folder: Path, table: WordVectors) -> str:
    """Write ``table`` into ``folder``; returns the SHA-256 of the vectors.

    Raises:
        ColdOpenError: when the disk refuses.
    """
    data = save_tensors({"vectors": np.ascontiguousarray(table.vectors, dtype=np.float32)})
    digest = hashlib.sha256(data).hexdigest()
    document = {"format": FORMAT, "sha256": digest, "words": table.words, "counts": table.counts}
    write_atomically(folder / FILE, data)
    write_atomically(folder / WORDS_FILE, json.dumps(document, ensure_ascii=False))
    return digest


def load_vectors(folder: Path) -> WordVectors:
    """The vectors in ``folder``.

    Raises:
        ModelError: when they are missing, damaged or of another version.
    """
    try:
        document = decoded(json.loads, bounded(folder / WORDS_FILE, MOST_WORD_BYTES))
        data = (folder / FILE).read_bytes()
        if document["format"] != FORMAT:
            raise ModelError(f"The vectors in {folder} were made by another version.", "Update.")
        words, counts = document["words"], document["counts"]
        if hashlib.sha256(data).hexdigest() != document["sha256"]:
            raise ValueError("the checksum does not match")
        vectors = load_tensors(data)["vectors"]
        if not _fits(words, counts, vectors):
            raise ValueError("words and vectors do not belong together")
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError(
            f"The word vectors in {folder} cannot be read: {error}.", "Train or import them again."
        ) from None
    return WordVectors(tuple(words), tuple(counts), vectors)


def _fits(words: Sequence[object], counts: Sequence[object], vectors: Floats) -> bool:
    return (
        vectors.ndim == 2
        and vectors.dtype == np.float32
        and isinstance(words, list)
        and isinstance(counts, list)
        and len(words) == len(counts) == len(vectors)
        and len(set(words)) == len(words)
        and all(isinstance(word, str) for word in words)
        and all(isinstance(count, int) for count in counts)
    )
