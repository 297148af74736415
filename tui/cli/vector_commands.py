"""``coldopen vectors``: train, export and import word vectors."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.protocol.messages import Exported, ExportVectors, ImportVectors, Request, TrainVectors
from tui.cli.answers import answer
from tui.cli.bounds import fitting, made_fitting
from tui.cli.progress import absolute
from tui.cli.train_commands import follow_run

if TYPE_CHECKING:
    from tui.cli.output import Output


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    vectors = commands.add_parser("vectors", help="skip-gram word vectors")
    verbs = vectors.add_subparsers(dest="verb", required=True, metavar="VERB")
    train = verbs.add_parser("train", parents=[common], help="train word vectors on a corpus")
    train.add_argument("paths", nargs="+", metavar="PATH", help="files or folders")
    train.add_argument("--name", required=True, help="what to call them")
    train.add_argument("--dimension", type=int, default=100, help="numbers per word")
    train.add_argument("--window", type=int, default=5, help="words of context to each side")
    train.add_argument("--negatives", type=int, default=5, help="noise words per true one")
    train.add_argument("--epochs", type=int, default=5, help="passes over the corpus")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--replace", action="store_true", help="replace vectors of that name")
    train.add_argument("--detach", action="store_true", help="start it and return at once")
    train.set_defaults(run=run_train)
    export = verbs.add_parser("export", parents=[common], help="write word2vec text format")
    export.add_argument("name", metavar="NAME", help="the model or the vectors")
    export.add_argument("path", metavar="FILE")
    export.add_argument("--table", default="", help="which vectors, where a model has several")
    export.set_defaults(run=run_export)
    load = verbs.add_parser("import", parents=[common], help="read word2vec or GloVe text format")
    load.add_argument("path", metavar="FILE")
    load.add_argument("--name", required=True, help="what to call them")
    load.set_defaults(run=run_import)


async def run_train(options: argparse.Namespace, output: Output) -> int:
    values = {
        "name": options.name,
        "paths": absolute(options.paths),
        "dimension": options.dimension,
        "window": options.window,
        "negatives": options.negatives,
        "epochs": options.epochs,
        "seed": options.seed,
        "replace": options.replace,
    }
    request = made_fitting(TrainVectors, {"type": "train_vectors", **values})
    return await follow_run(request, options.detach, output)


async def run_export(options: argparse.Namespace, output: Output) -> int:
    (path,) = absolute([options.path])
    return await _move(ExportVectors(name=options.name, path=path, table=options.table), output)


async def run_import(options: argparse.Namespace, output: Output) -> int:
    (path,) = absolute([options.path])
    return await _move(ImportVectors(name=options.name, path=path), output)


async def _move(request: Request[Exported], output: Output) -> int:
    fitting(request)
    done = await answer(request)
    if output.json:
        output.value(done)
    else:
        output.line(f"{done.words:,} words of {done.size} numbers: {done.path}")
    return 0
