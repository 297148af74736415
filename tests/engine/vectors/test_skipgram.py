"""Skip-gram: the matrix products against plain sums over pairs, and that it learns."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus.corpus import Corpus, load_corpus
from engine.errors import TrainingError
from engine.protocol.values import JobState, Metrics, ValidationPoint
from engine.training.control import Control
from engine.training.progress import Silent
from engine.vectors.skipgram import (
    EPSILON,
    GROUP,
    NOISE,
    SHARING,
    SkipGram,
    SkipGramConfig,
    keep_probabilities,
    noise_edges,
)
from engine.vectors.training import VectorTraining, train_vectors


class Ears(Silent):
    def __init__(self) -> None:
        self.points: list[ValidationPoint] = []
        self.samples: list[str] = []
        self.metrics: list[Metrics] = []
        self.states: list[JobState] = []

    def on_metrics(self, metrics: Metrics) -> None:
        self.metrics.append(metrics)

    def on_validation(self, point: ValidationPoint) -> None:
        self.points.append(point)

    def on_sample(self, step: int, text: str) -> None:
        self.samples.append(text)

    def on_state(self, state: JobState) -> None:
        self.states.append(state)


counts = st.lists(st.integers(1, 10_000), min_size=1, max_size=50).map(np.array)


@given(counts, st.floats(0, 1))
def test_frequent_words_are_thinned_out_and_rare_ones_kept(
    numbers: np.ndarray, subsample: float
) -> None:
    kept = keep_probabilities(numbers, subsample)
    assert ((kept > 0) & (kept <= 1)).all()
    by_count = np.argsort(numbers)
    assert (np.diff(kept[by_count]) <= 1e-12).all()
    assert (kept[numbers / numbers.sum() <= subsample] == 1).all()


@given(counts)
def test_noise_is_drawn_by_frequency_to_the_three_quarters(numbers: np.ndarray) -> None:
    chances = np.diff(noise_edges(numbers), prepend=0)
    assert chances.sum() == pytest.approx(1)
    expected = numbers**0.75
    assert chances == pytest.approx(expected / expected.sum())


def make(words: int = 30, dimension: int = 6, window: int = 3) -> SkipGram:
    config = SkipGramConfig(dimension=dimension, window=window, negatives=4)
    model = SkipGram(config, np.arange(words, 0, -1), groups=SHARING)
    dice = np.random.default_rng(5)
    model.inputs[:-1] = torch.from_numpy(dice.normal(size=(words, dimension))).float() * 0.5
    model.outputs[:-1] = torch.from_numpy(dice.normal(size=(words, dimension))).float() * 0.5
    return model


def block_of(model: SkipGram, filled: int) -> torch.Tensor:
    window = model.config.window
    text = torch.full((model.block + 2 * window,), model.words)
    text[window : window + filled] = torch.from_numpy(
        np.random.default_rng(2).integers(0, model.words, filled)
    )
    return text


def pairs_of(model: SkipGram, text: list[int], radii: list[int]) -> list[tuple[int, int]]:
    """Places of centre and context, every pair once."""
    window = model.config.window
    return [
        (place, other)
        for place in range(window, window + model.block)
        for other in range(place - radii[place - window], place + radii[place - window] + 1)
        if place != other and text[place] < model.words and text[other] < model.words
    ]


def sigmoid(value: float) -> float:
    return 1 / (1 + np.exp(-value))


def test_an_update_is_the_sum_over_its_pairs() -> None:
    model = make()
    dice = np.random.default_rng(3)
    text, radii, noise = block_of(model, 100), model.draw_radii(dice), model.draw_noise(dice)
    inputs, outputs = (t.double().numpy().copy() for t in (model.inputs, model.outputs))
    words, rings = text.tolist(), radii.tolist()
    window, size = model.config.window, model.config.dimension
    centre = np.zeros((model.block, size))
    around: dict[tuple[int, int], np.ndarray] = {}
    noises = np.zeros((len(noise), size))
    loss, number = 0.0, 0
    for place, other in pairs_of(model, words, rings):
        row = place - window
        v, u = inputs[words[place]], outputs[words[other]]
        pull = sigmoid(v @ u) - 1
        centre[row] += pull * u
        key = (row // GROUP, other)
        around[key] = around.get(key, np.zeros(size)) + pull * v
        loss -= np.log(sigmoid(v @ u))
        number += 1
        shared = row // (GROUP * SHARING)
        for n in range(shared * NOISE, (shared + 1) * NOISE):
            u = outputs[int(noise[n])]
            push = sigmoid(v @ u) * model.config.negatives / NOISE
            centre[row] += push * u
            noises[n] += push * v
            loss -= np.log(sigmoid(-(v @ u))) * model.config.negatives / NOISE
    rate = 0.1
    told = model.update(text, radii, noise, rate, measure=True)
    assert told == pytest.approx(loss / number, rel=1e-4)

    def after(table: np.ndarray, steps: list[tuple[int, np.ndarray]]) -> np.ndarray:
        squares = np.zeros(len(table))
        for row, gradient in steps:
            squares[row] += (gradient**2).sum()
        for row, gradient in steps:
            table[row] -= rate * gradient / (np.sqrt(squares[row] / size) + EPSILON)
        return table

    steps = [(words[window + row], centre[row]) for row in range(model.block)]
    assert np.allclose(model.inputs.numpy(), after(inputs, steps), atol=1e-4)
    steps = [(words[other], g) for (_group, other), g in around.items()]
    steps += [(int(n), g) for n, g in zip(noise, noises, strict=True)]
    assert np.allclose(model.outputs.numpy(), after(outputs, steps), atol=1e-4)


def test_measuring_the_loss_changes_nothing() -> None:
    model = make()
    dice = np.random.default_rng(3)
    text, radii, noise = block_of(model, 128), model.draw_radii(dice), model.draw_noise(dice)
    before = model.inputs.clone()
    loss = model.loss(text, radii, noise)
    assert torch.equal(model.inputs, before)
    assert model.update(text, radii, noise, 0.1, measure=True) == pytest.approx(loss)
    assert model.loss(text, radii, noise) < loss


@pytest.fixture(scope="module")
def two_topics(tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> Corpus:
    """Speakers who speak of the sea or of bread, never of both."""
    dice = np.random.default_rng(1)
    sea = ["fish", "boat", "sea", "net", "wave", "sail", "harbor", "captain"]
    bread = ["bread", "oven", "flour", "dough", "baker", "yeast", "crust", "butter"]
    lines = []
    for _ in range(1500):
        topic, name = (sea, "ANNA") if dice.random() < 0.5 else (bread, "BERT")
        lines.append(f"{name}: {' '.join(dice.choice(topic, 8))}")
    path = tmp_path_factory.mktemp("topics") / "topics.txt"
    path.write_text("\n".join(lines))
    return load_corpus([path], cutoff=1)


CONFIG = SkipGramConfig(dimension=24, window=3, epochs=3, subsample=0.0)


def test_words_of_one_topic_become_neighbours(two_topics: Corpus) -> None:
    ears = Ears()
    table = train_vectors(CONFIG, two_topics, ears, Control())
    assert set(table.words) == set(two_topics.vocabulary.words[3:])
    assert np.isfinite(table.vectors).all()
    for word, friends in (
        ("fish", {"boat", "sea", "net", "wave", "sail", "harbor", "captain", "anna:"}),
        ("oven", {"bread", "flour", "dough", "baker", "yeast", "crust", "butter", "bert:"}),
    ):
        row = table.ids[word]
        near = {table.words[n] for n, _c in table.nearest(table.vectors[row], 5, [row])}
        assert near <= friends
    losses = [point.loss for point in ears.points]
    assert all(loss is not None for loss in losses)
    assert (losses[-1] or 9) < (losses[0] or 0)
    assert ears.points[-1].perplexity is None
    assert len(ears.samples) == len(ears.points)
    for line in ears.samples[-1].splitlines():
        word, _, near = line.partition(": ")
        assert word in table.ids
        assert len(near.split(", ")) == 5


def test_the_same_seed_gives_the_same_vectors(two_topics: Corpus) -> None:
    first, again = (train_vectors(CONFIG, two_topics, Ears(), Control()) for _ in range(2))
    assert np.array_equal(first.vectors, again.vectors)


def test_every_word_is_read_once_an_epoch(
    two_topics: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the corpus is thinned out in several chunks, and at its very ends."""
    monkeypatch.setattr("engine.vectors.training.CHUNK", 777)
    training = VectorTraining(CONFIG, two_topics, Ears())
    window, block, nothing = 3, training.model.block, training.model.words
    keep = np.ones(nothing)
    train = two_topics.parts()[0]
    pieces = list(training._epoch(train, np.random.default_rng(1), keep))
    read = np.concatenate([p.numpy()[window : window + block] for p, _done in pieces])
    expected = np.asarray(train, dtype=np.int64) - 3
    expected = expected[expected >= 0]
    assert np.array_equal(read[read < nothing], expected)
    for (left, _), (right, _) in itertools.pairwise(pieces):
        assert torch.equal(left[-2 * window :], right[: 2 * window])
    assert pieces[-1][1] == len(train)


def test_stopping_keeps_what_was_learned(two_topics: Corpus) -> None:
    control = Control()

    class Stopper(Ears):
        def on_sample(self, step: int, text: str) -> None:
            super().on_sample(step, text)
            control.stop()

    ears = Stopper()
    training = VectorTraining(SkipGramConfig(dimension=16, epochs=100), two_topics, ears)
    start = training.vectors().vectors
    table = training.run(control)
    assert len(ears.samples) == 2  # the one that stopped it, and what there was in the end
    assert not np.array_equal(table.vectors, start)
    assert ears.points[-1].step < 100 * len(two_topics.ids) / training.model.block / 2


def test_a_corpus_that_is_too_small_is_said(tmp_path: Path, own_cache: Path) -> None:
    path = tmp_path / "small.txt"
    path.write_text("ANNA: hello there\nBERT: hello")
    with pytest.raises(TrainingError, match="words to learn from"):
        train_vectors(CONFIG, load_corpus([path], cutoff=1), Ears(), Control())
