"""A step of the script model on a CPU, in numpy around the large products.

A token of writing is some hundred small operations on a few rows. What torch takes to begin one is
several times what numpy takes, and the operation itself is over in less; so torch only multiplies
by the weights, which are laid out for it once. It is the arithmetic of ``ScriptModel``, which is
how cards and everything that reads whole windows do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.models.attention import Scorer
from engine.models.draft_words import array_read_as
from engine.models.memory_tape import MemoryTape
from engine.models.neural_cache import CacheSettings, cache_weights
from engine.models.odds_mixture import Looked
from engine.models.recency import Given
from engine.models.recurrent import RecurrentStack, StackState
from engine.models.script_state import Memory, ScriptState
from engine.models.step_map import StepMap

Floats = NDArray[np.float32]
UNSEEN = np.float32(-1e9)


@dataclass(frozen=True, slots=True)
class Stepped:
    """What the network itself makes of one token a row."""

    logits: Tensor
    """(batch, vocabulary)"""
    looked: Looked
    stack: StackState
    gates: Tensor
    again: Given | None = None
    """What was said and is given odds of its own; not on a CPU, where that is done later."""


class _Layer:
    """One recurrent layer, one time step."""

    def __init__(self, stack: RecurrentStack, layer: int) -> None:
        self.cell = stack.cell
        own, back = stack.input_weights[layer], stack.hidden_weights[layer]
        bias = stack.biases[layer]
        if stack.cell == "gru":
            self._own = StepMap([own], [bias])
            self._back = StepMap([back], [stack.hidden_biases[layer]])
        else:
            self._own = StepMap([torch.cat((own, back), 1)], [bias])

    def __call__(
        self, values: Floats, hidden: Floats, cell: Floats | None
    ) -> tuple[Floats, Floats | None, Floats]:
        """(batch, hidden) output and cell, and (batch, gates, hidden) gates."""
        batch, size = hidden.shape
        if self.cell == "gru":
            own = _times(self._own, values).reshape(batch, 3, size)
            back = _times(self._back, hidden).reshape(batch, 3, size)
            reset, update = _sigmoid(own[:, :2] + back[:, :2]).swapaxes(0, 1)
            candidate = np.tanh(own[:, 2] + reset * back[:, 2])
            output = candidate + update * (hidden - candidate)
            return output, None, np.stack((reset, update, candidate), 1)
        raw = _times(self._own, np.concatenate((values, hidden), 1))
        if cell is None:
            output = np.tanh(raw)
            return output, None, output[:, None]
        raw = raw.reshape(batch, 4, size)
        gates = _sigmoid(raw)
        np.tanh(raw[:, 2], out=gates[:, 2])
        new = gates[:, 1] * cell
        new += gates[:, 0] * gates[:, 2]
        return gates[:, 3] * np.tanh(new), new, gates


class ScriptStep:
    """``ids`` (batch,) and the state before them to what the network makes of them.

    The weights must stay as they are. ``projections`` are all maps of attention and copying, by
    name, as in ``ScriptModel``.
    """

    def __init__(
        self,
        stack: RecurrentStack,
        projections: Mapping[str, nn.Linear],
        combine: nn.Linear | None,
        embedding: Tensor,
        bias: Tensor,
        scorers: tuple[Scorer | None, Scorer | None],
        cache: CacheSettings | None,
    ) -> None:
        def laid_out(maps: list[nn.Linear]) -> StepMap | None:
            weights = [one.weight for one in maps]
            return StepMap(weights, [one.bias for one in maps]) if maps else None

        self._embedding: Floats = embedding.numpy()
        self._layers = [_Layer(stack, layer) for layer in range(stack.layers)]
        self._project = laid_out(list(projections.values()))
        ends = np.cumsum([one.out_features for one in projections.values()]).tolist()
        self._parts = {
            name: slice(end - one.out_features, end)
            for (name, one), end in zip(projections.items(), ends, strict=True)
        }
        self._combine = laid_out([] if combine is None else [combine])
        self._words = StepMap([embedding], [bias])
        self._attending, self._copying = (one and _Scoring(one) for one in scorers)
        self._cache = cache

    def __call__(self, ids: Tensor, state: ScriptState) -> Stepped:
        values: Floats = self._embedding[array_read_as(ids.numpy(), len(self._embedding))]
        before = state.stack.hidden.numpy()
        cells = None if state.stack.cell is None else state.stack.cell.numpy()
        hidden, cell, gates = [], [], []
        for number, layer in enumerate(self._layers):
            values, new, gate = layer(
                values, before[number], None if cells is None else cells[number]
            )
            hidden.append(values)
            gates.append(gate)
            if new is not None:
                cell.append(new)
        stack = StackState(_stacked(hidden, 0), _stacked(cell, 0) if cell else None)
        looked = self._look(values, ids, state)
        logits = self._words(looked.features[:, 0])
        return Stepped(logits, looked, stack, _stacked(gates, 1))

    def _look(self, output: Floats, ids: Tensor, state: ScriptState) -> Looked:
        """As in ``ScriptModel``, for one step that comes to the state ``output`` (batch, hidden).

        The memory has moved on by this token, so that every place which holds a word is seen.
        """
        made = None if self._project is None else _times(self._project, output)
        seen = (
            {name: made[:, part] for name, part in self._parts.items()} if made is not None else {}
        )
        memory = self._moved(seen, ids, state)
        if memory is None:
            return Looked(self._features(output, None), None, None, None, None, None)
        unseen = memory.ids.numpy() < 0
        context = attention = copying = share = None
        if self._attending is not None:
            scores = self._attending(seen["queries"], memory.keys.numpy())
            scores[unseen] = UNSEEN
            attention = _softmax(scores)
            context = (attention[:, None] @ memory.values.numpy())[:, 0]
        if self._copying is not None:
            scores = self._copying(seen["copy queries"], memory.copy_keys.numpy())
            scores[unseen] = UNSEEN
            # The sentinel competes with the positions.
            whole = _softmax(np.concatenate((scores, seen["sentinel"]), 1))
            copying, share = whole[:, :-1], 1 - whole[:, -1]
        if self._cache is not None and memory.states is not None:
            allowed = (memory.ids >= 0)[:, None]
            weights = cache_weights(
                torch.from_numpy(output)[:, None], memory.states, allowed, self._cache.flatness
            ).numpy()[:, 0]
            cached = np.float32(self._cache.share) * weights
            rest = np.float32(1 - self._cache.share)
            copying = cached if copying is None else rest * copying + cached
            taken = cached.sum(1)
            share = taken if share is None else rest * share + taken
        return Looked(
            self._features(output, context),
            None if attention is None else _in_time(attention),
            None if copying is None else _in_time(copying),
            None if share is None else _in_time(share),
            memory.ids,
            memory,
        )

    def _moved(self, seen: dict[str, Floats], ids: Tensor, state: ScriptState) -> Memory | None:
        """The memory with this token in the place of the oldest."""
        memory = state.memory
        if memory is None:
            return None
        parts: dict[str, tuple[Tensor, NDArray[Any]]] = {"ids": (memory.ids, ids.numpy())}
        pending = memory.pending
        if self._attending is not None:
            parts["keys"] = memory.keys, seen["keys"]
            parts["values"] = memory.values, seen["values"]
        if self._copying is not None:
            parts["copy_keys"] = memory.copy_keys, pending.numpy()
            pending = torch.from_numpy(seen["copy keys"])
        if self._cache is not None and memory.states is not None:
            parts["states"] = memory.states, state.stack.hidden[-1].numpy()
        before, token = zip(*parts.values(), strict=True)
        tape = memory.tape
        moved = None if tape is None else tape.write(memory.ids, token)
        if tape is None or moved is None:
            tape = MemoryTape(before)
            moved = tape.write(memory.ids, token)
            assert moved is not None
        return replace(memory, pending=pending, tape=tape, **dict(zip(parts, moved, strict=True)))

    def _features(self, output: Floats, context: Floats | None) -> Tensor:
        features = output if context is None else np.concatenate((output, context), 1)
        if self._combine is not None:
            features = _times(self._combine, features)
            if context is not None:
                np.tanh(features, out=features)
        return _in_time(features)


class _Scoring:
    """:meth:`Scorer.score` for one step."""

    def __init__(self, scorer: Scorer) -> None:
        self._measure = None if scorer.measure is None else scorer.measure.detach().numpy()
        self._scale = np.float32(scorer.size**-0.5)

    def __call__(self, queries: Floats, keys: Floats) -> Floats:
        """(batch, positions) from (batch, size) and (batch, positions, size)."""
        scores: Floats
        if self._measure is not None:
            scores = np.tanh(queries[:, None] + keys) @ self._measure
        else:
            scores = (keys @ (self._scale * queries)[:, :, None])[:, :, 0]
        return scores


def _times(product: StepMap, rows: Floats) -> Floats:
    made: Floats = product(torch.from_numpy(rows)).numpy()
    return made


def _in_time(values: Floats) -> Tensor:
    """(batch, 1, ...) of ``values`` (batch, ...)."""
    return torch.from_numpy(values[:, None])


def _stacked(parts: list[Floats], axis: int) -> Tensor:
    one = len(parts) == 1
    return torch.from_numpy(np.expand_dims(parts[0], axis) if one else np.stack(parts, axis))


def _sigmoid(values: Floats) -> Floats:
    # By way of the hyperbolic tangent, nothing can overflow.
    made: Floats = np.tanh(np.float32(0.5) * values)
    made *= np.float32(0.5)
    made += np.float32(0.5)
    return made


def _softmax(scores: Floats) -> Floats:
    odds: Floats = np.exp(scores - scores.max(1, keepdims=True))
    odds /= odds.sum(1, keepdims=True)
    return odds
