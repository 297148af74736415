"""A model in words: what the Library says beside the table."""

from __future__ import annotations

import msgspec
from textual.content import Content

from engine.config import knobs_of
from engine.protocol.messages import ModelHistory
from engine.protocol.values import ModelCard, MoodFigures
from tui.corpus.summary_text import heading
from tui.library import kinds
from tui.library.made import made
from tui.render import content, fit
from tui.train.figures import clock

_LABEL = 19
_VALUE = 10
_ADDED = {"ngrams": "n-grams", "recency": "what was said", "neural_cache": "cache"}


def about(card: ModelCard, history: ModelHistory | None, cells: int) -> Content:
    """Name, origin, result, configuration and the latest samples of a model."""
    lines = [content(fit(card.name, cells), "bold"), *_facts(card, cells)]
    if history is not None and history.samples:
        step, text = history.samples[-1]
        what = kinds.KINDS[card.made_by].sample
        lines += [Content(""), heading(f"{what[0].upper()}{what[1:]} after {step:,} steps")]
        lines.append(content(text.strip("\n"), "$model-text"))
    lines += [Content(""), *_configuration(card, cells)]
    if history is not None and len(history.samples) > 1:
        step, text = history.samples[0]
        lines += [Content(""), heading(f"And after {step:,}")]
        lines.append(content(text.strip("\n"), "$quiet"))
    return Content("\n").join(lines)


def _facts(card: ModelCard, cells: int) -> list[Content]:
    origin = f"{kinds.in_words(card)} of {card.corpus}, {card.tokens:,} tokens"
    lines = [content(fit(origin, cells), "$quiet")]
    if card.bundled:
        lines.append(Content.styled("came with the program; it cannot be changed", "$quiet"))
    if card.steps:
        where = f" on {card.device}" if card.device else ""
        took = f"{card.steps:,} steps in {clock(card.seconds)}{where}"
        lines.append(content(fit(took, cells), "$quiet"))
    if card.perplexity is not None:
        lines.append(content(f"validation perplexity {card.perplexity:.2f}"))
        lines += _parts(card, cells)
    if card.mood_figures is not None:
        lines += [content(fit(line, cells)) for line in _mood_figures(card.mood_figures)]
    if card.failure:
        lines.append(content(f"The run failed: {card.failure}", "$error"))
    if when := made(card.created, "%A, %d %B %Y, %H:%M"):
        lines.append(Content.styled(f"made {when}", "$quiet"))
    return lines


def _mood_figures(figures: MoodFigures) -> list[str]:
    grades = ", ".join(map(str, figures.scale))
    return [
        f"grades {grades}",
        f"{figures.accuracy:.0%} of {figures.held_out:,} held-out texts told rightly",
        f"  {figures.most_frequent:.0%} have the most frequent grade",
        f"  correlation {figures.correlation:.2f} of moods and grades",
    ]


def _parts(card: ModelCard, cells: int) -> list[Content]:
    """What of the perplexity the network has alone, and what came to it at the end."""
    if card.perplexity_alone is None:
        quick = card.state not in ("finished", "stopped")
        return [Content.styled("  as measured while training", "$quiet")] if quick else []
    if not card.added:
        return [Content.styled("  of the network alone", "$quiet")]
    added = ", ".join(_ADDED.get(name, name) for name in card.added)
    told = (f"network alone {card.perplexity_alone:.2f}", f"with {added}")
    return [content("  " + fit(line, cells - 2), "$quiet") for line in told]


def _configuration(card: ModelCard, cells: int) -> list[Content]:
    """Every knob that the model has, in two columns where there is room."""
    rows = _settings(card) if card.is_language_model else _other_settings(card)
    columns = 2 if cells >= 2 * (_LABEL + _VALUE) else 1
    high = -(-len(rows) // columns)
    lines = [heading("Configuration")]
    for top in range(high):
        parts: list[tuple[str, str] | str] = []
        for name, value in rows[top::high]:
            parts += [(f"{name:<{_LABEL}}", "$quiet"), fit(value, _VALUE, pad=True)]
        lines.append(Content.assemble(*parts).rstrip())
    return lines


def _settings(card: ModelCard) -> list[tuple[str, str]]:
    values = [(k.name, getattr(card.config, k.name)) for k in knobs_of(card.config.model)]
    return [(n.replace("_", " "), _shown(v)) for n, v in values if v not in (None, "")]


def _other_settings(card: ModelCard) -> list[tuple[str, str]]:
    """How word vectors or moods were trained; of imported vectors nothing is known."""
    if card.moods is not None:
        values = msgspec.structs.asdict(card.moods)
    elif card.skipgram is not None:
        values = msgspec.structs.asdict(card.skipgram)
    else:
        values = {"dimension": card.config.embedding_size}
        if card.corpus_key:
            known = ("epochs", "learning_rate", "vocabulary_cutoff", "seed")
            values |= {name: getattr(card.config, name) for name in known}
    return [(name.replace("_", " "), _shown(value)) for name, value in values.items()]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
