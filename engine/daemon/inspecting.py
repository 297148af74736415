"""The requests that look inside a model, each as a function of the loaded models."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from engine import paths
from engine.config import TrainingConfig
from engine.errors import ModelError
from engine.generation.writer import Writer
from engine.inspection.explain import explain
from engine.inspection.neighbours import analogy, neighbours, odd_one_out
from engine.inspection.neurons import activations, find_cells
from engine.inspection.projection import word_map
from engine.inspection.speakers import similar_speakers
from engine.inspection.tables import Tables, chosen, tables_in, tables_of, tables_of_moods
from engine.moods.mood_files import MoodReader, load_moods
from engine.moods.reading import read_moods
from engine.protocol import messages as m
from engine.protocol.values import ModelCard
from engine.storage import library
from engine.storage.checkpoint import stamp_of
from engine.vectors.text_format import export_text, import_text
from engine.vectors.word_vectors import save_vectors


class Models(Protocol):
    """Where loaded models come from."""

    def writer(self, name: str) -> tuple[Writer, ModelCard]: ...


def tables(models: Models, name: str) -> Tables:
    """The tables of vectors behind ``name``: a model's, a mood network's, or word vectors alone.

    Raises:
        ModelError: when there is no such model or it cannot be read.
    """
    folder = library.folder_of(name)
    card = library.read_card(folder)
    if card.kind == "vectors":
        return tables_in(folder)
    if card.kind == "moods" and card.weights:
        return tables_of_moods(_mood_reader(folder, stamp_of(folder)))
    writer, _card = models.writer(name)
    return tables_of(writer)


def _explain(models: Models, request: m.Explain) -> m.Reply:
    return explain(models.writer(request.model)[0], request)


def _neighbours(models: Models, request: m.FindNeighbours) -> m.Reply:
    return neighbours(tables(models, request.model), request.word, request.number)


def _analogy(models: Models, request: m.FindAnalogy) -> m.Reply:
    found = tables(models, request.model)
    return analogy(found, request.a, request.b, request.c, request.number)


def _odd_one_out(models: Models, request: m.FindOddOneOut) -> m.Reply:
    return odd_one_out(tables(models, request.model), request.words)


def _similar_speakers(models: Models, request: m.FindSimilarSpeakers) -> m.Reply:
    writer, card = models.writer(request.model)
    return similar_speakers(tables_of(writer), card, writer.casing, request.speaker, request.number)


def _map(models: Models, request: m.MapWords) -> m.Reply:
    return word_map(tables(models, request.model), request.table, request.method, request.words)


def _activations(models: Models, request: m.GetActivations) -> m.Reply:
    return activations(models.writer(request.model)[0], request)


def _cells(models: Models, request: m.FindCells) -> m.Reply:
    return find_cells(models.writer(request.model)[0], request)


def _read_moods(models: Models, request: m.ReadMoods) -> m.Reply:
    folder = library.folder_of(request.model)
    card = library.read_card(folder)
    if card.kind != "moods" or not card.weights:
        cards = library.list_cards()
        known = ", ".join(c.name for c in cards if c.kind == "moods" and c.weights)
        why = "does not tell moods" if card.kind != "moods" else "has not learned to tell moods yet"
        raise ModelError(f"“{card.name}” {why}.", f"These do: {known}." if known else "")
    return read_moods(_mood_reader(folder, stamp_of(folder)), request.text)


@functools.lru_cache(maxsize=2)
def _mood_reader(folder: Path, stamp: tuple[int, int]) -> MoodReader:
    return load_moods(folder)


def _export(models: Models, request: m.ExportVectors) -> m.Reply:
    _name, table = chosen(tables(models, request.name), request.table)
    export_text(Path(request.path), table)
    return m.Exported(path=request.path, words=len(table.words), size=table.vectors.shape[1])


def _import(models: Models, request: m.ImportVectors) -> m.Reply:
    library.refuse_taken(paths.models_dir() / library.checked_name(request.name))
    table = import_text(Path(request.path))
    dimension = table.vectors.shape[1]
    with library.new_model(request.name) as folder:
        card = ModelCard(
            name=request.name,
            kind="vectors",
            state="finished",
            corpus=Path(request.path).name,
            corpus_key="",
            corpus_paths=(request.path,),
            config=TrainingConfig(embedding_size=max(8, min(4096, dimension)), epochs=1),
            vocabulary_size=len(table.words),
            tokens=0,
            parameters=table.vectors.size,
            created=time.time(),
            weights=save_vectors(folder, table),
        )
        library.write_card(folder, card)
    return m.Exported(path=request.path, words=len(table.words), size=dimension)


INSPECTIONS: dict[type, Callable[[Models, Any], m.Reply]] = {
    m.Explain: _explain,
    m.FindNeighbours: _neighbours,
    m.FindAnalogy: _analogy,
    m.FindOddOneOut: _odd_one_out,
    m.FindSimilarSpeakers: _similar_speakers,
    m.MapWords: _map,
    m.GetActivations: _activations,
    m.FindCells: _cells,
    m.ReadMoods: _read_moods,
    m.ExportVectors: _export,
    m.ImportVectors: _import,
}
