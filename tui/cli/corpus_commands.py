"""``coldopen corpus``: look at a corpus."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine import paths
from engine.protocol.messages import LoadCorpus
from tui.cli.answers import answer
from tui.cli.bounds import fitting
from tui.cli.progress import absolute

if TYPE_CHECKING:
    from tui.cli.output import Output


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    corpus = commands.add_parser("corpus", help="look at a corpus")
    verbs = corpus.add_subparsers(dest="verb", required=True, metavar="VERB")
    info = verbs.add_parser("info", parents=[common], help="size, vocabulary, cast and split")
    info.add_argument(
        "paths", nargs="*", metavar="PATH", help="files or folders; without any, the bundled corpus"
    )
    info.add_argument("--cutoff", type=int, default=2, help="count below which words are unknown")
    info.set_defaults(run=corpus_info)


async def corpus_info(options: argparse.Namespace, output: Output) -> int:
    chosen = options.paths or [str(paths.bundled_corpus())]
    request = fitting(LoadCorpus(paths=absolute(chosen), cutoff=options.cutoff))
    loaded = await answer(request)
    summary = loaded.summary
    if output.json:
        output.value(summary)
        return 0
    output.facts(
        [
            ("corpus", summary.name),
            ("size", f"{summary.bytes:,} bytes, {summary.lines:,} lines"),
            ("encoding", ", ".join(summary.encodings)),
            ("tokens", f"{summary.tokens:,} ({summary.types:,} different)"),
            (
                "vocabulary",
                f"{summary.vocabulary_size:,} words seen {summary.cutoff} times or more,"
                f" {summary.coverage:.1%} of the text",
            ),
            ("scenes", f"{summary.scenes:,}"),
            (
                "split",
                f"{summary.split.train:,} training, {summary.split.validation:,} validation,"
                f" {summary.split.test:,} test tokens",
            ),
        ]
    )
    for note in summary.notes:
        output.line(f"note: {note}")
    output.line()
    output.table(
        ("speaker", "lines", "words"),
        [(s.name, f"{s.lines:,}", f"{s.words:,}") for s in summary.speakers[:20]],
    )
    return 0
