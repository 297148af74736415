"""A corpus: scripts as ids on disk, with everything needed to turn them into text again.

The cache is keyed by content. It holds ids over all types by frequency, so that another vocabulary
cut-off needs no reading, and is memory-mapped, so that a corpus may be larger than memory.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine import paths as places
from engine.corpus.casing import Casing, CasingCounter
from engine.corpus.measuring import Tallies
from engine.corpus.piece_reader import PieceReading
from engine.corpus.reading import CHUNK_BYTES, CONVERTED_VERSION, Source, find_sources
from engine.corpus.reading_pool import read_alone, read_together
from engine.corpus.tokenizer import EARLIER_VERSIONS, NEWLINE, TOKENIZER_VERSION
from engine.corpus.vocabulary import NEWLINE_ID, UNK_ID, Vocabulary
from engine.errors import CorpusError
from engine.storage.atomic import write_atomically
from engine.storage.foreign_json import decoded

CACHE_VERSION = 1
PARALLEL_BYTES = 16 * 1024 * 1024
"""Above this size, reading is shared out to all cores."""
HELD_OUT = 0.05
"""Share of the corpus in each of validation and test."""
LONGEST_PIECE = 4 * 1024 * 1024
"""Characters that are read at once."""
FEWEST_TOKENS = 2

Ids = NDArray[np.int32]
ProgressCallback = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Corpus:
    """A loaded corpus; ``ids`` is memory-mapped."""

    key: str
    name: str
    sources: tuple[Source, ...]
    bytes: int
    vocabulary: Vocabulary
    casing: Casing
    cutoff: int
    ids: Ids
    """(tokens,), over ``vocabulary``."""
    type_counts: tuple[tuple[str, int], ...]
    """Every different token with its count, most frequent first."""
    tallies: Tallies
    split: tuple[int, int]
    """Where validation and where test begin, in tokens."""

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(source.note for source in self.sources if source.note)

    @property
    def encodings(self) -> tuple[str, ...]:
        return tuple(sorted({source.encoding for source in self.sources}))

    def parts(self) -> tuple[Ids, Ids, Ids]:
        """Training, validation and test ids, contiguous and in this order."""
        validation, test = self.split
        return self.ids[:validation], self.ids[validation:test], self.ids[test:]

    def has_text_of(self, key: str) -> bool:
        """Whether ``key`` stands for the same files, also where earlier tokens were meant."""
        return key == self.key or any(
            key == _content_key(self.sources, self.bytes, _silent, version)
            for version in EARLIER_VERSIONS
        )


def load_corpus(
    paths: Sequence[Path], cutoff: int = 2, progress: ProgressCallback | None = None
) -> Corpus:
    """Read the texts that ``paths`` name, or take them from the cache.

    Raises:
        CorpusError: when a path is missing, unreadable, empty or no text, or there is not enough.
    """
    tell = progress or _silent
    sources = find_sources(paths)
    size = sum(source.path.stat().st_size for source in sources)
    key = _content_key(sources, size, tell)
    folder = places.cache_dir() / "corpora" / key
    if (made := _open(folder, key, paths, sources, size, cutoff)) is not None:
        return made
    with _alone(folder):
        made = _open(
            folder, key, paths, sources, size, cutoff
        )  # another may have made it meanwhile
        if made is None:
            _build(folder, sources, size, tell)
            made = _open(folder, key, paths, sources, size, cutoff)
    if made is None:
        raise CorpusError(
            f"The cache of {_name(paths)} in {folder} cannot be used.", "Delete that folder."
        )
    return made


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other thread or process makes the cache in ``folder``.

    Raises:
        CorpusError: when the cache cannot be written to.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = (folder.parent / f".{folder.name}.lock").open("wb")
    except OSError as error:
        raise _no_cache(folder, error) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _no_cache(folder: Path, error: OSError) -> CorpusError:
    return CorpusError(
        f"The corpus cannot be cached in {folder.parent}: {error.strerror or error}.",
        "Free some space, or set XDG_CACHE_HOME to another folder.",
    )


def _silent(stage: str, done: int, total: int) -> None:
    """For callers that want no progress."""


def _content_key(
    sources: Sequence[Source], size: int, tell: ProgressCallback, tokenizer: int = TOKENIZER_VERSION
) -> str:
    """Hash of the texts and of everything that decides what becomes of them."""
    digest = hashlib.sha256(f"{CACHE_VERSION}.{tokenizer}".encode())
    done = 0
    for source in sources:
        length = source.path.stat().st_size
        digest.update(f"|{source.encoding}|{source.path.suffix.lower()}|{length}|".encode())
        if source.play:
            digest.update(b"play|")
        if source.converted:
            digest.update(f"{CONVERTED_VERSION}|".encode())
        with source.path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                digest.update(chunk)
                done += len(chunk)
                tell("looking", done, size)
    return digest.hexdigest()[:32]


def _build(folder: Path, sources: Sequence[Source], size: int, tell: ProgressCallback) -> None:
    try:
        work = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".making-"))
    except OSError as error:
        raise _no_cache(folder, error) from None
    try:
        table: dict[str, int] = {}
        tallies, casing = Tallies(), CasingCounter()
        ids_of: dict[int, Ids] = {}
        done = 0
        pieces = _pieces(sources)
        cores = os.cpu_count() or 1
        alone = size < PARALLEL_BYTES or cores < 2
        with (work / "appearance.bin").open("wb") as sink:
            for reader, length, told in (
                read_alone(pieces) if alone else read_together(pieces, cores)
            ):
                if isinstance(told, PieceReading):
                    new = [table.setdefault(token, len(table)) for token in told.new_types]
                    known = np.zeros(0, np.int32) if told.afresh else ids_of[reader]
                    ids_of[reader] = known = np.concatenate((known, np.array(new, np.int32)))
                    sink.write(known[np.frombuffer(told.ids, dtype=np.int32)].tobytes())
                    done += length
                    tell("reading", min(done, size), size)
                else:
                    tallies.merge(told.tallies)
                    casing.merge(told.casing)
        counts = _counted(work / "appearance.bin", len(table))
        if sum(counts) - (counts[table[NEWLINE]] if NEWLINE in table else 0) < FEWEST_TOKENS:
            raise CorpusError(
                f"{sources[0].path} has only one word in it.", "Choose a file with a script in it."
            )
        words = list(table)
        seen = (i for i, count in enumerate(counts) if count)  # a name may only occur as a cue
        order = sorted(seen, key=lambda i: (-counts[i], words[i]))
        rank = np.zeros(len(words), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        _remap(work / "appearance.bin", work / "types.bin", rank)
        (work / "appearance.bin").unlink()
        meta = {
            "types": [words[i] for i in order],
            "counts": [counts[i] for i in order],
            "casing": casing.learned().to_builtins(),
            "tallies": msgspec.to_builtins(tallies, str_keys=True),
            "tokens": sum(counts),
        }
        (work / "meta.json").write_bytes(msgspec.json.encode(meta))
        for file in work.iterdir():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    except OSError as error:
        raise _no_cache(folder, error) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pieces(sources: Sequence[Source]) -> Iterator[str]:
    """The texts in pieces of whole lines, if those have an end; one empty line between files."""
    for index, source in enumerate(sources):
        last = ""
        for number, chunk in enumerate(source.chunks()):
            if index and number == 0:
                chunk = chunk.lstrip("\ufeff\n")
            yield from _cut(chunk)
            last = chunk
        if index + 1 < len(sources):
            yield "\n" if last.endswith("\n") else "\n\n"


def _cut(text: str) -> Iterator[str]:
    """``text``, or parts of it where its lines are so long that readers would run out of memory."""
    begin = 0
    while len(text) - begin > LONGEST_PIECE:
        most = begin + LONGEST_PIECE
        places = (
            text.rfind("\n", begin, most), text.rfind(" ", begin, most), text.find(" ", most)
        )  # fmt: skip
        end = 1 + next((place for place in places if place >= 0), -1)
        if not end:
            break
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _counted(source: Path, types: int) -> list[int]:
    """How often each id is in ``source``."""
    counts = np.zeros(types, dtype=np.int64)
    with source.open("rb") as stream:
        while chunk := stream.read(4 * CHUNK_BYTES):
            counts += np.bincount(np.frombuffer(chunk, dtype=np.int32), minlength=types)
    return counts.tolist()


def _remap(source: Path, target: Path, table: Ids) -> None:
    """Write ``table[ids]`` for the ids in ``source``, in bounded memory."""
    with source.open("rb") as stream, target.open("wb") as sink:
        while chunk := stream.read(4 * CHUNK_BYTES):
            sink.write(table[np.frombuffer(chunk, dtype=np.int32)].tobytes())


def _open(
    folder: Path,
    key: str,
    paths: Sequence[Path],
    sources: tuple[Source, ...],
    size: int,
    cutoff: int,
) -> Corpus | None:
    """The corpus in the cache, or None where there is none that can be used."""
    if not (folder / "meta.json").exists():
        return None  # perhaps another is just about to put it there
    try:
        meta: dict[str, Any] = decoded(json.loads, (folder / "meta.json").read_bytes())
        types, counts = meta["types"], meta["counts"]
        casing = Casing.from_builtins(meta["casing"])
        tallies = msgspec.convert(meta["tallies"], Tallies, strict=False)
        vocabulary = Vocabulary.of_counts(dict(zip(types, counts, strict=True)), cutoff)
        target = folder / f"cutoff-{cutoff}.bin"
        if not target.exists():
            table = np.array([vocabulary.id_of(t) for t in types], dtype=np.int32)
            write_atomically(target, lambda path: _remap(folder / "types.bin", path, table))
        if target.stat().st_size != 4 * meta["tokens"]:
            raise ValueError("torn")
        ids: Ids = np.memmap(target, dtype=np.int32, mode="r")
    except (OSError, ValueError, KeyError, TypeError, msgspec.MsgspecError):
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return Corpus(
        key=key,
        name=_name(paths),
        sources=sources,
        bytes=size,
        vocabulary=vocabulary,
        casing=casing,
        cutoff=cutoff,
        ids=ids,
        type_counts=tuple(zip(types, counts, strict=True)),
        tallies=tallies,
        split=split_points(ids, vocabulary),
    )


def split_points(ids: Ids, vocabulary: Vocabulary) -> tuple[int, int]:
    """Where validation and test begin: the scene or empty line nearest to 5 % and 5 %.

    Very small corpora are cut at a line's end, or simply at the token.
    """
    total = len(ids)
    bracket = vocabulary.id_of("[")
    marks = []
    for share in (1 - 2 * HELD_OUT, 1 - HELD_OUT):
        wanted = round(total * share)
        reach = max(8, round(total * HELD_OUT * 0.4))
        low, high = max(0, wanted - reach), min(total - 1, wanted + reach)
        near = np.asarray(ids[low:high])
        newline = near == NEWLINE_ID
        empty = np.flatnonzero(newline[:-1] & newline[1:]) + 2
        scenes = empty[(empty < len(near))]
        if bracket != UNK_ID:
            scenes = scenes[near[scenes] == bracket]
        for starts in (
            scenes if bracket != UNK_ID else empty[:0],
            empty,
            np.flatnonzero(newline) + 1,
        ):
            if len(starts):
                wanted = low + int(starts[np.argmin(np.abs(starts + low - wanted))])
                break
        marks.append(wanted)
    validation = min(max(1, marks[0]), max(1, total - 2))
    test = min(max(validation + 1, marks[1]), max(validation, total - 1))
    return validation, test


def _name(paths: Sequence[Path]) -> str:
    first = paths[0].resolve()
    bundled = places.bundled_corpus().resolve()
    title = "Spin Cycle" if first == bundled else places.printable(first.stem or str(first))
    return title + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
