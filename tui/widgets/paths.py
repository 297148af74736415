"""What a typed path means and which entries of a folder it leads to. No widgets here."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from engine.paths import expanded

MOST_SHOWN = 1000
"""Entries listed at most; typing narrows the rest down."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder in a listing."""

    name: str
    is_folder: bool
    size: int = 0
    """Bytes; 0 for folders and for what cannot be asked."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder's entries under a typed beginning, or why there are none."""

    folder: Path
    beginning: str
    entries: tuple[Entry, ...] = ()
    more: int = 0
    problem: str = ""


def working_folder() -> Path:
    """The working directory, or the home folder where that is gone."""
    try:
        return Path.cwd()
    except OSError:
        return Path.home()


def kind_of(path: Path) -> Literal["file", "folder", "other", ""]:
    """What ``path`` is; empty where it is nothing, or may not be asked."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return ""
    return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "other"


def unquoted(text: str) -> str:
    """``text`` as a path: quotes, ``file://`` and escaped blanks of a dropped file removed.

    A whole path that is typed behind another, as in ``/here//there`` or ``/here/~/there``, counts.
    """
    text = text.strip("\r\n")
    bare = text.strip()
    if len(bare) >= 2 and bare[0] == bare[-1] and bare[0] in "'\"":
        return bare[1:-1]
    if bare.startswith("file://"):
        return unquote(urlsplit(bare).path)
    whole = max(text.rfind("//"), text.rfind("/~/"))
    text = text[whole + 1 :] if whole >= 0 else text
    return text.replace("\\ ", " ") if "\\ " in text else text


def divided(text: str) -> tuple[Path, str]:
    """The folder that ``text`` names, whole, and the beginning of a name in it."""
    text = unquoted(text)
    folder, _, beginning = text.rpartition("/")
    if text.startswith("/") and not folder:
        folder = "/"
    if text in ("~", "..") or text.endswith("/.."):
        folder, beginning = text, ""
    if "\0" in folder:
        return working_folder(), beginning
    return working_folder() / expanded(folder), beginning


def typed(folder: Path, name: str = "") -> str:
    """The text that stands for ``folder`` (with a closing slash) or for ``name`` in it."""
    text = str(folder)
    return f"{text.rstrip('/')}/{name}" if text != "/" else f"/{name}"


def listing(text: str, *, hidden: bool = False, files: bool = True) -> Listing:
    """The entries that ``text`` leads to: folders first, those that begin so before the others.

    Blocks on the disk, so call it in a thread. Never raises: what is wrong is in ``problem``.
    """
    folder, beginning = divided(text)
    found: list[Entry] = []
    wanted = beginning.lower()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name.lower()
                dotted = wanted.startswith(".")
                if name.startswith(".") and not (hidden or dotted):
                    continue
                if not (name.startswith(wanted) if dotted else wanted in name):
                    continue
                made = _entry(entry)
                if files or made.is_folder:
                    found.append(made)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        return Listing(folder, beginning, problem=f"{folder}: {reason}")
    found.sort(
        key=lambda e: (not e.name.lower().startswith(wanted), not e.is_folder, e.name.lower())
    )
    return Listing(folder, beginning, tuple(found[:MOST_SHOWN]), max(0, len(found) - MOST_SHOWN))


def _entry(entry: os.DirEntry[str]) -> Entry:
    try:
        is_folder = entry.is_dir()
        return Entry(entry.name, is_folder, 0 if is_folder else entry.stat().st_size)
    except OSError:
        return Entry(entry.name, is_folder=False)


def size_text(size: int) -> str:
    """Bytes for people: ``812 B``, ``3.4 MB``."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
