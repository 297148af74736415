"""Word vectors: skip-gram with negative sampling (Mikolov et al. 2013), as matrix products.

A block of text is cut into short groups. All pairs of a group are one small matrix product, masked
to each word's own random window; noise words are shared by a few groups and weighted, which leaves
the expected gradient as it was (after Ji et al. 2016). Rows are updated by Adagrad (Duchi 2011)
with one step size a row, since a block adds up many pairs of a frequent word at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

GROUP = 16
"""Words whose pairs are one matrix product."""
MOST_GROUPS = 32
"""Groups in a block."""
SHARING = 8
"""Groups that share their noise words."""
NOISE = 32
"""Noise words that they share."""
EPSILON = 1e-6

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipGramConfig:
    """What decides how vectors come out."""

    dimension: int = 100
    window: int = 5
    """Farthest context word; each word draws its own window from 1 to this."""
    negatives: int = 5
    """Noise words a pair."""
    epochs: int = 5
    learning_rate: float = 0.2
    """Adagrad's step at the start; it falls to nothing in a straight line."""
    subsample: float = 1e-3
    """Words more frequent than this share of the text are thinned out; 0 keeps all."""
    seed: int = 1


def keep_probabilities(counts: NDArray[np.int64], subsample: float) -> Floats:
    """(words,): chance that one occurrence is read, as the authors' program has it."""
    share = counts / max(1, counts.sum())
    if subsample <= 0:
        return np.ones(len(counts))
    ratio = subsample / np.maximum(share, 1e-300)
    kept: Floats = np.minimum(1.0, np.sqrt(ratio) + ratio)
    return kept


def noise_edges(counts: NDArray[np.int64]) -> Floats:
    """(words,): the cumulative noise distribution, frequency to the power of 0.75."""
    powered = np.power(counts.astype(np.float64), 0.75)
    edges: Floats = np.cumsum(powered / powered.sum())
    return edges


class SkipGram:
    """The two tables, and one update at a time.

    ``words`` is the number of words; id ``words`` stands for nothing and pads a block. ``groups``
    is a multiple of ``SHARING``.
    """

    def __init__(self, config: SkipGramConfig, counts: NDArray[np.int64], groups: int) -> None:
        self.config, self.words, self.groups = config, len(counts), groups
        self._edges = noise_edges(counts)
        dice = np.random.default_rng([config.seed, 1])
        start = (dice.random((self.words + 1, config.dimension), dtype=np.float32) - 0.5) * (
            1 / config.dimension
        )
        self.inputs = torch.from_numpy(start)
        self.outputs = torch.zeros_like(self.inputs)
        self._input_squares = torch.zeros(self.words + 1)
        self._output_squares = torch.zeros(self.words + 1)
        row = torch.arange(GROUP)[:, None]
        column = torch.arange(GROUP + 2 * config.window)[None] - config.window
        self._distance = (row - column).abs().to(torch.uint8)

    @property
    def block(self) -> int:
        """Words that are read in one update."""
        return GROUP * self.groups

    def draw_noise(self, dice: np.random.Generator) -> Tensor:
        """Ids of the noise words of one block."""
        number = NOISE * self.groups // SHARING
        drawn = np.searchsorted(self._edges, dice.random(number), side="right")
        return torch.from_numpy(np.minimum(drawn, self.words - 1))

    def draw_radii(self, dice: np.random.Generator) -> Tensor:
        """(block,): the window of each word."""
        high = self.config.window + 1
        return torch.from_numpy(dice.integers(1, high, self.block, dtype=np.uint8))

    def update(
        self, text: Tensor, radii: Tensor, noise: Tensor, rate: float, measure: bool = False
    ) -> float | None:
        """One step on a block; returns the mean loss in nats a pair if ``measure``.

        ``text`` is (window + block + window,) ids: the block with what stands around it.
        """
        shapes = self._shapes(text, radii)
        centre, around, mask, pairs = shapes
        vectors = self.inputs.index_select(0, centre)
        contexts = self.outputs.index_select(0, around)
        noises = self.outputs.index_select(0, noise).view(-1, NOISE, vectors.shape[1])
        sharing = vectors.view(len(noises), -1, vectors.shape[1])
        rows = vectors.view(self.groups, GROUP, -1)
        others = contexts.view(self.groups, -1, contexts.shape[1])
        scores = torch.bmm(rows, others.transpose(1, 2))
        noise_scores = torch.bmm(sharing, noises.transpose(1, 2))
        weight = pairs.view(len(noises), -1, 1) * (self.config.negatives / NOISE)
        loss = self._loss(scores, noise_scores, mask, pairs) if measure else None
        pull = scores.sigmoid_().sub_(1).mul_(mask)
        push = noise_scores.sigmoid_().mul_(weight)
        centre_gradient = torch.bmm(pull, others).view_as(sharing).baddbmm_(push, noises)
        around_gradient = torch.bmm(pull.transpose(1, 2), rows).view_as(contexts)
        noise_gradient = torch.bmm(push.transpose(1, 2), sharing).view(len(noise), -1)
        _adagrad(self.inputs, self._input_squares, centre, centre_gradient.view_as(vectors), rate)
        _adagrad(
            self.outputs,
            self._output_squares,
            torch.cat((around, noise)),
            torch.cat((around_gradient, noise_gradient)),
            rate,
        )
        return loss

    def loss(self, text: Tensor, radii: Tensor, noise: Tensor) -> float:
        """Mean loss in nats a pair of a block, without learning from it."""
        centre, around, mask, pairs = self._shapes(text, radii)
        vectors = self.inputs.index_select(0, centre)
        rows = vectors.view(self.groups, GROUP, -1)
        others = self.outputs.index_select(0, around).view(self.groups, -1, vectors.shape[1])
        scores = torch.bmm(rows, others.transpose(1, 2))
        noises = self.outputs.index_select(0, noise).view(-1, NOISE, vectors.shape[1])
        sharing = vectors.view(len(noises), -1, vectors.shape[1])
        noise_scores = torch.bmm(sharing, noises.transpose(1, 2))
        return self._loss(scores, noise_scores, mask, pairs)

    def _shapes(self, text: Tensor, radii: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Centres (block,), contexts (groups * halo,), pair mask (groups, group, halo), pairs."""
        window = self.config.window
        centre = text[window : window + self.block].contiguous()
        around = text.unfold(0, GROUP + 2 * window, GROUP)
        near = (self._distance <= radii.view(self.groups, GROUP, 1)) & (self._distance > 0)
        real = (centre < self.words).view(self.groups, GROUP, 1) & (around < self.words)[:, None]
        mask = near & real
        return centre, around.reshape(-1), mask, mask.sum(2).view(-1, 1)

    def _loss(self, scores: Tensor, noise_scores: Tensor, mask: Tensor, pairs: Tensor) -> float:
        logsigmoid = torch.nn.functional.logsigmoid
        near = -(logsigmoid(scores) * mask).sum()
        weight = pairs.view(len(noise_scores), -1, 1) * (self.config.negatives / NOISE)
        far = -(logsigmoid(-noise_scores) * weight).sum()
        return float((near + far) / pairs.sum().clamp_min(1))


def _adagrad(table: Tensor, squares: Tensor, rows: Tensor, gradient: Tensor, rate: float) -> None:
    """One step for the rows ``rows`` of ``table``, in place; each repeat takes its own."""
    squares.index_add_(0, rows, torch.linalg.vector_norm(gradient, dim=1).square_())
    grown = squares.index_select(0, rows).div_(gradient.shape[1])
    scale = grown.sqrt_().add_(EPSILON).reciprocal_().mul_(-rate)
    table.index_add_(0, rows, gradient.mul_(scale[:, None]))
