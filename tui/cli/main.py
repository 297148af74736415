"""The command line: ``coldopen`` opens the app; each subcommand is one call to the engine.

Exit status: 0 done, 1 it could not be done, 2 the command line was wrong. With ``--json`` standard
output holds one JSON object, or JSON lines while streaming, and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import engine
from engine.errors import ColdOpenError, ConfigurationError
from tui.cli import (
    corpus_commands,
    edit_commands,
    engine_commands,
    inspect_commands,
    mood_commands,
    streams,
    train_commands,
    vector_commands,
    write_commands,
)
from tui.cli.bounds import CommandParser
from tui.cli.output import Output
from tui.cli.progress import absolute
from tui.crash_log import LogOnly

MODULES = (
    corpus_commands,
    train_commands,
    write_commands,
    edit_commands,
    inspect_commands,
    vector_commands,
    mood_commands,
    engine_commands,
)


def build_parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="coldopen",
        description="A terminal writers' room: train a recurrent language model on your scripts,"
        " co-write with it, look inside it.",
        epilog="Without a command, `coldopen [PATH...]` opens the app, on the corpus in PATH;"
        " `coldopen edit FILE` opens it with a script of your own in the Write room.",
    )
    parser.add_argument("--version", action="version", version=f"coldopen {engine.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    common = CommandParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON on standard output")
    for module in MODULES:
        module.add_to(commands, common)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    streams.mend()
    logging.basicConfig(handlers=[LogOnly()], level=logging.WARNING)
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    if opens_app(arguments, parser):
        return _open_app(arguments)
    output = Output(json="--json" in arguments)
    try:
        return _run(arguments, parser, output)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # The reader of our output has left: nothing more can be told.
        streams.let_output_go()
        return 1
    except OSError as error:
        if error.filename is None:
            streams.let_output_go()
        output.failure(_refused(error))
        return 1


def _run(arguments: Sequence[str], parser: argparse.ArgumentParser, output: Output) -> int:
    try:
        refuse_missing(arguments, parser)
        try:
            options = parser.parse_args(arguments)
        finally:
            sys.stdout.flush()  # which holds the help, if that was asked for
        if options.command == "edit":
            return _open_app(script=edit_commands.script_of(options))
        output.json = options.json
        status: int = asyncio.run(options.run(options, output))
        return status
    except ConfigurationError as error:
        output.failure(error)
        return 2
    except ColdOpenError as error:
        output.failure(error)
        return 1


def _refused(error: OSError) -> ColdOpenError:
    """What is told where the system refuses a file or, if it names none, a standard stream."""
    why = error.strerror or type(error).__name__
    if error.filename is None:
        return ColdOpenError(
            f"Standard input or output failed: {why}.",
            "Free some space, or send the output to another place.",
        )
    return ColdOpenError(f"{error.filename} cannot be used: {why}.", "Check its permissions.")


def opens_app(arguments: Sequence[str], parser: argparse.ArgumentParser) -> bool:
    """Whether ``arguments`` are corpus paths (or nothing) rather than a command."""
    first = _no_command(arguments, parser)
    return not arguments or (first is not None and os.path.lexists(first))


def refuse_missing(arguments: Sequence[str], parser: argparse.ArgumentParser) -> None:
    """See that what looks like a path is not taken for a command.

    Raises:
        ConfigurationError: when there is no such file.
    """
    first = _no_command(arguments, parser)
    if first is not None and ("." in first or os.sep in first):
        raise ConfigurationError(f"There is no file {first}.", "Check the path.")


def _no_command(arguments: Sequence[str], parser: argparse.ArgumentParser) -> str | None:
    """The first argument, if it is neither a command nor an option."""
    actions = parser._subparsers._group_actions if parser._subparsers else []
    known = {name for action in actions for name in (action.choices or ())}
    first = arguments[0] if arguments else "-"
    return None if first.startswith("-") or first in known else first


def _open_app(paths: Sequence[str] = (), script: Path | None = None) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print("coldopen: the app needs a terminal; see `coldopen --help`.", file=sys.stderr)
        return 2
    from tui.app import run

    return run(absolute(list(paths)), script=script)


if __name__ == "__main__":
    sys.exit(main())
