"""Arithmetic of a training step as a share of what the machine's matrix products reach.

Matrix products are counted by shape: the recurrent stack, attention, copying and the softmax over
the words that a step compares with, once forward and twice backward. Steps and the machine's own
products take turns, since either may have a slow second.

    python -m benchmarks.arithmetic [--hidden 256] [--batch 32] [--candidates 1500]
"""

from __future__ import annotations

import os

os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks.machine import description
from engine.config import checked
from engine.models.build import build_model
from engine.models.script import ScriptModel
from engine.training.cost import flops_per_token
from engine.training.distributed import Group
from engine.training.optimizer import make_optimizer
from engine.training.self_measure import WIDTH, faster_precision, measure_machine
from engine.training.window_step import WindowStep


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--embedding", type=int, help="as many as --hidden unless given")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=32)
    parser.add_argument("--vocabulary", type=int, default=12_000)
    parser.add_argument("--candidates", type=int, default=1500)
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16"))
    parser.add_argument("--steps", type=int, default=4, help="in each turn")
    parser.add_argument("--turns", type=int, default=9)
    arguments = parser.parse_args()
    precision = arguments.precision
    if precision == "auto":
        precision = faster_precision(measure_machine("cpu"))
    config = checked(
        {
            "hidden_size": arguments.hidden,
            "embedding_size": arguments.embedding or arguments.hidden,
            "layers": arguments.layers,
            "batch_size": arguments.batch,
            "sequence_length": arguments.length,
            "candidates": arguments.candidates,
            "precision": precision,
        }
    )
    torch.manual_seed(1)
    model = build_model(config, arguments.vocabulary)
    assert isinstance(model, ScriptModel)
    # Words as frequent as Zipf has them.
    chances = 1 / torch.arange(3, arguments.vocabulary + 3)
    model.prime((1_000_000 * chances / chances.sum()).long())
    cpu = torch.device("cpu")
    window = WindowStep(model, make_optimizer(model, config, cpu), config, Group(), cpu)
    text = torch.multinomial(chances, arguments.batch * (arguments.length + 1), replacement=True)
    text = text.view(arguments.batch, -1)
    state = model.initial_state(arguments.batch)
    kept = torch.ones(arguments.batch, dtype=torch.bool)

    def step() -> None:
        window(text[:, :-1], text[:, 1:], state, kept, config.learning_rate)

    left, right = (torch.randn(WIDTH, WIDTH).to(getattr(torch, precision)) for _ in range(2))
    step()
    peaks, times, shares = [], [], []
    tokens = arguments.batch * arguments.length
    compared = int(model.inclusion.sum()) if arguments.candidates else arguments.vocabulary
    by_hand = tokens * flops_per_token(config, compared)
    for _ in range(arguments.turns):
        peak = 2 * WIDTH**3 / fastest(lambda: left @ right, 20)
        seconds = fastest(step, arguments.steps)
        peaks.append(peak)
        times.append(seconds)
        shares.append(by_hand / seconds / peak)
    seconds, peak = statistics.median(times), statistics.median(peaks)
    print(description())
    print(f"In {precision}, {by_hand / 1e9:.1f} GFLOP a step; medians of {len(shares)} turns")
    print("| ms a step | words/s | GFLOP/s | products alone | share, median (least, most) |")
    print("|---|---|---|---|---|")
    print(
        f"| {seconds * 1e3:.1f} | {tokens / seconds:,.0f} | {by_hand / seconds / 1e9:,.0f}"
        f" | {peak / 1e9:,.0f} | {statistics.median(shares):.0%}"
        f" ({min(shares):.0%}, {max(shares):.0%}) |"
    )


def fastest(work: Callable[[], object], times: int) -> float:
    """Seconds of the quickest of so many ``times``, as the machine's peak is measured, too."""
    best = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


if __name__ == "__main__":
    main()
