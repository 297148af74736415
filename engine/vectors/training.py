"""Training word vectors on a corpus, with the same listener and reins as a language model."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from engine.corpus.corpus import Corpus
from engine.corpus.tokenizer import is_word
from engine.corpus.vocabulary import SPECIALS
from engine.errors import TrainingError
from engine.protocol.values import Metrics, ValidationPoint
from engine.training.batching import word_counts
from engine.training.control import Control
from engine.training.progress import Listener, scale_told, waited_out
from engine.vectors.skipgram import (
    GROUP,
    MOST_GROUPS,
    SHARING,
    SkipGram,
    SkipGramConfig,
    keep_probabilities,
)
from engine.vectors.word_vectors import WordVectors

CHUNK = 1 << 20
"""Tokens that are thinned out at once; bounds memory whatever the corpus."""
METRIC_SECONDS = 0.25
SAMPLES_A_RUN = 12
MEASURED = 32
"""One update in so many has its loss worked out."""
FEWEST_WORDS = 200
LEAST_BLOCKS = 40
"""Blocks in a pass over a small corpus, so that it is not swallowed in a few large steps."""
SHOWN_WORDS, SHOWN_NEIGHBOURS = 6, 5
SHOWN_RANKS = (60, 1500)
"""Frequency ranks between which the words are taken whose neighbours are shown."""
VALIDATION_BLOCKS = 20

Ids = NDArray[np.int64]


def train_vectors(
    config: SkipGramConfig, corpus: Corpus, listener: Listener, control: Control
) -> WordVectors:
    """Vectors for every word, mark and cue of the corpus's vocabulary; those of the first table.

    The validation part of the corpus is not read. Samples are the neighbours of a few words.

    Raises:
        TrainingError: when the corpus is too small.
    """
    return VectorTraining(config, corpus, listener).run(control)


def check_size(corpus: Corpus) -> None:
    """See that ``corpus`` has enough to learn from.

    Raises:
        TrainingError: when it has not.
    """
    words = len(corpus.parts()[0])
    if words < FEWEST_WORDS or len(corpus.vocabulary) - len(SPECIALS) < 2:
        raise TrainingError(
            f"{corpus.name} has only {words:,} words to learn from.",
            f"Add scripts until it has at least {FEWEST_WORDS:,}; a million are better.",
        )


class VectorTraining:
    """One run."""

    def __init__(self, config: SkipGramConfig, corpus: Corpus, listener: Listener) -> None:
        check_size(corpus)
        train, validation, _test = corpus.parts()
        skip = len(SPECIALS)
        self._skip, self._train, self._validation = skip, train, validation
        self._words = corpus.vocabulary.words[skip:]
        counts = word_counts(train, len(corpus.vocabulary)).numpy()
        # A word that only the other parts have is not quite impossible.
        self._counts = np.maximum(counts[skip:], 1)
        self.config, self._listener = config, listener
        self._keep = keep_probabilities(self._counts, config.subsample)
        expected = float((self._keep * self._counts).sum())
        groups = int(expected / (GROUP * LEAST_BLOCKS)) // SHARING * SHARING
        self.model = SkipGram(config, self._counts, min(MOST_GROUPS, max(SHARING, groups)))
        self._shown = self._words_to_show()
        self._dice = np.random.default_rng([config.seed, 2])
        self._best: float | None = None
        self._step, self._read, self._seconds = 0, 0, 0.0

    @property
    def parameters(self) -> int:
        return 2 * self.model.words * self.config.dimension

    def run(self, control: Control) -> WordVectors:
        """Train until all epochs are done or ``control`` says stop.

        The matrices are small: one thread is quicker than several that wait for each other.
        """
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            self._run(control)
        finally:
            torch.set_num_threads(threads)
        return self.vectors()

    def _run(self, control: Control) -> None:
        total = self.config.epochs * len(self._train)
        next_sample = total / SAMPLES_A_RUN
        started = last = time.perf_counter()
        losses: list[float] = []
        read_then, scale = 0, 1.0
        with torch.inference_mode():
            for text, read in self._blocks():
                if control.paused:
                    gap = waited_out(control, self._listener)
                    started, last = started + gap, last + gap
                if control.stopping:
                    break
                scale = scale_told(control, scale, self._step, self._listener)
                share = self._read / total
                rate = self.config.learning_rate * scale * max(1e-3, 1 - share)
                measure = self._step % MEASURED == 0
                radii, noise = self.model.draw_radii(self._dice), self.model.draw_noise(self._dice)
                loss = self.model.update(text, radii, noise, rate, measure)
                if loss is not None:
                    losses.append(loss)
                self._step += 1
                self._read = read
                now = time.perf_counter()
                self._seconds = now - started
                if now - last >= METRIC_SECONDS and losses:
                    speed = (self._read - read_then) / (now - last)
                    self._tell(losses, rate, speed, total)
                    losses, last, read_then = [], now, self._read
                if self._read >= next_sample:
                    next_sample += total / SAMPLES_A_RUN
                    self._validate()
            if losses:
                self._tell(losses, rate, self._read / max(self._seconds, 1e-9), total)
            self._validate()

    def vectors(self) -> WordVectors:
        """The vectors as they are now."""
        rows = self.model.inputs[:-1].numpy().copy()
        return WordVectors(self._words, tuple(self._counts.tolist()), rows)

    def _blocks(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Blocks with what stands around them, and how many tokens have been read by then."""
        for epoch in range(self.config.epochs):
            before = epoch * len(self._train)
            for text, read in self._epoch(self._train, self._dice, self._keep):
                yield text, before + read

    def _epoch(
        self, ids: NDArray[np.int32], dice: np.random.Generator, keep: NDArray[np.float64]
    ) -> Iterator[tuple[torch.Tensor, int]]:
        """One pass over ``ids``, thinned out; padded at both ends so that no word is left out."""
        window, block, nothing = self.config.window, self.model.block, self.model.words
        edge = np.full(window, nothing, dtype=np.int64)
        waiting = edge
        for begin in range(0, len(ids), CHUNK):
            chunk = np.asarray(ids[begin : begin + CHUNK], dtype=np.int64) - self._skip
            chunk = chunk[chunk >= 0]
            chunk = chunk[dice.random(len(chunk)) < keep[chunk]]
            last = begin + CHUNK >= len(ids)
            stream = np.concatenate((waiting, chunk))
            if last:
                short = -(len(stream) - window) % block
                pad = np.full(short + window, nothing, dtype=np.int64)
                stream = np.concatenate((stream, pad))
            whole = (len(stream) - 2 * window) // block
            done = min(begin + CHUNK, len(ids)) - begin
            for number in range(whole):
                start = number * block
                piece = torch.from_numpy(stream[start : start + block + 2 * window].copy())
                yield piece, begin + done * (number + 1) // whole
            waiting = stream[whole * block :]

    def _tell(self, losses: list[float], rate: float, speed: float, total: int) -> None:
        share = min(1.0, self._read / total)
        mean = sum(losses) / len(losses)
        self._listener.on_metrics(
            Metrics(
                step=self._step,
                epoch=self._read / max(1, len(self._train)),
                tokens=self._read,
                seconds=self._seconds,
                loss=mean if math.isfinite(mean) else None,
                learning_rate=rate,
                gradient_norm=None,
                tokens_per_second=speed,
                progress=share,
                eta_seconds=self._seconds * (1 - share) / share if share > 0.001 else None,
            )
        )

    def _validate(self) -> None:
        """Loss on held-out text, and the neighbours of a few words."""
        dice = np.random.default_rng([self.config.seed, 3])
        losses: list[float] = []
        for text, _read in self._epoch(self._validation, dice, self._keep):
            radii, noise = self.model.draw_radii(dice), self.model.draw_noise(dice)
            losses.append(self.model.loss(text, radii, noise))
            if len(losses) == VALIDATION_BLOCKS:
                break
        loss = sum(losses) / len(losses) if losses else None
        finite = loss is not None and math.isfinite(loss)
        best = finite and (self._best is None or (loss or 0.0) < self._best)
        if best:
            self._best = loss
        self._listener.on_validation(
            ValidationPoint(
                step=self._step,
                seconds=self._seconds,
                loss=loss if finite else None,
                perplexity=None,
                best=best,
            )
        )
        self._listener.on_sample(self._step, self.shown_neighbours())

    def shown_neighbours(self) -> str:
        """A line for each of a few words, with its nearest words."""
        table = self.vectors()
        lines = []
        for row in self._shown:
            near = table.nearest(table.vectors[row], SHOWN_NEIGHBOURS, [row])
            lines.append(f"{table.words[row]}: {', '.join(table.words[n] for n, _c in near)}")
        return "\n".join(lines)

    def _words_to_show(self) -> list[int]:
        """Words of middling frequency, spread evenly."""
        low, high = SHOWN_RANKS
        fit = [r for r, w in enumerate(self._words) if is_word(w) and len(w) > 3 and w.isalpha()]
        fit = [r for r in fit if low <= r < high] or fit
        if len(fit) <= SHOWN_WORDS:
            return fit
        return [fit[i * len(fit) // SHOWN_WORDS] for i in range(SHOWN_WORDS)]
