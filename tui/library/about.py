"""A model in words: what the Library says beside the table."""

from __future__ import annotations

from textual.content import Content

from engine.config import knobs_of
from engine.protocol.messages import ModelHistory
from engine.protocol.values import ModelCard
from tui.corpus.summary_text import heading
from tui.library.made import made
from tui.render import content, fit
from tui.train.figures import clock

_LABEL = 19
_VALUE = 10


def about(card: ModelCard, history: ModelHistory | None, cells: int) -> Content:
    """Name, origin, result, configuration and the latest samples of a model."""
    lines = [content(fit(card.name, cells), "bold"), *_facts(card, cells)]
    if history is not None and history.samples:
        step, text = history.samples[-1]
        lines += [Content(""), heading(f"What it wrote after {step:,} steps")]
        lines.append(content(text.strip("\n"), "$model-text"))
    lines += [Content(""), *_configuration(card, cells)]
    if history is not None and len(history.samples) > 1:
        step, text = history.samples[0]
        lines += [Content(""), heading(f"And after {step:,}")]
        lines.append(content(text.strip("\n"), "$quiet"))
    return Content("\n").join(lines)


def _facts(card: ModelCard, cells: int) -> list[Content]:
    kind = "word vectors" if card.kind == "vectors" else f"{card.kind} model"
    lines = [content(fit(f"{kind} of {card.corpus}, {card.tokens:,} tokens", cells), "$quiet")]
    if card.bundled:
        lines.append(Content.styled("came with the program; it cannot be changed", "$quiet"))
    if card.steps:
        where = f" on {card.device}" if card.device else ""
        took = f"{card.steps:,} steps in {clock(card.seconds)}{where}"
        lines.append(content(fit(took, cells), "$quiet"))
    if card.perplexity is not None:
        lines.append(content(f"validation perplexity {card.perplexity:.2f}"))
    if card.failure:
        lines.append(content(f"The run failed: {card.failure}", "$error"))
    if when := made(card.created, "%A, %d %B %Y, %H:%M"):
        lines.append(Content.styled(f"made {when}", "$quiet"))
    return lines


def _configuration(card: ModelCard, cells: int) -> list[Content]:
    """Every knob that the model has, in two columns where there is room."""
    rows: list[tuple[str, str]] = []
    for knob in knobs_of(card.config.model):
        value = getattr(card.config, knob.name)
        if value not in (None, ""):
            rows.append((knob.name.replace("_", " "), _shown(value)))
    columns = 2 if cells >= 2 * (_LABEL + _VALUE) else 1
    high = -(-len(rows) // columns)
    lines = [heading("Configuration")]
    for top in range(high):
        parts: list[tuple[str, str] | str] = []
        for name, value in rows[top::high]:
            parts += [(f"{name:<{_LABEL}}", "$quiet"), fit(value, _VALUE, pad=True)]
        lines.append(Content.assemble(*parts).rstrip())
    return lines


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
