"""Files as people have them, to text: any of a few encodings, never guessed in silence."""

from __future__ import annotations

import codecs
import functools
import itertools
import os
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from engine.corpus.plays import is_play, speeches_on_lines
from engine.errors import CorpusError
from engine.formats import final_draft, fountain
from engine.paths import printable

SUFFIXES = frozenset({".txt", ".text", ".md", ".script", ".play", ".fdx", *fountain.SUFFIXES})
_CONVERTED = (".fdx", *fountain.SUFFIXES)
CONVERTED_VERSION = 2
"""Of what is made of screenplays; grows with every change."""
CHUNK_BYTES = 4 * 1024 * 1024
CHUNK_CHARACTERS = 1024 * 1024
_SNIFF_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a corpus: where it is and how to read it."""

    path: Path
    encoding: str
    note: str = ""
    play: bool = False
    """Whether names stand before or above the speeches, as in printed plays."""
    titled: bool = False
    """Whether it is Fountain by its title page, whatever its name ends in."""

    @property
    def fountain(self) -> bool:
        return self.titled or self.path.suffix.lower() in fountain.SUFFIXES

    @property
    def converted(self) -> bool:
        """Whether it is in a screenplay format, of which a plain script is made."""
        return self.titled or self.path.suffix.lower() in _CONVERTED

    def chunks(self) -> Iterator[str]:
        """The text in pieces of whole lines, Unix line ends.

        Raises:
            CorpusError: when the file breaks off or stops being text half-way.
        """
        try:
            if self.converted:
                yield self.plain()
                return
            with self.path.open(encoding=self.encoding, newline=None) as stream:
                if self.play:
                    yield from _speeches(stream)
                    return
                while text := stream.read(CHUNK_CHARACTERS):
                    yield text if text.endswith("\n") else text + stream.readline()
        except (OSError, UnicodeError) as error:
            raise self._broken_off(error) from None

    def plain(self) -> str:
        """All of a screenplay as a plain script, with what stands behind a speaker's name.

        Raises:
            CorpusError: when it is not in its format, or breaks off.
        """
        try:
            if self.fountain:
                return fountain.to_plain(self.path.read_text(encoding=self.encoding))
            return final_draft.to_plain(self.path.read_bytes())
        except final_draft.NotFinalDraftError as error:
            raise CorpusError(
                f"{self.path} is no Final Draft script: {error}.", "Save it from there once more."
            ) from None
        except (OSError, UnicodeError) as error:
            raise self._broken_off(error) from None

    def _broken_off(self, error: Exception) -> CorpusError:
        return CorpusError(
            f"{self.path} could not be read to its end: {error}.", "Save it again as UTF-8."
        )


def find_sources(paths: Sequence[Path]) -> tuple[Source, ...]:
    """The text files that ``paths`` name, folders searched through, in natural order.

    Raises:
        CorpusError: when a path is missing, unreadable, empty or no text.
    """
    looked_for = ".txt, .fountain, .fdx, .script, .play and .md"
    return tuple(source_of(file) for file in files_in(paths, SUFFIXES, looked_for))


def files_in(paths: Sequence[Path], suffixes: Collection[str], looked_for: str) -> list[Path]:
    """The files that ``paths`` name, folders searched for those that end in one of ``suffixes``.

    Raises:
        CorpusError: when there is none in a folder, which was ``looked_for``, or it is unreadable.
    """
    found: list[Path] = []
    for path in paths:
        try:
            inside = _files_in(path, suffixes) if path.is_dir() else [path]
        except OSError as error:
            raise CorpusError(
                f"{path} cannot be read: {error.strerror or error}.", "Check the path."
            ) from None
        if not inside:
            raise CorpusError(
                f"There are no text files in {path}.", f"Looked for {looked_for} files."
            )
        found += inside
    return found


def source_of(path: Path, plays: bool = True) -> Source:
    """``path`` with its encoding found out; remembered while the file does not change.

    Without ``plays`` its layout is not looked at.

    Raises:
        CorpusError: when it is missing, unreadable, empty or not text.
    """
    try:
        seen = path.stat()
        if not stat.S_ISREG(seen.st_mode):  # it can be read once only, and may never end
            raise CorpusError(
                f"{path} is neither a file nor a folder.",
                "Save the script to a file, and choose that.",
            )
        return _found_out(path, (seen.st_ino, seen.st_size, seen.st_mtime_ns), plays)
    except FileNotFoundError:
        raise CorpusError(f"There is no file {path}.", "Check the path.") from None
    except OSError as error:
        raise CorpusError(
            f"{path} cannot be read: {error.strerror or error}.", "Check its permissions."
        ) from None


@functools.lru_cache(maxsize=20_000)
def _found_out(path: Path, stamp: tuple[int, int, int], plays: bool) -> Source:
    source = _decoded(path)
    return _recognised(source) if plays else source


def _decoded(path: Path) -> Source:
    with path.open("rb") as stream:
        head = stream.read(_SNIFF_BYTES)
    if not head.strip():
        raise CorpusError(f"{path} is empty.", "Choose a file with a script in it.")
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return _checked(Source(path, "utf-32"))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _checked(Source(path, "utf-16"))
    if (without_mark := _utf16_of(head)) is not None:
        note = (
            f"{printable(path.name)} has no byte order mark; it was read as {without_mark.upper()}."
        )
        return _checked(Source(path, without_mark, note))
    if b"\0" in head or _share_of_controls(head) > 0.05:
        raise CorpusError(
            f"{path} is not a text file.", "Export the script as plain text, Fountain or FDX."
        )
    if head.startswith(codecs.BOM_UTF8):
        return _checked(Source(path, "utf-8-sig"))
    return _checked(Source(path, "utf-8"))


def _speeches(stream: TextIO) -> Iterator[str]:
    lines = speeches_on_lines(line.removesuffix("\n") for line in stream)
    while piece := list(itertools.islice(lines, CHUNK_CHARACTERS // 64)):
        yield "\n".join(piece) + "\n"


def _recognised(source: Source) -> Source:
    """``source`` with its layout found out from how it begins."""
    if source.converted:
        return source
    with source.path.open(encoding=source.encoding, newline=None) as stream:
        head = stream.read(_SNIFF_BYTES)
    body = fountain.titled_body(head)
    if body is not None and is_play(body):
        note = f"{printable(source.path.name)} was read as Fountain, for it has a title page."
        return replace(source, titled=True, note=f"{source.note} {note}".strip())
    if not is_play(head):
        return source
    read = "was read as a play: names on their own or before a full stop."
    note = f"{printable(source.path.name)} {read}"
    return replace(source, play=True, note=f"{source.note} {note}".strip())


def _checked(source: Source) -> Source:
    """``source`` if its bytes are what its encoding says, else read as Windows Latin-1, noted."""
    decoder = codecs.getincrementaldecoder(source.encoding)()
    line = 1
    try:
        with source.path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                line += decoder.decode(chunk).count("\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        if source.encoding != "utf-8":
            name = source.encoding.upper().removesuffix("-SIG")
            decoder.setstate((b"", decoder.getstate()[1]))
            line += decoder.decode(error.object[: error.start]).count("\n")
            raise CorpusError(
                f"{source.path} begins as {name}, but line {line:,} is not {name}.",
                "Save it again as UTF-8.",
            ) from None
        note = f"{printable(source.path.name)} is not UTF-8; it was read as Latin-1 (Windows-1252)."
        return Source(source.path, _latin(source.path), note)
    return source


def _latin(path: Path) -> str:
    """Windows-1252 where every byte has a meaning in it, else plain Latin-1."""
    undefined = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            if any(byte in chunk for byte in undefined):
                return "latin-1"
    return "cp1252"


def _utf16_of(head: bytes) -> str | None:
    """Which UTF-16 ``head`` is in, where one byte of nearly every two is zero, the other not."""
    even, odd = head[::2], head[1::2]
    for zeros, letters, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros and zeros.count(0) > 0.9 * len(zeros) and not letters.count(0):
            return None if _share_of_controls(letters) > 0.05 else name
    return None


def _share_of_controls(head: bytes) -> float:
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return controls / len(head)


def _files_in(folder: Path, suffixes: Collection[str]) -> list[Path]:
    found = []
    for root, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted((f for f in folders if not f.startswith(".")), key=natural_order)
        for name in sorted(names, key=natural_order):
            path = Path(root) / name
            wanted = not name.startswith(".") and path.suffix.lower() in suffixes
            if wanted and not _is_blank(path):
                found.append(path)
    return found


def _is_blank(path: Path) -> bool:
    """Whether there is nothing to read in ``path``; in a folder such files are passed over."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return True
        with path.open("rb") as stream:
            return not stream.read(_SNIFF_BYTES).strip()
    except OSError:
        return False  # which is told where it is read


def _refuse(error: OSError) -> None:
    raise error


def natural_order(name: str) -> list[tuple[bool, int, str]]:
    """Sorting key that puts ``part 2`` before ``part 10``."""
    return [
        (not piece.isdecimal(), int(piece) if piece.isdecimal() else 0, piece)
        for piece in re.split(r"([0-9]+)", name.lower())
    ]
