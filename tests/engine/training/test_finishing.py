"""What a model is given at the end: kept with its weights where it helps, and only there."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.config import TrainingConfig
from engine.errors import ModelError
from engine.models.ngram_mixture import MixesNgrams
from engine.models.recency import HasRecency
from engine.protocol.values import ValidationPoint
from engine.storage.checkpoint import load_checkpoint, save_checkpoint
from engine.training import finishing
from engine.training.control import Control
from engine.training.evaluation import mean_nll
from engine.training.loop import Trainer, TrainingData
from engine.training.progress import Silent
from engine.training.restoring import NGRAM_IDS, load_model

WORDS = 60
CPU = torch.device("cpu")


class Diary(Silent):
    """A listener that keeps what it is told at the end."""

    def __init__(self) -> None:
        self.points: list[ValidationPoint] = []
        self.notices: list[str] = []

    def on_validation(self, point: ValidationPoint) -> None:
        self.points.append(point)

    def on_notice(self, text: str) -> None:
        self.notices.append(text)


def phrases(tokens: int) -> TrainingData:
    """Set phrases of seven words in any order: what counts know best."""
    dice = np.random.default_rng(7)
    stock = [dice.integers(3, WORDS, 7) for _ in range(40)]
    ids = np.concatenate([stock[i] for i in dice.integers(0, 40, tokens // 7)]).astype(np.int32)
    return TrainingData(ids[: -tokens // 4], ids[-tokens // 4 :], WORDS)


def config(**settings: object) -> TrainingConfig:
    usual: dict[str, object] = {
        "hidden_size": 16,
        "embedding_size": 16,
        "batch_size": 8,
        "epochs": 1,
        "device": "cpu",
        "precision": "float32",
        "neural_cache": False,
    }
    return TrainingConfig(**{**usual, **settings})  # type: ignore[arg-type]


def test_counts_are_mixed_in_and_kept_with_the_model(tmp_path: Path) -> None:
    data, diary = phrases(6000), Diary()
    result = Trainer(config(), data, tmp_path, diary).run(Control())
    best = min(p.perplexity for p in diary.points if p.perplexity is not None)
    assert result.perplexity is not None
    assert result.perplexity < 0.8 * best
    assert any("n-grams" in notice for notice in diary.notices)
    model, _config, weights = load_model(tmp_path, CPU)
    assert weights == result.weights
    assert isinstance(model, MixesNgrams)
    assert model.ngrams is not None
    assert np.array_equal(model.ngrams.counts.ids, data.train)
    loss, _count = mean_nll(model, data.validation, CPU, columns=finishing.COLUMNS)
    assert math.exp(loss) == pytest.approx(result.perplexity, rel=1e-4)


def test_a_run_that_is_ended_again_is_finished_as_if_once(tmp_path: Path) -> None:
    control = Control()
    control.stop()
    first = Trainer(config(), phrases(6000), tmp_path, Diary()).run(control)
    diary = Diary()
    again = Trainer(config(), phrases(6000), tmp_path, diary, resume=True).run(control)
    assert again.steps == first.steps
    assert first.perplexity is not None
    assert again.perplexity == pytest.approx(first.perplexity, rel=1e-6)
    assert any("n-grams" in notice for notice in diary.notices)
    model, _config, digest = load_model(tmp_path, CPU)
    assert digest == again.weights
    loss, _count = mean_nll(model, phrases(6000).validation, CPU, columns=finishing.COLUMNS)
    assert math.exp(loss) == pytest.approx(first.perplexity, rel=1e-4)


def test_what_was_added_is_told_beside_the_network_alone(tmp_path: Path) -> None:
    diary = Diary()
    result = Trainer(config(recency=False), phrases(6000), tmp_path, diary).run(Control())
    assert result.added == ("ngrams",)
    assert result.perplexity_alone is not None
    assert result.perplexity is not None
    told = f"from {result.perplexity_alone:.1f} to {result.perplexity:.1f}."
    assert any(told in notice for notice in diary.notices)
    plain = Trainer(config(recency=False, ngrams=False), phrases(6000), tmp_path / "b", Diary())
    assert plain.run(Control()).perplexity == pytest.approx(result.perplexity_alone, rel=1e-6)


@pytest.mark.parametrize("held_out", [0, 200, 750])
def test_a_model_without_additions_is_measured_as_one_with_them(
    tmp_path: Path, held_out: int
) -> None:
    data, diary = phrases(3000), Diary()
    text = TrainingData(data.train, data.validation[:held_out], WORDS)
    asked = config(ngrams=False, recency=False)
    result = Trainer(asked, text, tmp_path, diary).run(Control())
    model, _config, _weights = load_model(tmp_path, CPU)
    read = text.validation if held_out else text.train
    loss, _count = mean_nll(model, read, CPU, columns=finishing.COLUMNS)
    assert result.perplexity == pytest.approx(math.exp(loss), rel=1e-6)
    assert result.perplexity_alone == result.perplexity
    assert result.added == ()


def test_who_wants_none_gets_none(tmp_path: Path) -> None:
    asked = config(ngrams=False, recency=False)
    Trainer(asked, phrases(3000), tmp_path, Diary()).run(Control())
    model, _config, _weights = load_model(tmp_path, CPU)
    assert isinstance(model, MixesNgrams)
    assert model.ngrams is None
    assert isinstance(model, HasRecency)
    assert model.recency is None


def test_what_was_said_is_made_likelier_and_kept_with_the_model(tmp_path: Path) -> None:
    dice = np.random.default_rng(3)
    ids: list[int] = []
    while len(ids) < 8000:  # a word of its own in each stretch, now and then
        own = int(dice.integers(20, WORDS))
        ids += [own if dice.random() < 0.03 else int(n) for n in dice.integers(0, 20, 200)]
    text = np.array(ids, dtype=np.int32)
    # The words' bursts are further apart than copying reaches, and the training part has none.
    text[:5000][text[:5000] >= 20] = 0
    data, diary = TrainingData(text[:5000], text[5000:], WORDS), Diary()
    settings = {"ngrams": False, "attention_span": 8, "vocabulary_cutoff": 1}
    result = Trainer(config(**settings), data, tmp_path, diary).run(Control())
    assert any("said before" in notice for notice in diary.notices)
    model, _config, weights = load_model(tmp_path, CPU)
    assert weights == result.weights
    assert isinstance(model, HasRecency)
    assert model.recency is not None
    loss, _count = mean_nll(model, data.validation, CPU, columns=finishing.COLUMNS)
    assert math.exp(loss) == pytest.approx(result.perplexity, rel=1e-4)
    tensors, facts, _weights = load_checkpoint(tmp_path / "checkpoints" / "best")
    save_checkpoint(tmp_path / "checkpoints", "best", tensors, facts | {"recency": {"odd": 1}})
    with pytest.raises(ModelError, match="recency"):
        load_model(tmp_path, CPU)


def test_a_damaged_text_of_counts_is_refused_in_words(tmp_path: Path) -> None:
    Trainer(config(), phrases(3000), tmp_path, Diary()).run(Control())
    folder = tmp_path / "checkpoints"
    tensors, facts, _weights = load_checkpoint(folder / "best")
    tensors[NGRAM_IDS] = tensors[NGRAM_IDS] + WORDS
    save_checkpoint(folder, "best", tensors, facts)
    with pytest.raises(ModelError, match="n-grams"):
        load_model(tmp_path, CPU)


def test_too_little_held_out_text_tunes_nothing(tmp_path: Path) -> None:
    data = phrases(3000)
    short = TrainingData(data.train, data.validation[:200], WORDS)
    diary = Diary()
    Trainer(config(), short, tmp_path, diary).run(Control())
    assert diary.notices == []
