"""The classic recipe behind the common contract, so that it trains and writes like the others.

Same network (:class:`engine.models.classic.RNN`); but where the recipe learns from the last word of
a window only, this one is also scored on whole windows with the state carried along.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.config import TrainingConfig
from engine.models.cell_traces import trace_cells
from engine.models.classic import RNN
from engine.models.contract import CellTraces, Traces
from engine.models.draft_words import read_as
from engine.models.recurrent import GATES, StackState


class ClassicLanguageModel(nn.Module):
    """``RNN`` as a ``LanguageModel``: no attention, no copying, untied softmax."""

    def __init__(self, config: TrainingConfig, vocabulary_size: int) -> None:
        super().__init__()
        self.config, self.vocabulary_size = config, vocabulary_size
        self.gate_names = GATES["lstm"]
        self.rnn = RNN(
            vocabulary_size,
            vocabulary_size,
            config.embedding_size,
            config.hidden_size,
            config.layers,
            config.dropout,
        )

    def prime(self, counts: Tensor, cues: Tensor | None = None) -> None:
        """The recipe begins from chance alone."""

    def settle(self) -> None:
        """The recipe leaves nothing to do."""

    def prepare_steps(self) -> None:
        """The recipe is left as it is."""

    def initial_state(self, batch_size: int) -> StackState:
        hidden, cell = self.rnn.init_hidden(batch_size)
        return StackState(hidden, cell)

    def forward(self, ids: Tensor, targets: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        scores, state = self._scores(ids, state)
        return functional.cross_entropy(scores.flatten(0, 1), targets.reshape(-1)), state

    @torch.no_grad()
    def score(self, ids: Tensor, targets: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        scores, state = self._scores(ids, state)
        odds = torch.log_softmax(scores, -1)
        return odds.gather(2, targets[:, :, None]).squeeze(2), state

    @torch.no_grad()
    def read(self, ids: Tensor, state: StackState) -> StackState:
        return self._recur(ids, state)[1]

    @torch.no_grad()
    def step(
        self, ids: Tensor, state: StackState, extra_words: int = 0
    ) -> tuple[Tensor, StackState, Traces]:
        scores, state = self._scores(ids[:, None], state)
        odds = torch.log_softmax(scores[:, 0], -1)
        if extra_words:
            odds = functional.pad(odds, (0, extra_words), value=float("-inf"))
        traces = Traces(
            attention=None,
            copying=None,
            copy_share=None,
            memory_ids=None,
            hidden=state.hidden.transpose(0, 1),
            cell=None if state.cell is None else state.cell.transpose(0, 1),
            gates=None,
        )
        return odds, state, traces

    @torch.no_grad()
    def cell_traces(self, ids: Tensor, state: StackState) -> CellTraces:
        return trace_cells("lstm", self.rnn.lstm.all_weights, self._embedded(ids), state)

    def _embedded(self, ids: Tensor) -> Tensor:
        words: Tensor = self.rnn.embedding(read_as(ids, self.vocabulary_size))
        return words

    def _recur(self, ids: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        assert state.cell is not None
        words = self._embedded(ids)
        output, (hidden, cell) = self.rnn.lstm(words, (state.hidden, state.cell))
        return output, StackState(hidden, cell)

    def _scores(self, ids: Tensor, state: StackState) -> tuple[Tensor, StackState]:
        output, state = self._recur(ids, state)
        scores: Tensor = self.rnn.fc(output)
        return scores, state
