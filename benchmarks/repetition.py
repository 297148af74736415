"""How often what a model writes says again what was just said, beside the scripts it learned from.

A rare word is one outside the 150 most frequent. It counts as said again where it stands among the
last 60 words, and so does a run of three words. Scripts do that, too: settings that do it much more
often go round in circles, settings that do it less often have lost the thread. Where the same word
or mark comes over and over in a long passage, it is stuck.

    python -m benchmarks.repetition [FOLDER OF A MODEL] [CORPUS]
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from benchmarks.generation_speed import BUNDLED
from engine import paths
from engine.corpus.corpus import load_corpus
from engine.corpus.tokenizer import NEWLINE, is_word
from engine.generation.stream import Stream
from engine.generation.writer import Writer
from engine.protocol.messages import Write
from engine.protocol.values import SamplerSettings, StopRule
from tui.config import USUAL_ODDS
from tui.write.odds import PRESETS, summary

FREQUENT = 150
LOOKED_BACK = 60
PASSAGE = 150
"""Words of the corpus that are looked at by themselves, as a continuation is."""
STUCK = 5
"""The same word or mark so often in a row is no text any more."""
BEFORE = SamplerSettings(temperature=0.8, top_p=0.95, min_p=0.02)
"""What was usual before this was measured."""


def said_again(things: Sequence[object], counted: Iterable[bool]) -> tuple[int, int]:
    """How many of the ``things`` that are ``counted`` stand among those before, and of how many."""
    recent: deque[object] = deque(maxlen=LOOKED_BACK)
    again = whole = 0
    for thing, counts in zip(things, counted, strict=True):
        again += counts and thing in recent
        whole += counts
        recent.append(thing)
    return again, whole


def row(passages: Iterable[Sequence[str]], frequent: set[str]) -> str:
    """The table's columns for ``passages`` of words."""
    single, triple, words = [0, 0], [0, 0], 0
    for passage in passages:
        runs = list(zip(passage, passage[1:], passage[2:], strict=False))
        for total, found in (
            (single, said_again(passage, [word not in frequent for word in passage])),
            (triple, said_again(runs, [True] * len(runs))),
        ):
            total[0] += found[0]
            total[1] += found[1]
        words += len(passage)
    return (
        f"{single[0] / max(1, single[1]):.1%} | {triple[0] / max(1, triple[1]):.1%}"
        f" | {single[1] / max(1, words):.1%}"
    )


def stuck(passages: Iterable[Sequence[str]]) -> str:
    """The share of tokens, line ends apart, in runs of ``STUCK`` or more of the same."""
    within = whole = 0
    for passage in passages:
        runs = [len(list(run)) for _token, run in itertools.groupby(passage)]
        within += sum(run for run in runs if run >= STUCK)
        whole += sum(runs)
    return f"{within / max(1, whole):.1%}"


def written(
    writer: Writer, prompts: Sequence[str], settings: SamplerSettings, tokens: int
) -> list[list[str]]:
    """Eight continuations of each of ``prompts``, line ends left out."""
    found: list[list[str]] = []
    for seed, prompt in enumerate(prompts):
        request = Write(
            model="",
            before=prompt,
            settings=settings,
            seed=seed,
            branches=8,
            alternatives=0,
            stop=StopRule(tokens=tokens),
        )
        stream = Stream(writer, request)
        words: dict[int, list[str]] = defaultdict(list)
        while not stream.over:
            for branch, token in stream.step().tokens:
                if token.word != NEWLINE:
                    words[branch].append(token.word)
        found += words.values()
    return found


def words_of(passages: Iterable[Sequence[str]]) -> list[list[str]]:
    """The words alone."""
    return [[token for token in passage if is_word(token)] for passage in passages]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", default=BUNDLED)
    parser.add_argument("corpus", type=Path, nargs="?", default=paths.bundled_corpus())
    parser.add_argument("--prompts", type=int, default=12)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    writer, _card = Writer.open(arguments.model, torch.device("cpu"))
    corpus = load_corpus([arguments.corpus], cutoff=1)
    tokens = corpus.vocabulary.decode(corpus.parts()[0][:100_000].tolist())
    words = [token for token in tokens if is_word(token)]
    frequent = {word for word, _times in Counter(words).most_common(FREQUENT)}
    lines = [line for line in "".join(corpus.sources[0].chunks()).splitlines() if len(line) > 40]
    prompts = [f"{line}\n\n" for line in random.Random(0).choices(lines, k=arguments.prompts)]
    print("| | rare words said again | runs of three | rare words among all | stuck |")
    print("|---|---|---|---|---|")
    passages = [words[at : at + PASSAGE] for at in range(0, len(words), PASSAGE)]
    print(f"| {corpus.name} | {row(passages, frequent)} | {stuck([tokens])} |")
    tried = {"usual": USUAL_ODDS, **PRESETS, "before": BEFORE}
    del tried["lively"]  # it is the usual one
    for name, settings in tried.items():
        columns = row(words_of(written(writer, prompts, settings, 220)), frequent)
        long = stuck(written(writer, prompts[:3], settings, 1500))
        print(f"| {name}: {summary(settings)} | {columns} | {long} |")


if __name__ == "__main__":
    main()
