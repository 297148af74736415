"""Loaded models and everything that is done with them; the only part of the engine with torch."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from engine.corpus.corpus import load_corpus
from engine.corpus.vocabulary import CUE_UNK_ID, UNK_ID
from engine.daemon.inspecting import INSPECTIONS
from engine.daemon.server import Session
from engine.daemon.streams import Streams
from engine.errors import CorpusError, ModelError
from engine.generation.copied import copied_spans
from engine.generation.ranking import rank
from engine.generation.speakers import next_speakers
from engine.generation.stream import Stream, repeated
from engine.generation.writer import Writer
from engine.protocol import messages as m
from engine.protocol.values import ModelCard
from engine.storage import library
from engine.storage.checkpoint import stamp_of
from engine.training.device import choose_device
from engine.training.evaluation import mean_nll
from engine.training.presets import plan
from engine.training.self_measure import measure_machine

LOADED = 4
"""Models that are kept loaded, the least recently used going first."""


class ModelRoom:
    """Serves the requests that need a model."""

    def __init__(self) -> None:
        cores = os.cpu_count() or 1
        torch.set_num_threads(max(1, cores // 2))
        self.torch_version = str(torch.__version__)
        self._device, _why = choose_device("auto")
        self.device = str(self._device)
        self._streams = Streams()
        self._writers: OrderedDict[str, tuple[Writer, ModelCard, tuple[int, int]]] = OrderedDict()
        self._reading: dict[str, threading.Lock] = {}
        """Held by name while that model is read."""
        self._lock = threading.Lock()
        """Of these two tables, never held for long."""
        self._table: dict[type, Callable[[Session, int, Any], m.Reply]] = {
            m.PlanTraining: self._plan_training,
            m.LoadModel: self._load_model,
            m.Evaluate: self._evaluate,
            m.Write: self._write,
            m.WriteAgain: self._write_again,
            m.AdjustStream: self._adjust,
            m.StopStream: self._stop,
            m.SuggestSpeakers: self._suggest_speakers,
            m.RankCandidates: self._rank,
            m.FindCopied: self._find_copied,
        }

    def handle(self, session: Session, call: int, request: m.AnyRequest) -> m.Reply:
        """Serve one request.

        Raises:
            ColdOpenError: when it cannot be done, in words for the reader.
        """
        if (look := INSPECTIONS.get(type(request))) is not None:
            return look(self, request)
        serve = self._table.get(type(request))
        if serve is None:
            raise ModelError(f"This engine does not know {type(request).__name__}.", "Update it.")
        return serve(session, call, request)

    def forget(self, session: Session) -> None:
        """A client has left: nobody reads its streams any more."""
        self._streams.forget(session)

    def close(self) -> None:
        self._streams.close()

    def writer(self, name: str) -> tuple[Writer, ModelCard]:
        """The model called ``name``, loaded anew when its files have changed.

        Raises:
            ModelError: when there is none or it cannot be read.
        """
        folder = library.folder_of(name)
        with self._lock:
            reading = self._reading.setdefault(name, threading.Lock())
        with reading:  # whoever else wants this model waits for it; others need not
            stamp = stamp_of(folder)
            with self._lock:
                kept = self._writers.get(name)
                if kept is not None and kept[2] == stamp:
                    self._writers.move_to_end(name)
                    return kept[0], kept[1]
            _check_kind(library.read_card(folder))
            writer, card = Writer.open(folder, self._device)
            with self._lock:
                self._writers[name] = (writer, card, stamp)
                self._writers.move_to_end(name)
                while len(self._writers) > LOADED:
                    self._writers.popitem(last=False)
        return writer, card

    # -- training and evaluation

    def _plan_training(self, session: Session, call: int, request: m.PlanTraining) -> m.Reply:
        from engine.config import checked

        asked = checked(request.settings)
        corpus = load_corpus([Path(p) for p in request.paths], cutoff=asked.vocabulary_cutoff)
        machine = measure_machine(asked.device)
        config, reasons = plan(
            len(corpus.parts()[0]),
            len(corpus.vocabulary),
            request.minutes,
            machine,
            request.settings,
        )
        return m.TrainingPlan(config=config, reasons=tuple(reasons), machine=machine)

    def _evaluate(self, session: Session, call: int, request: m.Evaluate) -> m.Reply:
        writer, card = self.writer(request.name)
        paths = [Path(p) for p in request.paths]
        # Where scenes begin, and so where it is split, is told by words that training knows.
        split = load_corpus(paths, cutoff=card.config.vocabulary_cutoff).split
        corpus = replace(load_corpus(paths, cutoff=1), split=split)
        parts = dict(zip(("train", "validation", "test"), corpus.parts(), strict=True))
        own_ids = parts.get(request.part, corpus.ids)
        words = corpus.vocabulary.decode(own_ids.tolist())
        ids = writer.vocabulary.encode(words)
        if len(ids) < 2:
            raise CorpusError("There is not enough text to evaluate on.", "Choose a longer one.")
        nll, tokens = mean_nll(writer.model, ids, self._device, columns=1)
        unknown = float(((ids == UNK_ID) | (ids == CUE_UNK_ID)).mean())
        share = len(ids) / max(1, len(corpus.ids))
        size = sum(len(piece.encode()) for source in corpus.sources for piece in source.chunks())
        return m.Evaluation(
            tokens=tokens,
            nll=nll,
            perplexity=float(torch.tensor(nll, dtype=torch.float64).exp()),
            bits_per_byte=nll * tokens / (0.6931471805599453 * size * share),
            unknown=unknown,
        )

    # -- writing

    def _load_model(self, session: Session, call: int, request: m.LoadModel) -> m.Reply:
        writer, card = self.writer(request.name)
        return m.ModelReady(card=card, device=self.device, speakers=writer.tables.speakers)

    def _write(self, session: Session, call: int, request: m.Write) -> m.Reply:
        writer, _card = self.writer(request.model)
        return self._start(session, Stream(writer, request))

    def _write_again(self, session: Session, call: int, request: m.WriteAgain) -> m.Reply:
        writer, _card = self.writer(request.record.model)
        return self._start(session, repeated(writer, request.record, request.alternatives))

    def _start(self, session: Session, stream: Stream) -> m.StreamStarted:
        name = self._streams.add(stream, session, session.tell)
        return m.StreamStarted(stream=name, records=stream.records)

    def _adjust(self, session: Session, call: int, request: m.AdjustStream) -> m.Reply:
        self._streams.adjust(request, session)
        return m.Done()

    def _stop(self, session: Session, call: int, request: m.StopStream) -> m.Reply:
        self._streams.stop(request.stream, session)
        return m.Done()

    def _suggest_speakers(self, session: Session, call: int, request: m.SuggestSpeakers) -> m.Reply:
        writer, _card = self.writer(request.model)
        return m.NextSpeakers(speakers=next_speakers(writer, request.before, request.cast))

    def _rank(self, session: Session, call: int, request: m.RankCandidates) -> m.Reply:
        writer, _card = self.writer(request.model)
        return m.RankedCandidates(
            scores=rank(writer, request.before, request.candidates, request.after)
        )

    def _find_copied(self, session: Session, call: int, request: m.FindCopied) -> m.Reply:
        writer, _card = self.writer(request.model)
        return m.CopiedSpans(spans=copied_spans(writer.copied(), request.text, request.words))


def _check_kind(card: ModelCard) -> None:
    """See that ``card`` is a language model's.

    Raises:
        ModelError: when it is another's, saying what that can do.
    """
    if card.kind == "vectors":
        raise ModelError(
            f"“{card.name}” holds word vectors only: it can neither read nor write a text, and"
            " has no perplexity.",
            "Choose a model; of word vectors there are neighbours and a map to see.",
        )
    if card.kind == "moods":
        raise ModelError(
            f"“{card.name}” tells moods only: it neither writes nor predicts words.",
            "Choose a model; moods are shown in the Inspect room and by `coldopen moods read`.",
        )
