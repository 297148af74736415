"""Words a second and gaps between words, as the program writes, beside the classic ``generate``.

Everything a writer gets is in the time: the model's step, penalties and samplers, the alternatives
shown with each word. The classic model has the same vocabulary.

    python -m benchmarks.generation_speed [FOLDER OF A MODEL]
"""

from __future__ import annotations

import os

os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import argparse
import time
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
    return sorted(gaps), first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=BUNDLED)
    parser.add_argument("--words", type=int, default=400)
    arguments = parser.parse_args()
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))  # as in the engine
    torch.manual_seed(1)
    writer, _card = Writer.open(arguments.model, torch.device("cpu"))
    size = len(writer.vocabulary)
    streamed(writer, 1, 20, "Warm.")
    print(f"{description()}; {size:,} words known")
    print("| | words/s | first word | median gap | 99th percentile |")
    print("|---|---|---|---|---|")
    best = 0.0
    for branches in BRANCHES:
        gaps, first = streamed(writer, branches, arguments.words, PROMPT * branches)
        speed = branches * len(gaps) / sum(gaps)
        best = max(best, speed)
        print(
            f"| script model, {branches} at once | {speed:,.0f} | {first * 1e3:.1f} ms"
            f" | {gaps[len(gaps) // 2] * 1e3:.2f} ms | {gaps[int(len(gaps) * 0.99)] * 1e3:.2f} ms |"
        )
    gaps, first = streamed(writer, 1, arguments.words, PROMPT * 200)
    print(
        f"| script model, behind a draft of 3,000 words | {len(gaps) / sum(gaps):,.0f}"
        f" | {first * 1e3:.1f} ms | {gaps[len(gaps) // 2] * 1e3:.2f} ms"
        f" | {gaps[int(len(gaps) * 0.99)] * 1e3:.2f} ms |"
    )
    classic = RNN(size, size, 200, 256, 2)
    words = {i: f"w{i}" for i in range(size)}
    begun = time.perf_counter()
    generate(classic, 0, words, token_lookup(), 1, predict_len=arguments.words)
    windowed = arguments.words / (time.perf_counter() - begun)
    print(f"| classic, window of 10 | {windowed:,.0f} | | {1e3 / windowed:.2f} ms | |")
    print(f"\nMost words a second over the classic's: {best / windowed:.1f} times.")


if __name__ == "__main__":
    main()
