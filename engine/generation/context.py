"""What a model is given to read before it writes: the last part of a draft, as ids.

The part begins at a line that moves only every couple of thousand characters, so that while a
draft grows its beginning stays the same and the states read before can be used again. The cost is
bounded however long the draft is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.corpus.casing import Casing, CasingCounter, CueStyle
from engine.corpus.detokenizer import Detokenizer
from engine.corpus.tokenizer import NEWLINE, is_cue, split_context, tokenize
from engine.corpus.vocabulary import NEWLINE_ID, Vocabulary

LEAST_CHARACTERS = 3000
STRIDE = 2000
MOST_TOKENS = 1500
LARGEST_CAST = 1000


@dataclass(frozen=True)
class DraftWords:
    """Words of a draft that the vocabulary does not hold, with ids behind the vocabulary's.

    Words have even offsets and cues odd ones, so that a model can tell by the id alone which of
    the two it reads (see ``LanguageModel.step``). An offset without a word is an empty string.
    """

    first_id: int
    slots: tuple[str, ...] = ()
    ids: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, tokens: Iterable[str], vocabulary: Vocabulary) -> DraftWords:
        """The unknown words among ``tokens``, in the order in which they first come."""
        first = len(vocabulary)
        ids: dict[str, int] = {}
        free = [0, 1]
        for token in tokens:
            if token in vocabulary or token in ids or token == NEWLINE:
                continue
            kind = int(is_cue(token))
            ids[token] = first + free[kind]
            free[kind] += 2
        slots = [""] * (max(ids.values()) - first + 1 if ids else 0)
        for token, number in ids.items():
            slots[number - first] = token
        return cls(first, tuple(slots), ids)

    def __len__(self) -> int:
        return len(self.slots)

    def cue_ids(self) -> NDArray[np.int64]:
        """Ids of the cues."""
        found = [number for token, number in self.ids.items() if is_cue(token)]
        return np.array(found, dtype=np.int64)


@dataclass(frozen=True)
class Context:
    """A draft as a model reads it."""

    text: str
    """Exactly what was read."""
    ids: tuple[int, ...]
    """The line end before the text, and the text; ids from the vocabulary's size on are of
    ``draft_words``."""
    vocabulary: Vocabulary
    draft_words: DraftWords
    casing: Casing
    detokenizer: Detokenizer
    unfinished: str
    """The beginning of the word that the text breaks off in; not among ``ids``."""
    empty_lines: bool
    """Whether speeches stand apart by an empty line."""

    def word(self, number: int) -> str:
        """The token with id ``number``."""
        words = self.vocabulary.words
        return words[number] if number < len(words) else self.draft_words.slots[number - len(words)]

    def id_of(self, token: str) -> int:
        """The id of ``token``, also of a word that only the draft knows."""
        return self.draft_words.ids.get(token) or self.vocabulary.id_of(token)

    def knows(self, token: str) -> bool:
        """Whether ``token`` can be written here."""
        return token in self.vocabulary or token in self.draft_words.ids

    def all_words(self) -> tuple[str, ...]:
        """Every token by id, draft words included."""
        return (*self.vocabulary.words, *self.draft_words.slots)


def window_start(text: str, least_characters: int = LEAST_CHARACTERS) -> int:
    """Where the part of ``text`` that is read begins."""
    if len(text) <= least_characters + STRIDE:
        return 0
    start = (len(text) - least_characters) // STRIDE * STRIDE
    line = text.find("\n", start)
    return line + 1 if 0 <= line < start + STRIDE else start


def one_line_end(text: str) -> str:
    """``text`` with the line ends that drafts have."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def last_part(text: str) -> str:
    """The part of ``text`` that is read."""
    return text[window_start(text) :]


def make_context(
    before: str,
    vocabulary: Vocabulary,
    casing: Casing,
    cast: Sequence[str] = (),
    complete_word: bool = True,
) -> Context:
    """``before``, the draft up to the cursor, ready to be read.

    ``cast`` names speakers that the part which is read may not show. With ``complete_word`` a word
    at the very end is kept apart, to be completed; but not if no known word begins like it.
    """
    text = last_part(one_line_end(before))
    cues = {
        cue: f"{name.strip().removesuffix(':').strip()}:"
        for name in cast[:LARGEST_CAST]
        if (cue := cue_of(name)) is not None
    }
    body, unfinished = split_context(text) if complete_word else (text, "")
    tokens = tokenize(body)[-MOST_TOKENS:]
    draft_words = DraftWords.of((*tokens, *cues), vocabulary)
    fresh_line = not tokens or tokens[-1] == NEWLINE
    if unfinished and not _beginnings(unfinished, vocabulary, draft_words, fresh_line):
        body, unfinished = text, ""
        tokens = tokenize(body)[-MOST_TOKENS:]
        draft_words = DraftWords.of((*tokens, *cues), vocabulary)
    ids = (NEWLINE_ID, *(draft_words.ids.get(t) or vocabulary.id_of(t) for t in tokens))
    own = draft_casing(casing, text, cues, draft_words.ids)
    return Context(
        text=text,
        ids=ids,
        vocabulary=vocabulary,
        draft_words=draft_words,
        casing=own,
        detokenizer=Detokenizer.after(body, own),
        unfinished=unfinished,
        empty_lines="\n\n" in text or "\n" not in text.strip(),
    )


def cue_of(name: str) -> str | None:
    """The cue of a speaker called ``name``, in lower case; None where that is no name."""
    plain = name.strip().removesuffix(":").strip()
    if not plain or any(c in plain for c in "\n\r:"):
        return None
    tokens = tokenize(f"{plain}:")
    return tokens[0] if len(tokens) == 1 and is_cue(tokens[0]) else None


def draft_casing(
    casing: Casing, text: str, cast: Mapping[str, str], extra: Iterable[str]
) -> Casing:
    """``casing``, but names and cues as the draft writes them.

    ``cast`` holds the usual form of further cues, ``extra`` the words that are only the draft's.
    """
    counter = CasingCounter()
    counter.read(text)
    seen = counter.learned()
    style = seen.cue_style if seen.cues else casing.cue_style
    cues = {cue: _styled(form, style) for cue, form in cast.items()}
    if style == casing.cue_style:
        cues.update(casing.cues)
    cues.update(seen.cues)
    surfaces = dict(casing.surfaces)
    forms = counter.usual_forms()
    surfaces.update({word: forms[word] for word in extra if word in forms})
    return msgspec.structs.replace(
        casing,
        cues=cues,
        surfaces=surfaces,
        cue_style=style,
    )


def _styled(cue: str, style: CueStyle) -> str:
    """A new name as this script writes names; capitals within it are kept where they can be."""
    if style != "title":
        return cue.upper() if style == "upper" else cue.lower()
    return cue.title().replace("'S", "'s") if cue.islower() else cue


def _beginnings(
    unfinished: str, vocabulary: Vocabulary, draft_words: DraftWords, fresh_line: bool
) -> bool:
    """Whether a word begins like it that can stand there; a cue stands on a fresh line only."""
    start = unfinished.lower()
    return any(
        word.startswith(start) and (fresh_line or not is_cue(word))
        for words in (vocabulary.words, draft_words.slots)
        for word in words
    )
