"""A draft in figures: words, pages, scenes, lines of each character, and the model's share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.drafts.store import WORDS_A_PAGE
from tui.editor.passage import Span
from tui.write.cast import speakers
from tui.write.outline import scenes


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted of one version of a draft."""

    words: int = 0
    scenes: int = 0
    cast: Counter[str] = field(default_factory=Counter)
    """Lines of each speaker."""
    by_model: float = 0.0
    """Share of the characters, blanks aside, that a model wrote."""

    @property
    def pages(self) -> float:
        return self.words / WORDS_A_PAGE


def measure(text: str, origin: Sequence[Span]) -> Figures:
    """Count ``text``, of which a model wrote the characters in ``origin``."""
    model = sum(len("".join(text[span.start : span.end].split())) for span in origin)
    words = text.split()
    characters = sum(map(len, words))
    return Figures(
        words=len(words),
        scenes=len(scenes(text)),
        cast=speakers(text),
        by_model=model / characters if characters else 0.0,
    )
