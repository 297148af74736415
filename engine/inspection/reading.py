"""Reading a text with a model once more, to see what it made of every word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.corpus.vocabulary import NEWLINE_ID
from engine.generation.context import DraftWords, window_start
from engine.generation.spans import tokens_in
from engine.generation.writer import Writer
from engine.models.contract import LanguageModel, PredictsWindows, Sources

Floats = NDArray[np.float64]
WINDOW = 128
"""Tokens that are predicted at once."""
LEAD = 1000
"""Characters read before the first word that is looked at."""


@dataclass(frozen=True)
class ReadText:
    """The part of a text that is looked at, as tokens and ids."""

    tokens: list[tuple[str, int, int]]
    """Token and character offsets in the whole text, end exclusive."""
    ids: tuple[int, ...]
    """The line end before the text, and an id a token."""
    draft_words: DraftWords
    first: int
    """Index among ``tokens`` of the first that is looked at."""
    start: int
    """Character at which the part begins."""


def read_text(writer: Writer, text: str, last: int) -> ReadText:
    """The last ``last`` tokens of ``text``, with enough before them to be read."""
    start = window_start(text)
    tokens = _from(text, start)
    while start and len(tokens) - 1 < last:
        start = window_start(text, (len(text) - start) * 2 + LEAD)
        tokens = _from(text, start)
    draft_words = DraftWords.of((token for token, _s, _e in tokens), writer.vocabulary)
    ids = [draft_words.ids.get(t) or writer.vocabulary.id_of(t) for t, _s, _e in tokens]
    return ReadText(
        tokens=tokens,
        ids=(NEWLINE_ID, *ids),
        draft_words=draft_words,
        first=max(0, len(tokens) - last),
        start=start,
    )


def _from(text: str, start: int) -> list[tuple[str, int, int]]:
    return [(token, start + s, start + e) for token, s, e in tokens_in(text[start:])]


@dataclass(frozen=True)
class Predicted:
    """What a model expected at one token, before it saw it."""

    odds: NDArray[np.float32]
    """(words,) log-probabilities, as the model gives them."""
    attention: Floats | None
    """(heads, reach): weights over the ``reach`` tokens before, oldest first; rows sum to 1."""
    copying: Floats | None
    """(reach,): probability that the token is copied from each of them."""
    sources: Floats | None = None
    """(4,): what of the token's probability is from the softmax, counted n-grams, copying, and what
    was said further back. Behind the text, of nothing that came."""


def predictions(writer: Writer, read: ReadText, *, beyond: bool = False) -> list[Predicted]:
    """What the model expected at each token that is looked at, and with ``beyond`` behind them."""
    model: LanguageModel[Any] = writer.model
    inputs, targets = read.ids[read.first : -1], read.ids[read.first + 1 :]
    if beyond:
        inputs, targets = read.ids[read.first :], (*targets, NEWLINE_ID)
    state = writer.state_after(read.ids[: read.first])
    extra = len(read.draft_words)
    found: list[Predicted] = []
    with torch.inference_mode():
        if isinstance(model, PredictsWindows):
            for begin in range(0, len(inputs), WINDOW):
                part = slice(begin, begin + WINDOW)
                window = torch.tensor([inputs[part]], device=writer.device)
                came = torch.tensor([targets[part]], device=writer.device)
                odds, state, traces = model.predict(window, state, extra, came)
                rows = _rows(odds, traces.attention, traces.copying, traces.memory_ids)
                found += _with_sources(rows, traces.sources)
            return found
        for number in inputs:
            odds, state, seen = model.step(
                torch.tensor([number], device=writer.device), state, extra
            )
            attention = None if seen.attention is None else seen.attention[:, :, None]
            copying = None if seen.copying is None else seen.copying[:, None]
            found += _rows(odds[:, None], attention, copying, seen.memory_ids, alone=True)
    return found


def _rows(
    odds: torch.Tensor,
    attention: torch.Tensor | None,
    copying: torch.Tensor | None,
    memory_ids: torch.Tensor | None,
    *,
    alone: bool = False,
) -> list[Predicted]:
    """One row a step, cut to the tokens that it could see: all of them where it is ``alone``."""
    plain: NDArray[np.float32] = odds[0].float().cpu().numpy()  # the largest by far
    weights = None if attention is None else _numpy(attention)[0]
    copied = None if copying is None else _numpy(copying)[0]
    filled = None if memory_ids is None else memory_ids[0].cpu().numpy() >= 0
    rows = []
    time = len(plain)
    for step in range(time):
        if filled is None:
            rows.append(Predicted(plain[step], None, None))
            continue
        end = len(filled) - time + step + 1
        span = len(filled) if alone else len(filled) - time
        shown = slice(max(int(np.argmax(filled[:end])), end - span), end)
        rows.append(
            Predicted(
                plain[step],
                None if weights is None else weights[:, step, shown],
                None if copied is None else copied[step, shown],
            )
        )
    return rows


def _with_sources(rows: list[Predicted], sources: Sources | None) -> list[Predicted]:
    if sources is None:
        return rows
    parts = torch.stack((sources.softmax, sources.counted, sources.copied, sources.said), -1)
    return [replace(row, sources=told) for row, told in zip(rows, _numpy(parts)[0], strict=True)]


def _numpy(values: torch.Tensor) -> Floats:
    array: Floats = values.cpu().double().numpy()
    return array
