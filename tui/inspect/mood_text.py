"""Moods in lines of text. No widgets."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from textual.content import Content

from engine.protocol.messages import MoodsRead
from engine.protocol.values import ModelCard, SpeechMood
from tui.corpus.summary_text import heading, strip
from tui.render import content, fit
from tui.write import outline

TURNED = 0.1
"""A word that moves the mood by so much has turned it."""
STRETCH = 1.6
"""Few moods are near to the ends of the scale."""
MOST_SPEAKERS = 12


def said(text: str, speech: SpeechMood) -> str:
    """What is said in ``speech`` of ``text``, without the speaker's name, on one line."""
    return " ".join(text[speech.words[0].start : speech.end].split())


def shades(speeches: Sequence[SpeechMood]) -> list[float | None]:
    """Moods as shades of :class:`tui.inspect.token_text.TokenText`, small ones drawn up."""
    return [max(-1.0, min(1.0, STRETCH * speech.mood)) or None for speech in speeches]


def means(speeches: Sequence[SpeechMood]) -> list[tuple[str, float, int]]:
    """Each speaker with the mean mood and the number of their speeches, who has most first."""
    moods: defaultdict[str, list[float]] = defaultdict(list)
    for speech in speeches:
        moods[speech.speaker.upper()].append(speech.mood)
    rows = [(name, sum(found) / len(found), len(found)) for name, found in moods.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def facts(found: MoodsRead, number: int, width: int) -> Content:
    """The mood of a speech, and the odds of each grade."""
    speech, scale = found.speeches[number], found.scale
    place = f"speech {number + 1:,} of {len(found.speeches):,}"
    lines = [
        content(fit(f"mood {signed(speech.mood)}, {place}", width)),
        Content.styled(fit("grade   odds", width), "$quiet"),
    ]
    bar = max(0, width - 13)
    for grade, odds in zip(scale, speech.odds, strict=True):
        colour = _colour(2 * grade - scale[0] - scale[-1])
        name = f"{grade:+d}" if grade and scale[0] < 0 else str(grade)
        lines.append(Content.assemble(f"{name:>5} {odds:>6.3f} ", (strip(odds, bar), colour)))
    if speech.unknown:
        known = f"{speech.unknown:,} of {len(speech.words):,} words unknown to it"
        lines.append(content(fit(known, width), "$warning"))
    return Content("\n").join(lines)


def signed(mood: float) -> str:
    """``mood`` with its sign, where it has one that can be seen."""
    shown = f"{mood:+.2f}"
    return "0.00" if shown.endswith("0.00") else shown


def _colour(mood: float) -> str:
    return "$quiet" if not mood else "$success" if mood > 0 else "$error"


def turns(text: str, speech: SpeechMood, unmoved: float) -> Content:
    """What is said, with the words coloured that turned the mood up or down."""
    before, at = unmoved, speech.words[0].start
    parts: list[Content] = []
    for word in speech.words:
        step = word.mood - before
        style = f"bold {_colour(step)}" if abs(step) >= TURNED else ""
        parts.append(content(text[at : word.start], newlines=False))
        parts.append(content(text[word.start : word.end], style))
        before, at = word.mood, word.end
    return Content.assemble(*parts)


def about(card: ModelCard) -> list[str]:
    """Who tells the moods, and how far that can be trusted."""
    lines = [f"told by “{card.name}”"]
    if (figures := card.mood_figures) is not None:
        lines.append(f"correlation {figures.correlation:.2f} with readers' grades")
    return lines


def cast(speeches: Sequence[SpeechMood], width: int) -> Content:
    """The mean mood of those who speak most; nothing where nobody does."""
    rows = [row for row in means(speeches) if row[0]][:MOST_SPEAKERS]
    return _table("mean mood of each speaker", rows, width)


def scenes(text: str, speeches: Sequence[SpeechMood], width: int) -> Content:
    """The mean mood of each scene of ``text``; nothing where it has only one."""
    found = outline.scenes(text)
    starts = [scene.start for scene in found]
    moods: list[list[float]] = [[] for _ in found]
    for speech in speeches:
        if place := bisect_right(starts, speech.start):
            moods[place - 1].append(speech.mood)
    rows = [
        (scene.title, sum(told) / len(told), len(told))
        for scene, told in zip(found, moods, strict=True)
        if told
    ]
    return _table("mean mood of each scene", rows, width) if len(rows) > 1 else Content("")


def _table(title: str, rows: Sequence[tuple[str, float, int]], width: int) -> Content:
    """Names with a mean mood and of how many speeches it is."""
    if not rows:
        return Content("")
    lines = [heading(fit(title, width))]
    name_width = max(0, width - 14)
    for name, mood, number in rows:
        lines.append(
            Content.assemble(
                fit(name, name_width, pad=True),
                (f" {signed(mood):>6}", _colour(mood)),
                (f" {number:>6,}", "$quiet"),
            )
        )
    return Content("\n").join(lines)
