"""The odds of one token in lines of text, and entropy as a small curve."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from textual.content import Content

from engine.protocol.values import Alternative, ExplainedToken, NextWordOdds
from tui.corpus.summary_text import strip
from tui.inspect.words import bits, named, percent
from tui.render import fit
from tui.widgets import braille
from tui.widgets.curve import Curve

FULL_SURPRISE = 14.0
"""Bits at which the tint is strongest."""
UNKNOWN = "The model does not have this word: these are the odds of any unknown word."


def surprise_shades(tokens: Sequence[ExplainedToken]) -> list[float | None]:
    """How strongly each token is tinted: surprise from 0 to :data:`FULL_SURPRISE` bits."""
    return [min(1.0, max(0.0, token.surprise / FULL_SURPRISE)) for token in tokens]


def facts(token: ExplainedToken, width: int) -> Content:
    """Rank, surprise, and where the probability came from, in ``width`` cells."""
    bar = max(4, width - 22)
    lines = [
        Content.styled(fit(named(token.word), width), "bold $accent"),
        Content(fit(f"{_standing(token)}, {bits(token.surprise)}", width)),
        _unsure(token.entropy, width),
    ]
    if token.unknown:
        return Content("\n").join([*lines, *map(Content, wrap(UNKNOWN, width))])
    lines += [
        *(
            _part(name, part, token.probability, bar, colour, width)
            for name, part, colour in (
                ("network", token.from_softmax, "$chart-1"),
                ("n-grams", token.from_ngrams, "$chart-2"),
                ("copied", token.from_copying, "$chart-3"),
                ("said", token.from_said, "$chart-4"),
            )
            if part > 0 or name == "network" or (name == "copied" and token.copy_share > 0)
        ),
        *_meant_to_copy(token.copy_share, width),
    ]
    return Content("\n").join(lines)


def next_facts(odds: NextWordOdds, width: int) -> Content:
    """What is known of the place behind the text, in ``width`` cells."""
    head = Content.styled(fit("what comes next", width), "bold $accent")
    rest = [_unsure(odds.entropy, width), *_meant_to_copy(odds.copy_share, width)]
    return Content("\n").join([head, *rest])


def _standing(token: ExplainedToken) -> str:
    """The probability and the rank; an unknown word has none."""
    rank = "unknown word" if token.rank is None else f"rank {token.rank:,}"
    return f"{percent(token.probability)}, {rank}"


def _unsure(entropy: float, width: int) -> Content:
    return Content.styled(fit(f"unsure by {bits(entropy)} (entropy)", width), "$quiet")


def _meant_to_copy(share: float, width: int) -> list[Content]:
    if share <= 0:
        return []
    return [Content.styled(fit(f"meant to copy: {percent(share)}", width), "$quiet")]


def _part(name: str, part: float, whole: float, bar: int, colour: str, width: int) -> Content:
    share = part / whole if whole > 0 else 0.0
    text = fit(f"{name:<8} {percent(part):>6} ", width)
    return Content.assemble(text, (strip(share, min(bar, max(0, width - len(text)))), colour))


def alternatives(others: Sequence[Alternative], width: int, word: str | None) -> Content:
    """The likeliest words with a bar and their probability.

    Where there is a ``word`` they could stand in the place of, they have a digit, and it is marked.
    """
    if not others:
        return Content.styled("no alternatives", "$quiet")
    most = max(other.probability for other in others) or 1.0
    name_width = min(18, max(6, width // 2 - 4))
    bar = max(0, width - name_width - 12)
    lines = []
    for number, other in enumerate(others[:9], 1):
        own = other.word == word
        name = fit(named(other.word, name_width), name_width, pad=True)
        lines.append(
            Content.assemble(
                ("  " if word is None else f"{number} ", "$accent"),
                (name, "bold $accent" if own else ""),
                f" {percent(other.probability):>7} ",
                (strip(other.probability / most, bar), "$chart-2" if own else "$chart-1"),
            )
        )
    return Content("\n").join(lines)


def entropy_line(
    values: Sequence[float], cursor: int | None, width: int, height: int
) -> list[Content]:
    """Entropy token by token as ``height`` rows of ``width`` cells; the cursor's column is lit."""
    if width < 16 or height < 1:
        return []
    curve = Curve()
    for index, value in enumerate(values):
        curve.append(float(index), value)
    bounds = braille.bounds_of([curve])
    if bounds is None:
        return [Content.styled(fit("no entropy to show", width), "$quiet")]
    high = max(1.0, bounds.y_high)
    bounds = braille.Bounds(0.0, max(1.0, len(values) - 1.0), 0.0, high)
    labels = {0: f"{high:.0f}", height - 1: "0"} if height > 1 else {0: f"{high:.0f}"}
    plot = width - 4
    canvas = braille.Canvas(plot, height)
    braille.draw(canvas, curve, bounds, 0)
    column = None
    if cursor is not None and 0 <= cursor < len(values):
        column = min(plot - 1, round(bounds.column(float(cursor), plot * 2)) // 2)
    rows = []
    for number, (dots, _owners) in enumerate(canvas.rows()):
        edge = (f"{labels.get(number, ''):>3}│", "$quiet")
        if column is None:
            rows.append(Content.assemble(edge, (dots, "$chart-2")))
            continue
        rows.append(
            Content.assemble(
                edge,
                (dots[:column], "$chart-2"),
                (dots[column], "$accent on $border"),
                (dots[column + 1 :], "$chart-2"),
            )
        )
    return rows
