"""A script model that starts from word vectors: which rows, how large, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine import paths
from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus
from engine.daemon.inspecting import INSPECTIONS
from engine.daemon.model_run import start_embedding
from engine.errors import ColdOpenError, ConfigurationError, ModelError
from engine.models.build import build_model
from engine.models.script import ScriptModel
from engine.protocol.messages import ImportVectors
from engine.protocol.values import ModelCard
from engine.storage import library
from engine.training.control import Control
from engine.vectors.initial_embedding import check_start, fit, vectors_for
from engine.vectors.text_format import export_text
from engine.vectors.word_vectors import WordVectors


@pytest.fixture
def library_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "DATA", "CONFIG", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return tmp_path


def put(home: Path, name: str, words: list[str], size: int, scale: float = 40.0) -> WordVectors:
    """Import vectors under ``name``, as a user would."""
    dice = np.random.default_rng(3)
    vectors = (dice.normal(size=(len(words), size)) * scale + 7).astype(np.float32)
    path = home / f"{name}.txt"
    table = WordVectors(tuple(words), (0,) * len(words), vectors)
    export_text(path, table)
    INSPECTIONS[ImportVectors](None, ImportVectors(name=name, path=str(path)))  # type: ignore[arg-type]
    return table


def start(words: int, size: int) -> np.ndarray:
    dice = np.random.default_rng(4)
    return (dice.normal(size=(words, size)) * size**-0.5).astype(np.float32)


@pytest.mark.parametrize(("given", "size"), [(12, 12), (30, 12), (6, 12)])
def test_known_words_start_from_vectors_of_the_usual_size(
    library_home: Path, given: int, size: int
) -> None:
    words = [f"w{n}" for n in range(400)]
    put(library_home, "imported", words[::2], given)
    before = start(400, size)
    begun = vectors_for("imported", words).put_into(before)
    assert begun.found == 200
    assert begun.table.dtype == np.float32
    assert np.array_equal(begun.table[1::2], before[1::2])
    columns = min(given, size)
    assert np.array_equal(begun.table[:, columns:], before[:, columns:])
    changed = begun.table[::2, :columns]
    assert not np.isclose(changed, before[::2, :columns]).any(axis=1).all()
    assert np.sqrt((changed**2).mean(axis=1)) == pytest.approx(before.std(), rel=1e-4)
    assert np.abs(changed.mean(axis=0)).max() < 0.1 * before.std()


def test_the_angles_between_words_stay(library_home: Path) -> None:
    """Of vectors that truly have few dimensions, the reduction loses nothing."""
    dice = np.random.default_rng(5)
    flat = dice.normal(size=(60, 5)) @ dice.normal(size=(5, 40))
    flat -= flat.mean(axis=0)
    reduced = fit(flat.astype(np.float32), 8, 0.3)
    assert reduced.shape == (60, 8)
    assert np.sqrt((reduced**2).mean(axis=1)) == pytest.approx(0.3, rel=1e-4)

    def cosines(table: np.ndarray) -> np.ndarray:
        unit = table / np.linalg.norm(table, axis=1, keepdims=True)
        return np.asarray(unit @ unit.T)

    assert np.abs(cosines(flat) - cosines(reduced)).max() < 1e-4


def test_a_model_of_a_corpus_starts_from_them(library_home: Path, bundled_corpus: Corpus) -> None:
    some = [word for word in bundled_corpus.vocabulary.words if word.isalpha()][:50]
    put(library_home, "glove", [*some, "zyzzyva"], 16)
    config = TrainingConfig(embedding_size=16, hidden_size=16, initial_vectors="glove")
    torch.manual_seed(1)
    model = build_model(config, len(bundled_corpus.vocabulary))
    assert isinstance(model, ScriptModel)
    before = model.embedding.detach().clone()
    (report,) = start_embedding(model, config, bundled_corpus, Control())
    assert "50 of" in report
    assert "glove" in report
    rows = (model.embedding != before).any(dim=1).nonzero()[:, 0].tolist()
    assert [bundled_corpus.vocabulary.words[row] for row in rows] == some
    assert model.embedding.requires_grad


def test_a_model_starts_from_vectors_of_its_own_corpus(bundled_corpus: Corpus) -> None:
    config = TrainingConfig(embedding_size=24, hidden_size=16, vector_passes=2)
    torch.manual_seed(1)
    model = build_model(config, len(bundled_corpus.vocabulary))
    assert isinstance(model, ScriptModel)
    spread = float(model.embedding.detach().std())
    (report,) = start_embedding(model, config, bundled_corpus, Control())
    assert "vectors of this corpus" in report
    table, ids = model.embedding.detach(), bundled_corpus.vocabulary
    assert float(table.std()) == pytest.approx(spread, rel=0.05)
    unit = torch.nn.functional.normalize(table, dim=1)

    def likeness(one: str, other: str) -> float:
        return float(unit[ids.id_of(one)] @ unit[ids.id_of(other)])

    assert likeness("washer", "dryer") > likeness("washer", "because")
    from_chance = TrainingConfig(embedding_size=24, hidden_size=16)
    assert start_embedding(model, from_chance, bundled_corpus, Control()) == ()
    assert torch.equal(model.embedding.detach(), table)


def test_names_that_cannot_be_started_from(library_home: Path) -> None:
    put(library_home, "there", ["a", "b", "c"], 4)
    with pytest.raises(ModelError, match="no word vectors called “nowhere”") as missing:
        check_start(TrainingConfig(initial_vectors="nowhere"))
    assert "there" in missing.value.hint
    with pytest.raises(ColdOpenError, match="cannot be"):
        check_start(TrainingConfig(initial_vectors="../there"))
    with pytest.raises(ConfigurationError, match="classic"):
        check_start(TrainingConfig(model="classic", initial_vectors="there"))
    with pytest.raises(ConfigurationError, match="classic"):
        check_start(TrainingConfig(model="classic", vector_passes=1))
    check_start(TrainingConfig(initial_vectors="there"))
    check_start(TrainingConfig(model="classic"))
    with pytest.raises(ModelError, match=r"Of the corpus.s 2 words, .* hold 1"):
        vectors_for("there", ["a", "nothing"])
    folder = paths.models_dir() / "novel"
    folder.mkdir()
    card = ModelCard(
        name="novel",
        kind="script",
        state="finished",
        corpus="x",
        corpus_key="",
        corpus_paths=(),
        config=TrainingConfig(),
        vocabulary_size=3,
        tokens=3,
    )
    library.write_card(folder, card)
    with pytest.raises(ModelError, match="is a model, not word vectors"):
        check_start(TrainingConfig(initial_vectors="novel"))
