"""A draft that is open: its text on disk, its journal, its marks and its tree.

While one types, changes go to the journal within a second; now and then the draft is written
whole. The order of the steps is such that a crash at any point leaves the text or the text and
the journal that leads to it.
"""

from __future__ import annotations

import contextlib
import glob
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from engine.errors import ColdOpenError
from engine.storage.atomic import sync_folder, write_atomically
from engine.storage.foreign_json import decoded
from tui.drafts.journal import Entry, Header, Journal, digest, read_journal, replay
from tui.drafts.tree import Tree, append_synced
from tui.editor.passage import ORIGIN, Span

_NOTES = msgspec.json.Decoder(Header)
_ASIDE = re.compile(r"\.unapplied-journal(?:\.([1-9][0-9]*))?\.jsonl")


class DraftError(ColdOpenError):
    """A draft that cannot be opened, saved or renamed."""


@dataclass(frozen=True, slots=True)
class DraftFiles:
    """Where the parts of a draft are."""

    text: Path

    def _beside(self, suffix: str) -> Path:
        return self.text.with_name(f".{self.text.stem}{suffix}")

    @property
    def mark(self) -> Path:
        """There, and locked, while the draft is open."""
        return self._beside(".open")

    @property
    def notes(self) -> Path:
        return self._beside(".notes.json")

    @property
    def tree(self) -> Path:
        return self._beside(".tree.jsonl")

    @property
    def journal(self) -> Path:
        return self._beside(".journal")

    @property
    def next_journal(self) -> Path:
        return self._beside(".journal.new")

    def aside(self) -> dict[int, Path]:
        """The journals that fitted no text, by number, the first one first."""
        stem, found = self.text.stem, dict[int, Path]()
        for path in self.text.parent.glob(f"{glob.escape(stem)}.unapplied-journal*.jsonl"):
            if match := _ASIDE.fullmatch(path.name.removeprefix(stem)):
                found[int(match[1] or 1)] = path
        return dict(sorted(found.items()))

    def next_aside(self) -> Path:
        """Where the next such journal goes."""
        number = max(self.aside(), default=0) + 1
        suffix = f".{number}" if number > 1 else ""
        return self.text.with_name(f"{self.text.stem}.unapplied-journal{suffix}.jsonl")

    def all(self) -> tuple[Path, ...]:
        """All that belongs to the draft but the mark and what was put aside."""
        return (self.text, self.notes, self.tree, self.journal, self.next_journal)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A draft at one moment, to be written whole."""

    text: str
    header: Header
    entries: tuple[Entry, ...]
    """Changes that led to it and were not in the journal yet."""


class OpenDraft:
    """One draft that this program has open.

    ``record``, ``snapshot`` and the tree are for the thread that edits; ``sync`` and ``write`` may
    run in another.
    """

    def __init__(self, files: DraftFiles, lock: IO[str]) -> None:
        self.files = files
        self._lock_file = lock
        self._guard = threading.Lock()
        self._disk = threading.Lock()
        self._entries: list[Entry] = []
        self._journal: Journal | None = None
        self._renamed = True
        """Whether the journal has its lasting name."""
        self._recovery: Snapshot | None = None
        """What was recovered, until it is written; no other journal may take the place of its."""
        self.unwritten = False
        """Whether there were changes since the draft was last written whole."""
        self.text = ""
        """The draft as it was opened, or last written whole."""
        self._header = Header()
        self.origin: list[Span] = []
        self.cursor = 0
        self.recovered = 0
        """Changes that were found in the journal of a program that was cut off."""
        self.note = ""
        """What to tell about the opening; mostly nothing."""
        self.tree = Tree()
        self._read()

    @property
    def path(self) -> Path:
        return self.files.text

    @property
    def name(self) -> str:
        return self.files.text.stem

    # -- while one types

    def record(self, entry: Entry) -> None:
        """Note a change; :meth:`sync` puts it on disk."""
        with self._guard:
            self._entries.append(entry)
        self.unwritten = True

    @property
    def waiting(self) -> bool:
        """Whether something is not on disk."""
        return bool(self._entries) or self.tree.has_unsaved

    def sync(self) -> None:
        """Have the disk hold every change so far.

        Raises:
            DraftError: when it refuses; the changes are kept and tried again.
        """
        with self._disk:
            with self._guard:
                entries, self._entries = self._entries, []
            self._append(entries)
            self._sync_tree()

    def snapshot(self, text: str, origin: Sequence[Span], cursor: int) -> Snapshot:
        """The draft as it is now; changes from here on belong to the next journal."""
        with self._guard:
            entries, self._entries = tuple(self._entries), []
        self.unwritten = False
        spans = tuple((span.start, span.end, span.value) for span in origin)
        return Snapshot(text, Header(digest(text), spans, cursor), entries)

    def write(self, snapshot: Snapshot) -> None:
        """Write the draft whole and begin a new journal.

        Raises:
            DraftError: when the disk refuses; the version before and its journal are kept.
        """
        with self._disk:
            try:
                self._append(snapshot.entries)
            except DraftError:
                self.unwritten = True
                raise
            self._write(snapshot)

    def close(self) -> None:
        """Let go of the draft, which has been written whole."""
        with self._disk:
            if self._journal is not None:
                self._journal.close()
                self._journal = None
            with contextlib.suppress(OSError):
                if not self._entries and not self.unwritten:
                    self.files.journal.unlink(missing_ok=True)
                    self.files.next_journal.unlink(missing_ok=True)
                    self.files.mark.unlink(missing_ok=True)
            self._lock_file.close()

    # -- inside

    def _append(self, entries: Sequence[Entry]) -> None:
        """Have the journal hold ``entries``; they wait again where the disk refuses."""
        try:
            if self._recovery is not None:
                self._write(self._recovery)
            if entries:
                self._open_journal().append(entries)
        except (OSError, DraftError) as error:
            with self._guard:
                self._entries[:0] = entries
            raise error if isinstance(error, DraftError) else self._refused(error) from None

    def _write(self, snapshot: Snapshot) -> None:
        try:
            self._rename_journal()
            fresh = Journal(self.files.next_journal, snapshot.header)
        except OSError as error:
            self.unwritten = True
            raise self._refused(error) from None
        try:
            write_atomically(self.files.text, snapshot.text)
        except ColdOpenError as error:
            fresh.close()
            self.unwritten = True
            raise self._refused(error) from None
        # The text is the new one now, so what is typed from here on belongs to its journal.
        if self._journal is not None:
            self._journal.close()
        self._journal, self._renamed = fresh, False
        self.text, self._header = snapshot.text, snapshot.header
        self._recovery = None
        try:
            write_atomically(self.files.notes, msgspec.json.encode(snapshot.header))
            self._rename_journal()
        except (OSError, ColdOpenError) as error:
            self.unwritten = True
            raise self._refused(error) from None
        self._sync_tree()

    def _open_journal(self) -> Journal:
        if self._journal is None:
            self._journal = Journal(self.files.journal, self._header)
        return self._journal

    def _rename_journal(self) -> None:
        """Give the journal its lasting name, so that another can be begun beside it."""
        if not self._renamed:
            self.files.next_journal.replace(self.files.journal)
            sync_folder(self.files.journal.parent)
            self._renamed = True

    def _sync_tree(self) -> None:
        data = self.tree.unsaved()
        try:
            append_synced(self.files.tree, data)
        except OSError as error:
            self.tree.put_back(data)
            raise self._refused(error) from None

    def _refused(self, error: OSError | ColdOpenError) -> DraftError:
        why = error.strerror or str(error) if isinstance(error, OSError) else error.message
        return DraftError(
            f"“{self.name}” could not be saved: {why.rstrip('.')}.",
            "What you type is kept here and tried again; free some space, or export it elsewhere.",
        )

    def _read(self) -> None:
        """The text as it was last, whatever happened to the program that had it open."""
        path = self.files.text
        try:
            raw = path.read_bytes() if path.exists() else b""
            text = raw.decode("utf-8")
            self.tree = Tree.read(self.files.tree)
            paths = (self.files.journal, self.files.next_journal)
            journals = [(path, *read_journal(path)) for path in paths]
        except UnicodeDecodeError:
            raise DraftError(
                f"{path} is not UTF-8 text.", "Import it instead, which reads other encodings."
            ) from None
        except OSError as error:
            raise DraftError(f"{path} cannot be read: {error.strerror}.", "") from None
        self._restore(text, journals)

    def _restore(self, text: str, journals: list[tuple[Path, Header, list[Entry]]]) -> None:
        headers = [header for _path, header, _entries in journals] + [self._notes()]
        if not any(header.text == digest(text) for header in headers):
            # Another editor wrote it, perhaps with line ends and a mark of its own.
            text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        name = digest(text)
        known = next((header for header in headers if header.text == name), None)
        spans = [] if known is None else [Span(a, b, ORIGIN, by) for a, b, by in known.origin]
        self.cursor = len(text) if known is None else known.cursor
        self.text, self._header = text, known or Header(name, (), self.cursor)
        aside: list[str] = []
        for path, header, entries in journals:
            if entries and header.text == name:
                # Half a save left the only copy of these beside the place where the next begins.
                lasting = path == self.files.journal
                self._renamed = lasting or header.text != self._header.text
                text, spans = replay(text, spans, entries)
                name = digest(text)
                self.cursor = entries[-1].start + len(entries[-1].inserted)
                self.recovered += len(entries)
            elif entries and not any(other.text == name for other in headers):
                aside.extend(self._put_aside(path))
        if aside:
            where = " and ".join(aside)
            self.note = f"The draft was changed elsewhere; typing not yet in it is in {where}."
        self.origin = spans
        for span in spans:
            self.tree.keep_free(span.value)
        if self.recovered:
            self.text, self._recovery = text, self.snapshot(text, spans, self.cursor)
            try:
                self.sync()
            except DraftError as error:
                told = f"“{self.name}” was recovered with {self.recovered} changes. {error.message}"
                self.note = f"{self.note} {told}".strip()

    def _put_aside(self, journal: Path) -> list[str]:
        """Keep a journal that no longer fits its text, since somebody else changed that."""
        aside = self.files.next_aside()
        with contextlib.suppress(OSError):
            journal.replace(aside)
            return [aside.name]
        return []

    def _notes(self) -> Header:
        try:
            return decoded(_NOTES.decode, self.files.notes.read_bytes())
        except (OSError, ValueError):  # none, or none that can be read
            return Header()
