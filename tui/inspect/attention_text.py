"""Attention and copying in numbers, sentences and bars. Nothing here knows of widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from engine.protocol.messages import Explanation
from engine.protocol.values import ExplainedToken
from tui.corpus.summary_text import strip
from tui.inspect.words import named, percent, quoted
from tui.render import fit

_LEAST = 0.002
"""Weights below this are not drawn."""


@dataclass(frozen=True, slots=True)
class Looking:
    """An explanation with its context in one row: the tokens reached before it, then its own.

    ``text`` is what was sent to the engine. A column is an index into that row; the explained
    tokens begin at column ``base``.
    """

    reply: Explanation
    text: str

    @property
    def base(self) -> int:
        return len(self.reply.reached)

    @property
    def columns(self) -> int:
        return self.base + len(self.reply.tokens)

    def spans(self) -> list[tuple[int, int]]:
        """Character offsets of every column."""
        return [*self.reply.reached, *((t.start, t.end) for t in self.reply.tokens)]

    def word(self, column: int) -> str:
        """The word of a column; the line end before the text has no characters of its own."""
        if column >= self.base:
            return self.reply.tokens[column - self.base].word
        start, end = self.reply.reached[column]
        return self.text[start:end] or "\n"

    def weights(self, index: int, head: int | None) -> dict[int, float]:
        """Attention at explained token ``index`` by column; the mean of the heads where None."""
        token = self.reply.tokens[index]
        if not token.attention:
            return {}
        if head is not None and head < len(token.attention):
            row: Sequence[float] = token.attention[head]
        else:
            heads = len(token.attention)
            row = [sum(values) / heads for values in zip(*token.attention, strict=True)]
        return self._by_column(token, row)

    def copying(self, index: int) -> dict[int, float]:
        """Where a copied word would come from, by column."""
        token = self.reply.tokens[index]
        return self._by_column(token, token.copy_weights)

    def _by_column(self, token: ExplainedToken, row: Sequence[float]) -> dict[int, float]:
        first = self.base + token.first_attended
        return {
            first + k: weight
            for k, weight in enumerate(row)
            if weight > 0 and 0 <= first + k < self.columns
        }


def shades(looking: Looking, weights: dict[int, float]) -> list[float | None]:
    """How strongly each column is tinted: the square root of its share of the greatest weight."""
    most = max(weights.values(), default=0.0)
    if most <= 0:
        return [None] * looking.columns
    return [
        (weights[column] / most) ** 0.5 if weights.get(column, 0.0) >= _LEAST else None
        for column in range(looking.columns)
    ]


def strongest(looking: Looking, weights: dict[int, float], number: int) -> list[tuple[str, float]]:
    """The words and line ends with the greatest weights, places of one word added up."""
    total: dict[str, float] = {}
    for column, weight in weights.items():
        word = looking.word(column)
        total[word] = total.get(word, 0.0) + weight
    best = sorted(total.items(), key=lambda entry: -entry[1])
    return [(word, weight) for word, weight in best[:number] if weight >= _LEAST]


def sentence(looking: Looking, index: int, head: int | None) -> str:
    """What the model looked at for one token, in plain words."""
    token = looking.reply.tokens[index]
    best = strongest(looking, looking.weights(index, head), 3)
    said = f"For {_said(token.word)} the model "
    if best:
        said += "looked most at: " + _listed(best)
    else:
        said += "looked at nothing in particular"
    copied = strongest(looking, looking.copying(index), 1)
    if token.from_copying > 0.005 and token.probability > 0:
        said += f"; {token.from_copying / token.probability:.0%} of its odds came from copying"
    elif copied and token.copy_share > 0.05:
        said += f"; it thought of copying {_listed(copied)}"
    return said + "."


def copy_sentence(looking: Looking, index: int) -> str:
    """Where the model would have copied one token from, in plain words."""
    token = looking.reply.tokens[index]
    best = strongest(looking, looking.copying(index), 3)
    said = f"For {_said(token.word)} the model would most likely copy: {_listed(best)}; "
    said += f"meant to copy: {percent(token.copy_share)}"
    if token.probability > 0:
        said += f"; {token.from_copying / token.probability:.0%} of its odds came from copying"
    return said + "."


def _listed(best: Sequence[tuple[str, float]]) -> str:
    return ", ".join(_said(word, many=True) for word, _weight in best)


def _said(word: str, *, many: bool = False) -> str:
    """A token inside a sentence; a line end has no letters to quote."""
    if word.strip():
        return quoted(word)
    return "line ends" if many else "the line end"


def table(looking: Looking, index: int, head: int | None, width: int, rows: int) -> Content:
    """Attention and copy weights side by side, as far as there are such, the strongest first."""
    columns: list[tuple[str, str, dict[str, float]]] = []
    if looking.reply.attention:
        seen = dict(strongest(looking, looking.weights(index, head), 200))
        columns.append(("attention", "$chart-1", seen))
    if any(token.copy_weights for token in looking.reply.tokens):
        copied = dict(strongest(looking, looking.copying(index), 200))
        columns.append(("copying", "$chart-3", copied))
    words = sorted(
        {word for _name, _colour, weights in columns for word in weights},
        key=lambda word: -max(weights.get(word, 0.0) for _name, _colour, weights in columns),
    )[: max(0, rows)]
    if not words:
        return Content.styled("no weights", "$quiet")
    name_width = min(14, max(6, width // 3))
    each = max(9, (width - name_width) // len(columns))
    heading = " " * name_width + "".join(f" {name:<{each - 1}}" for name, _colour, _ in columns)
    lines = [Content.styled(fit(heading, width), "$quiet")]
    for word in words:
        line = [Content(fit(named(word, name_width), name_width, pad=True))]
        for _name, colour, weights in columns:
            weight, bar = weights.get(word, 0.0), each - 9
            drawn = fit(strip(weight, bar), bar, pad=True)
            line.append(Content.assemble(f" {percent(weight):>7} ", (drawn, colour)))
        lines.append(Content("").join(line))
    return Content("\n").join(lines)


def head_name(heads: int, head: int | None) -> str:
    """Which head is shown."""
    if heads <= 1:
        return "one head"
    return f"mean of {heads} heads" if head is None else f"head {head + 1} of {heads}"


def next_head(heads: int, head: int | None) -> int | None:
    """The mean, then each head, then the mean again."""
    if heads <= 1:
        return None
    following = 0 if head is None else head + 1
    return None if following >= heads else following
