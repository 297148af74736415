"""A model that is loaded for writing: what it has read is kept, so that going on costs little."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.corpus.tokenizer import is_word
from engine.corpus.vocabulary import CUE_UNK_ID, UNK_ID
from engine.errors import ModelError
from engine.generation.context import Context, make_context
from engine.generation.copied import CopiedIndex, index_of_model
from engine.models.contract import LanguageModel, State
from engine.models.state_tensors import compact, state_tensors
from engine.protocol.values import ModelCard
from engine.storage.library import read_card
from engine.storage.text_tables import TextTables
from engine.training.restoring import load_model

CHUNK = 64
"""Tokens that are read at once. The boundaries depend on the text alone, so that reading a longer
text again gives the same bits, whether or not its beginning was remembered."""
REMEMBERED_BYTES = 96 * 1024 * 1024
"""Of states at chunk boundaries that are kept, the least recently used going first."""


@dataclass(frozen=True)
class Prediction:
    """What a model makes of a text: odds of the next word, and the state after it."""

    odds: NDArray[np.float32]
    """(rows, words) log-probabilities, the unknown word's and the unknown cue's among them."""
    copy_shares: list[float]
    """(rows,) probability that the next word is copied."""
    state: State


class Writer:
    """One model with its vocabulary, ready to continue texts from any thread."""

    def __init__(
        self,
        name: str,
        model: LanguageModel[Any],
        tables: TextTables,
        weights: str,
        card: ModelCard | None = None,
    ) -> None:
        self.name, self.model, self.tables, self.weights = name, model, tables, weights
        self.card = card
        self.vocabulary, self.casing = tables.vocabulary, tables.casing
        self._states: OrderedDict[tuple[int, ...], tuple[State, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        self._copied: CopiedIndex | None = None
        self._copied_lock = threading.Lock()
        module = model
        assert isinstance(module, torch.nn.Module)
        self.device = next(module.parameters()).device

    @classmethod
    def open(cls, folder: Path, device: torch.device) -> tuple[Writer, ModelCard]:
        """The model in ``folder``.

        Raises:
            ModelError: when it is missing, damaged, of another version, or put together from two.
        """
        card = read_card(folder)
        tables = TextTables.load(folder)
        model, _config, weights = load_model(folder, device)
        if len(tables.vocabulary) != model.vocabulary_size:
            raise ModelError(
                f"The model in {folder} knows {model.vocabulary_size:,} words, but its"
                f" text.json lists {len(tables.vocabulary):,}.",
                "Copy it once more from where it came, or train it again.",
            )
        model.prepare_steps()
        return cls(card.name, model, tables, weights, card), card

    @property
    def never(self) -> tuple[int, ...]:
        """Ids that are never written."""
        return (UNK_ID, CUE_UNK_ID)

    @functools.cached_property
    def is_word(self) -> NDArray[np.bool_]:
        """(vocabulary,): whether each entry is a word rather than a mark, a newline or a cue."""
        flags = np.fromiter((is_word(w) for w in self.vocabulary.words), dtype=np.bool_)
        flags[list(self.never)] = False
        return flags

    @functools.cached_property
    def cues(self) -> NDArray[np.int64]:
        """Ids of the vocabulary's cues."""
        return np.flatnonzero(self.vocabulary.cues())

    def copied(self) -> CopiedIndex:
        """The index of this model's corpus, built on the first call.

        Raises:
            ColdOpenError: when the corpus is gone, has changed or is too large for an index.
        """
        with self._copied_lock:
            if self._copied is None:
                if self.card is None:
                    raise ModelError(f"“{self.name}” does not say which corpus it learned from.")
                self._copied = index_of_model(self.card)
            return self._copied

    def context(self, before: str, cast: Sequence[str] = (), complete_word: bool = True) -> Context:
        return make_context(before, self.vocabulary, self.casing, cast, complete_word)

    def read(self, context: Context, rows: int = 1) -> Prediction:
        """Read a context and predict the next word, in ``rows`` equal rows."""
        ids = context.ids
        state = self.state_after(ids[:-1])
        if rows > 1:
            state = state.select(torch.zeros(rows, dtype=torch.long, device=self.device))
        return self.step([ids[-1]] * rows, state, context)

    def step(self, ids: list[int], state: State, context: Context) -> Prediction:
        """Read one token a row."""
        tokens = torch.from_numpy(np.array(ids)).to(self.device)
        with torch.inference_mode():
            raw, after, traces = self.model.step(tokens, state, len(context.draft_words))
        shares = [0.0] * len(ids) if traces.copy_share is None else traces.copy_share.tolist()
        return Prediction(raw.cpu().numpy(), shares, after)

    def state_after(self, ids: tuple[int, ...]) -> State:
        """The state of one row that has read ``ids``."""
        whole = len(ids) // CHUNK * CHUNK
        done, state = 0, None
        with self._lock:
            for end in range(whole, 0, -CHUNK):
                if (found := self._states.get(ids[:end])) is not None:
                    self._states.move_to_end(ids[:end])
                    done, state = end, found[0]
                    break
        with torch.inference_mode():
            if state is None:
                state = self.model.initial_state(1)
            while done < len(ids):
                chunk = ids[done : done + CHUNK]
                state = self.model.read(torch.tensor([chunk], device=self.device), state)
                done += len(chunk)
                if len(chunk) == CHUNK:
                    self._remember(ids[:done], state)
        return state

    def _remember(self, ids: tuple[int, ...], state: State) -> None:
        state = compact(state)
        size = sum(t.numel() * t.element_size() for t in state_tensors(state))
        with self._lock:
            if ids not in self._states:
                self._states[ids] = (state, size)
                self._held += size
            while self._held > REMEMBERED_BYTES and len(self._states) > 1:
                _ids, (_state, gone) = self._states.popitem(last=False)
                self._held -= gone
