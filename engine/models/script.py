"""The script model: a recurrent stack that looks back, and copies what it sees.

embedding, locked dropout, recurrent stack, causal attention over the last states, tied softmax
(Press & Wolf 2017) mixed with a distribution over the words of the context, each copied if the
present state is like the one that came before it (Grave, Joulin & Usunier 2017; Merity 2017). A
word of the draft that the vocabulary does not hold can be copied too. A trained model's softmax is
also mixed with counted n-grams, and what the draft has said made likelier, where that helps.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.config import TrainingConfig
from engine.models.attention import Scorer, causal_window, looking_size
from engine.models.cell_traces import trace_cells
from engine.models.contract import CellTraces, Sources, Traces, WindowTraces
from engine.models.draft_words import read_as
from engine.models.embedding_dropout import embed
from engine.models.kneser_ney import HISTORY
from engine.models.locked_dropout import LockedDropout
from engine.models.low_linear import low_linear, project
from engine.models.neural_cache import CacheSettings, cache_weights
from engine.models.ngram_mixture import NgramMixture
from engine.models.odds_mixture import Counts, Looked, Mix, mixed, sources
from engine.models.rare_words import RareWords
from engine.models.recency import Recency
from engine.models.recurrent import RecurrentStack, StackState
from engine.models.script_state import Memory, ScriptState
from engine.models.script_step import ScriptStep, Stepped
from engine.models.step_graph import StepGraphs
from engine.models.step_odds import step_odds
from engine.models.tied_softmax import (
    draw,
    inclusion_probabilities,
    log_frequencies,
    target_log_probability,
)

_TINY = 1e-20


class ScriptModel(nn.Module):
    """The default language model; see the module's docstring and ``LanguageModel``."""

    def __init__(self, config: TrainingConfig, vocabulary_size: int) -> None:
        super().__init__()
        self.config = config
        self.vocabulary_size = vocabulary_size
        embedding, hidden = config.embedding_size, config.hidden_size
        self.embedding = nn.Parameter(torch.randn(vocabulary_size, embedding) * embedding**-0.5)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))
        self.input_dropout = LockedDropout(config.dropout)
        self.output_dropout = LockedDropout(config.dropout)
        self.stack = RecurrentStack(
            config.cell,
            embedding,
            hidden,
            config.layers,
            config.dropout,
            config.weight_drop,
            low_precision=config.precision == "bfloat16",
        )
        # Not saved: it is a matter of training only, and ``prime`` comes before every run.
        self.register_buffer("inclusion", torch.ones(vocabulary_size), persistent=False)
        self.inclusion: Tensor
        self.gate_names = self.stack.gate_names
        self.span = config.attention_span
        self.cache: CacheSettings | None = None
        self.ngrams: NgramMixture | None = None
        self.recency: Recency | None = None
        self._rare: RareWords | None = None
        size = looking_size(hidden)
        self.size = size
        attends = config.attention != "none"
        self.scorer = Scorer(config.attention, hidden, size) if attends else None
        self.value = nn.Linear(hidden, size) if attends else None
        self.copier = Scorer("general", hidden, size) if config.copying else None
        self.sentinel = nn.Linear(hidden, 1) if config.copying else None
        if self.sentinel is not None:
            nn.init.constant_(self.sentinel.bias, 6.0)
        features = hidden + (size if attends else 0)
        self.combine = nn.Linear(features, embedding) if features != embedding else None
        self._quick_step: Callable[[Tensor, ScriptState], Stepped] | None = None

    @property
    def remembers(self) -> bool:
        """Whether there is a memory at all: for attention, copying or counted n-grams."""
        return self.scorer is not None or self.copier is not None or self.ngrams is not None

    @property
    def low_precision(self) -> bool:
        return self.config.precision == "bfloat16"

    @torch.no_grad()
    def prime(self, counts: Tensor, cues: Tensor | None = None) -> None:
        self._rare = RareWords.of(counts, cues, self.config.vocabulary_cutoff)
        counts = self._rare.merged(counts)
        self.bias.copy_(log_frequencies(counts))
        self.inclusion.copy_(inclusion_probabilities(counts, self.config.candidates))
        self.inclusion[self._rare.words] = 0.0

    @torch.no_grad()
    def prepare_steps(self) -> None:
        if self.bias.device.type == "cuda":
            self._quick_step = StepGraphs(self._stepped)
        elif self.bias.device.type == "cpu":
            self._quick_step = ScriptStep(
                self.stack,
                self._asked(),
                self.combine,
                self.embedding.detach(),
                self.bias.detach(),
                (self.scorer, self.copier),
                self.cache,
            )

    @torch.no_grad()
    def settle(self) -> None:
        if self._rare is not None:
            self._rare.settle(self.embedding, self.bias)

    def initial_state(self, batch_size: int) -> ScriptState:
        memory = None
        cached = self.cache is not None and not self.training
        if self.remembers or cached:
            empty = self.bias.new_zeros(batch_size, self.span, self.size)
            memory = Memory(
                torch.full((batch_size, self.span), -1, dtype=torch.long, device=empty.device),
                empty,
                empty,
                empty,
                empty.new_zeros(batch_size, self.size),
                empty.new_zeros(batch_size, self.span, self.stack.hidden_size) if cached else None,
            )
        said = None if self.recency is None else self.recency.nothing(batch_size)
        return ScriptState(self.stack.initial_state(batch_size), memory, said)

    def forward(
        self, ids: Tensor, targets: Tensor, state: ScriptState
    ) -> tuple[Tensor, ScriptState]:
        odds, state = self._window(ids, targets, state, self.low_precision)
        return -odds.mean(), state

    @torch.no_grad()
    def score(self, ids: Tensor, targets: Tensor, state: ScriptState) -> tuple[Tensor, ScriptState]:
        outputs, stack = self._recur(ids, state)
        looked = self._look(outputs, ids, state)
        rows = looked.features.reshape(-1, looked.features.shape[-1])
        odds = target_log_probability(
            rows, self.embedding, self.bias, targets.reshape(-1), False
        ).view_as(targets)
        found = self._sources(odds.exp(), looked, ids, targets, state)
        after = ScriptState(stack, looked.memory, self._said(ids, state))
        return found.whole.clamp_min(_TINY).log(), after

    @torch.no_grad()
    def outputs(self, ids: Tensor, state: ScriptState) -> Tensor:
        """(batch, time, hidden): the last layer's state after each of ``ids`` (batch, time)."""
        return self._recur(ids, state)[0]

    @torch.no_grad()
    def read(self, ids: Tensor, state: ScriptState) -> ScriptState:
        outputs, stack = self._recur(ids, state)
        # Nothing is predicted: only what later words will look back at is needed.
        seen = self._projections(outputs, asking=False)
        memory = self._extended(seen, outputs, ids, state)
        memory = None if memory is None else memory.last(self.span)
        return ScriptState(stack, memory, self._said(ids, state))

    @torch.no_grad()
    def step(
        self, ids: Tensor, state: ScriptState, extra_words: int = 0
    ) -> tuple[Tensor, ScriptState, Traces]:
        stepped = (self._quick_step or self._stepped)(ids, state)
        looked, stack = stepped.looked, stepped.stack
        if ids.device.type == "cpu":
            words = None
            if state.said is not None:
                heard = (state.said.numpy(), ids.numpy()[:, None])
                words = np.concatenate(heard, axis=1, dtype=np.int32)
            odds = step_odds(stepped.logits, looked, self.ngrams, self.recency, words, extra_words)
            said = None if words is None else torch.from_numpy(words[:, 1:])
        else:
            counts = self._counts(looked, 1)
            again = None if stepped.again is None else stepped.again.mixed_into
            odds = mixed(stepped.logits[:, None], looked, counts, again, extra_words)[:, 0]
            said = self._said(ids[:, None], state)
        traces = Traces(
            attention=looked.attention,
            copying=None if looked.copying is None else looked.copying[:, 0],
            copy_share=None if looked.share is None else looked.share[:, 0],
            memory_ids=looked.ids,
            hidden=stack.hidden.transpose(0, 1),
            cell=None if stack.cell is None else stack.cell.transpose(0, 1),
            gates=stepped.gates,
        )
        return odds, ScriptState(stack, looked.memory, said), traces

    def _stepped(self, ids: Tensor, state: ScriptState) -> Stepped:
        words = functional.embedding(read_as(ids, self.vocabulary_size), self.embedding)
        output, stack, gates = self.stack.step(words, state.stack)
        looked = self._look(output[:, None], ids[:, None], state)
        again = None
        if self.recency is not None and state.said is not None and ids.device.type != "cpu":
            again = self.recency.weigh(state.said, ids[:, None])
        # This way round a few rows cost one pass over the table, not a packed copy of it.
        features = looked.features[:, 0]
        logits = torch.addmm(self.bias[:, None], self.embedding, features.t()).t()
        return Stepped(logits, looked, stack, gates, again)

    @torch.no_grad()
    def predict(
        self, ids: Tensor, state: ScriptState, extra_words: int = 0, targets: Tensor | None = None
    ) -> tuple[Tensor, ScriptState, WindowTraces]:
        outputs, stack = self._recur(ids, state)
        looked = self._look(outputs, ids, state)
        logits = looked.features @ self.embedding.t() + self.bias
        parts = None
        if targets is not None:
            known = targets.clamp_max(self.vocabulary_size - 1)[:, :, None]
            own = torch.log_softmax(logits, dim=-1).gather(2, known)[:, :, 0].exp()
            own = own * (targets < self.vocabulary_size)
            parts = self._sources(own, looked, ids, targets, state)
        counts, again = self._counts(looked, ids.shape[1]), self._again(ids, state)
        odds = mixed(logits, looked, counts, again, extra_words)
        traces = WindowTraces(
            None if looked.attention is None else looked.attention[:, None],
            looked.copying,
            looked.ids,
            parts,
        )
        return odds, ScriptState(stack, looked.memory, self._said(ids, state)), traces

    @torch.no_grad()
    def cell_traces(self, ids: Tensor, state: ScriptState) -> CellTraces:
        words = functional.embedding(read_as(ids, self.vocabulary_size), self.embedding)
        stack = self.stack
        weights = zip(
            stack.input_weights,
            stack.hidden_weights,
            stack.biases,
            stack.hidden_biases,
            strict=True,
        )
        return trace_cells(stack.cell, weights, words, state.stack)

    def _again(self, ids: Tensor, state: ScriptState) -> Mix | None:
        """How what was said until ``ids`` (batch, time) is mixed in."""
        recency, said = self.recency, state.said
        if recency is None or said is None:
            return None
        return lambda chances: recency.mix(chances, said, ids)

    def _said(self, ids: Tensor, state: ScriptState) -> Tensor | None:
        """What has been said after ``ids`` (batch, time)."""
        if self.recency is None or state.said is None:
            return None
        return self.recency.after(state.said, ids)

    def _counts(self, looked: Looked, time: int) -> Counts | None:
        """The n-grams, and the words before each prediction of the last ``time`` positions."""
        if self.ngrams is None or looked.ids is None:
            return None
        seen = read_as(looked.ids[:, -(time + HISTORY - 1) :], self.vocabulary_size)
        return Counts(self.ngrams, seen.unfold(1, HISTORY, 1))

    def _recur(self, ids: Tensor, state: ScriptState) -> tuple[Tensor, StackState]:
        return self._recur_in(read_as(ids, self.vocabulary_size), self.embedding, state)

    def _recur_in(
        self, ids: Tensor, table: Tensor, state: ScriptState
    ) -> tuple[Tensor, StackState]:
        """As :meth:`_recur`, for ``ids`` that are rows of ``table``."""
        words = embed(ids, table, self.config.embedding_dropout, self.training)
        outputs, stack = self.stack(self.input_dropout(words), state.stack)
        return outputs, stack

    def _window(
        self, ids: Tensor, targets: Tensor, state: ScriptState, low: bool
    ) -> tuple[Tensor, ScriptState]:
        """(batch, time) log-probability of ``targets``, and the state after ``ids``, for training.

        Without what a finished model is given.
        """
        read, wanted = read_as(ids, self.vocabulary_size), targets
        table: Tensor = self.embedding
        bias: Tensor = self.bias
        rare = self._rare if self.training else None
        if rare is not None:
            read, wanted, bias = rare.read_as[read], rare.read_as[targets], rare.left_out(bias)
        if self.training and self.config.candidates:
            # One small table for reading and predicting, so that there is one gradient to put
            # back into the large one.
            drawn = draw(self.inclusion, torch.stack((read, wanted)))
            table = table.index_select(0, drawn.words)
            bias = bias.index_select(0, drawn.words) + drawn.correction
            read, wanted = drawn.place[read], drawn.place[wanted]
        outputs, stack = self._recur_in(read, table, state)
        looked = self._look(outputs, ids, state)
        features = self.output_dropout(looked.features)
        rows = features.reshape(-1, features.shape[-1])
        odds = target_log_probability(rows, table, bias, wanted.reshape(-1), low)
        odds = odds.view_as(targets)
        if rare is not None:
            odds = odds + rare.shares[targets]
        if looked.share is not None and looked.copying is not None and looked.ids is not None:
            same = looked.ids[:, None, :] == targets[:, :, None]
            copied = (looked.copying * same).sum(-1)
            odds = torch.logaddexp(
                odds + torch.log1p(-looked.share.clamp_max(1 - 1e-6)), copied.clamp_min(_TINY).log()
            )
        return odds, ScriptState(stack, looked.memory, state.said)

    def _sources(
        self, own: Tensor, looked: Looked, ids: Tensor, targets: Tensor, state: ScriptState
    ) -> Sources:
        said = None
        if self.recency is not None and state.said is not None:
            said = self.recency.of_targets(state.said, ids, targets)
        return sources(own, targets, looked, self._counts(looked, ids.shape[1]), said)

    def _look(self, outputs: Tensor, ids: Tensor, state: ScriptState) -> Looked:
        """Attend and copy over the memory and the window's own past.

        ``outputs`` is (batch, time, hidden), the states after ``ids`` (batch, time); ``state`` is
        the one before them.
        """
        seen = self._projections(outputs)
        memory = self._extended(seen, outputs, ids, state)
        if memory is None:
            return Looked(self._features(outputs, None), None, None, None, None, None)
        allowed = causal_window(ids.shape[1], self.span, ids.device) & (memory.ids >= 0)[:, None]
        unseen = ~allowed
        context = attention = copying = share = None
        if self.scorer is not None:
            scores = self.scorer.score(seen["queries"], memory.keys)
            # A step always sees its own token, so that the weights sum to 1.
            attention = torch.softmax(scores.masked_fill(unseen, -1e9), dim=-1)
            context = attention @ memory.values
        if self.copier is not None:
            scores = self.copier.score(seen["copy queries"], memory.copy_keys)
            # The sentinel (Merity 2017) competes with the positions: where the memory holds
            # little that fits, it takes the whole probability and nothing is copied.
            scores = scores.masked_fill(unseen, -1e9)
            with_sentinel = torch.softmax(torch.cat((scores, seen["sentinel"]), -1), -1)
            copying = with_sentinel[:, :, :-1]
            share = 1 - with_sentinel[:, :, -1]
        if self.cache is not None and memory.states is not None:
            weights = cache_weights(outputs, memory.states, allowed, self.cache.flatness)
            cached = self.cache.share * weights
            rest = 1 - self.cache.share
            copying = cached if copying is None else rest * copying + cached
            cached_share = self.cache.share * allowed.any(-1)
            share = cached_share if share is None else rest * share + cached_share
        return Looked(
            self._features(outputs, context),
            attention,
            copying,
            share,
            memory.ids,
            memory.last(self.span),
        )

    def _projections(self, outputs: Tensor, *, asking: bool = True) -> dict[str, Tensor]:
        """What attention and copying want of the states, by name: (batch, time, size) each.

        Without ``asking``, only what later words will look back at.
        """
        maps = self._asked() if asking else self._kept()
        return project(outputs, maps, self._low_products(outputs))

    def _kept(self) -> dict[str, nn.Linear]:
        """The maps to what later words will look back at, by name."""
        maps: dict[str, nn.Linear] = {}
        if self.scorer is not None and self.value is not None:
            maps |= {"keys": self.scorer.key, "values": self.value}
        if self.copier is not None:
            maps["copy keys"] = self.copier.key
        return maps

    def _asked(self) -> dict[str, nn.Linear]:
        """All maps of attention and copying, by name."""
        maps = self._kept()
        if self.scorer is not None:
            maps["queries"] = self.scorer.asking
        if self.copier is not None and self.sentinel is not None:
            maps |= {"copy queries": self.copier.asking, "sentinel": self.sentinel}
        return maps

    def _low_products(self, values: Tensor) -> bool:
        """Whether to multiply in bfloat16 by hand; on a card autocast does."""
        return self.low_precision and self.training and values.device.type == "cpu"

    def _extended(
        self, seen: dict[str, Tensor], outputs: Tensor, ids: Tensor, state: ScriptState
    ) -> Memory | None:
        """The memory of ``state`` with the window behind it, whole.

        ``seen`` are the window's projections; the other arguments are as in ``_look``.
        """
        memory = state.memory
        if memory is None:
            return None
        keys, values, copy_keys, pending, states = (
            memory.keys,
            memory.values,
            memory.copy_keys,
            memory.pending,
            memory.states,
        )
        if self.scorer is not None:
            keys = torch.cat((keys, seen["keys"]), 1)
            values = torch.cat((values, seen["values"]), 1)
        if self.copier is not None:
            fresh = seen["copy keys"]
            copy_keys = torch.cat((copy_keys, pending[:, None], fresh[:, :-1]), 1)
            pending = fresh[:, -1]
        if self.cache is not None and states is not None:
            states = torch.cat((states, state.stack.hidden[-1][:, None], outputs[:, :-1]), 1)
        return Memory(torch.cat((memory.ids, ids), 1), keys, values, copy_keys, pending, states)

    def _features(self, outputs: Tensor, context: Tensor | None) -> Tensor:
        joined = outputs if context is None else torch.cat((outputs, context), -1)
        if self.combine is None:
            return joined
        if self._low_products(joined):
            combined = low_linear(joined, self.combine.weight, self.combine.bias)
        else:
            combined = self.combine(joined)
        return torch.tanh(combined) if context is not None else combined
