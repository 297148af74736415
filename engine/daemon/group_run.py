"""One run shared by several processes, one a GPU, started by ``torchrun`` without the engine.

    torchrun --standalone --nproc-per-node=4 -m engine.daemon.group_run PATH... --name NAME

The first process plans, tells and saves; the model comes to the Library like any other. Ctrl+C
stops the run and keeps the model.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch

from engine import paths
from engine.config import checked
from engine.corpus.corpus import load_corpus
from engine.daemon.job_pipe import FromJob, JobMetrics, JobNotice, JobSpec, JobValidation
from engine.daemon.model_run import plan_run, run_model
from engine.errors import ColdOpenError, ConfigurationError
from engine.storage import library
from engine.storage.run_lock import written_by_us
from engine.training.control import Control
from engine.training.device import choose_device
from engine.training.distributed import Group, ProcessError, join, leave


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="torchrun -m engine.daemon.group_run",
        description="Train a model with several processes, one for each GPU.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="the corpus: files or folders")
    parser.add_argument("--name", required=True, help="what to call the model")
    parser.add_argument("--preset", choices=("2m", "10m", "overnight"), default="")
    parser.add_argument(
        "--settings",
        default="{}",
        metavar="JSON",
        help='hyper-parameters, such as \'{"hidden_size": 1024, "minutes": 30}\'',
    )
    options = parser.parse_args(arguments)
    group = Group()
    try:
        settings = _settings(options.settings)
        device, _why = choose_device(checked(settings).device)
        if device.type == "cuda":
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(device)
        group = join(device)
        return _run(options, settings, group, device)
    except ColdOpenError as error:
        if group.leads or isinstance(error, ProcessError):
            print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr, flush=True)
        return 1
    finally:
        leave(group)


def _settings(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"--settings is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise ConfigurationError("--settings must be a JSON object.", 'Such as {"layers": 3}.')
    return found


def _run(
    options: argparse.Namespace, settings: dict[str, Any], group: Group, device: torch.device
) -> int:
    corpus = tuple(os.path.realpath(paths.expanded(path)) for path in options.paths)
    control = Control()
    with contextlib.ExitStack() as held:
        scratch = held.enter_context(tempfile.TemporaryDirectory(prefix="coldopen-"))
        own = paths.models_dir() / options.name if group.leads else Path(scratch) / options.name
        planned = _planned(options, settings, corpus, group, held) if group.leads else ""
        agreed: dict[str, Any] = json.loads(group.agree_on(planned, device))
        if "refused" in agreed:
            if group.leads:
                print("\n".join(agreed["refused"]).strip(), file=sys.stderr, flush=True)
            group.agree(0.0, device)  # torchrun ends all others as soon as one has ended
            return 1
        signal.signal(
            signal.SIGINT, (lambda *_: control.stop(keep=True)) if group.leads else signal.SIG_IGN
        )
        spec = JobSpec(
            job=options.name, name=options.name, run_dir=str(own), paths=corpus, settings=agreed
        )
        run_model(spec, control, _tell if group.leads else _say_nothing)
    if group.leads:
        print(f"“{options.name}” is in the Library.")
    return 0


def _planned(
    options: argparse.Namespace,
    settings: dict[str, Any],
    paths_of_corpus: tuple[str, ...],
    group: Group,
    held: contextlib.ExitStack,
) -> str:
    """The settings of the run as JSON; what stands in its way, for the others to hear of it too.

    The run has its folder for itself from here until ``held`` is let go.
    """
    try:
        folder = paths.models_dir() / library.checked_name(options.name)
        held.enter_context(written_by_us(folder))
        library.refuse_taken(folder)
        cutoff = checked(settings).vocabulary_cutoff
        corpus = load_corpus([Path(path) for path in paths_of_corpus], cutoff=cutoff)
        config, reasons = plan_run(corpus, settings, options.preset)
    except ColdOpenError as error:
        return json.dumps({"refused": [error.message, error.hint]})
    for reason in reasons:
        print(reason)
    # The columns have to be shared out evenly.
    columns = -(-config.batch_size // group.size) * group.size
    return json.dumps(msgspec.to_builtins(config) | {"batch_size": columns})


def _tell(message: FromJob) -> None:
    if isinstance(message, JobMetrics):
        at = message.metrics
        loss = "not finite" if at.loss is None else f"{at.loss:.3f}"
        print(f"\r{at.progress:4.0%}  loss {loss}  {at.tokens_per_second:,.0f} tokens/s ", end="")
    elif isinstance(message, JobValidation) and message.point.perplexity is not None:
        print(f"\nstep {message.point.step:,}: perplexity {message.point.perplexity:.1f}")
    elif isinstance(message, JobNotice):
        print(f"\n{message.text}")
    sys.stdout.flush()


def _say_nothing(message: FromJob) -> None:
    """Only the first process tells."""


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that the group's library still has may abort an interpreter that ends as usual.
    os._exit(status)
