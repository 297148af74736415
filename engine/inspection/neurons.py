"""Single cells of a model: what they do over a text, and which of them mark a thing.

After Karpathy, Johnson & Li (2015), who found cells that follow quotes, parentheses and the
position in a line.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from engine.corpus.tokenizer import NEWLINE, is_cue
from engine.errors import ModelError
from engine.generation.context import cue_of
from engine.generation.writer import Writer
from engine.inspection.reading import ReadText, read_text
from engine.models.contract import CellTraces, LanguageModel, ShowsCells
from engine.protocol.messages import Activations, CellsFound, FindCells, GetActivations
from engine.protocol.values import CellScore, GateSaturation

MOST_TOKENS = 4000
"""Of a text, its last ones, that are read."""
SHUT, OPEN = 0.1, 0.9
FEATURES = ("parentheses", "line start", "speaker NAME")

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
State = Literal["h", "c"]


@dataclass(frozen=True)
class CellReading:
    """All cells of a model over a text."""

    read: ReadText
    hidden: Floats
    """(tokens, layers, hidden): h after each token that is looked at."""
    cell: Floats | None
    """(tokens, layers, hidden): tanh(c), as the output sees it; None for cells without one."""
    gates: torch.Tensor | None
    """(tokens, layers, gates, hidden)"""

    def of(self, wanted: State) -> tuple[State, Floats]:
        """``h`` or ``c`` with its name; for cells without a c, h."""
        if wanted == "h" or self.cell is None:
            return "h", self.hidden
        return "c", self.cell


_last_reading: weakref.WeakKeyDictionary[Writer, tuple[str, CellReading]] = (
    weakref.WeakKeyDictionary()
)


def read_cells(writer: Writer, text: str) -> CellReading:
    """Read the last part of ``text``; the last reading is kept, to look at one cell after another.

    Raises:
        ModelError: when there is no text.
    """
    kept = _last_reading.get(writer)
    if kept is None or kept[0] != text:
        _last_reading.clear()
        _last_reading[writer] = kept = (text, _read_cells(writer, text))
    return kept[1]


def _read_cells(writer: Writer, text: str) -> CellReading:
    read = read_text(writer, text, MOST_TOKENS)
    if not read.tokens:
        raise ModelError("There is no text yet.", "Write something first.")
    state = writer.state_after(read.ids[: read.first + 1])
    ids = torch.tensor(read.ids[read.first + 1 :], device=writer.device)
    with torch.inference_mode():
        model = writer.model
        if isinstance(model, ShowsCells):
            traces = model.cell_traces(ids, state)
        else:
            traces = _stepped(model, ids, state)
    return CellReading(
        read,
        _numpy(traces.hidden),
        None if traces.cell is None else np.tanh(_numpy(traces.cell)),
        traces.gates,
    )


def _stepped(model: LanguageModel[Any], ids: torch.Tensor, state: Any) -> CellTraces:
    hidden, cells, gates = [], [], []
    for number in ids:
        _odds, state, seen = model.step(number[None], state)
        hidden.append(seen.hidden[0])
        if seen.cell is not None:
            cells.append(seen.cell[0])
        if seen.gates is not None:
            gates.append(seen.gates[0])
    return CellTraces(
        torch.stack(hidden),
        torch.stack(cells) if cells else None,
        torch.stack(gates) if gates else None,
    )


def activations(writer: Writer, request: GetActivations) -> Activations:
    """What one cell did at each token of a text, in -1..1: h, or tanh(c).

    Raises:
        ModelError: when there is no such cell, or no text.
    """
    found = read_cells(writer, request.text)
    shown, values = found.of(request.of)
    _tokens, layers, cells = values.shape
    if request.layer >= layers or request.cell >= cells:
        raise ModelError(
            f"There is no cell {request.cell} in layer {request.layer}.",
            f"Layers are 0 to {layers - 1}, cells 0 to {cells - 1}.",
        )
    told = found.read.tokens[found.read.first :]
    return Activations(
        offsets=tuple((start, end) for _token, start, end in told),
        values=tuple(np.round(values[:, request.layer, request.cell], 4).tolist()),
        of=shown,
    )


def find_cells(writer: Writer, request: FindCells) -> CellsFound:
    """The cells that best mark what is selected, best first.

    A score is the area under the ROC curve: the chance that the cell is higher at a marked token
    than at another one; near 0 the cell marks it by being low. Saturation is that of the gates.

    Raises:
        ModelError: when the feature is unknown, or marks nothing or everything.
    """
    found = read_cells(writer, request.text)
    told = found.read.tokens[found.read.first :]
    if request.feature:
        marked = feature(request.feature, told)
        what = f"“{request.feature}”"
    else:
        marked = selected(request.spans, told)
        what = "the selection"
    if not marked.any() or marked.all():
        much = "everything" if marked.any() else "nothing"
        raise ModelError(
            f"There is {much} in the text that {what} marks, so no cell can tell it apart.",
            "Choose a text that has both.",
        )
    shown, values = found.of(request.of)
    _tokens, layers, cells = values.shape
    scores = area_under_curve(values.reshape(len(values), -1), marked)
    best = np.argsort(-np.abs(scores - 0.5), kind="stable")[: request.number]
    return CellsFound(
        cells=tuple(
            CellScore(
                layer=int(index // cells), cell=int(index % cells), score=float(scores[index])
            )
            for index in best
        ),
        saturation=saturation(found.gates, writer.model.gate_names),
        layers=layers,
        cells_a_layer=cells,
        of=shown,
        marked=int(marked.sum()),
        tokens=len(told),
    )


def area_under_curve(values: Floats, marked: Flags) -> Floats:
    """(cells,) area under the ROC curve of each column of ``values`` (tokens, cells).

    The Mann-Whitney statistic from average ranks, so that equal values count half.
    """
    count, ones = len(values), int(marked.sum())
    rows = np.ascontiguousarray(values.T)
    # Stable from either end, equal values get their places in opposite orders: the mean is fair.
    total = (_ranks(rows)[:, marked] + _ranks(rows[:, ::-1])[:, marked[::-1]][:, ::-1]).sum(1) / 2
    area: Floats = (total - ones * (ones - 1) / 2) / (ones * (count - ones))
    return area


def _ranks(rows: Floats) -> Floats:
    """(cells, tokens): the place of each value in the order of its row."""
    order = np.argsort(rows, axis=1, kind="stable")
    ranks = np.empty(rows.shape)
    np.put_along_axis(ranks, order, np.arange(rows.shape[1], dtype=np.float64)[None], axis=1)
    return ranks


def feature(name: str, tokens: Sequence[tuple[str, int, int]]) -> Flags:
    """(tokens,): where a feature holds.

    Raises:
        ModelError: when there is no such feature.
    """
    words = [token for token, _start, _end in tokens]
    if name == "parentheses":
        return _in_parentheses(words)
    if name == "line start":
        first = [index == 0 or words[index - 1] == NEWLINE for index in range(len(words))]
        ends = [word == NEWLINE for word in words]
        return np.array(first, dtype=np.bool_) & ~np.array(ends, dtype=np.bool_)
    if name.startswith("speaker ") and (cue := cue_of(name.removeprefix("speaker "))) is not None:
        return _spoken_by(cue, words)
    raise ModelError(f"There is no feature {name!r}.", f"Features: {', '.join(FEATURES)}.")


def selected(spans: Sequence[tuple[int, int]], tokens: Sequence[tuple[str, int, int]]) -> Flags:
    """(tokens,): which overlap one of the character ``spans``."""
    flags = np.zeros(len(tokens), dtype=np.bool_)
    starts = np.array([start for _token, start, _end in tokens])
    ends = np.array([end for _token, _start, end in tokens])
    for begin, stop in spans:
        flags |= (starts < stop) & (ends > begin)
    return flags


def _in_parentheses(words: Sequence[str]) -> Flags:
    """From an opening one to before its closing one; a cue or an empty line closes all."""
    flags, depth = [], 0
    for index, word in enumerate(words):
        if word == "(":
            depth += 1
        elif word == ")":
            depth = max(0, depth - 1)
        elif is_cue(word) or (word == NEWLINE and index and words[index - 1] == NEWLINE):
            depth = 0
        flags.append(depth > 0)
    return np.array(flags, dtype=np.bool_)


def _spoken_by(cue: str, words: Sequence[str]) -> Flags:
    """From the cue to the next cue or empty line."""
    flags, speaking = [], False
    for index, word in enumerate(words):
        if is_cue(word):
            speaking = word == cue
        elif word == NEWLINE and index and words[index - 1] == NEWLINE:
            speaking = False
        flags.append(speaking)
    return np.array(flags, dtype=np.bool_)


def saturation(gates: torch.Tensor | None, names: Sequence[str]) -> tuple[GateSaturation, ...]:
    """How often each sigmoid gate of each layer is nearly shut or open, over cells and time."""
    if gates is None:
        return ()
    return tuple(
        GateSaturation(
            layer=layer,
            gate=name,
            shut=float((gates[:, layer, number] < SHUT).float().mean()),
            open=float((gates[:, layer, number] > OPEN).float().mean()),
        )
        for layer in range(gates.shape[1])
        for number, name in enumerate(names)
        if name not in ("candidate", "hidden")
    )


def _numpy(values: torch.Tensor) -> Floats:
    array: Floats = values.cpu().double().numpy()
    return array
