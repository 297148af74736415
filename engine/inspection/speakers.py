"""Speakers who are alike: by the vectors of their cues, and by the words that they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import paths
from engine.corpus.casing import Casing, Place
from engine.corpus.corpus import Corpus, load_corpus
from engine.corpus.tokenizer import is_cue, is_word
from engine.corpus.vocabulary import NEWLINE_ID
from engine.errors import ColdOpenError, ModelError
from engine.inspection.tables import Tables, close_words
from engine.protocol.messages import Neighbours
from engine.protocol.values import ModelCard, NeighbourList, NeighbourWord
from engine.vectors.word_vectors import WordVectors

SAYS = "what they say"
MOST_SPEAKERS = 300
MOST_WORDS = 20_000
MOST_TOKENS = 20_000_000
LEAST_WORDS = 30
"""A speaker with fewer words has said too little to be compared."""


def similar_speakers(
    tables: Tables, card: ModelCard, casing: Casing, speaker: str, number: int = 10
) -> Neighbours:
    """Speakers most like ``speaker``: cue vectors by cosine, and tf-idf of what each one says.

    Raises:
        ModelError: when nobody of that name speaks, naming names that look like it.
    """
    cue = f"{speaker.strip().lower().removesuffix(':')}:"
    note = ""
    compared = {name: _cues_only(table) for name, table in tables.items()}
    try:
        compared[SAYS] = what_they_say(_corpus_of(card))
    except ColdOpenError as error:
        note = f"What they say could not be compared: {error}"
    lists, count = [], 0
    for name, table in compared.items():
        row = table.ids.get(cue)
        if row is None:
            continue
        count = max(count, table.counts[row])
        found = table.nearest(table.vectors[row], number, [row])
        lists.append(
            NeighbourList(
                table=name,
                neighbours=tuple(
                    NeighbourWord(
                        word=casing.word(table.words[other], Place()).removesuffix(":"),
                        similarity=cosine,
                        count=table.counts[other],
                    )
                    for other, cosine in found
                ),
            )
        )
    if not lists:
        names = [w.removesuffix(":") for table in compared.values() for w in table.words]
        near = close_words(cue.removesuffix(":"), names)
        raise ModelError(
            f"Nobody called “{speaker.strip()}” speaks in {card.corpus}.",
            f"Speakers: {', '.join(near or names[:5])}." if names else "It has no speakers.",
        )
    name = casing.word(cue, Place()).removesuffix(":")
    return Neighbours(word=name, count=count, tables=tuple(lists), note=note)


def what_they_say(corpus: Corpus) -> WordVectors:
    """A vector a speaker: tf-idf weights of the words in that speaker's lines.

    Counts are of lines, in the first ``MOST_TOKENS`` of the corpus. A line lasts from the cue to
    the next cue or empty line.
    """
    words = corpus.vocabulary.words
    ids = np.asarray(corpus.ids[:MOST_TOKENS])
    cue_flags = np.fromiter((is_cue(w) for w in words), dtype=np.bool_)
    word_flags = np.fromiter((is_word(w) for w in words), dtype=np.bool_)
    cue_flags[:3] = word_flags[:3] = False
    speaker_of, order, lines = _speakers(ids, cue_flags)
    spoken = (speaker_of >= 0) & word_flags[ids] & (ids < MOST_WORDS)
    width = min(MOST_WORDS, len(words))
    flat = speaker_of[spoken].astype(np.int64) * width + ids[spoken]
    counts = np.bincount(flat, minlength=len(order) * width).reshape(len(order), width)
    kept = counts.sum(axis=1) >= LEAST_WORDS
    counts, order, lines = counts[kept], order[kept], lines[kept]
    if len(order) < 2:
        raise ModelError(f"{corpus.name} has fewer than two speakers with enough to say.")
    users = (counts > 0).sum(axis=0)
    rarity = np.log(len(order) / np.maximum(users, 1))
    weights = np.log1p(counts) * rarity
    return WordVectors(
        tuple(words[cue] for cue in order.tolist()),
        tuple(lines.tolist()),
        weights.astype(np.float32),
    )


def _speakers(
    ids: NDArray[np.int32], cue_flags: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each token its speaker's number (-1 for none); the cues by number; their lines."""
    at = np.flatnonzero(cue_flags[ids])
    cues, lines = np.unique(ids[at], return_counts=True)
    busiest = np.argsort(-lines, kind="stable")[:MOST_SPEAKERS]
    order, lines = cues[busiest].astype(np.int64), lines[busiest]
    number = np.full(len(cue_flags), -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    newline = ids == NEWLINE_ID
    ends = np.flatnonzero(newline[1:] & newline[:-1]) + 1
    marks = np.concatenate((at, ends))
    values = np.concatenate((number[ids[at]], np.full(len(ends), -1)))
    by_place = np.argsort(marks, kind="stable")
    marks, values = marks[by_place], values[by_place]
    lengths = np.diff(np.append(marks, len(ids)))
    lead = int(marks[0]) if len(marks) else len(ids)
    speaker = np.concatenate((np.full(lead, -1, dtype=np.int64), np.repeat(values, lengths)))
    return speaker, order, lines.astype(np.int64)


def _cues_only(table: WordVectors) -> WordVectors:
    rows = [row for row, word in enumerate(table.words) if is_cue(word)]
    return WordVectors(
        tuple(table.words[row] for row in rows),
        tuple(table.counts[row] for row in rows),
        table.vectors[rows],
    )


def _corpus_of(card: ModelCard) -> Corpus:
    own = [paths.bundled_corpus()] if card.bundled else [Path(p) for p in card.corpus_paths]
    if not own:
        raise ModelError(f"“{card.name}” does not say which corpus it learned from.")
    return load_corpus(own, cutoff=card.config.vocabulary_cutoff)
