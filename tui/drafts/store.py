"""Drafts on disk: plain text files that any editor can read, saved by themselves.

Beside each text are hidden files with what a text cannot hold: who wrote what, the tree of all that
was tried, and the journal of a draft that is open.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine import paths
from tui.drafts.draft_files import LONGEST_WISH, DraftFiles
from tui.drafts.open_draft import DraftError, OpenDraft
from tui.drafts.text_file import State, state_of

_FORBIDDEN = re.compile(r'[/\\:*?"<>|\x00-\x1f\ud800-\udfff]')
LONGEST = 200
"""Bytes of a name, since the files beside the text have longer ones."""
WORDS_A_PAGE = 250
COPY_TRIES = 10
COPY_PAUSE = 0.02
"""Seconds between two tries to copy a draft that is being written meanwhile."""


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """A draft as a list shows it."""

    name: str
    path: Path
    modified: float
    """Seconds since 1970."""
    words: int | None
    """None until they are counted."""


class DraftStore:
    """All drafts in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.drafts_dir()
        self._words: dict[Path, tuple[State, int]] = {}
        """Each text's state when its words were counted, and their number."""

    def entries(self) -> tuple[DraftEntry, ...]:
        """Every draft, the one changed last first. None is read for it."""
        if not self.folder.is_dir():
            return ()
        found: dict[str, DraftEntry] = {}
        for path in self.folder.glob("*.txt"):
            if not path.name.startswith("."):
                self._list(found, path.stem, path)
        for path in self.folder.glob(".*.journal"):  # of one that was cut off before it was saved
            self._list(found, path.stem[1:], path)
        return tuple(sorted(found.values(), key=lambda entry: entry.modified, reverse=True))

    def _list(self, found: dict[str, DraftEntry], name: str, path: Path) -> None:
        if name in found:
            return
        try:
            self.files(name)
        except DraftError:  # it could only be shown
            return
        try:
            state = path.stat()
        except OSError:
            return
        if not stat.S_ISREG(state.st_mode) or not os.access(path, os.R_OK):
            return
        counted, words = self._words.get(path, (None, None))
        if path.suffix != ".txt":
            words = 0
        elif counted != state_of(state):
            words = None
        found[name] = DraftEntry(name, self.folder / f"{name}.txt", state.st_mtime, words)

    def count_words(self) -> None:
        """Count the words of the drafts that have changed since. It reads them: in a thread."""
        for entry in self.entries():
            if entry.words is None:
                with contextlib.suppress(OSError):
                    version = state_of(entry.path.stat())
                    text = entry.path.read_text(encoding="utf-8", errors="replace")
                    self._words[entry.path] = version, len(text.split())

    def open(self, name: str) -> OpenDraft:
        """Open the draft ``name``, or begin it.

        Raises:
            DraftError: when another program has it open, or it cannot be read.
        """
        files = self.files(name)
        lock = self._locked(files)
        try:
            return OpenDraft(files, lock)
        except DraftError:
            lock.close()
            raise

    def _locked(self, files: DraftFiles) -> IO[str]:
        """The mark of a draft, which no other window can open while it is."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = files.mark.open("a+")
        except OSError as error:
            raise self._unkept(error) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            if not isinstance(error, BlockingIOError):
                raise self._unkept(error) from None
            raise DraftError(
                f"“{files.text.stem}” is open in another window.",
                "Close it there, or open another.",
            ) from None
        return lock

    def _unkept(self, error: OSError) -> DraftError:
        return DraftError(
            f"Drafts cannot be kept in {self.folder}: {error.strerror}.",
            "Free some space or check the folder's permissions.",
        )

    def files(self, name: str) -> DraftFiles:
        """Where the draft ``name`` is; one that is there may have a name that no new one gets.

        Raises:
            DraftError: when it cannot be a name.
        """
        files = DraftFiles(self.folder / f"{name}.txt")
        there = _leads_nowhere_else(name) and (files.text.exists() or files.journal.exists())
        if not there:
            checked_title(name)
        return files

    def new_name(self, wish: str = "Untitled") -> str:
        """``wish``, or ``wish 2`` and so on where it is taken."""
        wish = _titled(wish)
        name, number = wish, 2
        taken = {entry.name for entry in self.entries()}
        # Of one that another window has just begun there is only the mark.
        taken |= {path.name[1 : -len(".open")] for path in self.folder.glob(".*.open")}
        while name in taken:
            name, number = f"{wish} {number}", number + 1
        return name

    def holding(self, text: str, title: str) -> str | None:
        """The draft called ``title``, with a number or not, that is ``text``, or None. It reads."""
        for entry in self.entries():
            if re.fullmatch(rf"{re.escape(_titled(title))}(?: [0-9]+)?", entry.name):
                with contextlib.suppress(OSError, UnicodeDecodeError):
                    if entry.path.read_bytes().decode() == text:
                        return entry.name
        return None

    def rename(self, old: str, new: str) -> None:
        """Give a draft another name.

        Raises:
            DraftError: when the name is taken or not allowed, or another window has it open.
        """
        source, target = self.files(old), self.files(new)
        try:
            with self._locked(source), self._locked(target):
                _refuse_taken(target)
                _move(source, target)
                target.mark.unlink(missing_ok=True)
        except OSError as error:
            raise _unnamed(old, error) from None

    def rename_open(self, draft: OpenDraft, new: str) -> None:
        """Give a draft that is open here another name; it stays open, with all that is not saved.

        Raises:
            DraftError: when the name is taken or not allowed, or the disk refuses; nothing is
                changed then.
        """
        source, target = draft.files, self.files(new)
        lock = self._locked(target)
        try:
            _refuse_taken(target)
            draft.move(target, lock, lambda: _move(source, target))
        except (OSError, DraftError) as error:
            target.mark.unlink(missing_ok=True)
            lock.close()
            if isinstance(error, DraftError):
                raise
            raise _unnamed(draft.name, error) from None

    def duplicate(self, name: str) -> str:
        """Copy a draft with all that belongs to it; returns the copy's name.

        It may be open, also in another window: the copy is of one moment, as after a crash then.

        Raises:
            DraftError: when it cannot be copied.
        """
        copy = self.new_name(f"{name} copy")
        files = self.files(copy)
        try:
            parts = _of_one_moment(self.files(name))
            for part, path in zip(parts, files.all(), strict=True):
                if part is not None:
                    path.write_bytes(part)
        except OSError as error:
            raise DraftError(f"“{name}” cannot be copied: {error.strerror}.", "") from None
        if files.journal.exists() or files.next_journal.exists():
            with contextlib.suppress(DraftError):  # said, if need be, to whoever opens it
                self.open(copy).close()  # which writes it whole: nobody was cut off
        return copy

    def delete(self, name: str) -> Path:
        """Move a draft to the trash; returns where it is, for :meth:`restore`.

        Raises:
            DraftError: when it cannot be moved, or another window has it open.
        """
        place = self._trash / str(time.time_ns())
        try:
            with self._locked(self.files(name)):
                place.mkdir(parents=True, exist_ok=True)
                _move(self.files(name), DraftFiles(place / f"{name}.txt"))
        except OSError as error:
            raise DraftError(f"“{name}” cannot be deleted: {error.strerror}.", "") from None
        return place / f"{name}.txt"

    def trashed(self) -> tuple[Path, ...]:
        """What is in the trash, the one deleted last first, for :meth:`restore`."""
        found: list[tuple[int, Path]] = []
        for path in self._trash.glob("*/*"):
            name, when = path.name, path.parent.name
            if name.startswith(".") and path.suffix == ".journal":  # the text may not be saved yet
                path = path.with_name(f"{path.stem[1:]}.txt")
            elif name.startswith(".") or path.suffix != ".txt":
                continue
            if when.isdecimal():
                found.append((int(when), path))
        return tuple(path for _when, path in sorted(set(found), reverse=True))

    @property
    def _trash(self) -> Path:
        return self.folder / ".trash"

    def restore(self, trashed: Path) -> str:
        """Undo a deletion; returns the draft's name.

        Raises:
            DraftError: when it cannot be moved back.
        """
        name = self.new_name(trashed.stem)
        try:
            _move(DraftFiles(trashed), self.files(name))
        except OSError as error:
            raise DraftError(f"“{name}” cannot be brought back: {error.strerror}.", "") from None
        with contextlib.suppress(OSError):
            trashed.parent.rmdir()
        return name


def _titled(wish: str) -> str:
    """``wish`` as it can be a name, with room for a number."""
    wish = _FORBIDDEN.sub("-", wish).encode()[:LONGEST_WISH].decode(errors="ignore")
    return wish.strip(" .") or "Untitled"


def _of_one_moment(files: DraftFiles) -> list[bytes | None]:
    """What the files of a draft hold, None for those that are not there.

    Text and journal are read as they stood together, whatever another window writes meanwhile.

    Raises:
        DraftError: when they never stand still.
    """
    for _again in range(COPY_TRIES):
        before = _states(files)
        parts: list[bytes | None] = []
        for path in files.all():
            try:
                parts.append(path.read_bytes())
            except FileNotFoundError:
                parts.append(None)
        if _states(files) == before:
            return parts
        time.sleep(COPY_PAUSE)
    raise DraftError(
        f"“{files.text.stem}” cannot be copied while it is being written in another window.",
        "Try again, or close it there.",
    )


def _states(files: DraftFiles) -> list[State | None]:
    found: list[State | None] = []
    for path in files.all():
        try:
            found.append(state_of(path.stat()))
        except FileNotFoundError:
            found.append(None)
    return found


def _refuse_taken(files: DraftFiles) -> None:
    if files.text.exists() or files.journal.exists():
        raise DraftError(
            f"There is already a draft called “{files.text.stem}”.", "Choose another name."
        )


def _unnamed(name: str, error: OSError) -> DraftError:
    return DraftError(f"“{name}” cannot be renamed: {error.strerror}.", "")


def _move(source: DraftFiles, target: DraftFiles) -> None:
    """Move all that belongs to a draft; the text goes last, so that nothing is half a draft.

    Raises:
        OSError: when the disk refuses; all is where it was then.
    """
    moved: list[tuple[Path, Path]] = []
    try:
        for old in source.aside().values():
            moved.append((old, old.rename(target.next_aside())))
        for old, new in reversed(list(zip(source.all(), target.all(), strict=True))):
            if old.exists():
                moved.append((old, old.rename(new)))
    except OSError:
        for old, new in reversed(moved):
            with contextlib.suppress(OSError):
                new.rename(old)
        raise
    source.mark.unlink(missing_ok=True)


def _leads_nowhere_else(name: str) -> bool:
    """Whether ``name`` stays in its folder, and leaves room for the files beside the text."""
    size = len(name.encode("utf-8", "surrogatepass"))
    return not name.startswith(".") and not set(name) & {"/", "\0"} and 0 < size <= LONGEST


def checked_title(name: str) -> str:
    """``name``, if it can be the name of a draft.

    Raises:
        DraftError: saying why not.
    """
    wrong = sorted(set(_FORBIDDEN.findall(name)))
    if wrong or not name.strip() or name.startswith(".") or len(os.fsencode(name)) > LONGEST:
        why = "because of " + " ".join(map(repr, wrong)) if wrong else "(empty, hidden or too long)"
        raise DraftError(f"{name!r} cannot be the name of a draft {why}.", "Choose another name.")
    return name
