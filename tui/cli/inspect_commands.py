"""``coldopen neighbours``, ``analogy`` and ``explain``: look inside a model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.errors import ConfigurationError
from engine.protocol.messages import Explain, FindAnalogy, FindNeighbours, Neighbours, Request
from engine.protocol.values import ExplainedToken, NextWordOdds
from tui.cli.answers import answer
from tui.cli.bounds import fitting

if TYPE_CHECKING:
    from tui.cli.output import Output

INSTEAD = 3
"""Words that are shown beside each token."""
NEXT = 10
"""And of what comes next."""


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
    explain.add_argument("--next", action="store_true", help="what could come behind the text, too")
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
    if not options.next and not options.prompt.strip():
        raise ConfigurationError(
            "--prompt has no text that could be explained.",
            "Give it some words, or --next to see what a text could begin with.",
        )
    request = fitting(
        Explain(
            model=options.name,
            text=options.prompt,
            tokens=options.tokens,
            alternatives=NEXT if options.next else INSTEAD,
            next=options.next,
        )
    )
    found = await answer(request)
    if output.json:
        output.value(found)
        return 0
    if found.tokens:
        _show_tokens(found.tokens, output)
        output.line(found.summary)
    if found.next is not None:
        _show_next(found.next, output)
    return 0


def _show_tokens(tokens: Sequence[ExplainedToken], output: Output) -> None:
    """A row a token; where its odds are from only if they can be from more than the network."""
    parts = [
        (name, shares)
        for name, shares in (
            ("network", [token.from_softmax for token in tokens]),
            ("n-grams", [token.from_ngrams for token in tokens]),
            ("copied", [token.from_copying for token in tokens]),
            ("said", [token.from_said for token in tokens]),
            ("meant to copy", [token.copy_share for token in tokens]),
        )
        if any(shares)
    ]
    if len(parts) == 1:
        parts = []
    rows = [
        (
            _seen(token.word),
            f"{token.probability:.4f}",
            "unknown" if token.rank is None else token.rank,
            f"{token.surprise:.1f}",
            *(_share(token, name, shares[number]) for name, shares in parts),
            ", ".join(f"{_seen(a.word)} {a.probability:.2f}" for a in token.alternatives[:INSTEAD]),
        )
        for number, token in enumerate(tokens)
    ]
    output.table(("word", "odds", "rank", "bits", *(name for name, _ in parts), "instead"), rows)
    if any(token.unknown for token in tokens):
        output.line("unknown: the model does not have the word; its odds are any unknown word's.")


def _share(token: ExplainedToken, name: str, share: float) -> str:
    if name == "meant to copy":
        return f"{share:.0%}"
    return "" if token.unknown else f"{share:.4f}"


def _show_next(odds: NextWordOdds, output: Output) -> None:
    copying = f"; meant to copy: {odds.copy_share:.0%}" if odds.copy_share else ""
    output.line(f"What comes next (entropy {odds.entropy:.1f} bits{copying}):")
    output.table(
        ("word", "odds"), [(_seen(a.word), f"{a.probability:.4f}") for a in odds.alternatives]
    )


def _seen(word: str) -> str:
    return word.replace("\n", "⏎")
