"""What a CUDA card brings: training speed, perplexity over time and writing, beside the CPU.

Speeds are on synthetic words of the Penn Treebank's shape (10,000 known, 929,000 to train on), in
the sizes of Zaremba, Sutskever & Vinyals (2014) and with a batch that a card can use. The plain
LSTM is torch's ``nn.LSTM`` in float32 with the whole softmax, tied, as one writes it by hand. With
a corpus, models are also trained on it for so many minutes each.

    python -m benchmarks.gpu [CORPUS] [--minutes 1]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.contestants import PlainPrototype, perplexity, plain_nll, plain_step
from benchmarks.machine import description
from engine.config import TrainingConfig, checked
from engine.corpus.corpus import load_corpus
from engine.daemon.model_run import start_embedding
from engine.models.build import build_model
from engine.models.contract import LanguageModel
from engine.protocol.values import Metrics, ValidationPoint
from engine.training.batching import Columns, Position
from engine.training.control import Control
from engine.training.evaluation import mean_nll
from engine.training.loop import Trainer, TrainingData
from engine.training.presets import plan
from engine.training.progress import Silent
from engine.training.restoring import load_model
from engine.training.schedule import one_cycle
from engine.training.self_measure import measure_machine

WORDS, KNOWN = 929_000, 10_000
SHAPES = (("small", 200, 20, 20), ("medium", 650, 20, 35), ("large", 1500, 20, 35))
"""Name, units in each of two layers, batch, words a step."""
WIDE, PLAIN = 128, 256
MILESTONES = (80.0, 60.0, 50.0, 45.0, 40.0)
BUNDLED = Path(__file__).parent.parent / "assets" / "pretrained" / "spin-cycle"
CUDA, CPU = torch.device("cuda"), torch.device("cpu")


class _Notes(Silent):
    """A listener that keeps speeds and validation losses."""

    def __init__(self) -> None:
        self.speeds: list[float] = []
        self.points: list[ValidationPoint] = []

    def on_metrics(self, metrics: Metrics) -> None:
        self.speeds.append(metrics.tokens_per_second)

    def on_validation(self, point: ValidationPoint) -> None:
        self.points.append(point)


def like_treebank() -> TrainingData:
    """Words as frequent as Zipf has them, in no order."""
    chances = 1 / np.arange(3, KNOWN + 3)
    dice = np.random.default_rng(1)
    ids = dice.choice(KNOWN, WORDS + 10_000, p=chances / chances.sum()).astype(np.int32)
    return TrainingData(ids[:WORDS], ids[WORDS:], KNOWN)


def engine_speed(config: TrainingConfig, data: TrainingData) -> float:
    """Words a second of the program's own trainer, the median of what it tells."""
    notes = _Notes()
    with tempfile.TemporaryDirectory() as folder:
        Trainer(config, data, Path(folder), notes).run(Control())
    told = sorted(speed for speed in notes.speeds[2:] if speed)
    return told[len(told) // 2] if told else 0.0


class PlainTrainer:
    """``nn.LSTM`` in float32, trained by hand; ``minutes`` is the length of its one cycle."""

    def __init__(
        self, data: TrainingData, hidden: int, batch: int, length: int, minutes: float
    ) -> None:
        torch.manual_seed(1)
        self.model = PlainPrototype(data.vocabulary_size, hidden).to(CUDA)
        self._optimizer = torch.optim.Adam(self.model.parameters(), fused=True)
        self._columns = Columns(data.train, batch, length, CUDA)
        self._at = Position()
        self._state: tuple[torch.Tensor, torch.Tensor] | None = None
        self._minutes = minutes
        self.seconds, self.tokens = 0.0, 0

    def train_for(self, seconds: float) -> None:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        before, begun = self.seconds, time.perf_counter()
        self.model.train()
        while self.seconds < before + seconds:
            for _ in range(10):
                ids, targets, self._at = self._columns.window(self._at, None)
                rate = 4e-3 * one_cycle(self.seconds / (60 * self._minutes))
                self._state = plain_step(
                    self.model, self._optimizer, ids, targets, self._state, rate
                )
                self.tokens += targets.numel()
            torch.cuda.synchronize()
            self.seconds = before + time.perf_counter() - begun

    def nll(self, ids: Any) -> float:
        return plain_nll(self.model, ids, CUDA, 16)


def plain_speed(data: TrainingData, hidden: int, batch: int, length: int) -> float:
    plain = PlainTrainer(data, hidden, batch, length, 1.0)
    plain.train_for(0.7)
    seconds, tokens = plain.seconds, plain.tokens
    plain.train_for(2.0)
    return (plain.tokens - tokens) / (plain.seconds - seconds)


def speeds(data: TrainingData, on_cpu: bool) -> None:
    print("\n| | script model, card | plain float32 nn.LSTM, card | ratio | script model, CPU |")
    print("|---|---|---|---|---|", flush=True)
    for name, hidden, batch, length in (
        *SHAPES,
        *((f"{name}, batch {WIDE}", hidden, WIDE, length) for name, hidden, _b, length in SHAPES),
    ):
        settings: dict[str, Any] = {
            "hidden_size": hidden,
            "embedding_size": hidden,
            "batch_size": batch,
            "sequence_length": length,
            "minutes": 5 / 60,
            "ngrams": False,
            "neural_cache": False,
        }
        own = engine_speed(checked({**settings, "device": "cuda"}), data)
        plain = plain_speed(data, hidden, batch, length)
        cpu = ""
        if on_cpu and batch == WIDE:
            # As a preset would on a CPU: words drawn for the softmax.
            drawn = {"candidates": 1500, "device": "cpu"}
            cpu = f"{engine_speed(checked({**settings, **drawn}), data):,.0f}"
        print(
            f"| {name}: 2 x {hidden}, {batch} x {length} | {own:,.0f} | {plain:,.0f}"
            f" | {own / plain:.1f} | {cpu} |",
            flush=True,
        )


def over_time(paths: list[Path], minutes: float, on_cpu: bool) -> None:
    corpus = load_corpus(paths)
    data = TrainingData.of(corpus)
    _train, validation, test = corpus.parts()
    names = ", ".join(f"{m:g}" for m in MILESTONES)
    print(f"\n{len(data.train):,} words to train on, {data.vocabulary_size:,} known.")
    print(f"Seconds to a validation perplexity of {names}; then the last one (test)\n")
    for device in ("cuda", "cpu") if on_cpu else ("cuda",):
        machine = measure_machine(device)  # type: ignore[arg-type]
        config, _why = plan(
            len(data.train), data.vocabulary_size, minutes, machine, {"device": device}
        )
        notes, control = _Notes(), Control()
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(config, data, Path(folder), notes)
            begun = time.perf_counter()
            start_embedding(trainer.model, config, corpus, control)
            trainer.spend(time.perf_counter() - begun)
            trainer.run(control)
            model = load_model(Path(folder), torch.device(device))[0]
            reached = [
                perplexity(mean_nll(model, part, torch.device(device))[0])
                for part in (validation, test)
            ]
        told = [(p.seconds, p.perplexity or 1e9) for p in notes.points]
        name = (
            f"script model, {device}: {config.layers} x {config.hidden_size} on"
            f" {config.embedding_size}, {config.batch_size} x {config.sequence_length},"
            f" dropout {config.dropout:g}"
        )
        _row(name, told, reached, sorted(notes.speeds)[len(notes.speeds) // 2])
    plain, told = PlainTrainer(data, PLAIN, 32, 20, minutes), []
    while plain.seconds < 60 * minutes:
        plain.train_for(min(2.0, 60 * minutes - plain.seconds))
        told.append((plain.seconds, perplexity(plain.nll(validation[:12_000]))))
    reached = [perplexity(plain.nll(part)) for part in (validation, test)]
    name = f"plain float32 nn.LSTM, cuda: 2 x {PLAIN}, 32 x 20"
    _row(name, told, reached, plain.tokens / plain.seconds)


def _row(name: str, told: list[tuple[float, float]], reached: list[float], speed: float) -> None:
    times = [next((f"{s:.1f}" for s, p in told if p <= goal), "-") for goal in MILESTONES]
    print(
        f"| {name} | {' | '.join(times)} | {reached[0]:.1f} ({reached[1]:.1f}) | {speed:,.0f}"
        " words/s |",
        flush=True,
    )
    best = min(told, key=lambda point: point[1])
    print(f"    best validation {best[1]:.1f} at {best[0]:.1f} s of {told[-1][0]:.1f}", flush=True)


def gaps(model: LanguageModel[Any], device: torch.device, rows: int, ready: bool) -> float:
    """Milliseconds between tokens of the model alone, as it writes: the odds come to the host."""
    if ready:
        model.prepare_steps()
    state = model.initial_state(rows)
    ids = torch.full((rows,), 5, device=device)
    times = []
    with torch.inference_mode():
        for _ in range(200):
            begun = time.perf_counter()
            odds, state, _traces = model.step(ids, state)
            odds.cpu()
            times.append(time.perf_counter() - begun)
    return sorted(times)[100] * 1e3


def writing(make: Callable[[torch.device], LanguageModel[Any]], name: str) -> None:
    for rows in (1, 8):
        card = make(CUDA)
        plain = gaps(card, CUDA, rows, ready=False)
        graph = gaps(card, CUDA, rows, ready=True)
        cpu = gaps(make(CPU), CPU, rows, ready=True)
        print(f"| {name}, {rows} | {plain:.2f} | {graph:.2f} | {cpu:.2f} |", flush=True)


def _sized(hidden: int) -> Callable[[torch.device], LanguageModel[Any]]:
    def make(device: torch.device) -> LanguageModel[Any]:
        torch.manual_seed(1)
        config = checked({"hidden_size": hidden, "embedding_size": hidden, "precision": "float32"})
        model = build_model(config, KNOWN)
        assert isinstance(model, nn.Module)
        model.to(device).eval().requires_grad_(False)
        return model  # type: ignore[return-value]

    return make


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, nargs="*")
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--parts", default="speeds,writing,time", help="of speeds, writing, time")
    parser.add_argument("--no-cpu", action="store_true")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("There is no CUDA device here.")
    parts = arguments.parts.split(",")
    print(f"{torch.cuda.get_device_name()}; torch {torch.__version__}; {description()}")
    for device in ("cuda", "cpu"):
        machine = measure_machine(device)  # type: ignore[arg-type]
        print(
            f"{device}: {machine.float32_flops / 1e12:,.2f} TFLOP/s in float32,"
            f" {machine.bfloat16_flops / 1e12:,.2f} in bfloat16"
        )
    if "speeds" in parts:
        print("\nWords a second in training:")
        speeds(like_treebank(), not arguments.no_cpu)
    if "writing" in parts:
        print("\nMilliseconds a token, the model alone:\n")
        print("| model, rows | card, kernel by kernel | card, as one graph | CPU |")
        print("|---|---|---|---|", flush=True)
        writing(lambda device: load_model(BUNDLED, device)[0], "bundled")
        writing(_sized(1500), "2 x 1500, untrained")
    if "time" in parts and arguments.corpus:
        over_time(arguments.corpus, arguments.minutes, not arguments.no_cpu)


if __name__ == "__main__":
    main()
