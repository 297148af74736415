"""The program is killed while one types, and the draft is there again."""

from __future__ import annotations

import pytest

from benchmarks.kills import measure

pytestmark = [pytest.mark.terminal, pytest.mark.timeout(400)]


def test_a_kill_costs_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.kills.ROUNDS_A_DRAFT", 2)
    result = measure(3, seed=3)
    assert (result.kills, result.drafts, result.drafts_lost) == (3, 2, 0)
    assert result.recoveries == result.recoveries_told
    assert result.keys > 6
