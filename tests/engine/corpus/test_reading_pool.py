"""Readers in processes of their own: in order, whatever the sizes, and never left waiting."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import numpy as np
import pytest

from engine.corpus.piece_reader import PieceReading, Totals
from engine.corpus.reading_pool import read_alone, read_together
from engine.corpus.tokenizer import tokenize
from engine.errors import CorpusError

Told = Iterator[tuple[int, int, PieceReading | Totals]]


def tokens_of(told: Told) -> tuple[list[str], int]:
    """All tokens in order, and how many lines were counted."""
    types: dict[int, list[str]] = {}
    tokens: list[str] = []
    lines = 0
    for reader, _length, reading in told:
        if isinstance(reading, Totals):
            lines += reading.tallies.lines
            continue
        known = types.setdefault(reader, [])
        if reading.afresh:
            known.clear()
        known.extend(reading.new_types)
        tokens += [known[i] for i in np.frombuffer(reading.ids, dtype=np.int32)]
    return tokens, lines


def test_pieces_come_back_in_order_and_large_ones_do_not_block() -> None:
    large = [f"ANN: word{n} and so on.\n" * 20_000 for n in range(4)]
    pieces = [*large, "one\n", "", "BOB: two\n", *large]
    tokens, lines = tokens_of(read_together(pieces, 2))
    assert (tokens, lines) == tokens_of(read_alone(pieces))
    assert tokens == [token for piece in pieces for token in tokenize(piece)]


def test_a_reader_that_dies_is_told_and_none_is_left() -> None:
    before = set(multiprocessing.active_children())

    def pieces() -> Iterator[str]:
        for number in range(20):
            if number == 5:
                for child in set(multiprocessing.active_children()) - before:
                    child.kill()
                    child.join()
            yield "ANN: Hello.\n"

    with pytest.raises(CorpusError, match="has ended"):
        tokens_of(read_together(pieces(), 2))
    assert set(multiprocessing.active_children()) == before


def test_leaving_early_leaves_no_reader() -> None:
    before = set(multiprocessing.active_children())
    told = read_together(iter(["ANN: Hello.\n"] * 50), 2)
    next(told)
    told.close()  # type: ignore[attr-defined]
    assert set(multiprocessing.active_children()) == before
