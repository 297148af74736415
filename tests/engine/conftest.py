"""A small real model of the bundled corpus, trained once for everything that needs one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from engine import paths
from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus, load_corpus
from engine.corpus.statistics import summarise
from engine.generation.writer import Writer
from engine.models.build import build_model
from engine.protocol.values import ModelCard
from engine.storage import library
from engine.storage.text_tables import TextTables
from engine.training.control import Control
from engine.training.loop import Trainer, TrainingData
from engine.training.progress import Silent


@pytest.fixture(scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of the session's own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def bundled_corpus(own_cache: Path) -> Corpus:
    return load_corpus([paths.bundled_corpus()])


@pytest.fixture(scope="session")
def trained_folder(bundled_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model after a few passes over the bundled corpus."""
    folder = tmp_path_factory.mktemp("models") / "small"
    folder.mkdir()
    corpus = bundled_corpus
    TextTables.of_corpus(corpus, summarise(corpus).speakers).save(folder)
    config = TrainingConfig(
        embedding_size=48,
        hidden_size=48,
        batch_size=16,
        epochs=3,
        dropout=0.1,
        precision="float32",
        device="cpu",
        attention_span=64,
    )
    data = TrainingData.of(corpus)
    result = Trainer(config, data, folder, Silent()).run(Control())
    card = ModelCard(
        name="small",
        kind="script",
        state="finished",
        corpus=corpus.name,
        corpus_key=corpus.key,
        corpus_paths=(str(paths.bundled_corpus()),),
        config=config,
        vocabulary_size=len(corpus.vocabulary),
        tokens=len(corpus.ids),
        weights=result.weights,
    )
    library.write_card(folder, card)
    return folder


@pytest.fixture(scope="session")
def writer(trained_folder: Path) -> Writer:
    """The trained model, ready to write."""
    return Writer.open(trained_folder, torch.device("cpu"))[0]


@pytest.fixture(scope="session")
def make_writer(bundled_corpus: Corpus) -> Callable[[TrainingConfig], Writer]:
    """Untrained models of any kind over the bundled corpus's words."""

    def make(config: TrainingConfig) -> Writer:
        torch.manual_seed(7)
        model = build_model(config, len(bundled_corpus.vocabulary))
        assert isinstance(model, torch.nn.Module)
        model.eval().requires_grad_(False)
        tables = TextTables.of_corpus(bundled_corpus, ())
        return Writer("untrained", model, tables, "0" * 64)

    return make
