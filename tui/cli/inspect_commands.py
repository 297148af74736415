"""``coldopen neighbours``, ``analogy`` and ``explain``: look inside a model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.protocol.messages import Explain, FindAnalogy, FindNeighbours, Neighbours, Request
from tui.cli.answers import answer
from tui.cli.bounds import fitting

if TYPE_CHECKING:
    from tui.cli.output import Output


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    near = commands.add_parser("neighbours", parents=[common], help="words like a word")
    near.add_argument("name", metavar="NAME", help="the model")
    near.add_argument("word", metavar="WORD")
    near.add_argument("-n", type=int, default=10, help="how many")
    near.set_defaults(run=run_neighbours)

    analogy = commands.add_parser("analogy", parents=[common], help="words nearest to A - B + C")
    analogy.add_argument("name", metavar="NAME", help="the model")
    for letter in "abc":
        analogy.add_argument(letter, metavar=letter.upper())
    analogy.add_argument("-n", type=int, default=10, help="how many")
    analogy.set_defaults(run=run_analogy)

    explain = commands.add_parser(
        "explain", parents=[common], help="odds, attention and copying, token by token"
    )
    explain.add_argument("name", metavar="NAME", help="the model")
    explain.add_argument("--prompt", required=True, help="the text to explain")
    explain.add_argument("--tokens", type=int, default=50, help="how many of its last tokens")
    explain.set_defaults(run=run_explain)


async def run_neighbours(options: argparse.Namespace, output: Output) -> int:
    return await _show_neighbours(
        fitting(FindNeighbours(model=options.name, word=options.word, number=options.n)), output
    )


async def run_analogy(options: argparse.Namespace, output: Output) -> int:
    return await _show_neighbours(
        fitting(
            FindAnalogy(model=options.name, a=options.a, b=options.b, c=options.c, number=options.n)
        ),
        output,
    )


async def _show_neighbours(request: Request[Neighbours], output: Output) -> int:
    found = await answer(request)
    if output.json:
        output.value(found)
        return 0
    if found.note:
        output.line(found.note)
    for table in found.tables:
        output.line(f"{table.table}:")
        output.table(
            ("word", "cosine", "count"),
            [(n.word, f"{n.similarity:.3f}", f"{n.count:,}") for n in table.neighbours],
        )
    return 0


async def run_explain(options: argparse.Namespace, output: Output) -> int:
    request = fitting(
        Explain(model=options.name, text=options.prompt, tokens=options.tokens, alternatives=3)
    )
    found = await answer(request)
    if output.json:
        output.value(found)
        return 0
    output.table(
        ("word", "odds", "rank", "bits", "copied", "instead"),
        [
            (
                token.word.replace("\n", "⏎"),
                f"{token.probability:.4f}",
                token.rank,
                f"{token.surprise:.1f}",
                f"{token.copy_share:.0%}",
                ", ".join(
                    f"{a.word} {a.probability:.2f}".replace("\n", "⏎") for a in token.alternatives
                ),
            )
            for token in found.tokens
        ],
    )
    if found.summary:
        output.line(found.summary)
    return 0
