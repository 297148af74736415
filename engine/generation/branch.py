"""One of several continuations that are written side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.corpus.detokenizer import Detokenizer
from engine.corpus.tokenizer import NEWLINE, is_cue, is_word
from engine.generation.context import Context
from engine.generation.writer import Writer
from engine.protocol.values import WrittenToken

RECENT = 400
"""Tokens back that bans look."""
RECENT_WORDS = 200
"""Words back that penalties look."""
COPIED_WORDS = 1000
"""Words back that copies of the corpus are looked for."""


def dice_of(seed: int, number: int) -> np.random.Generator:
    """What branch ``number`` draws with: it depends on these two alone."""
    return np.random.Generator(np.random.PCG64([seed, number]))


@dataclass
class Branch:
    """What has been written, and how it goes on."""

    number: int
    dice: np.random.Generator
    detokenizer: Detokenizer
    recent: list[int]
    """Ids of the last tokens, those of the draft included."""
    words: list[int]
    """Ids of the last words, marks, line ends and cues left out."""
    forced: deque[int]
    """Tokens that come next whatever the model says."""
    unfinished: str
    """Beginning of a word that the first token completes."""
    fresh_line: bool
    """Whether the last token is a line end."""
    context: Context
    indented: bool = False
    """Whether blanks stand between the last line end and the cursor."""
    drawn: int = 0
    words_in_line: int = 0
    words_in_speech: int = 0
    held: list[WrittenToken] = field(default_factory=list)
    """Line ends that are told only if something comes after them."""
    written: list[str] = field(default_factory=list)
    """Texts that have been told."""

    @classmethod
    def begin(
        cls, number: int, seed: int, context: Context, writer: Writer, forced: Sequence[int]
    ) -> Branch:
        """Nothing is written yet; what is drawn depends on the seed and the number alone."""
        recent = list(context.ids[-RECENT:])
        known = writer.is_word
        words = [
            number
            for number in context.ids
            if (known[number] if number < len(known) else is_word(context.word(number)))
        ]
        return cls(
            number=number,
            dice=dice_of(seed, number),
            detokenizer=context.detokenizer,
            recent=recent,
            words=words[-COPIED_WORDS:],
            forced=deque(forced),
            unfinished=context.unfinished,
            fresh_line=not context.text.strip(" \t") or context.text.endswith("\n"),
            context=context,
            indented=_is_indented(context),
        )

    @property
    def behind_blanks(self) -> bool:
        """Whether blanks stand before the cursor in its line, and nothing else."""
        return self.indented and not self.drawn

    def text_of(self, token: str) -> str:
        """What ``token`` appends; of a word that the writer began, only the rest."""
        begun = self.unfinished
        if begun and not token.startswith(begun.lower()):  # the word was whole
            return self.detokenizer.behind(begun.lower()).text(token)
        text = self.detokenizer.text(token)
        if not begun:
            return text
        surface = text.lstrip(" ")
        rest = (surface if surface.startswith(begun) else token)[len(begun) :]
        return rest.upper() if begun.isupper() and len(begun) > 1 else rest

    def take(self, number: int, token: WrittenToken, hold: bool) -> list[WrittenToken]:
        """Add a token; returns what can be told now."""
        word = token.word
        self.detokenizer = self.detokenizer.behind(word)
        self.unfinished = ""
        self.recent.append(number)
        del self.recent[:-RECENT]
        self.drawn += 1
        if word == NEWLINE:
            if self.fresh_line:
                self.words_in_speech = 0
            self.words_in_line = 0
        elif is_cue(word):
            self.words_in_speech = 0
        elif is_word(word):
            self.words.append(number)
            del self.words[:-COPIED_WORDS]
            self.words_in_line += 1
            self.words_in_speech += 1
        self.fresh_line = word == NEWLINE
        self.held.append(token)
        return [] if hold and word == NEWLINE else self.release()

    def release(self) -> list[WrittenToken]:
        """What was held back, to be told now."""
        told, self.held = self.held, []
        self.written.extend(token.text for token in told)
        return told


def _is_indented(context: Context) -> bool:
    before = context.text.removesuffix(context.unfinished)
    return before[-1:] in (" ", "\t") and before.rstrip(" \t")[-1:] == "\n"
