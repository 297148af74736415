"""Standard streams as the shell hands them over: closed, full, or of few characters."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path


def mend() -> None:
    """Have every standard stream be there, and standard output take any text.

    Nothing comes from or goes to one that was closed; a character that the encoding lacks is
    printed as its escape.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stand_in = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - to the end
            setattr(sys, name, stand_in)
            setattr(sys, f"__{name}__", stand_in)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def let_output_go() -> None:
    """What standard output did not take is not tried again, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
