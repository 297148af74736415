"""What a model is given to read before it writes: the last part of a draft, as ids.

The part begins at a line that moves only every couple of thousand characters, so that while a
draft grows its beginning stays the same and the states read before can be used again. The cost is
bounded however long the draft is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from engine.corpus.casing import Casing, CasingCounter
from engine.corpus.detokenizer import Detokenizer
from engine.corpus.tokenizer import NEWLINE, split_context, tokenize
from engine.corpus.vocabulary import NEWLINE_ID, Vocabulary

LEAST_CHARACTERS = 3000
STRIDE = 2000
MOST_TOKENS = 1500


@dataclass(frozen=True)
class Context:
    """A draft as a model reads it."""

    text: str
    """Exactly what was read."""
    ids: tuple[int, ...]
    """Never empty; ids from the vocabulary's size on are ``extra_words``."""
    extra_words: tuple[str, ...]
    """Words of the draft that the vocabulary does not hold."""
    casing: Casing
    detokenizer: Detokenizer
    unfinished: str
    """The beginning of the word that the text breaks off in."""
    empty_lines: bool
    """Whether speeches stand apart by an empty line."""

    def word(self, number: int, vocabulary: Vocabulary) -> str:
        """The token with id ``number``."""
        known = len(vocabulary)
        return vocabulary.words[number] if number < known else self.extra_words[number - known]

    def id_of(self, token: str, vocabulary: Vocabulary) -> int:
        """The id of ``token``, also of a word that only the draft knows."""
        if token in vocabulary:
            return vocabulary.id_of(token)
        if token in self.extra_words:
            return len(vocabulary) + self.extra_words.index(token)
        return vocabulary.id_of(token)


def last_part(text: str) -> str:
    """The part of ``text`` that is read."""
    if len(text) <= LEAST_CHARACTERS + STRIDE:
        return text
    start = (len(text) - LEAST_CHARACTERS) // STRIDE * STRIDE
    line = text.find("\n", start)
    return text[line + 1 :] if 0 <= line < start + STRIDE else text[start:]


def make_context(
    before: str,
    vocabulary: Vocabulary,
    casing: Casing,
    cast: Sequence[str] = (),
    complete_word: bool = True,
) -> Context:
    """``before``, the draft up to the cursor, ready to be read.

    ``cast`` names speakers that the part which is read may not show.
    """
    text = last_part(before)
    body, unfinished = split_context(text) if complete_word else (text, "")
    tokens = tokenize(body)[-MOST_TOKENS:]
    cues = [f"{name.lower()}:" for name in cast]
    extra = tuple(
        dict.fromkeys(t for t in (*tokens, *cues) if t not in vocabulary and t != NEWLINE)
    )
    numbers = {word: len(vocabulary) + index for index, word in enumerate(extra)}
    ids = tuple(numbers.get(t, vocabulary.id_of(t)) for t in tokens) or (NEWLINE_ID,)
    own = draft_casing(casing, text, cast, set(extra))
    return Context(
        text=text,
        ids=ids,
        extra_words=extra,
        casing=own,
        detokenizer=Detokenizer.after(body, own),
        unfinished=unfinished,
        empty_lines="\n\n" in text or "\n" not in text.strip(),
    )


def draft_casing(casing: Casing, text: str, cast: Sequence[str], extra: set[str]) -> Casing:
    """``casing``, but names and cues as the draft writes them."""
    counter = CasingCounter()
    counter.read(text)
    seen = counter.learned()
    cues = dict(casing.cues)
    if seen.cues and seen.cue_style != casing.cue_style:
        cues = {}
    cues.update({f"{name.lower()}:": f"{name}:" for name in cast})
    cues.update(seen.cues)
    surfaces = dict(casing.surfaces)
    forms = counter.usual_forms()
    surfaces.update({word: forms[word] for word in extra if word in forms})
    return msgspec.structs.replace(
        casing,
        cues=cues,
        surfaces=surfaces,
        cue_style=seen.cue_style if seen.cues else casing.cue_style,
    )
