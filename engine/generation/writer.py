"""A model that is loaded for writing: what it has read is kept, so that going on costs little."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.corpus.vocabulary import CUE_UNK_ID, UNK_ID
from engine.generation.context import Context, make_context
from engine.models.contract import LanguageModel, State, Traces
from engine.protocol.values import ModelCard
from engine.storage.library import read_card
from engine.storage.text_tables import TextTables
from engine.training.loop import load_model

CHUNK = 64
"""Tokens that are read at once. The boundaries depend on the text alone, so that reading a longer
text again gives the same bits, whether or not its beginning was remembered."""
REMEMBERED = 256
"""States at chunk boundaries that are kept, the least recently used going first."""


@dataclass(frozen=True)
class Prediction:
    """What a model makes of a text: odds of the next word, and the state after it."""

    odds: NDArray[np.float64]
    """(rows, words) log-probabilities."""
    state: State
    traces: Traces


class Writer:
    """One model with its vocabulary, ready to continue texts from any thread."""

    def __init__(
        self, name: str, model: LanguageModel[Any], tables: TextTables, weights: str
    ) -> None:
        self.name, self.model, self.tables, self.weights = name, model, tables, weights
        self.vocabulary, self.casing = tables.vocabulary, tables.casing
        self._states: OrderedDict[tuple[int, ...], State] = OrderedDict()
        self._lock = threading.Lock()
        module = model
        assert isinstance(module, torch.nn.Module)
        self.device = next(module.parameters()).device

    @classmethod
    def open(cls, folder: Path, device: torch.device) -> tuple[Writer, ModelCard]:
        """The model in ``folder``.

        Raises:
            ModelError: when it is missing, damaged, or of another version.
        """
        card = read_card(folder)
        tables = TextTables.load(folder)
        model, _config, weights = load_model(folder, device)
        return cls(card.name, model, tables, weights), card

    @property
    def never(self) -> tuple[int, ...]:
        """Ids that are never written."""
        return (UNK_ID, CUE_UNK_ID)

    def context(
        self, before: str, cast: tuple[str, ...] = (), complete_word: bool = True
    ) -> Context:
        return make_context(before, self.vocabulary, self.casing, cast, complete_word)

    def read(self, ids: tuple[int, ...], extra_words: int, rows: int = 1) -> Prediction:
        """Read ``ids`` and predict the next word, in ``rows`` equal rows."""
        state = self._state_after(ids[:-1])
        if rows > 1:
            state = state.select(torch.zeros(rows, dtype=torch.long, device=self.device))
        return self.step([ids[-1]] * rows, state, extra_words)

    def step(self, ids: list[int], state: State, extra_words: int) -> Prediction:
        """Read one token a row."""
        tokens = torch.tensor(ids, device=self.device)
        with torch.inference_mode():
            odds, after, traces = self.model.step(tokens, state, extra_words)
        return Prediction(odds.double().cpu().numpy(), after, traces)

    def _state_after(self, ids: tuple[int, ...]) -> State:
        whole = len(ids) // CHUNK * CHUNK
        done, state = 0, None
        with self._lock:
            for end in range(whole, 0, -CHUNK):
                if (found := self._states.get(ids[:end])) is not None:
                    self._states.move_to_end(ids[:end])
                    done, state = end, found
                    break
        if state is None:
            with torch.inference_mode():
                state = self.model.initial_state(1)
        with torch.inference_mode():
            while done < len(ids):
                chunk = ids[done : done + CHUNK]
                state = self.model.read(torch.tensor([chunk], device=self.device), state)
                done += len(chunk)
                if len(chunk) == CHUNK:
                    with self._lock:
                        self._states[ids[:done]] = state
                        while len(self._states) > REMEMBERED:
                            self._states.popitem(last=False)
        return state
