"""Word vectors as text: the format of word2vec (a first line with two numbers) and of GloVe.

A line is a word and its numbers, separated by blanks. Words with a blank in them, as some cues
have, are written with an underscore.
"""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np

from engine.errors import ModelError
from engine.storage.atomic import write_atomically
from engine.vectors.word_vectors import WordVectors

MOST_WORDS = 3_000_000
MOST_NUMBERS = 2_000_000_000
DIMENSIONS = range(2, 4097)
LONGEST_LINE = 32 * DIMENSIONS.stop
"""Characters: room for a word and as many numbers as there can be."""


def export_text(path: Path, table: WordVectors) -> int:
    """Write ``table`` in word2vec's text format, which gensim and others read; returns the bytes.

    Raises:
        ColdOpenError: when the disk refuses.
    """

    def write(target: Path) -> None:
        with target.open("w", encoding="utf-8", newline="\n") as sink:
            sink.write(f"{len(table.words)} {table.vectors.shape[1]}\n")
            for word, vector in zip(table.words, table.vectors, strict=True):
                numbers = " ".join(f"{value:.6g}" for value in vector.tolist())
                sink.write(f"{_without_blanks(word)} {numbers}\n")

    write_atomically(path, write, private=False)
    return path.stat().st_size


def import_text(path: Path) -> WordVectors:
    """The vectors in ``path``, words lower-cased; of equal words the first counts.

    Raises:
        ModelError: naming the line that is no word with its numbers, or when it is no file.
    """
    words: dict[str, int] = {}
    rows: list[np.ndarray] = []
    dimension = 0
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # it may never end, or never begin
            raise ModelError(
                f"{path} is not a file.", "Save the vectors to a file, and choose that."
            )
        with path.open(encoding="utf-8", errors="replace", newline="\n") as source:
            for number, line in enumerate(iter(lambda: source.readline(LONGEST_LINE), ""), 1):
                if len(line) == LONGEST_LINE and not line.endswith("\n"):
                    raise _wrong(path, number, f"it has more than {LONGEST_LINE:,} characters")
                parts = line.rstrip().split(" ")
                numbers = all(part.isdecimal() and len(part) < 12 for part in parts)
                if number == 1 and len(parts) == 2 and numbers:
                    _check_header(path, int(parts[0]), int(parts[1]))
                    continue
                if len(parts) < 2:
                    if line.strip():
                        raise _wrong(path, number, "it has no numbers")
                    continue
                dimension = dimension or len(parts) - 1
                if dimension not in DIMENSIONS:
                    raise _wrong(path, number, f"it has {dimension} numbers")
                word = "_".join(parts[: len(parts) - dimension])
                vector = _numbers(path, number, parts[len(parts) - dimension :], dimension)
                key = _with_blanks(word.lower())
                if key and key not in words:
                    words[key] = len(rows)
                    rows.append(vector)
                if len(rows) > MOST_WORDS or len(rows) * dimension > MOST_NUMBERS:
                    raise ModelError(
                        f"{path} has more than {len(rows) - 1:,} vectors.", "Cut it shorter."
                    )
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror or error}.", "Check the path."
        ) from None
    if len(rows) < 2:
        raise ModelError(f"{path} has no word vectors in it.", "Choose a word2vec or GloVe file.")
    return WordVectors(tuple(words), (0,) * len(rows), np.stack(rows))


def _numbers(path: Path, number: int, parts: list[str], dimension: int) -> np.ndarray:
    if len(parts) != dimension:
        raise _wrong(path, number, f"it has {len(parts)} numbers where others have {dimension}")
    try:
        vector = np.array(parts, dtype=np.float32)
    except ValueError:
        raise _wrong(path, number, "something in it is no number") from None
    if not np.isfinite(vector).all():
        raise _wrong(path, number, "a number in it is not finite")
    return vector


def _check_header(path: Path, words: int, dimension: int) -> None:
    if words > MOST_WORDS or dimension not in DIMENSIONS:
        raise ModelError(
            f"{path} says that it has {words:,} vectors of {dimension} numbers.",
            f"At most {MOST_WORDS:,} of {DIMENSIONS.stop - 1:,} can be read.",
        )


def _wrong(path: Path, number: int, why: str) -> ModelError:
    return ModelError(
        f"Line {number:,} of {path} is no word vector: {why}.",
        "Choose a file in the text format of word2vec or GloVe (not the binary one).",
    )


def _without_blanks(word: str) -> str:
    return "_".join(word.split())


def _with_blanks(word: str) -> str:
    """Underscores in cues stood for blanks."""
    return word.replace("_", " ") if len(word) > 1 and word.endswith(":") else word
