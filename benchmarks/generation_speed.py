"""Words a second and gaps between words, as the program writes, beside the classic ``generate``.

Everything a writer gets is in the time: the model's step, penalties and samplers, the alternatives
shown with each word. The classic model has the same vocabulary. All take turns, several times, so
that a slow minute of the machine hits all alike.

    python -m benchmarks.generation_speed [FOLDER OF A MODEL]
"""

from __future__ import annotations

import os

os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import argparse
import functools
import time
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks.machine import description
from engine.generation.stream import Stream
from engine.generation.writer import Writer
from engine.models.classic import RNN, generate, token_lookup
from engine.protocol.messages import Write
from engine.protocol.values import StopRule

PROMPT = "DELIA: Who put a wedding cake in dryer six?\n\n"
BRANCHES = (1, 3, 8)
CLASSIC = "classic `generate`, its window of 10 run for each word"
BUNDLED = Path(__file__).parent.parent / "assets" / "pretrained" / "spin-cycle"


def streamed(writer: Writer, branches: int, steps: int, prompt: str) -> tuple[list[float], float]:
    """Seconds of each step, in order of length, and from the request to the first word."""
    begun = time.perf_counter()
    request = Write(
        model="", before=prompt, seed=1, branches=branches, stop=StopRule(tokens=steps + 1)
    )
    stream = Stream(writer, request)
    stream.step()
    first = time.perf_counter() - begun
    gaps = []
    for _ in range(steps):
        started = time.perf_counter()
        stream.step()
        gaps.append(time.perf_counter() - started)
    return gaps, first


def classic_gaps(classic: RNN, steps: int) -> tuple[list[float], float]:
    """As :func:`streamed`, for the classic ``generate``: every word takes as long."""
    words = {number: f"w{number}" for number in range(classic.output_size)}
    begun = time.perf_counter()
    generate(classic, 0, words, token_lookup(), 1, predict_len=steps)
    gap = (time.perf_counter() - begun) / steps
    return [gap] * steps, gap


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=BUNDLED)
    parser.add_argument("--words", type=int, default=150, help="in each turn")
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))  # as in the engine
    torch.manual_seed(1)
    writer, _card = Writer.open(arguments.model, torch.device("cpu"))
    size = len(writer.vocabulary)
    streamed(writer, 1, 20, "Warm.")
    classic = RNN(size, size, 200, 256, 2)
    writing = functools.partial(streamed, writer)
    contestants: dict[str, tuple[int, Callable[[int], tuple[list[float], float]]]] = {
        f"script model, {branches} at once": (
            branches,
            functools.partial(writing, branches, prompt=PROMPT * branches),
        )
        for branches in BRANCHES
    }
    contestants["script model, behind a draft of 3,000 words"] = (
        1,
        functools.partial(writing, 1, prompt=PROMPT * 200),
    )
    contestants[CLASSIC] = (1, functools.partial(classic_gaps, classic))
    gaps: dict[str, list[float]] = {name: [] for name in contestants}
    firsts: dict[str, float] = {}
    for turn in range(arguments.turns + 1):
        for name, (_branches, write) in contestants.items():
            found, first = write(arguments.words)
            firsts.setdefault(name, first)  # later the prompt is known already
            if turn:
                gaps[name] += found
    print(f"{description()}; {size:,} words known")
    print("| | words/s | of the classic's | first word | median gap | 99th percentile |")
    print("|---|---|---|---|---|---|")
    windowed = len(gaps[CLASSIC]) / sum(gaps[CLASSIC])
    for name, (branches, _write) in contestants.items():
        ordered = sorted(gaps[name])
        speed = branches * len(ordered) / sum(ordered)
        print(
            f"| {name} | {speed:,.0f} | {speed / windowed:.1f} | {firsts[name] * 1e3:.1f} ms"
            f" | {ordered[len(ordered) // 2] * 1e3:.2f} ms"
            f" | {ordered[int(len(ordered) * 0.99)] * 1e3:.2f} ms |"
        )


if __name__ == "__main__":
    main()
