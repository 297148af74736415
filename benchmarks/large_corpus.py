"""How fast, and in how much memory, a large text becomes a corpus, and one epoch's batches of it.

    python -m benchmarks.large_corpus [--megabytes 200] [--varied]

The text is the bundled corpus over and over, in a temporary folder; with ``--varied`` each word is
now and then replaced by one of a long tail of made-up words, as a large collection would have.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import tempfile
import time
from pathlib import Path

from engine import paths
from engine.corpus.corpus import Ids, load_corpus

MEGABYTE = 1_000_000
MADE_UP_WORDS = 400_000


def write_text(path: Path, megabytes: int, varied: bool) -> None:
    """``megabytes`` of script to ``path``."""
    text = "\n\n".join(
        file.read_text(encoding="utf-8") for file in sorted(paths.bundled_corpus().glob("*.txt"))
    )
    chance = random.Random(1)
    words = text.split(" ")
    with path.open("w", encoding="utf-8") as stream:
        while stream.tell() < megabytes * MEGABYTE:
            if varied:
                changed = words.copy()
                for _ in range(len(words) // 20):
                    rank = int(MADE_UP_WORDS ** chance.random())
                    changed[chance.randrange(len(words))] = f"w{rank:x}"
                stream.write(" ".join(changed) + "\n\n")
            else:
                stream.write(text + "\n\n")


def peak_megabytes(whose: int) -> float:
    """The most memory that this process, or the largest of its children, held."""
    return resource.getrusage(whose).ru_maxrss / 1024


def processor_seconds() -> float:
    """Processor time of this process and its children that have ended."""
    return sum(os.times()[:4])


def anonymous_megabytes() -> float:
    """Memory of this process that is its own, mapped files left out (Linux; else 0)."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def read_an_epoch(ids: Ids) -> None:
    """Cut every training batch of one epoch out of the mapped ids."""
    import torch

    from engine.training.batching import Columns, Position

    columns = Columns(ids, 32, 40, torch.device("cpu"))
    before, start = anonymous_megabytes(), time.perf_counter()
    position = Position()
    while position.epoch == 0:
        _inputs, _targets, position = columns.window(position, None)
    seconds = time.perf_counter() - start
    print(
        f"batches         one epoch in {seconds:.1f} s,"
        f" {anonymous_megabytes() - before:,.1f} MB more memory"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--varied", action="store_true", help="with a long tail of rare words")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="coldopen-large-") as folder:
        os.environ["XDG_CACHE_HOME"] = f"{folder}/cache"
        text = Path(folder) / "large.txt"
        write_text(text, options.megabytes, options.varied)
        size = text.stat().st_size / MEGABYTE

        before = peak_megabytes(resource.RUSAGE_SELF)
        start, busy = time.perf_counter(), processor_seconds()
        corpus = load_corpus([text])
        first, busy = time.perf_counter() - start, processor_seconds() - busy
        print(
            f"text            {size:,.0f} MB, {len(corpus.ids):,} tokens,"
            f" {len(corpus.type_counts):,} different"
        )
        print(
            f"first load      {first:.1f} s, {size / first:.1f} MB/s;"
            f" {size / busy:.1f} MB for a second of one processor"
        )
        print(
            f"peak memory     {peak_megabytes(resource.RUSAGE_SELF):,.0f} MB here"
            f" ({before:,.0f} before), {peak_megabytes(resource.RUSAGE_CHILDREN):,.0f} MB in the"
            " largest reader"
        )
        start = time.perf_counter()
        load_corpus([text])
        again = time.perf_counter() - start
        print(f"second load     {again:.2f} s ({size / again:,.0f} MB/s, hashing the text)")
        read_an_epoch(corpus.parts()[0])
    from benchmarks.machine import description  # brings torch, which would count as memory above

    print(description())


if __name__ == "__main__":
    main()
