"""The words that a model knows, by frequency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.corpus.tokenizer import NEWLINE, is_cue
from engine.errors import ModelError

UNK = "<unk>"
CUE_UNK = "<unk>:"
UNKNOWNS = (UNK, CUE_UNK)
SPECIALS = (*UNKNOWNS, NEWLINE)
"""Always ids 0, 1 and 2; the first two stand for rare words and are never emitted."""
UNK_ID, CUE_UNK_ID, NEWLINE_ID = range(3)
MOST_WORDS = 5_000_000


class Vocabulary:
    """A frozen two-way table of words and ids."""

    __slots__ = ("_ids", "counts", "words")

    def __init__(self, words: Sequence[str], counts: Sequence[int]) -> None:
        self.words = tuple(words)
        self.counts = tuple(counts)
        self._ids = {word: index for index, word in enumerate(self.words)}

    @classmethod
    def of_counts(cls, counts: Mapping[str, int], cutoff: int) -> Vocabulary:
        """Words seen ``cutoff`` times or more, most frequent first, ties by alphabet."""
        kept = sorted(
            ((w, n) for w, n in counts.items() if n >= cutoff and w not in SPECIALS),
            key=lambda entry: (-entry[1], entry[0]),
        )
        rare = [(w, n) for w, n in counts.items() if n < cutoff and w not in SPECIALS]
        rare_cues = sum(n for w, n in rare if is_cue(w))
        special = (sum(n for _, n in rare) - rare_cues, rare_cues, counts.get(NEWLINE, 0))
        return cls((*SPECIALS, *(w for w, _ in kept)), (*special, *(n for _, n in kept)))

    def __len__(self) -> int:
        return len(self.words)

    @property
    def known(self) -> int:
        """How many words it has; what stands for unknown ones is none."""
        return len(self.words) - len(UNKNOWNS)

    def __contains__(self, word: object) -> bool:
        return word in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and (self.words, self.counts) == (
            other.words,
            other.counts,
        )

    __hash__ = None  # type: ignore[assignment]

    def cues(self) -> NDArray[np.bool_]:
        """(words,) which of them are speakers' cues."""
        return np.fromiter((is_cue(word) for word in self.words), dtype=np.bool_)

    def id_of(self, word: str) -> int:
        """The id of ``word``, or that of the unknown word or cue."""
        found = self._ids.get(word)
        if found is not None:
            return found
        return CUE_UNK_ID if is_cue(word) else UNK_ID

    def encode(self, tokens: Iterable[str]) -> NDArray[np.int32]:
        """Ids of ``tokens``, (tokens,)."""
        return np.fromiter((self.id_of(t) for t in tokens), dtype=np.int32)

    def decode(self, ids: Iterable[int]) -> list[str]:
        return [self.words[index] for index in ids]

    def to_builtins(self) -> dict[str, Any]:
        return {"words": list(self.words), "counts": list(self.counts)}

    @classmethod
    def from_builtins(cls, values: Any) -> Vocabulary:
        """The inverse of :meth:`to_builtins`.

        Raises:
            ModelError: when ``values`` is no vocabulary.
        """
        words = values.get("words") if isinstance(values, dict) else None
        counts = values.get("counts") if isinstance(values, dict) else None
        good = (
            isinstance(words, list)
            and isinstance(counts, list)
            and len(words) == len(counts)
            and len(SPECIALS) <= len(words) <= MOST_WORDS
            and tuple(words[: len(SPECIALS)]) == SPECIALS
            and all(isinstance(w, str) and w for w in words)
            and all(isinstance(n, int) and n >= 0 for n in counts)
            and len(set(words)) == len(words)
        )
        if not good or words is None or counts is None:
            raise ModelError("The model's vocabulary is damaged.", "Train the model again.")
        return cls(words, counts)
