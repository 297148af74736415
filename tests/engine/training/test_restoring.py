"""A model's files may come from strangers: what is wrong with them is told in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import ModelError
from engine.generation.writer import Writer
from engine.storage.checkpoint import load_checkpoint, save_checkpoint
from engine.training.restoring import NGRAM_IDS, RECENCY_NOVELTY, load_model

Change = Callable[[dict[str, Tensor], Any], Any]
CPU = torch.device("cpu")


@pytest.fixture
def copied(trained_folder: Path, tmp_path: Path) -> Path:
    """A copy of a good model that has all that can be added to one."""
    folder = tmp_path / "copied"
    shutil.copytree(trained_folder, folder)
    tensors, facts, _weights = load_checkpoint(folder / "checkpoints" / "best")
    words = facts["vocabulary_size"]
    facts |= {
        "ngrams": 0.1,
        "neural_cache": {"flatness": 0.4, "share": 0.05},
        "recency": {"strength": 1e-4, "pairs": 0.03, "triples": 0.06},
    }
    tensors |= {
        NGRAM_IDS: torch.arange(500, dtype=torch.int32) % words,
        RECENCY_NOVELTY: torch.full((words + 1,), 0.5),
    }
    save_checkpoint(folder / "checkpoints", "best", tensors, facts)
    return folder


def fact(*path: str, value: Any) -> Change:
    """Put ``value`` where ``path`` leads to; nothing stays there if it is ``...``."""

    def change(_tensors: dict[str, Tensor], facts: Any) -> Any:
        place = facts
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        if value is ...:
            del place[path[-1]]
        return facts

    return change


def tensor(name: str, made: Callable[[Tensor], Tensor | None]) -> Change:
    def change(tensors: dict[str, Tensor], facts: Any) -> Any:
        new = made(tensors.pop(name))
        if new is not None:
            tensors[name] = new
        return facts

    return change


def renamed(tensors: dict[str, Tensor], facts: Any) -> Any:
    tensors["model.biased"] = torch.zeros(3)
    return facts


def spoilt(number: float) -> Callable[[Tensor], Tensor]:
    return lambda good: torch.cat((good.flatten()[:-1], torch.tensor([number]))).view_as(good)


def test_a_good_copy_can_be_loaded(copied: Path) -> None:
    writer, _card = Writer.open(copied, CPU)
    assert writer.context("DELIA: Who took the quarters?").ids


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda _tensors, _facts: [], "array"),
        (lambda _tensors, _facts: None, "null"),
        (fact("config", value=...), "config"),
        (fact("config", "hidden_size", value=10**9), "8192"),
        (
            fact("config", "hidden_size", value=4096),
            r"combine\.weight is 48 x [0-9]+, not 48 x [0-9,]+",
        ),
        (fact("config", "layers", value=3), "missing"),
        (fact("config", "layers", value=1.5), "layers"),
        (fact("config", "strange", value=1), "strange"),
        (fact("config", "model", value="classic"), "rnn|no part"),
        (fact("vocabulary_size", value=...), "vocabulary_size"),
        (fact("vocabulary_size", value=10**12), "vocabulary_size"),
        (fact("vocabulary_size", value=4_000_000), "not 4,000,000"),
        (fact("vocabulary_size", value="x"), "vocabulary_size"),
        (fact("vocabulary_size", value=-1), "vocabulary_size"),
        (fact("neural_cache", value=[1]), "neural_cache"),
        (fact("neural_cache", "share", value=7), "share"),
        (fact("neural_cache", "share", value=...), "share"),
        (fact("neural_cache", "share", value=float("nan")), "NaN"),
        (fact("ngrams", value="half"), "ngrams"),
        (fact("ngrams", value=2.0), "ngrams"),
        (fact("recency", "strength", value=1.0), "strength"),
        (fact("recency", "pairs", value="x"), "pairs"),
        (tensor("model.bias", lambda good: good[:-1]), "bias is [0-9,]+, not"),
        (tensor("model.bias", lambda good: good[None]), "bias is 1 x"),
        (tensor("model.bias", lambda good: good.double()), "float64, not float32"),
        (tensor("model.bias", lambda good: good.long()), "int64, not float32"),
        (tensor("model.bias", lambda _good: None), "bias is missing"),
        (tensor("model.bias", spoilt(float("nan"))), "bias is not finite"),
        (tensor("model.embedding", spoilt(float("-inf"))), "embedding is not finite"),
        (renamed, "biased is no part"),
        (tensor(NGRAM_IDS, lambda _good: None), "ngrams.ids is missing"),
        (tensor(NGRAM_IDS, lambda good: good.float()), "ngrams.ids is no text"),
        (tensor(NGRAM_IDS, lambda good: good[None]), "ngrams.ids is no text"),
        (tensor(NGRAM_IDS, lambda good: good[:2]), "n-grams are counted in"),
        (tensor(NGRAM_IDS, lambda good: good + 10**6), "n-grams are counted in"),
        (tensor(RECENCY_NOVELTY, lambda _good: None), "recency.novelty is missing"),
        (tensor(RECENCY_NOVELTY, lambda good: good[:-1]), "recency.novelty is"),
        (tensor(RECENCY_NOVELTY, lambda good: good.double()), "float64"),
        (tensor(RECENCY_NOVELTY, lambda good: -good), "between 0 and 1"),
        (tensor(RECENCY_NOVELTY, spoilt(float("nan"))), "not finite"),
    ],
)
def test_what_is_wrong_with_a_model_is_told_in_words(
    copied: Path, change: Change, why: str
) -> None:
    checkpoints = copied / "checkpoints"
    tensors, facts, _weights = load_checkpoint(checkpoints / "best")
    save_checkpoint(checkpoints, "best", tensors, change(tensors, facts))
    with pytest.raises(ModelError, match=why) as caught:
        load_model(copied, CPU)
    assert str(copied) in caught.value.message
    assert "state_dict" not in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("more", [-5, 5])
def test_a_model_with_the_words_of_another_is_refused(copied: Path, more: int) -> None:
    path = copied / "text.json"
    tables = json.loads(path.read_text())
    vocabulary = tables["vocabulary"]
    words = [f"word{number}" for number in range(max(0, more))]
    vocabulary["words"] = vocabulary["words"][: min(0, more) or None] + words
    vocabulary["counts"] = (vocabulary["counts"] + [1] * 5)[: len(vocabulary["words"])]
    path.write_text(json.dumps(tables))
    with pytest.raises(ModelError, match=r"words, but its text\.json lists") as caught:
        Writer.open(copied, CPU)
    assert str(copied) in caught.value.message
