"""Drafts on disk: plain text files that any editor can read, saved by themselves.

While a draft is open it is saved within a second of a change, in one step that leaves the old
version or the new one. A mark beside it tells, after a crash, that it was not closed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine import paths
from engine.errors import ColdOpenError
from engine.storage.atomic import write_atomically

_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f]')
WORDS_A_PAGE = 250


class DraftError(ColdOpenError):
    """A draft that cannot be opened, saved or renamed."""


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """A draft as a list shows it."""

    name: str
    path: Path
    modified: float
    """Seconds since 1970."""
    words: int


class OpenDraft:
    """One draft that this program has open; nobody else can open it meanwhile."""

    def __init__(self, path: Path, mark: Path, lock: IO[str], text: str, recovered: bool) -> None:
        self.path, self.text, self.recovered = path, text, recovered
        self._mark, self._lock = mark, lock

    @property
    def name(self) -> str:
        return self.path.stem

    def save(self, text: str) -> bool:
        """Have the disk hold ``text``; False where it did already.

        Raises:
            ColdOpenError: when the disk refuses; the version before is kept.
        """
        if text == self.text and self.path.exists():
            return False
        write_atomically(self.path, text)
        self.text = text
        return True

    def close(self) -> None:
        """Let go of the draft; it was closed in order."""
        self._mark.unlink(missing_ok=True)
        self._lock.close()


class DraftStore:
    """All drafts in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.drafts_dir()

    def entries(self) -> tuple[DraftEntry, ...]:
        """Every draft, the one changed last first."""
        if not self.folder.is_dir():
            return ()
        found = []
        for path in self.folder.glob("*.txt"):
            if path.name.startswith("."):
                continue
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
                found.append(DraftEntry(path.stem, path, path.stat().st_mtime, len(text.split())))
            except OSError:
                continue
        return tuple(sorted(found, key=lambda entry: entry.modified, reverse=True))

    def open(self, name: str) -> OpenDraft:
        """Open the draft ``name``, or begin it.

        Raises:
            DraftError: when another program has it open, or it cannot be read.
        """
        path = self.folder / f"{checked_title(name)}.txt"
        mark = self.folder / f".{path.stem}.open"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            left_open = mark.exists()
            lock = mark.open("a+")
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DraftError(
                f"“{path.stem}” is open in another window.", "Close it there, or open another."
            ) from None
        except OSError as error:
            raise DraftError(
                f"Drafts cannot be kept in {self.folder}: {error.strerror}.",
                "Free some space or check the folder's permissions.",
            ) from None
        try:
            text = path.read_bytes().decode("utf-8").replace("\r\n", "\n") if path.exists() else ""
        except UnicodeDecodeError:
            lock.close()
            raise DraftError(
                f"{path} is not UTF-8 text.", "Import it instead, which reads other encodings."
            ) from None
        except OSError as error:
            lock.close()
            raise DraftError(f"{path} cannot be read: {error.strerror}.", "") from None
        return OpenDraft(path, mark, lock, text, left_open and bool(text))

    def new_name(self, wish: str = "Untitled") -> str:
        """``wish``, or ``wish 2`` and so on where it is taken."""
        wish = _FORBIDDEN.sub("-", wish).strip(" .") or "Untitled"
        name, number = wish, 2
        while (self.folder / f"{name}.txt").exists():
            name, number = f"{wish} {number}", number + 1
        return name

    def rename(self, old: str, new: str) -> None:
        """Give a draft another name.

        Raises:
            DraftError: when the name is taken or not allowed.
        """
        target = self.folder / f"{checked_title(new)}.txt"
        if target.exists():
            raise DraftError(f"There is already a draft called “{new}”.", "Choose another name.")
        try:
            (self.folder / f"{checked_title(old)}.txt").rename(target)
        except OSError as error:
            raise DraftError(f"“{old}” cannot be renamed: {error.strerror}.", "") from None

    def duplicate(self, name: str) -> str:
        """Copy a draft; returns the copy's name."""
        copy = self.new_name(f"{name} copy")
        shutil.copy(self.folder / f"{checked_title(name)}.txt", self.folder / f"{copy}.txt")
        return copy

    def delete(self, name: str) -> Path:
        """Move a draft to the trash; returns where it is, for :meth:`restore`."""
        trash = self.folder / ".trash"
        trash.mkdir(parents=True, exist_ok=True)
        target = trash / f"{checked_title(name)}.{time.time_ns()}.txt"
        (self.folder / f"{name}.txt").rename(target)
        return target

    def restore(self, trashed: Path) -> str:
        """Undo a deletion; returns the draft's name."""
        name = self.new_name(trashed.name.rsplit(".", 2)[0])
        trashed.rename(self.folder / f"{name}.txt")
        return name


def checked_title(name: str) -> str:
    """``name``, if it can be the name of a draft.

    Raises:
        DraftError: saying why not.
    """
    wrong = sorted(set(_FORBIDDEN.findall(name)))
    if wrong or not name.strip() or name.startswith(".") or len(os.fsencode(name)) > 200:
        why = "because of " + " ".join(map(repr, wrong)) if wrong else "(empty, hidden or too long)"
        raise DraftError(f"{name!r} cannot be the name of a draft {why}.", "Choose another name.")
    return name
