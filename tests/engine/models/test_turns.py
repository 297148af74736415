"""Cutting at turns: by tensors, windows and rows at once, what one would do token by token."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus.vocabulary import NEWLINE_ID
from engine.models.turns import Heard, divide

SPAN = 4
CUES = (10, 11)
PLAIN = (5, 6, 7)
TOKENS = st.sampled_from((NEWLINE_ID, NEWLINE_ID, *PLAIN, *CUES))


@dataclass
class Listener:
    """One text, token by token."""

    before: list[int] = field(default_factory=list)
    present: list[int] = field(default_factory=list)

    def hears(self, token: int) -> bool:
        """Whether a turn begins with it."""
        empty_line = self.present[-2:] == [NEWLINE_ID, NEWLINE_ID] and token != NEWLINE_ID
        begins = token in CUES or empty_line or not self.present
        if begins:
            self.before, self.present = self.present, []
        self.present.append(token)
        return begins


def are_cues(ids: torch.Tensor) -> torch.Tensor:
    return torch.isin(ids, torch.tensor(CUES))


def spelled(row: torch.Tensor) -> list[int]:
    """The ids of a row, which must be at its right end."""
    found = [number for number in row.tolist() if number >= 0]
    assert row.tolist()[len(row) - len(found) :] == found
    return found


@st.composite
def windows(draw: st.DrawFn) -> list[list[list[int]]]:
    """Windows of (rows, time) tokens."""
    rows = draw(st.integers(1, 3))
    lengths = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    return [
        [draw(st.lists(TOKENS, min_size=n, max_size=n)) for _row in range(rows)] for n in lengths
    ]


@given(windows())
def test_windows_are_cut_where_one_token_after_another_would_be(texts: list[list[list[int]]]):
    rows = len(texts[0])
    listeners = [Listener() for _ in range(rows)]
    heard = Heard.nothing(rows, SPAN, torch.device("cpu"))
    for window in texts:
        ids = torch.tensor(window)
        pieces = divide(heard, ids, are_cues(ids))
        laid_out = pieces.laid_out(ids)
        assert torch.equal(pieces.in_text(laid_out), ids)
        assert int(pieces.lengths.sum()) == ids.numel()
        for row, listener in enumerate(listeners):
            for step, token in enumerate(window[row]):
                piece = int(pieces.number[row, step])
                begins = listener.hears(token)
                assert int(pieces.row[piece]) == row
                assert laid_out[piece, int(pieces.place[row, step])] == token
                if begins:
                    assert int(pieces.place[row, step]) == 0
                    assert not pieces.goes_on[piece]
                elif step == 0:
                    assert pieces.goes_on[piece]
                assert spelled(pieces.answered[piece]) == listener.before[-SPAN:]
        heard = pieces.after
        for row, listener in enumerate(listeners):
            assert spelled(heard.before[row]) == listener.before[-SPAN:]
            assert spelled(heard.present[row]) == listener.present[-SPAN:]
            assert int(heard.length[row]) == len(listener.present)


def test_rows_begin_anew_and_are_branched() -> None:
    ids = torch.tensor([[10, 5, 11, 6], [10, 7, 7, 11]])
    heard = divide(Heard.nothing(2, SPAN, ids.device), ids, are_cues(ids)).after
    kept = heard.keep(torch.tensor([True, False]))
    assert spelled(kept.before[0]) == [10, 5]
    assert spelled(kept.before[1]) == spelled(kept.present[1]) == []
    assert kept.length.tolist() == [2, 0]
    twice = heard.select(torch.tensor([1, 1]))
    assert spelled(twice.before[0]) == spelled(twice.before[1]) == [10, 7, 7]
