"""``coldopen write``: let a model continue a text, on standard output."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import msgspec

from engine.errors import ColdOpenError, ConfigurationError
from engine.protocol.messages import StreamEnded, StreamStarted, TokensWritten, Write
from engine.protocol.values import SamplerSettings, StopRule
from tui.cli.answers import Events, following
from tui.cli.bounds import fitting, made_fitting
from tui.config import USUAL_ODDS

if TYPE_CHECKING:
    from tui.cli.output import Output


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    write = commands.add_parser("write", parents=[common], help="continue a text with a model")
    write.add_argument("name", metavar="NAME", help="the model")
    write.add_argument("--prompt", default="", help="the text to continue; - reads standard input")
    write.add_argument("--tokens", type=int, default=120, help="how many words and marks at most")
    write.add_argument(
        "--finish", action="store_true", help="let a sentence end that is under way after so many"
    )
    write.add_argument("--stop", choices=("length", "line", "speech", "scene"), default="length")
    write.add_argument("--as", dest="speaker", metavar="SPEAKER", help="continue as this character")
    write.add_argument(
        "--temperature",
        type=float,
        help=f"0 is the likeliest word; 1 the model's own odds (usual: {USUAL_ODDS.temperature:g})",
    )
    write.add_argument("--top-k", type=int, help="keep the k likeliest words")
    write.add_argument(
        "--top-p",
        type=float,
        help=f"keep the words that hold this much probability (usual: {USUAL_ODDS.top_p:g})",
    )
    write.add_argument(
        "--min-p", type=float, help="drop words less likely than this share of the best"
    )
    write.add_argument("--repetition-penalty", type=float, help="1 is none")
    write.add_argument(
        "--banned",
        action="append",
        metavar="WORD",
        help="never write this word or phrase; several with commas between, or given several times",
    )
    write.add_argument(
        "--no-repeat-ngram",
        type=int,
        metavar="N",
        help=f"never write the same N words twice (usual: {USUAL_ODDS.no_repeat_ngram}; 0: allow)",
    )
    write.add_argument(
        "--max-copied-words",
        type=int,
        metavar="N",
        help="never copy more than N words in a row from the corpus; 0 allows it",
    )
    write.add_argument(
        "--paired-brackets",
        action=argparse.BooleanOptionalAction,
        help="close in its line every bracket that was opened, and no other (usual)",
    )
    write.add_argument("--seed", type=int, help="same seed, model and text: same words")
    write.set_defaults(run=run_write)


def sampler_from(options: argparse.Namespace) -> SamplerSettings:
    """The sampler's settings on the command line.

    Raises:
        ConfigurationError: naming the setting that is out of range.
    """
    given = {name: getattr(options, name) for name in SamplerSettings.__struct_fields__}
    given = {name: value for name, value in given.items() if value is not None}
    if options.banned is not None:
        words = ",".join(options.banned).split(",")
        given["banned"] = [word.strip() for word in words if word.strip()]
    return made_fitting(SamplerSettings, msgspec.to_builtins(USUAL_ODDS) | given)


def _typed() -> str:
    """Standard input; what is no UTF-8 in it stays recognisable, and is refused like an option."""
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    return text.replace("\r\n", "\n")


async def run_write(options: argparse.Namespace, output: Output) -> int:
    prompt = _typed() if options.prompt == "-" else options.prompt
    try:
        stop = msgspec.convert(
            {"tokens": options.tokens, "at": options.stop, "finish": options.finish}, StopRule
        )
    except msgspec.ValidationError:
        raise ConfigurationError(
            f"--tokens {options.tokens} is not allowed.", "Allowed: 1 to 20,000."
        ) from None
    if options.seed is not None and not 0 <= options.seed < 2**63:
        raise ConfigurationError(f"--seed {options.seed} is not allowed.", "Allowed: 0 or more.")
    request = fitting(
        Write(
            model=options.name,
            before=prompt,
            speaker=options.speaker,
            settings=sampler_from(options),
            stop=stop,
            seed=options.seed,
        )
    )
    async with following() as (client, events):
        started = await client.call(request)
        if not output.json:
            output.piece(prompt)
        await _stream(started, events, output)
    return 0


async def _stream(started: StreamStarted, events: Events, output: Output) -> None:
    while (event := await events.get()) is not None:
        if isinstance(event, TokensWritten) and event.stream == started.stream:
            for token in event.tokens:
                if output.json:
                    output.value(token)
                else:
                    output.piece(token.text)
        elif isinstance(event, StreamEnded) and event.stream == started.stream:
            if event.reason == "failed":
                raise ColdOpenError(event.message or "The model could not go on.")
            if output.json:
                output.value({"reason": event.reason, "record": event.record})
            else:
                output.line()
            return
    raise ColdOpenError("The connection to the engine was lost.", "`coldopen engine logs`")
