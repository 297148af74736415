"""``coldopen train`` and ``coldopen eval``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shlex
from typing import TYPE_CHECKING, Any

import msgspec

from engine import paths
from engine.config import Knob, checked, knobs
from engine.errors import ColdOpenError, ConfigurationError, ModelError
from engine.protocol.messages import (
    AnyEvent,
    ControlTraining,
    Evaluate,
    ResumeTraining,
    StartTraining,
    TrainingMetrics,
    TrainingNotice,
    TrainingSample,
    TrainingSnapshot,
    TrainingStateChanged,
    TrainingValidation,
    WatchTraining,
)
from engine.protocol.values import ENDED, JobInfo, Metrics, ValidationPoint
from engine.storage.library import checked_name
from tui.cli.answers import Events, answer, following
from tui.cli.bounds import fitting
from tui.cli.progress import ProgressLine, absolute
from tui.train.figures import clock

if TYPE_CHECKING:
    from tui.cli.output import Output

SHORT = {"initial_vectors": ("--init-from",)}
"""Other names of an option, by knob."""


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    train = commands.add_parser(
        "train",
        parents=[common],
        help="train a language model",
        description="Train a model in the engine and follow it. Ctrl+C stops the run and keeps the"
        " model; --detach leaves it to the engine.",
    )
    train.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="the corpus: files or folders; without any, the bundled sitcom",
    )
    train.add_argument("--name", required=True, help="what to call the model")
    train.add_argument(
        "--preset",
        choices=("2m", "10m", "overnight"),
        default="",
        help="size everything for this machine and this much time",
    )
    train.add_argument("--replace", action="store_true", help="replace a model of that name")
    train.add_argument("--resume", action="store_true", help="go on with a run that was cut off")
    train.add_argument("--detach", action="store_true", help="start it and return at once")
    train.add_argument(
        "--stop", action="store_true", help="stop the run of that name; what it learned is kept"
    )
    for knob in knobs():
        add_knob(train, knob)
    train.set_defaults(run=run_training)

    evaluate = commands.add_parser("eval", parents=[common], help="perplexity of a model on a text")
    evaluate.add_argument("name", metavar="NAME", help="the model")
    evaluate.add_argument("paths", nargs="+", metavar="PATH", help="the text: files or folders")
    evaluate.add_argument(
        "--part",
        choices=("all", "train", "validation", "test"),
        default="all",
        help="which part of the text's split to use",
    )
    evaluate.set_defaults(run=run_evaluation)


def add_knob(parser: argparse.ArgumentParser, knob: Knob) -> None:
    """An option for ``knob``, which is None where it is not given."""
    flag = "--" + knob.name.replace("_", "-")
    default = "none" if knob.default in (None, "") else knob.default
    shown = f"{knob.description} Default: {default}."
    text = shown.replace("%", "%%")
    if knob.type == "choice":
        parser.add_argument(flag, choices=knob.choices, help=text)
    elif knob.type == "bool":
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=text)
    elif knob.type == "str":
        parser.add_argument(
            flag, *SHORT.get(knob.name, ()), metavar="NAME", help=f"{text} ({knob.limits})"
        )
    else:
        number = int if knob.type == "int" else float
        parser.add_argument(
            flag, type=number, metavar=knob.type.upper(), help=f"{text} ({knob.limits})"
        )


def settings_from(options: argparse.Namespace) -> dict[str, Any]:
    """The training settings that were given on the command line.

    Raises:
        ConfigurationError: naming the one that is out of range.
    """
    given = {knob.name: getattr(options, knob.name) for knob in knobs()}
    given = {name: value for name, value in given.items() if value is not None}
    checked(given)
    return given


def _check_name(name: str) -> None:
    """See that a model can be called ``name``, which is a matter of how the command is used.

    Raises:
        ConfigurationError: when it cannot.
    """
    try:
        checked_name(name)
    except ModelError as error:
        raise ConfigurationError(error.message, error.hint) from None


async def run_training(options: argparse.Namespace, output: Output) -> int:
    own = settings_from(options)
    _check_name(options.name)
    if options.resume and (own or options.paths or options.preset or options.replace):
        raise ConfigurationError(
            "--resume goes on with the run as it was begun.", "Leave the other options out."
        )
    if options.stop:
        others = (options.preset, options.resume, options.replace, options.detach)
        if own or options.paths or any(others):
            raise ConfigurationError("--stop goes with --name alone.")
        return await stop_run(options.name, output)
    request = (
        ResumeTraining(name=options.name)
        if options.resume
        else StartTraining(
            name=options.name,
            paths=absolute(options.paths or [str(paths.bundled_corpus())]),
            settings=own,
            preset=options.preset,
            replace=options.replace,
        )
    )
    return await follow_run(fitting(request), options.detach, output)


async def follow_run(request: Any, detach: bool, output: Output) -> int:
    """Start a run and show it to its end; interrupted, stop it and keep what it has."""
    async with following() as (client, events):
        job = (await client.call(request)).job
        if detach:
            if output.json:
                output.value({"job": job})
            else:
                output.line(f"Training {job}. `coldopen engine status` shows how far it is.")
            return 0
        snapshot = await client.call(WatchTraining(job=job))
        try:
            info = await _follow(snapshot, events, output)
        except (KeyboardInterrupt, asyncio.CancelledError):
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()
            with contextlib.suppress(ColdOpenError):  # which has ended, or is lost: that is told
                await client.call(ControlTraining(job=job, command="stop"))
            info = await _follow(snapshot, events, output, goes_on=True)
        _told(info, output)
        return 0


async def stop_run(name: str, output: Output) -> int:
    """Have the run of a model stop and keep what it has, and wait until it has."""
    async with following() as (client, events):
        snapshot = await client.call(WatchTraining(job=name))
        await client.call(ControlTraining(job=snapshot.info.job, command="stop"))
        _told(await _follow(snapshot, events, output, goes_on=True), output)
        return 0


def _told(info: JobInfo, output: Output) -> None:
    """Tell how a run has ended.

    Raises:
        ColdOpenError: when it failed.
    """
    if info.state == "failed":
        raise ColdOpenError(info.message)
    if not output.json:
        output.line(info.message)
        if info.state == "stopped" and info.kind == "model" and info.progress:
            output.line(f"`coldopen train --name {shlex.quote(info.name)} --resume` goes on.")


async def _follow(
    snapshot: TrainingSnapshot,
    events: Events,
    output: Output,
    *,
    goes_on: bool = False,
) -> JobInfo:
    info = snapshot.info
    if output.json and not goes_on:
        _tell_so_far(snapshot, output)
    elif not goes_on:
        for notice in snapshot.notices:
            output.line(notice)
    with ProgressLine() as line:
        while info.state not in ENDED:
            event = await events.get()
            if event is None:
                raise ColdOpenError(
                    "The connection to the engine was lost; the run may go on without us.",
                    "`coldopen engine status` tells.",
                )
            number = getattr(event, "sequence", 0)
            if number and number <= snapshot.sequence:
                continue
            if isinstance(event, TrainingStateChanged) and event.info.job == info.job:
                info = event.info
            if output.json:
                if number:
                    output.value(_without_job(event))
            else:
                _show(event, line, output)
    return info


def _tell_so_far(snapshot: TrainingSnapshot, output: Output) -> None:
    """What the run had told before it could be followed, as events."""
    job, number = snapshot.info.job, snapshot.sequence
    for text in snapshot.notices:
        output.value(_without_job(TrainingNotice(job=job, sequence=number, text=text)))
    for point in snapshot.validations:
        output.value(_without_job(TrainingValidation(job=job, sequence=number, point=point)))
    if snapshot.info.state in ENDED:
        ended = TrainingStateChanged(sequence=number, info=snapshot.info)
        output.value(_without_job(ended))


def _without_job(event: AnyEvent) -> dict[str, Any]:
    return {"event": type(event).__struct_config__.tag, **msgspec.to_builtins(event)}


def _show(event: AnyEvent, line: ProgressLine, output: Output) -> None:
    if isinstance(event, TrainingMetrics):
        line.text(metrics_line(event.metrics))
        return
    line.clear()
    if isinstance(event, TrainingValidation):
        point = event.point
        best = " (best)" if point.best else ""
        output.line(f"step {point.step:,}, {point.seconds:.0f} s: {_validation(point)}{best}")
    elif isinstance(event, TrainingNotice):
        output.line(event.text)
    elif isinstance(event, TrainingSample):
        output.line("-- a sample " + "-" * 40)
        output.piece(event.text.strip() + "\n")
        output.line("-" * 52)


def _validation(point: ValidationPoint) -> str:
    if point.perplexity is not None:
        return f"validation perplexity {point.perplexity:.1f}"
    # Word vectors and moods have no perplexity.
    return "validation not finite" if point.loss is None else f"validation loss {point.loss:.3f}"


def metrics_line(metrics: Metrics) -> str:
    """One line on how a run is doing."""
    done = round(metrics.progress * 20)
    left = "" if metrics.eta_seconds is None else f", {clock(metrics.eta_seconds)} left"
    loss = "not finite" if metrics.loss is None else f"{metrics.loss:.3f}"
    return (
        f"[{'#' * done}{'.' * (20 - done)}] {metrics.progress:.0%}{left}"
        f"  loss {loss}  lr {metrics.learning_rate:.2e}  {metrics.tokens_per_second:,.0f} tokens/s"
    )


async def run_evaluation(options: argparse.Namespace, output: Output) -> int:
    request = fitting(Evaluate(name=options.name, paths=absolute(options.paths), part=options.part))
    result = await answer(request)
    if output.json:
        output.value(result)
        return 0
    output.facts(
        [
            ("tokens", f"{result.tokens:,}"),
            ("nll", f"{result.nll:.4f} nats a token"),
            ("perplexity", f"{result.perplexity:.2f}"),
            ("bits per byte", f"{result.bits_per_byte:.4f}"),
            ("unknown words", f"{result.unknown:.2%}"),
        ]
    )
    return 0
