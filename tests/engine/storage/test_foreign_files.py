"""A model's folder from somebody else: what cannot be meant is refused in words, or passed over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine import paths
from engine.config import TrainingConfig
from engine.errors import ModelError
from engine.protocol.values import Metrics, ModelCard
from engine.storage import library
from engine.vectors.word_vectors import load_vectors

NESTED = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    paths.models_dir().mkdir(parents=True)
    make("good")
    return paths.models_dir()


def make(name: str, **changes: Any) -> Path:
    card = ModelCard(
        name=name,
        kind="script",
        state="finished",
        corpus="a corpus",
        corpus_key="0" * 64,
        corpus_paths=(),
        config=TrainingConfig(),
        vocabulary_size=100,
        tokens=1000,
    )
    folder = paths.models_dir() / name
    folder.mkdir()
    document = msgspec.to_builtins(card) | changes
    (folder / "card.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def listed() -> set[str]:
    return {card.name for card in library.list_cards() if not card.bundled}


def test_one_bad_card_costs_no_other(models: Path) -> None:
    (make("nested") / "card.json").write_bytes(NESTED)
    (make("large") / "card.json").write_bytes(b" " * (library.MOST_BYTES["card.json"] + 1))
    make("beyond", steps=10**400)
    make("vast", seconds=1.7e308)
    make("undated", created=1e20)
    assert listed() == {"good", "undated"}
    for name, why in [("nested", "too deeply"), ("large", "bytes"), ("beyond", "bounds")]:
        with pytest.raises(ModelError, match=why):
            library.read_card(models / name)


@pytest.mark.parametrize("name", ["bad\x1b]2;x\x07", "two\nlines", "\u202eback"])
def test_what_nobody_can_name_is_not_listed(name: str) -> None:
    make(name)
    assert listed() == {"good"}


def test_a_vocabulary_that_cannot_be_one(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = models / "good" / "text.json"
    file.write_bytes(NESTED)
    with pytest.raises(ModelError, match="too deeply"):
        library.read_text_tables(models / "good")
    monkeypatch.setitem(library.MOST_BYTES, "text.json", 10)
    with pytest.raises(ModelError, match="bytes, and may have 10"):
        library.read_text_tables(models / "good")
    file.unlink()
    file.mkdir()
    with pytest.raises(ModelError, match="not a file"):
        library.read_text_tables(models / "good")


def test_vectors_that_cannot_be_any(models: Path) -> None:
    (models / "good" / "vectors.json").write_bytes(NESTED)
    with pytest.raises(ModelError, match="too deeply"):
        load_vectors(models / "good")


def test_only_points_that_can_be_drawn_are_read(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = Metrics(
        step=1,
        epoch=0.5,
        tokens=10,
        seconds=1.0,
        loss=2.0,
        learning_rate=0.1,
        gradient_norm=None,
        tokens_per_second=10.0,
        progress=0.5,
    )
    whole = msgspec.to_builtins(point) | {"kind": "metrics"}
    lines = [
        json.dumps(whole | {"step": 10**400}),
        json.dumps(whole | {"loss": 1.7e308}),
        json.dumps(whole | {"seconds": -1.7e308}),
        json.dumps({"kind": "sample", "step": "soon", "text": "x"}),
        NESTED.decode(),
        json.dumps(whole),
        json.dumps({"kind": "sample", "step": 3, "text": "x"}),
    ]
    (models / "good" / "history.jsonl").write_text("\n".join(lines))
    metrics, validations, samples = library.read_history(models / "good")
    assert (metrics, validations, samples) == ([point], [], [(3, "x")])
    monkeypatch.setattr(library, "MOST_LINE", 100)
    assert library.read_history(models / "good") == ([], [], [(3, "x")])
    monkeypatch.undo()
    monkeypatch.setattr(library, "MOST_POINTS", 10)
    many = [json.dumps(whole | {"step": step}) for step in range(1001)]
    (models / "good" / "history.jsonl").write_text("\n".join(many))
    steps = [metrics.step for metrics in library.read_history(models / "good")[0]]
    assert 5 <= len(steps) <= 11
    assert (steps[0], steps[-1]) == (0, 1000)
    assert steps == sorted(steps)
