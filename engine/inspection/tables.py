"""The tables of word vectors that a model has, by the names that people see."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from torch import Tensor

from engine import paths
from engine.corpus.tokenizer import NEWLINE, tokenize
from engine.corpus.vocabulary import SPECIALS, Vocabulary
from engine.errors import ColdOpenError, ModelError
from engine.generation.writer import Writer
from engine.models.classic_language_model import ClassicLanguageModel
from engine.models.reply import ReplyModel
from engine.models.script import ScriptModel
from engine.moods.mood_files import MoodReader
from engine.storage import library
from engine.vectors.word_vectors import WordVectors, load_vectors

EMBEDDING, INPUT, OUTPUT, SKIP_GRAM = "embedding", "input", "output", "skip-gram"
"""``embedding`` is a table that is both input and output (tied)."""

Tables = dict[str, WordVectors]


def tables_of(writer: Writer) -> Tables:
    """Every table of a language model, the skip-gram vectors of the same corpus among them."""
    found = _own(writer)
    if writer.card is not None and (other := _skip_gram(writer.card.corpus_key)) is not None:
        found[SKIP_GRAM] = other
    return found


def tables_in(folder: Path) -> Tables:
    """The table in a library folder that holds word vectors only.

    Raises:
        ModelError: when it cannot be read.
    """
    card = folder / "card.json"
    stamp = card.stat().st_mtime_ns if card.exists() else 0
    return {SKIP_GRAM: _loaded(folder, stamp)}


def tables_of_moods(reader: MoodReader) -> Tables:
    """The one table of a network that tells moods."""
    return {EMBEDDING: _rows(reader.vocabulary, reader.model.embedding.weight)}


def _own(writer: Writer) -> Tables:
    model = writer.model
    if isinstance(model, ScriptModel | ReplyModel):
        return {EMBEDDING: _table(writer, model.embedding)}
    if isinstance(model, ClassicLanguageModel):
        return {
            INPUT: _table(writer, model.rnn.embedding.weight),
            OUTPUT: _table(writer, model.rnn.fc.weight),
        }
    raise ModelError(f"“{writer.name}” has no table of word vectors.")


def _table(writer: Writer, weight: Tensor) -> WordVectors:
    return _rows(writer.vocabulary, weight)


def _rows(vocabulary: Vocabulary, weight: Tensor) -> WordVectors:
    """Without the unknown word, the unknown cue and the line end."""
    skip = len(SPECIALS)
    vectors = weight.detach().float().cpu().numpy()[skip:]
    return WordVectors(
        vocabulary.words[skip:], vocabulary.counts[skip:], vectors.astype(np.float32)
    )


def _skip_gram(corpus_key: str) -> WordVectors | None:
    """The newest vectors that were trained on the same corpus."""
    for card in library.list_cards():
        if card.kind == "vectors" and corpus_key and card.corpus_key == corpus_key:
            try:
                return tables_in(paths.models_dir() / card.name)[SKIP_GRAM]
            except ColdOpenError:
                continue
    return None


@functools.lru_cache(maxsize=4)
def _loaded(folder: Path, stamp: int) -> WordVectors:
    return load_vectors(folder)


def chosen(tables: Tables, name: str) -> tuple[str, WordVectors]:
    """The table called ``name``, or the one that says most of meaning where it is empty.

    Raises:
        ModelError: when there is none of that name.
    """
    if not name:
        name = SKIP_GRAM if SKIP_GRAM in tables else next(iter(tables))
    if name not in tables:
        raise ModelError(f"There is no table {name!r}.", f"Tables: {', '.join(tables)}.")
    return name, tables[name]


def spelled(tables: Tables, word: str) -> str:
    """``word`` as the tables have it.

    Raises:
        ModelError: when none has it, naming words that look like it.
    """
    plain = word.strip().lower()
    tokens = [token for token in tokenize(word) if token != NEWLINE]
    for form in (plain, *(tokens if len(tokens) == 1 else ()), f"{plain}:"):
        if any(form in table.ids for table in tables.values()):
            return str(form)
    words = [w for table in tables.values() for w in table.words]
    near = close_words(plain, words)
    raise ModelError(
        f"The model does not know “{word.strip()}”.",
        f"It knows {', '.join(f'“{w}”' for w in near)}." if near else "Try a commoner word.",
    )


def close_words(word: str, words: Sequence[str], number: int = 3) -> list[str]:
    """Words that are spelled much like ``word``, best first."""
    short = [w for w in dict.fromkeys(words) if abs(len(w) - len(word)) <= 3]
    same = [w for w in short if w[:1] == word[:1]]
    return get_close_matches(word, same, number, 0.6) or get_close_matches(
        word, short[:20_000], number, 0.6
    )
