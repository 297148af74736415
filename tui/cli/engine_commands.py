"""``coldopen engine`` and ``coldopen models``: what runs and what is there."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from engine import paths
from engine.client import EngineClient
from engine.client.stopping import end_by_signal, engine_pid
from engine.errors import ColdOpenError, ConfigurationError, EngineUnavailable, NoEngine
from engine.protocol.messages import GetEngineState, ListModels, StopEngine
from tui.cli.answers import answer
from tui.cli.progress import ProgressLine
from tui.library.made import made

if TYPE_CHECKING:
    from tui.cli.output import Output

ANSWER_SECONDS = 10.0
"""An engine that has not answered by then does not."""


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    models = commands.add_parser("models", parents=[common], help="list the trained models")
    models.set_defaults(run=list_models)
    engine = commands.add_parser("engine", help="the background engine: status, stop, logs")
    verbs = engine.add_subparsers(dest="verb", required=True, metavar="VERB")
    status = verbs.add_parser("status", parents=[common], help="is it running, and what does it do")
    status.set_defaults(run=engine_status)
    stop = verbs.add_parser("stop", parents=[common], help="stop it, unless a model trains")
    stop.add_argument(
        "--force", action="store_true", help="even while a model trains, or it does not answer"
    )
    stop.set_defaults(run=engine_stop)
    logs = verbs.add_parser("logs", parents=[common], help="print the end of its log")
    logs.add_argument("-n", type=int, default=40, metavar="LINES", help="how many lines")
    logs.set_defaults(run=engine_logs)


async def list_models(options: argparse.Namespace, output: Output) -> int:
    models = (await answer(ListModels())).models
    if output.json:
        output.value({"models": models})
        return 0
    if not models:
        output.line("No models yet. Train one: coldopen train PATH... --name NAME")
        return 0
    output.table(
        ("name", "kind", "state", "corpus", "perplexity", "words", "made"),
        [
            (
                card.name,
                card.kind,
                "bundled" if card.bundled else card.state,
                card.corpus,
                "-" if card.perplexity is None else f"{card.perplexity:.1f}",
                f"{card.vocabulary_size:,}",
                made(card.created, "%Y-%m-%d %H:%M", "-"),
            )
            for card in models
        ],
    )
    return 0


async def engine_status(options: argparse.Namespace, output: Output) -> int:
    try:
        client = await EngineClient.connect("command line", start=False, timeout=ANSWER_SECONDS)
    except NoEngine as error:
        if output.json:
            output.value({"running": False})
        else:
            output.line(str(error))
        return 1
    try:
        state = await client.call(GetEngineState())
    finally:
        await client.close()
    if output.json:
        output.value({"running": True, "state": state})
        return 0
    output.facts(
        [
            ("engine", f"running, process {state.pid}, up {state.uptime:.0f} s"),
            ("version", f"{state.version} (protocol {state.protocol})"),
            ("torch", f"{state.torch} on {state.device}" if state.torch else "still loading"),
            ("clients", state.clients - 1),
            ("log", state.log),
        ]
    )
    for job in state.jobs:
        output.line(f"run        {job.name}: {job.state} {job.progress:.0%} {job.message}".rstrip())
    return 0


async def engine_stop(options: argparse.Namespace, output: Output) -> int:
    try:
        client = await EngineClient.connect("command line", start=False, timeout=ANSWER_SECONDS)
    except NoEngine:
        if output.json:
            output.value({"stopped": False, "running": False})
        else:
            output.line("No engine is running.")
        return 0
    except EngineUnavailable:
        # It speaks another protocol or does not answer, so only the system can end it.
        if not options.force:
            raise
        pid = engine_pid()
        if pid is None:
            raise EngineUnavailable(
                "The engine does not answer, and its process cannot be found.",
                "End `python -m engine.daemon` by hand, as with `kill`.",
            ) from None
        with ProgressLine() as line:
            line.text(f"process {pid} has a minute to keep what it trains")
            await end_by_signal(pid)
        _stopped(output)
        return 0
    gone = asyncio.Event()
    client.on_lost = gone.set
    try:
        others = (await client.call(GetEngineState())).clients - 1
        await client.call(StopEngine(force=options.force))
        try:
            await asyncio.wait_for(gone.wait(), 90)
        except TimeoutError:
            raise ColdOpenError(
                f"The engine (process {client.engine_pid}) is slow to stop.",
                "It may be writing a large checkpoint: try `coldopen engine status`.",
            ) from None
    finally:
        await client.close()
    _stopped(output)
    if others and not output.json:
        output.line("A window that is open starts another.")
    return 0


def _stopped(output: Output) -> None:
    if output.json:
        output.value({"stopped": True})
    else:
        output.line("The engine has stopped.")


async def engine_logs(options: argparse.Namespace, output: Output) -> int:
    if options.n < 1:
        raise ConfigurationError(f"-n {options.n} is not allowed.", "Allowed: at least 1.")
    path = paths.log_file()
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    if output.json:
        output.value({"path": str(path), "lines": lines[-options.n :]})
        return 0
    for line in lines[-options.n :]:
        output.line(line)
    if not lines:
        output.line(f"The engine has not written to {path} yet.")
    return 0
