"""How long the inspector takes to open on a long draft while a model is being trained.

A real engine trains on the bundled corpus in a process of its own; a client asks what F5 asks:
first for the tokens around the cursor, with their odds, alternatives and attention, which is what
the room shows as it opens, then for the 200 that it fills in behind. The drafts are stretches of
the bundled corpus. "Unread" is a draft that the engine has never seen; "typed" is one that it has
explained before, a word having been typed at its end since; "written" is one that a stream has
just continued. The Write room has the engine read the draft whenever the cursor rests, to say who
may speak next, so that F5 most often meets the last two.

    python -m benchmarks.inspector [--words 2000] [--times 40] [--quiet]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.machine import description
from engine import paths
from engine.client import EngineClient
from engine.protocol import messages as m
from engine.protocol.values import StopRule
from tui.inspect.view import ALTERNATIVES, FIRST_TOKENS, TOKENS
from tui.inspect.window import first_part, window_at


def drafts(words: int, number: int) -> list[str]:
    """Stretches of ``words`` words that begin at different lines of the bundled corpus."""
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted(paths.bundled_corpus().glob("*.txt"))
    )
    pieces = text.split(" ")
    step = max(1, (len(pieces) - words) // number)
    return [" ".join(pieces[n * step : n * step + words]) for n in range(number)]


async def opening(client: EngineClient, model: str, text: str) -> tuple[float, float]:
    """Milliseconds until the first answer, and until the rest is there."""
    window = window_at(text, len(text))
    near = first_part(text, len(text), window)
    begun = time.perf_counter()
    await _explain(client, model, near.sent(text), FIRST_TOKENS)
    first = time.perf_counter()
    await _explain(client, model, window.sent(text), TOKENS)
    return (first - begun) * 1000, (time.perf_counter() - begun) * 1000


async def _explain(client: EngineClient, model: str, text: str, tokens: int) -> None:
    reply = await client.call(
        m.Explain(model=model, text=text, tokens=tokens, alternatives=ALTERNATIVES)
    )
    last = reply.tokens[-1]
    assert len(reply.tokens) == tokens
    assert last.alternatives
    assert abs(sum(last.attention[0]) - 1) < 0.01


def told(name: str, times: list[tuple[float, float]]) -> str:
    """A line of the table."""
    cells = [f"{name:10}"]
    for column in zip(*times, strict=True):
        ordered = sorted(column)
        cells.append(f"{statistics.median(ordered):11.0f}{ordered[int(0.99 * len(ordered))]:8.0f}")
    return "".join(cells)


async def measure(options: argparse.Namespace) -> None:
    ends: asyncio.Queue[m.AnyEvent] = asyncio.Queue()
    begun = asyncio.Event()

    def hear(event: m.AnyEvent) -> None:
        if isinstance(event, m.TrainingMetrics):
            begun.set()
        elif isinstance(event, m.StreamEnded):
            ends.put_nowait(event)

    client = await EngineClient.connect("benchmark", on_event=hear)
    model = options.model
    await client.call(m.LoadModel(name=model))
    if not options.quiet:
        job = await client.call(
            m.StartTraining(
                name="benchmark",
                paths=(str(paths.bundled_corpus()),),
                settings={"minutes": 60.0},
            )
        )
        await client.call(m.WatchTraining(job=job.job))
        await begun.wait()
    unread = []
    typed = []
    written = []
    for text in drafts(options.words, options.times):
        unread.append(await opening(client, model, text))
        typed.append(await opening(client, model, text + " coffee"))
    for text in drafts(options.words - 40, options.times):
        await client.call(m.Write(model=model, before=text, stop=StopRule(tokens=20), seed=1))
        end = await ends.get()
        assert isinstance(end, m.StreamEnded)
        written.append(await opening(client, model, text))
    busy = "nothing else running" if options.quiet else "a model being trained"
    print(f"drafts of {options.words:,} words, {options.times} each, {busy}; milliseconds")
    print(f"{'':10}{'first answer':>19}{'with the rest':>19}")
    print(f"{'':10}{'median':>11}{'p99':>8}{'median':>11}{'p99':>8}")
    print(told("unread", unread))
    print(told("typed", typed))
    print(told("written", written))
    await client.call(m.StopEngine(force=True))
    await client.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=paths.bundled_model().name)
    parser.add_argument("--words", type=int, default=2000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--quiet", action="store_true", help="without the training job")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="co-"))
    try:
        os.environ["HOME"] = str(home)
        for name in ("STATE", "DATA", "CONFIG", "CACHE"):
            os.environ[f"XDG_{name}_HOME"] = str(home / name.lower())
        print(description())
        asyncio.run(measure(options))
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
