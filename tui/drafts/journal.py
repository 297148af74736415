"""The journal of a draft: every change since the draft was last written whole, synced as one types.

The first line names the text that the changes apply to, by digest; each further line is one change.
A line that was cut off by a crash ends the journal. So a journal is never applied to a text that it
does not belong to, and applying it again does no harm.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.storage.foreign_json import decoded
from tui.editor.page_document import PageDocument
from tui.editor.passage import ORIGIN, Passage, Span


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """``removed`` characters from ``start`` on gave way to ``inserted``."""

    start: int
    removed: int
    inserted: str
    origin: tuple[tuple[int, int, str], ...] = ()
    """Which characters of ``inserted`` a model wrote: start, end, generation."""


class Header(msgspec.Struct, frozen=True):
    """The text that a journal's changes begin from."""

    text: str = ""
    """Its digest; empty where there is no journal."""
    origin: tuple[tuple[int, int, str], ...] = ()
    cursor: int = 0


MOST_BEFORE = 64_000_000
"""Characters of a text that is not known; a damaged entry may say that it was far longer."""
_UNKNOWN = "unknown"

_ENTRY = msgspec.json.Decoder(Entry)
_HEADER = msgspec.json.Decoder(Header)


def digest(text: str) -> str:
    """Names a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Journal:
    """A journal that is being written.

    Raises:
        OSError: when the disk refuses, here and in :meth:`append`.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self.size = 0
        try:
            self._write(msgspec.json.encode(header) + b"\n")
        except OSError:
            self.close()
            raise

    def append(self, entries: Sequence[Entry]) -> None:
        """Have the disk hold ``entries``."""
        if entries:
            self._write(b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries))

    def close(self) -> None:
        os.close(self._handle)

    def _write(self, data: bytes) -> None:
        start = self.size
        try:
            while data:
                written = os.write(self._handle, data)
                self.size += written
                data = data[written:]
            os.fsync(self._handle)
        except OSError:
            os.ftruncate(self._handle, start)  # no half line before what will be tried again
            self.size = start
            raise


def read_journal(path: Path) -> tuple[Header, list[Entry]]:
    """The header of a journal and its changes; an empty one where there is no journal.

    Raises:
        OSError: when it is there and cannot be read.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Header(), []
    try:
        header = decoded(_HEADER.decode, lines[0])
    except ValueError:  # no JSON, no UTF-8 or no header
        return Header(), []
    entries: list[Entry] = []
    for line in lines[1:-1]:
        try:
            entries.append(decoded(_ENTRY.decode, line))
        except ValueError:
            break
    return header, entries


def replay(text: str, spans: Sequence[Span], entries: Sequence[Entry]) -> tuple[str, list[Span]]:
    """``text`` and its origin marks after ``entries``."""
    document = PageDocument(Passage.marked(text, spans))
    for entry in entries:
        start = document.location_of(entry.start)
        end = document.location_of(entry.start + entry.removed)
        origin = [Span(first, last, ORIGIN, by) for first, last, by in entry.origin]
        document.exchange(start, end, Passage.marked(entry.inserted, origin))
    return document.text, document.spans(ORIGIN)


def recovered_text(journals: Sequence[tuple[Header, Sequence[Entry]]], texts: Sequence[str]) -> str:
    """What was typed, in the order in which it stood, with the one of ``texts`` that it belongs to.

    Where that is not among them it is the typed words alone. The journals follow one another.
    """
    known = {digest(text): text for text in texts}
    parts: list[str] = []
    last = ""
    for header, entries in journals:
        text = known.get(header.text)
        if text is None:
            parts.append(_typed(entries))
            last = ""
            continue
        if header.text == last:  # the journal before led to it
            parts.pop()
        whole, _spans = replay(text, (), entries)
        last = digest(whole)
        known[last] = whole
        parts.append(whole)
    return "\n\n".join(filter(None, parts))


def _typed(entries: Sequence[Entry]) -> str:
    """What is left of the typing in a text that is not known; a blank line between two places."""
    grown = least = 0
    for entry in entries:
        least = max(least, entry.start + entry.removed - grown)
        grown += len(entry.inserted) - entry.removed
    least = min(least, MOST_BEFORE)
    unknown = Span(0, least, ORIGIN, _UNKNOWN)
    typed = [Entry(entry.start, entry.removed, entry.inserted) for entry in entries]
    text, spans = replay(" " * least, [unknown], typed)
    parts, end = [], 0
    for span in [*spans, Span(len(text), len(text), ORIGIN)]:
        parts.append(text[end : span.start].strip())
        end = span.end
    return "\n\n".join(filter(None, parts))
