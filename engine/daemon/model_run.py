"""One run of a language model, from corpus to card: what a training process does."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import torch

from engine.config import TrainingConfig, checked
from engine.corpus.corpus import Corpus, load_corpus
from engine.corpus.statistics import summarise
from engine.corpus.tokenizer import is_cue
from engine.corpus.vocabulary import SPECIALS
from engine.daemon.job_pipe import JobBegun, JobNotice, JobSpec
from engine.daemon.run_reporter import Reporter, Tell
from engine.errors import ConfigurationError, CorpusError, TrainingError
from engine.generation.sample_text import sample_text
from engine.models.contract import LanguageModel
from engine.models.script import ScriptModel
from engine.paths import expanded, printable
from engine.protocol.values import JobState, ModelCard
from engine.storage import library
from engine.storage.text_tables import TextTables
from engine.training.control import Control
from engine.training.device import choose_device
from engine.training.loop import Trainer, TrainingData
from engine.training.presets import PRESET_MINUTES, is_to_be_sized, plan, with_cell
from engine.training.progress import Listener
from engine.training.self_measure import measure_machine
from engine.vectors.initial_embedding import GivenVectors, given_vectors, own_vectors, vectors_for

FEWEST_TOKENS = 200
"""Below this many training tokens there is nothing to learn from."""


def run_model(spec: JobSpec, control: Control, tell: Tell) -> float:
    """Train the language model that ``spec`` describes, or go on with it.

    Returns the seconds that it has been trained for, pauses left out.

    Raises:
        ColdOpenError: when the corpus, the configuration or a checkpoint cannot be used.
        StoppedBeforeItBegan: when ``control`` says so before there is anything to keep.
    """
    folder = Path(spec.run_dir)
    paths = [expanded(p) for p in spec.paths]
    given: GivenVectors | None = None
    if spec.resume:
        card = library.read_card(folder)
        config = card.config
        corpus = load_corpus(paths, cutoff=config.vocabulary_cutoff)
        check_same_words(folder, card, corpus)
        reasons: tuple[str, ...] = ()
    else:
        cutoff = checked(spec.settings).vocabulary_cutoff
        corpus = load_corpus(paths, cutoff=cutoff)
        if len(corpus.parts()[0]) < FEWEST_TOKENS:
            raise TrainingError(
                f"{corpus.name} has only {len(corpus.parts()[0]):,} words to learn from.",
                f"Add scripts until it has {FEWEST_TOKENS:,}; tens of thousands are better.",
            )
        if not any(not is_cue(word) for word in corpus.vocabulary.words[len(SPECIALS) :]):
            raise TrainingError(
                f"No word of {corpus.name} is seen {cutoff:,} times.",
                "Lower the cut-off of the vocabulary.",
            )
        config, reasons = plan_run(corpus, spec.settings, spec.preset)
        # What may not be there is looked for before the model is gone that this one replaces.
        choose_device(config.device)
        given = given_vectors(config, corpus.vocabulary.words)
        resolved = lasting(paths)
        control.leave_if_stopping()
        make_room(folder, spec.replace)
        card = write_run_folder(folder, config, corpus, resolved)
    device, why = choose_device(config.device)
    card = msgspec.structs.replace(card, device=str(device))
    reporter = Reporter(card, folder, tell)
    tables = TextTables.of_corpus(corpus, ())

    def sample(model: LanguageModel[Any]) -> str:
        return sample_text(model, tables, tokens=60, seed=config.seed)

    with reporter.running():
        trainer = Trainer(
            config,
            TrainingData.of(corpus),
            folder,
            reporter,
            sampler=sample,
            resume=spec.resume,
        )
        reporter.card = msgspec.structs.replace(reporter.card, parameters=trainer.parameters)
        reporter.save()
        tell(JobBegun(config=trainer.config, device=str(device), parameters=trainer.parameters))
        for reason in (why, *reasons):
            tell(JobNotice(text=reason))
        if not spec.resume:
            begun = time.perf_counter()
            for note in start_embedding(trainer.model, config, corpus, control, reporter, given):
                tell(JobNotice(text=note))
            trainer.spend(time.perf_counter() - begun - control.waited)
        result = trainer.run(control)
        state: JobState = "stopped" if control.stopping else "finished"
        reporter.card = msgspec.structs.replace(
            reporter.card,
            state=state,
            weights=result.weights,
            config=trainer.config,
            perplexity=result.perplexity,
            perplexity_alone=result.perplexity_alone,
            added=result.added,
        )
        reporter.save()
    return result.seconds


def check_same_words(folder: Path, card: ModelCard, corpus: Corpus) -> None:
    """Make sure that the run in ``folder`` can go on with ``corpus``.

    Raises:
        TrainingError: when the corpus is not the one that it began with, or is cut otherwise now.
    """
    if corpus.key == card.corpus_key:
        return
    if not corpus.has_text_of(card.corpus_key):
        raise TrainingError(
            f"The corpus of “{card.name}” has changed since the run began.",
            "Put the old files back, or train a new model.",
        )
    began = TextTables.load(folder).vocabulary
    if (began.words, began.counts) != (corpus.vocabulary.words, corpus.vocabulary.counts):
        raise TrainingError(
            f"“{card.name}” was begun by an earlier version, which cut this corpus otherwise.",
            "Write with it as it is, or train a new model.",
        )


@torch.no_grad()
def start_embedding(
    model: LanguageModel[Any],
    config: TrainingConfig,
    corpus: Corpus,
    control: Control,
    listener: Listener | None = None,
    given: GivenVectors | None = None,
) -> tuple[str, ...]:
    """Have the script model's embedding start as ``config`` asks; says how, if it asks at all.

    ``listener`` hears of pauses meanwhile; ``given`` are the initial vectors, if they were read.

    Raises:
        ColdOpenError: when there are no such vectors, or the model is another.
    """
    if not (config.initial_vectors or config.vector_passes):
        return ()
    if not isinstance(model, ScriptModel):
        raise ConfigurationError("Only the script model can start from word vectors.")
    words, start = corpus.vocabulary.words, model.embedding.cpu().numpy()
    if config.initial_vectors:
        given = given or vectors_for(config.initial_vectors, words)
    else:
        size, passes = config.embedding_size, config.vector_passes
        try:
            given = own_vectors(corpus, size, passes, config.seed, control, listener)
        except TrainingError:
            return ("The corpus is too small for word vectors: the embedding starts from chance.",)
    made = given.put_into(start)
    model.embedding.copy_(torch.from_numpy(made.table))
    return (made.report,)


def lasting(paths: Iterable[Path]) -> tuple[str, ...]:
    """``paths`` as they lead to the same files from anywhere, to be written down.

    Raises:
        CorpusError: when one cannot be written down.
    """
    found = tuple(os.path.realpath(path) for path in paths)
    for path in found:
        if (shown := printable(path)) != path:
            raise CorpusError(f"The name of {shown} is not UTF-8.", "Give it another name.")
    return found


def make_room(folder: Path, replace: bool) -> None:
    """Clear ``folder`` for a run; the model that is there goes to the trash where ``replace``.

    Raises:
        ModelError: when there is one that is not to be replaced.
    """
    if replace and folder.is_dir():
        library.to_trash(folder)
    library.refuse_taken(folder)
    shutil.rmtree(folder, ignore_errors=True)


def write_run_folder(
    folder: Path, config: TrainingConfig, corpus: Corpus, corpus_paths: tuple[str, ...]
) -> ModelCard:
    """Make the folder of a new run with its vocabulary, casing and cast; returns its card."""
    folder.mkdir(parents=True, exist_ok=True)
    TextTables.of_corpus(corpus, summarise(corpus).speakers).save(folder)
    return ModelCard(
        name=folder.name,
        kind=config.model,
        state="starting",
        corpus=corpus.name,
        corpus_key=corpus.key,
        corpus_paths=corpus_paths,
        config=config,
        vocabulary_size=corpus.vocabulary.known,
        tokens=len(corpus.ids),
        created=time.time(),
    )


def plan_run(
    corpus: Corpus, settings: dict[str, object], preset: str
) -> tuple[TrainingConfig, tuple[str, ...]]:
    """The configuration for ``settings``, sized by ``preset`` where one is named.

    Raises:
        ConfigurationError: naming the setting that is out of range.
    """
    asked = checked(settings)
    if not preset:
        if not is_to_be_sized(settings):
            return asked, ()
        config, reason = with_cell(msgspec.structs.replace(asked, cell="lstm"), asked.cell)
        return config, (reason,)
    minutes = asked.minutes or PRESET_MINUTES[preset]
    config, reasons = plan(
        len(corpus.parts()[0]),
        len(corpus.vocabulary),
        minutes,
        measure_machine(asked.device),
        settings,
    )
    return config, tuple(reasons)
