"""What every language model of the project offers to training, generation and inspection.

A model is two things: a loss over a window of text, for training, and one carried-state step a
token, for everything else. States are values: a step returns a new one and never changes the old,
so that a branch, an undo or an alternative is only another reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

from torch import Tensor

from engine.config import TrainingConfig


class State(Protocol):
    """What a model carries from token to token; never changed in place."""

    @property
    def batch_size(self) -> int:
        """Rows that this state carries."""

    def select(self, rows: Tensor) -> Self:
        """The state of the rows ``rows`` (indices, repeats allowed): how a branch is made."""

    def keep(self, rows: Tensor) -> Self:
        """As it is where ``rows`` (batch,) is True; before any text where it is False."""

    def detach(self) -> Self:
        """The same values cut off from the gradient (truncated BPTT)."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What a step saw; ``None`` where a model has no such part.

    Positions are of the attention memory, oldest first; ``memory_ids`` names their tokens.
    """

    attention: Tensor | None
    """(batch, heads, positions): weights that sum to 1 over positions."""
    copying: Tensor | None
    """(batch, positions): probability that the next word is copied from there."""
    copy_share: Tensor | None
    """(batch,): probability that the next word is copied."""
    memory_ids: Tensor | None
    """(batch, positions): token ids in the memory; -1 where it is not filled yet."""
    hidden: Tensor
    """(batch, layers, hidden): each layer's h after this token."""
    cell: Tensor | None
    """(batch, layers, hidden): each layer's c; None for cells without one."""
    gates: Tensor | None
    """(batch, layers, gates, hidden): gate activations, in the order of ``gate_names``."""

    @property
    def copy_weights(self) -> Tensor | None:
        """(batch, positions): where a copied word would come from; sums to 1."""
        if self.copying is None:
            return None
        return self.copying / self.copying.sum(-1, keepdim=True).clamp_min(1e-20)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the probability of a token came from: (batch, time) each, which add up to it."""

    softmax: Tensor
    counted: Tensor
    """From counted n-grams of the corpus."""
    copied: Tensor
    """From the attention memory."""
    said: Tensor
    """From what the text has said further back."""

    @property
    def whole(self) -> Tensor:
        return self.softmax + self.counted + self.copied + self.said


@dataclass(frozen=True, slots=True)
class WindowTraces:
    """What a whole window of steps saw; ``None`` where a model has no such part.

    Positions are those of the memory before the window and then the window's own tokens; step t
    sees positions up to ``positions - time + t``.
    """

    attention: Tensor | None
    """(batch, heads, time, positions): weights that sum to 1 over positions."""
    copying: Tensor | None
    """(batch, time, positions): probability that the next word is copied from there."""
    memory_ids: Tensor | None
    """(batch, positions): token ids; -1 where the memory is not filled yet."""
    sources: Sources | None
    """Of the targets; None where none were given."""


S = TypeVar("S", bound=State)


@runtime_checkable
class LanguageModel(Protocol[S]):
    """The contract of a trainable, steppable language model (an ``nn.Module``)."""

    config: TrainingConfig
    vocabulary_size: int
    gate_names: tuple[str, ...]

    def prime(self, counts: Tensor, cues: Tensor | None = None) -> None:
        """Before training: learn from ``counts`` (vocabulary,) how often each word is seen.

        ``cues`` (vocabulary,) is True at speakers' cues.
        """

    def settle(self) -> None:
        """Before the weights are used or kept: do what training itself leaves undone."""

    def prepare_steps(self) -> None:
        """Make ``step`` quick with the weights, which stay as they are from now on."""

    def initial_state(self, batch_size: int) -> S:
        """The state before any text."""

    def forward(self, ids: Tensor, targets: Tensor, state: S) -> tuple[Tensor, S]:
        """Mean negative log-likelihood in nats of ``targets`` and the state after ``ids``.

        ``ids`` and ``targets`` are (batch, time), ``targets`` being ``ids`` one word later.
        """

    def score(self, ids: Tensor, targets: Tensor, state: S) -> tuple[Tensor, S]:
        """(batch, time) log-probability of each target, without dropout or gradient."""

    def read(self, ids: Tensor, state: S) -> S:
        """The state after ``ids`` (batch, time); whole-sequence kernels, for prompts."""

    def step(self, ids: Tensor, state: S, extra_words: int = 0) -> tuple[Tensor, S, Traces]:
        """Read one token a row and predict the next.

        ``ids`` is (batch,). Ids from ``vocabulary_size`` to ``vocabulary_size + extra_words - 1``
        are words of the draft that the vocabulary does not hold: those at an even offset are read
        as ``<unk>``, those at an odd one as ``<unk>:`` (cues), but both are remembered as
        themselves, so that they can be copied.
        Returns (batch, vocabulary_size + extra_words) log-probabilities, the next state, traces.
        """


@dataclass(frozen=True, slots=True)
class CellTraces:
    """What went on inside the recurrent layers at every token of a text."""

    hidden: Tensor
    """(time, layers, hidden): each layer's h after the token."""
    cell: Tensor | None
    """(time, layers, hidden): each layer's c; None for cells without one."""
    gates: Tensor | None
    """(time, layers, gates, hidden), in the order of ``gate_names``; None where unknown."""


@runtime_checkable
class ShowsCells(Protocol):
    """A model that can show its cells without predicting anything, which is quicker."""

    def cell_traces(self, ids: Tensor, state: Any) -> CellTraces:
        """The cells while reading ``ids`` (time,) from ``state``, one row."""


@runtime_checkable
class PredictsWindows(Protocol[S]):
    """A model that can predict after every token of a text at once, for looking inside."""

    def predict(
        self, ids: Tensor, state: S, extra_words: int = 0, targets: Tensor | None = None
    ) -> tuple[Tensor, S, WindowTraces]:
        """As many steps as ``ids`` (batch, time) has tokens, by whole-sequence kernels.

        ``targets`` are the tokens that came, if it is to be told where their odds are from.
        Returns (batch, time, words) log-probabilities, the state after ``ids``, and traces.
        """
