"""Attention against a reference that is written out position by position in float64."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.config import Attention
from engine.models.attention import Scorer, causal_window


def _naive_score(scorer: Scorer, query_state: Tensor, key_state: Tensor) -> float:
    key = scorer.key.weight @ key_state
    if scorer.kind == "dot":
        return float(key @ (scorer.key.weight @ query_state)) / math.sqrt(scorer.size)
    assert scorer.query is not None
    query = scorer.query.weight @ query_state
    if scorer.kind == "general":
        return float(query @ key) / math.sqrt(scorer.size)
    assert scorer.measure is not None
    return float(torch.tanh(query + scorer.query.bias + key) @ scorer.measure)


@pytest.mark.parametrize("kind", ["dot", "general", "additive"])
def test_scores_equal_the_formula_pair_by_pair(kind: Attention) -> None:
    torch.manual_seed(3)
    scorer = Scorer(kind, 6, 4).double()
    states, past = torch.randn(2, 3, 6).double(), torch.randn(2, 5, 6).double()
    with torch.no_grad():
        scores = scorer.score(scorer.asking(states), scorer.key(past))
        assert scores.shape == (2, 3, 5)
        for row in range(2):
            for step in range(3):
                for position in range(5):
                    wanted = _naive_score(scorer, states[row, step], past[row, position])
                    assert float(scores[row, step, position]) == pytest.approx(wanted, abs=1e-9)


@given(st.integers(1, 12), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_the_window_is_causal_and_bounded(time: int, span: int) -> None:
    mask = causal_window(time, span, torch.device("cpu"))
    assert mask.shape == (time, span + time)
    for step in range(time):
        seen = mask[step].nonzero().flatten() - span
        assert seen.tolist() == list(range(step - span + 1, step + 1))
