"""A draft that is open: its text on disk, its journal, its marks and its tree.

While one types, changes go to the journal within a second; now and then the draft is written
whole. The order of the steps is such that a crash at any point leaves the text or the text and
the journal that leads to it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from engine.errors import ColdOpenError
from engine.storage.atomic import sync_folder, write_atomically
from engine.storage.foreign_json import decoded
from tui.drafts.draft_files import DraftFiles
from tui.drafts.journal import Entry, Header, Journal, digest, read_journal, recovered_text, replay
from tui.drafts.text_file import Found, TextFile, state_of
from tui.drafts.tree import Tree, append_synced
from tui.editor.passage import ORIGIN, Span

_NOTES = msgspec.json.Decoder(Header)


class DraftError(ColdOpenError):
    """A draft that cannot be opened, saved or renamed."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A draft at one moment, to be written whole."""

    text: str
    header: Header
    entries: tuple[Entry, ...]
    """Changes that led to it and were not in the journal yet."""


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """What another program has made of a draft that is open here."""

    text: str
    found: Found


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
        self._on_disk = TextFile()
        self._glimpsed: Found | None = None
        """What another program had made of the text when that was looked for last."""
        self._news = ""
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

        What another program has made of the text meanwhile is kept as a draft beside it, which
        :meth:`news` tells.

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

    def news(self) -> str:
        """What has to be told since this was asked last; mostly nothing."""
        told, self._news = self._news, ""
        return told

    def other_version(self, *, at_once: bool = False) -> OtherVersion | None:
        """What another program has made of the text; None where it is as it was left here.

        Unless it is wanted ``at_once``, it has to have stood still since this was asked last. An
        empty text, and one that cannot be read, is none that could be shown.
        """
        with self._disk:
            try:
                found = self._on_disk.other(self.files.text)
            except OSError:
                return None
            glimpsed, self._glimpsed = self._glimpsed, found
        if found is None or not found.data.strip() or not (at_once or found == glimpsed):
            return None
        with contextlib.suppress(UnicodeDecodeError):
            return OtherVersion(found.as_written_here().decode(), found)
        return None

    def take_up(self, other: OtherVersion) -> None:
        """The draft is ``other`` now, which no writing needs to keep beside it."""
        with self._disk:
            self._on_disk.know(other.found)

    def move(self, files: DraftFiles, lock: IO[str], move: Callable[[], None]) -> None:
        """Be at ``files``, for which ``lock`` is held, once ``move`` has brought the files there.

        Raises:
            OSError: when the disk refuses; the draft is where it was then.
        """
        with self._disk:
            move()
            self.files, before = files, self._lock_file
            self._lock_file = lock
            before.close()

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
        text = snapshot.text.encode()
        try:
            self._keep_other(text)
            self._rename_journal()
            fresh = Journal(self.files.next_journal, snapshot.header)
        except (OSError, ColdOpenError) as error:
            self.unwritten = True
            raise self._refused(error) from None
        try:
            self._write_text(text)
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

    def _write_text(self, text: bytes) -> None:
        if self._on_disk.holds(text):
            return
        written = Found(None)

        def write(place: Path) -> None:
            nonlocal written
            place.write_bytes(text)
            written = Found(state_of(place.stat()), text)  # no other program knows the place yet

        write_atomically(self.files.text, write)
        self._on_disk.know(written)

    def _keep_other(self, text: bytes) -> None:
        """Keep what another program has made of the draft, which ``text`` takes the place of.

        Raises:
            ColdOpenError: when the disk refuses, as OSError does.
        """
        try:
            found = self._on_disk.other(self.files.text)
        except OSError:  # it cannot be read, but it can be put elsewhere
            self.files.text.rename(self._place_beside())
            found = Found(None)
        else:
            if found is None:
                return
            if not found.data.strip():
                self._news = f"“{self.name}” was deleted or emptied elsewhere; it is saved again."
            elif found.as_written_here() != text:
                write_atomically(self._place_beside(), found.data)
        self._on_disk.know(found)

    def _place_beside(self) -> Path:
        """Where another program's version of the draft is going to be kept, which is news."""
        beside = self.files.beside("changed elsewhere").text
        self._news = (
            f"“{self.name}” was changed in another program: that version is kept as the draft"
            f" “{beside.stem}”, and “{self.name}” is what the page shows."
        )
        return beside

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
            text = self._on_disk.read(path).decode("utf-8")
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
        unfit: list[tuple[Path, Header, list[Entry]]] = []
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
                unfit.append((path, header, entries))
        if unfit:
            self._put_aside(unfit)
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

    def _put_aside(self, journals: list[tuple[Path, Header, list[Entry]]]) -> None:
        """Keep journals that no longer fit their text, since somebody else changed that.

        What was typed becomes a draft, with the text that it was typed in where that is there.
        """
        typed = [(header, entries) for _path, header, entries in journals]
        words = recovered_text(typed, self.files.texts_beside())
        where: list[str] = []
        with contextlib.suppress(ColdOpenError):
            if words.strip():
                draft = self.files.beside("recovered").text
                write_atomically(draft, words)
                where.append(f"the draft “{draft.stem}”")
        for path, _header, _entries in journals:
            aside = self.files.next_aside()
            with contextlib.suppress(OSError):
                path.replace(aside)
                where.append(aside.name)
        if where:
            told = " and ".join(where)
            self.note = f"The draft was changed elsewhere; typing not yet in it is in {told}."

    def _notes(self) -> Header:
        try:
            return decoded(_NOTES.decode, self.files.notes.read_bytes())
        except (OSError, ValueError):  # none, or none that can be read
            return Header()
