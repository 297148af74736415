"""Words a second and gaps between words: one carried step against the classic whole window.

python -m benchmarks.generation_speed [--hidden 256] [--vocabulary 12000]
"""

from __future__ import annotations

import os

os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import argparse
import time

import torch

from benchmarks.machine import description
from engine.config import checked
from engine.models.build import build_model
from engine.models.classic import RNN, generate, token_lookup


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--vocabulary", type=int, default=12_000)
    parser.add_argument("--words", type=int, default=400)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    size = arguments.vocabulary
    config = checked({"hidden_size": arguments.hidden, "embedding_size": arguments.hidden})
    model = build_model(config, size)
    assert isinstance(model, torch.nn.Module)
    model.eval().requires_grad_(False)
    prompt = torch.randint(0, size, (1, 100))
    begun = time.perf_counter()
    state = model.read(prompt, model.initial_state(1))
    word, gaps = prompt[:, -1], []
    first = None
    for _ in range(arguments.words):
        started = time.perf_counter()
        odds, state, _traces = model.step(word, state)
        word = torch.multinomial(odds.exp(), 1).squeeze(1)
        gaps.append(time.perf_counter() - started)
        first = first or time.perf_counter() - begun
    gaps.sort()
    carried = len(gaps) / sum(gaps)
    classic = RNN(size, size, 200, 256, 2)
    words = {i: f"w{i}" for i in range(size)}
    begun = time.perf_counter()
    generate(classic, 0, words, token_lookup(), 1, predict_len=arguments.words // 4)
    windowed = arguments.words // 4 / (time.perf_counter() - begun)
    assert first is not None
    print(description())
    print("| model | words/s | first word | median gap | 99th percentile |")
    print("|---|---|---|---|---|")
    print(
        f"| script | {carried:,.0f} | {first * 1e3:.1f} ms | {gaps[len(gaps) // 2] * 1e3:.2f} ms |"
        f" {gaps[int(len(gaps) * 0.99)] * 1e3:.2f} ms |"
    )
    print(f"| classic | {windowed:,.0f} | | {1e3 / windowed:.2f} ms | |")


if __name__ == "__main__":
    main()
