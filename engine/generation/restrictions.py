"""Which words may not come next: banned ones, repeated phrases, and long copies of the corpus."""

from __future__ import annotations

from collections.abc import Sequence

from engine.corpus.tokenizer import tokenize
from engine.generation.context import Context
from engine.generation.copied import CopiedIndex


class Banned:
    """Words and phrases that may not be written, in any casing, as cues neither."""

    def __init__(self, phrases: Sequence[str], context: Context) -> None:
        self._single: set[int] = set()
        self._longer: list[tuple[tuple[int, ...], int]] = []
        for phrase in filter(str.strip, phrases):
            tokens = [t for t in tokenize(phrase) if t != "\n"]
            cue = f"{phrase.strip().lower().removesuffix(':')}:"
            if context.knows(cue):
                self._single.add(context.id_of(cue))
            if not tokens or not all(context.knows(token) for token in tokens):
                continue
            ids = [context.id_of(token) for token in tokens]
            if len(ids) == 1:
                self._single.add(ids[0])
            else:
                self._longer.append((tuple(ids[:-1]), ids[-1]))

    def next(self, written: Sequence[int]) -> set[int]:
        """Ids that may not follow ``written``."""
        ends = {last for before, last in self._longer if tuple(written[-len(before) :]) == before}
        return self._single | ends


def repeats(words: Sequence[int], length: int) -> set[int]:
    """Words that would complete a run of ``length`` words that is there already."""
    if length <= 0 or len(words) < length:
        return set()
    if length == 1:
        return set(words)
    tail = tuple(words[len(words) - length + 1 :])
    return {
        words[start + length - 1]
        for start in range(len(words) - length + 1)
        if tuple(words[start : start + length - 1]) == tail
    }


def copies(words: Sequence[str], index: CopiedIndex, most: int) -> set[str]:
    """Words that would make the last words a copy of more than ``most`` words of the corpus."""
    if len(words) < most:
        return set()
    tail = [index.id_of(word) for word in words[len(words) - most :]]
    return {index.vocabulary.words[number] for number in index.continuations(tail)}
