"""What the Inspect room looks at: a model, a text, a place in it, and what the engine said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from textual.message import Message

from engine.protocol.messages import Explanation
from engine.protocol.values import ExplainedToken
from tui.inspect.window import Window, token_at, window_at


class SwapWord(Message):
    """Put ``text`` in the place of characters ``start`` to ``end``, which were ``old``."""

    def __init__(self, start: int, end: int, text: str, old: str) -> None:
        super().__init__()
        self.start, self.end, self.text, self.old = start, end, text, old


TakeSwap = Callable[[SwapWord], bool]
"""Does the swap in the draft; False when the draft is no longer as it was shown."""


@runtime_checkable
class GivesText(Protocol):
    """A room whose draft can be inspected."""

    def text_to_inspect(self) -> tuple[str, int]:
        """The draft and the cursor in it, in characters."""

    def swap_word(self, swap: SwapWord) -> bool:
        """Put a word in another's place; False when the draft is no longer as it was shown."""

    def branch_at(self, place: int) -> None:
        """Have the model go on from character ``place`` of the draft."""


@dataclass(slots=True)
class Explained:
    """An answer about one window of the text."""

    window: Window
    reply: Explanation
    identity: tuple[str, str]
    """:attr:`Subject.identity`"""
    version: int
    with_attention: bool
    partial: bool = False
    """Only the nearest tokens, for the time until the rest is there."""

    @property
    def tokens(self) -> tuple[ExplainedToken, ...]:
        return self.reply.tokens

    def spans(self) -> list[tuple[int, int]]:
        """Where the tokens are in the text that is shown."""
        return [(token.start, token.end) for token in self.tokens]


@dataclass(slots=True)
class Subject:
    """Shared by the views; ``version`` grows with every new text."""

    text: str = ""
    cursor: int = 0
    model: str = ""
    weights: str = ""
    """Names the model's weights: they change when it is trained again or further."""
    kind: str = ""
    """``vectors`` when the model is only a table of word vectors."""
    version: int = 0
    take_swap: TakeSwap | None = None
    """None for a text that was typed here."""
    explained: Explained | None = field(default=None)

    def set_text(self, text: str, cursor: int | None, take_swap: TakeSwap | None) -> None:
        """Look at another text."""
        self.text = text.replace("\r\n", "\n").replace("\r", "\n") if take_swap is None else text
        self.cursor = len(self.text) if cursor is None else min(max(0, cursor), len(self.text))
        self.take_swap = take_swap
        self.version += 1
        self.explained = None

    @property
    def identity(self) -> tuple[str, str]:
        """What answers are about: the model with the weights that it has now."""
        return self.model, self.weights

    def window(self) -> Window:
        """The part of the text around the cursor."""
        return window_at(self.text, self.cursor)

    def fresh(self, *, attention: bool) -> Explained | None:
        """What was explained, if it is about this text and this model and covers the cursor."""
        found = self.explained
        if found is None or (found.version, found.identity) != (self.version, self.identity):
            return None
        if attention and not found.with_attention:
            return None
        if not found.tokens:
            return found
        low = found.window.start + found.tokens[0].start
        return found if low <= self.cursor <= found.window.end else None

    def index(self) -> int:
        """The explained token at the cursor: the one that was last written there."""
        found = self.explained
        if found is None or not found.tokens:
            return 0
        at = self.cursor - found.window.start
        index = token_at(found.tokens, at)
        token = found.tokens[index]
        return max(0, index - 1) if at == token.start and at == len(self.text) else index

    def swapped(self, start: int, end: int, instead: str) -> None:
        """The text with a word exchanged; the cursor is on the new word."""
        self.text = self.text[:start] + instead + self.text[end:]
        lead = len(instead) - len(instead.lstrip(" "))
        self.cursor = start + lead
        self.version += 1
        self.explained = None
