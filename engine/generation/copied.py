"""Which words of a text stand in the corpus in the same order: an index over the whole corpus.

Only words count: marks, line ends and cues are passed over, on both sides, so that a copied speech
is found whatever its commas. The index is a suffix array, made once a corpus and kept on disk.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import paths as places
from engine.corpus.corpus import Corpus, load_corpus
from engine.corpus.tokenizer import is_word
from engine.corpus.vocabulary import NEWLINE_ID, UNK_ID, Vocabulary
from engine.errors import CorpusError
from engine.generation.spans import tokens_in
from engine.generation.suffix_array import (
    common_prefix,
    interval,
    lower_bounds,
    suffix_array,
)
from engine.protocol.values import CopiedSpan, ModelCard

VERSION = 1
MOST_TOKENS = 20_000_000
LONGEST = 1000
"""Words over which a copy is followed."""

Ids = NDArray[np.int32]

_LINE_ENDS = re.compile(r"\n(?:[ \t]*\n)*")


@dataclass(frozen=True, slots=True)
class Copy:
    """``length`` words from ``start`` on are those from ``place`` on in the corpus."""

    start: int
    length: int
    place: int


@dataclass(frozen=True, slots=True)
class CopiedIndex:
    """The words of one corpus, searchable; the arrays are memory-mapped."""

    vocabulary: Vocabulary
    """Every word of the corpus, rare ones included."""
    words: Ids
    """(words,) ids in the order of the corpus."""
    suffixes: Ids
    """(words,) places in the order of what follows them."""
    lines: Ids
    """(words,) line of the corpus, counted from 0, that each word stands in."""

    @classmethod
    def of_corpus(cls, corpus: Corpus) -> CopiedIndex:
        """The index of ``corpus``, which must have been loaded with cut-off 1.

        Raises:
            CorpusError: when it is too large.
            ColdOpenError: when the index cannot be written.
        """
        if len(corpus.ids) > MOST_TOKENS:
            raise CorpusError(
                f"{corpus.name} has {len(corpus.ids):,} words, too many to look for copies in.",
                f"Copies are found in corpora of up to {MOST_TOKENS:,} words.",
            )
        folder = places.cache_dir() / "copied" / f"{corpus.key}-{VERSION}"
        made = cls._open(folder, corpus.vocabulary)
        if made is None:
            _build(folder, corpus)
            made = cls._open(folder, corpus.vocabulary)
        if made is None:
            raise CorpusError(f"The index in {folder} cannot be used.", "Delete that folder.")
        return made

    @classmethod
    def _open(cls, folder: Path, vocabulary: Vocabulary) -> CopiedIndex | None:
        try:
            words, suffixes, lines = (
                np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
                for name in ("words", "suffixes", "lines")
            )
        except (OSError, ValueError):
            return None
        whole = len(words) == len(suffixes) == len(lines)
        return cls(vocabulary, words, suffixes, lines) if whole else None

    def id_of(self, word: str) -> int:
        """The id of ``word``, or -1 where the corpus does not have it."""
        number = self.vocabulary.id_of(word)
        return -1 if number <= NEWLINE_ID else number

    def continuations(self, words: Sequence[int]) -> NDArray[np.int64]:
        """Ids of the words that follow ``words`` somewhere in the corpus."""
        if any(word < 0 for word in words):
            return np.empty(0, dtype=np.int64)
        low, high = interval(self.words, self.suffixes, words)
        after = self.suffixes[low:high].astype(np.int64) + len(words)
        return np.unique(self.words[after[after < len(self.words)]]).astype(np.int64)

    def find(self, words: Sequence[int], least: int) -> list[Copy]:
        """Copies of at least ``least`` words, from left to right, the longest at each place.

        ``words`` are ids (see :meth:`id_of`).
        """
        text = np.asarray(words, dtype=np.int32)
        if len(text) < least or len(self.words) < least:
            return []
        windows = np.lib.stride_tricks.sliding_window_view(text, least)
        slots = lower_bounds(self.words, self.suffixes, windows)
        starts = self.suffixes[np.minimum(slots, len(self.suffixes) - 1)].astype(np.int64)
        inside = (slots < len(self.suffixes)) & (starts + least <= len(self.words))
        found = np.zeros(len(windows), dtype=np.bool_)
        rows = np.flatnonzero(inside)
        there = self.words[starts[rows][:, None] + np.arange(least)]
        found[rows] = (there == windows[rows]).all(axis=1)
        copies: list[Copy] = []
        free = 0
        for start in np.flatnonzero(found).tolist():
            if start >= free:
                copies.append(self._longest(text, start))
                free = start + copies[-1].length
        return copies

    def _longest(self, text: Ids, start: int) -> Copy:
        """The longest copy at ``start``: it stands next to where the text would be sorted in."""
        query = text[start : start + LONGEST]
        slot = int(lower_bounds(self.words, self.suffixes, query[None])[0])
        best = Copy(start, 0, 0)
        for near in (slot - 1, slot):
            if 0 <= near < len(self.suffixes):
                place = int(self.suffixes[near])
                length = common_prefix(self.words, place, query)
                if length > best.length:
                    best = Copy(start, length, place)
        return best


def copied_spans(index: CopiedIndex, text: str, least: int) -> tuple[CopiedSpan, ...]:
    """Spans of ``text`` with at least ``least`` words that stand word for word in the corpus."""
    words = [(token, start, end) for token, start, end in tokens_in(text) if is_word(token)]
    copies = index.find([index.id_of(token) for token, _start, _end in words], least)
    return tuple(
        CopiedSpan(
            start=words[copy.start][1],
            end=words[copy.start + copy.length - 1][2],
            words=copy.length,
            corpus_line=int(index.lines[copy.place]),
        )
        for copy in copies
    )


def index_of_model(card: ModelCard) -> CopiedIndex:
    """The index of the corpus that a model learned from.

    Raises:
        CorpusError: when the corpus is gone, has changed since, or is too large.
    """
    own = [places.bundled_corpus()] if card.bundled else [Path(p) for p in card.corpus_paths]
    corpus = load_corpus(own, cutoff=1)
    if not card.bundled and not corpus.has_text_of(card.corpus_key):
        raise CorpusError(
            f"The corpus of “{card.name}” has changed since it was trained.",
            "Copies cannot be found; train the model again, or put the old files back.",
        )
    return CopiedIndex.of_corpus(corpus)


def _build(folder: Path, corpus: Corpus) -> None:
    flags = np.fromiter((is_word(w) for w in corpus.vocabulary.words), dtype=np.bool_)
    flags[: UNK_ID + 2] = False
    ids = np.asarray(corpus.ids)
    kept = flags[ids]
    raw = np.array(_line_starts(corpus), dtype=np.int32)
    line_of_token = np.cumsum(ids == NEWLINE_ID)
    lines = raw[np.minimum(line_of_token[kept], len(raw) - 1)]
    words = ids[kept].astype(np.int32)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".making-"))
        try:
            for name, array in (
                ("words", words),
                ("suffixes", suffix_array(words)),
                ("lines", lines),
            ):
                np.save(work / f"{name}.npy", array, allow_pickle=False)
            shutil.rmtree(folder, ignore_errors=True)
            work.rename(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise CorpusError(
            f"The index of copies cannot be kept in {folder.parent}: {error.strerror or error}.",
            "Free some space, or set XDG_CACHE_HOME to another folder.",
        ) from None


def _line_starts(corpus: Corpus) -> list[int]:
    """For each line as the tokens have it, the line of the files; runs of empty lines are one."""
    found, base = [0], 0
    for index, source in enumerate(corpus.sources):
        if index:
            found.append(base)
        ended = True
        for number, chunk in enumerate(source.chunks()):
            body = chunk.replace("\x0c", "\n")
            at, line = 0, base
            if index and number == 0:  # no token stands for these (see load_corpus)
                at = len(body) - len(body.lstrip("\ufeff\n"))
                line += chunk.count("\n", 0, at)
                found[-1] = line
            for run in _LINE_ENDS.finditer(body, at):
                first = body.index("\n", run.start()) + 1
                line += chunk.count("\n", at, first)
                found.append(line)
                at = first
                if body.count("\n", first, run.end()):
                    line += chunk.count("\n", first, run.end())
                    found.append(line)
                    at = run.end()
            ended = chunk.endswith("\n")
            base += chunk.count("\n") + (not ended)
        if not ended:
            found.append(base)
    return found
