"""What turns a model's ids into text again: vocabulary, casing and cast, saved with the model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.corpus.casing import Casing
from engine.corpus.corpus import Corpus
from engine.corpus.tokenizer import EARLIER_VERSIONS, TOKENIZER_VERSION
from engine.corpus.vocabulary import Vocabulary
from engine.errors import ModelError
from engine.protocol.values import SpeakerCount
from engine.storage.atomic import write_atomically
from engine.storage.library import read_text_tables


@dataclass(frozen=True)
class TextTables:
    """The tables of one model; never rebuilt from the corpus, which may have changed."""

    vocabulary: Vocabulary
    casing: Casing
    speakers: tuple[SpeakerCount, ...]

    @classmethod
    def of_corpus(cls, corpus: Corpus, speakers: Sequence[SpeakerCount]) -> TextTables:
        return cls(corpus.vocabulary, corpus.casing, tuple(speakers))

    def save(self, folder: Path) -> None:
        document = {
            "tokenizer": TOKENIZER_VERSION,
            "vocabulary": self.vocabulary.to_builtins(),
            "casing": self.casing.to_builtins(),
            "speakers": msgspec.to_builtins(self.speakers),
        }
        write_atomically(folder / "text.json", json.dumps(document, ensure_ascii=False))

    @classmethod
    def load(cls, folder: Path) -> TextTables:
        """The tables of the model in ``folder``.

        Raises:
            ModelError: when they are missing, damaged, or of another tokenizer.
        """
        tables = read_text_tables(folder)
        if tables.get("tokenizer") not in (TOKENIZER_VERSION, *EARLIER_VERSIONS):
            raise ModelError(
                f"The model in {folder} was made with another tokenizer"
                f" (version {tables.get('tokenizer')}; this is {TOKENIZER_VERSION}).",
                "Train it again.",
            )
        try:
            return cls(
                Vocabulary.from_builtins(tables["vocabulary"]),
                Casing.from_builtins(tables["casing"]),
                msgspec.convert(tables["speakers"], tuple[SpeakerCount, ...]),
            )
        except (KeyError, msgspec.ValidationError) as error:
            raise ModelError(
                f"{folder / 'text.json'} is damaged: {error}.", "Train the model again."
            ) from None
