"""Cells and gates in lines of text, and what may be asked about them. No widgets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from engine.protocol.messages import CellsFound
from engine.protocol.values import CellScore, GateSaturation
from tui.corpus.summary_text import strip
from tui.render import fit

HINT = "parentheses · line start · speaker DELIA · cell 0 12"
_CELL = re.compile(r"cell\s+(?:layer\s+)?(\d{1,2})[\s,.:/]+(\d{1,5})", re.IGNORECASE)
_MOST = 120
SHOWN = {"h": "h", "c": "tanh(c)"}
"""What of a cell is shown: c as the output sees it."""


@dataclass(frozen=True, slots=True)
class CellName:
    """One cell of one layer, both counted from 0."""

    layer: int
    cell: int

    def __str__(self) -> str:
        return f"cell {self.cell} of layer {self.layer}"


def read(typed: str) -> CellName | str:
    """A cell, or the name of a feature to find cells for; empty when nothing was typed."""
    text = " ".join(typed.split())[:_MOST]
    if (match := _CELL.fullmatch(text)) is not None:
        return CellName(int(match[1]), int(match[2]))
    lowered = text.lower()
    if lowered.startswith(("speaker ", "speaker:")):
        return f"speaker {text[8:].strip().rstrip(':')}"
    return lowered


def likely_feature(text: str) -> str:
    """A feature that ``text`` has, to begin with."""
    return "parentheses" if "(" in text and ")" in text else "line start"


def about(
    cell: CellName | None, value: float | None, of: str, found: CellsFound | None, marks: str
) -> str:
    """What is shown: a cell with its value at the cursor, and what the listed cells mark."""
    lines = []
    if cell is not None and value is not None:
        lines.append(f"{cell}: {SHOWN[of]} is {value:+.2f} here")
    if found is not None:
        lines.append(f"cells that mark {marks}, by {SHOWN[found.of]}:")
        lines.append(f"{found.marked:,} of {found.tokens:,} words marked; 0.500 is chance")
    return "\n".join(lines)


def score_line(score: CellScore, width: int) -> Content:
    """A cell with how well it marks: 1 is always, 0.5 is chance; low scores mark by being low."""
    how = "high" if score.score >= 0.5 else "low"
    fitness = abs(score.score - 0.5) * 2
    name = f"{score.layer}:{score.cell}"
    bar = max(0, width - 21)
    return Content.assemble(
        f"{name:<8}{score.score:>5.3f} ",
        (f"{how:<5}", "$quiet"),
        (strip(fitness, bar), "$chart-3" if how == "high" else "$chart-4"),
    )


def saturation_table(gates: Sequence[GateSaturation], width: int) -> Content:
    """For each layer and gate, the shares of time that it was nearly shut and nearly open."""
    if not gates:
        return Content.styled("This model's cells have no gates.", "$quiet")
    lines = [
        Content.styled(fit("gates: how often shut or open", width), "$accent"),
        Content.styled(fit(f"{'layer gate':<14}{'<0.1':>8}{'>0.9':>8}", width), "$quiet"),
    ]
    for gate in gates:
        name = fit(f"{gate.layer:>5} {gate.gate}", 14, pad=True)
        lines.append(Content(fit(f"{name}{gate.shut:>8.1%}{gate.open:>8.1%}", width)))
    return Content("\n").join(lines)


def stretched(values: Sequence[float]) -> list[float | None]:
    """Activations as shades: -1 to 1 as they are, small ones drawn up so that they can be seen."""
    most = max((abs(value) for value in values), default=0.0)
    scale = 1.0 if most >= 0.5 or most == 0 else 0.5 / most
    return [value * scale if abs(value) > 0.02 * most else None for value in values]
