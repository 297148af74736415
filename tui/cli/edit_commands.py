"""``coldopen edit``: open the app in its Write room, with a script as a draft."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.errors import ConfigurationError
from tui.cli.progress import absolute


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    _common: argparse.ArgumentParser,
) -> None:
    edit = commands.add_parser("edit", help="open the app in the Write room, on a script")
    edit.add_argument(
        "path",
        metavar="FILE",
        help="plain text, Fountain or Final Draft; it becomes a draft, and is itself left as it is",
    )
    edit.set_defaults(json=False)


def script_of(options: argparse.Namespace) -> Path:
    """The file to edit.

    Raises:
        ConfigurationError: when there is none.
    """
    (path,) = map(Path, absolute([options.path]))
    if not path.is_file():
        raise ConfigurationError(f"There is no file {options.path}.", "Check the path.")
    return path
