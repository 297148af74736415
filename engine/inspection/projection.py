"""Word vectors on a plane: a map of what a model takes for alike."""

from __future__ import annotations

import importlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.corpus.tokenizer import is_cue, is_word
from engine.errors import ModelError
from engine.inspection.tables import Tables, chosen
from engine.protocol.messages import WordMap
from engine.protocol.values import MapPoint

Floats = NDArray[np.float64]
SEED = 1


def word_map(
    tables: Tables, table: str = "", method: Literal["pca", "tsne"] = "pca", words: int = 300
) -> WordMap:
    """The ``words`` most frequent words (cues included, marks not) of a table, on a plane.

    Coordinates lie in -1..1.

    Raises:
        ModelError: when there is no such table, too few words, or scikit-learn is missing.
    """
    name, found = chosen(tables, table)
    rows = [r for r, word in enumerate(found.words) if is_word(word) or is_cue(word)]
    rows = sorted(rows, key=lambda row: (-found.counts[row], row))[:words]
    if len(rows) < 3:
        raise ModelError("There are too few words for a map.")
    vectors = found.unit[rows].astype(np.float64)
    plane = tsne(vectors) if method == "tsne" else pca(vectors)
    variance = None if method == "tsne" else _share_of_variance(plane, vectors)
    plane = plane / max(float(np.abs(plane).max()), 1e-12)
    return WordMap(
        table=name,
        method=method,
        variance=variance,
        points=tuple(
            MapPoint(
                word=found.words[row],
                x=round(float(x), 5),
                y=round(float(y), 5),
                count=found.counts[row],
            )
            for row, (x, y) in zip(rows, plane, strict=True)
        ),
    )


def pca(vectors: Floats) -> Floats:
    """(words, 2): the two directions in which ``vectors`` (words, dimension) vary most.

    The sign of each is fixed so that its largest coordinate is positive.
    """
    centred = vectors - vectors.mean(axis=0)
    _left, _values, directions = np.linalg.svd(centred, full_matrices=False)
    plane: Floats = centred @ directions[:2].T
    if plane.shape[1] < 2:
        plane = np.hstack((plane, np.zeros((len(plane), 2 - plane.shape[1]))))
    signs = np.sign(plane[np.abs(plane).argmax(axis=0), [0, 1]])
    flipped: Floats = plane * np.where(signs == 0, 1, signs)
    return flipped


def _share_of_variance(plane: Floats, vectors: Floats) -> float:
    """How much of the variance of ``vectors`` (words, dimension) ``plane`` (words, 2) has kept."""
    whole = float(vectors.var(axis=0).sum())
    return min(1.0, float(plane.var(axis=0).sum()) / whole) if whole > 0 else 1.0


def tsne(vectors: Floats) -> Floats:
    """(words, 2) by t-SNE (van der Maaten & Hinton 2008), through scikit-learn.

    Raises:
        ModelError: when scikit-learn is not installed.
    """
    try:
        manifold = importlib.import_module("sklearn.manifold")
    except ImportError:
        raise ModelError(
            "t-SNE needs scikit-learn, which is not installed.",
            "pip install 'coldopen[maps]', or choose PCA.",
        ) from None
    perplexity = min(30.0, max(1.0, (len(vectors) - 1) / 3))
    plane: Floats = manifold.TSNE(
        n_components=2, perplexity=perplexity, init="pca", random_state=SEED
    ).fit_transform(vectors.astype(np.float32))
    centred: Floats = plane.astype(np.float64) - plane.mean(axis=0)
    return centred
