"""Train what ships with the program, a language model and moods: ``make pretrained``.

Same seed, torch, threads and kind of processor give the same weights, bit for bit.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec
import torch

from engine import paths
from engine.config import TrainingConfig
from engine.corpus.corpus import load_corpus
from engine.daemon.job_pipe import FromJob, JobSample, JobSpec
from engine.daemon.model_run import start_embedding, write_run_folder
from engine.daemon.moods_run import run_moods
from engine.protocol.messages import TrainMoods
from engine.protocol.values import JobState, Metrics, ModelCard, ValidationPoint
from engine.storage import library
from engine.training.control import Control
from engine.training.loop import Trainer, TrainingData

CONFIG = TrainingConfig(
    embedding_size=256,
    hidden_size=384,
    layers=1,
    attention_span=128,
    vector_passes=5,
    dropout=0.6,
    embedding_dropout=0.1,
    weight_decay=0.05,
    batch_size=32,
    sequence_length=40,
    learning_rate=8e-3,
    epochs=18,
    device="cpu",
    precision="bfloat16",
    seed=1,
)
THREADS = 2
MOST_BYTES = 12_000_000
"""Of both together."""


class Printer:
    """Tells the terminal how it goes."""

    def on_metrics(self, metrics: Metrics) -> None:
        print(f"\r{metrics.progress:4.0%}  loss {metrics.loss}  ", end="", flush=True)

    def on_validation(self, point: ValidationPoint) -> None:
        print(f"\nstep {point.step}: validation perplexity {point.perplexity}", flush=True)

    def on_sample(self, step: int, text: str) -> None:
        print(text)

    def on_notice(self, text: str) -> None:
        print(text)

    def on_state(self, state: JobState) -> None:
        print(state)


def make_model() -> None:
    """The language model of the bundled corpus."""
    corpus = load_corpus([paths.bundled_corpus()], cutoff=CONFIG.vocabulary_cutoff)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch) / "spin-cycle"
        card = write_run_folder(work, CONFIG, corpus, ("bundled",))
        trainer = Trainer(CONFIG, TrainingData.of(corpus), work, Printer())
        for note in start_embedding(trainer.model, CONFIG, corpus, Control()):
            print(note)
        result = trainer.run(Control())
        done = msgspec.structs.replace(
            card,
            state="finished",
            parameters=trainer.parameters,
            perplexity=result.perplexity,
            perplexity_alone=result.perplexity_alone,
            added=result.added,
            steps=result.steps,
            seconds=result.seconds,
            weights=result.weights,
            created=0.0,
            device="cpu",
        )
        install(work, paths.bundled_model(), done)
    print(f"\nperplexity {result.perplexity:.2f}")


def make_moods() -> None:
    """The network that tells moods, of the bundled labelled texts."""
    target = paths.bundled_moods()
    request = TrainMoods(name=target.name, paths=(str(paths.bundled_labels()),))
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch) / target.name
        spec = JobSpec(name=target.name, run_dir=str(work), paths=request.paths, other=request)
        run_moods(spec, Control(), tell)
        card = library.read_card(work)
        done = msgspec.structs.replace(card, corpus_paths=("bundled",), created=0.0)
        install(work, target, done)


def tell(message: FromJob) -> None:
    """Show how the held-out texts are told."""
    if isinstance(message, JobSample):
        print(f"step {message.step}: {message.text}", flush=True)


def main() -> int:
    makers = {"model": make_model, "moods": make_moods}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=tuple(makers))
    only = parser.parse_args().only
    torch.set_num_threads(THREADS)
    for what in [only] if only else makers:
        makers[what]()
    files = [file for folder in paths.bundled_models() for file in folder.rglob("*")]
    size = sum(file.stat().st_size for file in files if file.is_file())
    print(f"{size:,} bytes in {len(files)} files")
    return 0 if size <= MOST_BYTES else 1


def install(work: Path, target: Path, card: ModelCard) -> None:
    """Put the finished model where the package takes it from: its best weights and its curve."""
    shutil.rmtree(target, ignore_errors=True)
    (target / "checkpoints").mkdir(parents=True)
    shutil.copytree(work / "checkpoints" / "best", target / "checkpoints" / "best")
    for name in ("text.json", "history.jsonl"):
        if (work / name).exists():
            shutil.copy(work / name, target / name)
    library.write_card(target, card)


if __name__ == "__main__":
    sys.exit(main())
