"""Pieces of a text read side by side by processes of their own, in bounded memory."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread

from engine.corpus.piece_reader import PieceReader, PieceReading, Totals
from engine.errors import CorpusError

AHEAD = 2
"""Pieces that each reader is given before its first answer is waited for."""


def read_alone(pieces: Iterable[str]) -> Iterator[tuple[int, int, PieceReading | Totals]]:
    """Like :func:`read_together`, by one reader in this process."""
    reader = PieceReader()
    for piece in pieces:
        yield 0, len(piece), reader.read(piece)
    yield 0, 0, reader.totals()


def read_together(
    pieces: Iterable[str], readers: int
) -> Iterator[tuple[int, int, PieceReading | Totals]]:
    """For each piece in order: which reader read it, how many characters, and the reading.

    At the end come the totals of each reader.

    Raises:
        CorpusError: when a reader dies.
    """
    context = get_context("spawn")
    pipes, processes = [], []
    try:
        for _ in range(readers):
            here, there = context.Pipe()
            process = context.Process(target=_read, args=(there,), daemon=True)
            process.start()
            there.close()
            pipes.append(here)
            processes.append(process)
        waiting: deque[tuple[int, int]] = deque()
        for number, piece in enumerate(pieces):
            reader = number % readers
            if len(waiting) == AHEAD * readers:
                first, length = waiting.popleft()
                yield first, length, pipes[first].recv()
            pipes[reader].send(piece)
            waiting.append((reader, len(piece)))
        for first, length in waiting:
            yield first, length, pipes[first].recv()
        for number, pipe in enumerate(pipes):
            pipe.send(None)
            yield number, 0, pipe.recv()
    except (EOFError, ConnectionError):
        raise CorpusError(
            "A process that was reading the corpus has ended.", "Is there enough memory?"
        ) from None
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join(1)
            if process.is_alive():
                process.terminate()
                process.join()


def _read(pipe: Connection) -> None:
    os.nice(5)
    reader = PieceReader()
    given: SimpleQueue[str | None] = SimpleQueue()
    # Pieces are taken in at once: if both sides were sending, neither would ever receive.
    Thread(target=_take_in, args=(pipe, given), daemon=True).start()
    with contextlib.suppress(ConnectionError, KeyboardInterrupt):
        while (piece := given.get()) is not None:
            pipe.send(reader.read(piece))
        pipe.send(reader.totals())


def _take_in(pipe: Connection, given: SimpleQueue[str | None]) -> None:
    piece: str | None = ""
    while piece is not None:
        try:
            piece = pipe.recv()
        except (EOFError, OSError):
            piece = None
        given.put(piece)
