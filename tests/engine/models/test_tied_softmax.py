"""The hand-written softmax against autograd, and the estimated one against the exact."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from engine.models.tied_softmax import (
    WORDS_STEP,
    draw,
    inclusion_probabilities,
    target_log_probability,
)


def test_values_and_gradients_equal_autograd() -> None:
    torch.manual_seed(6)
    rows = torch.randn(7, 5, dtype=torch.double, requires_grad=True)
    table = torch.randn(11, 5, dtype=torch.double, requires_grad=True)
    bias = torch.randn(11, dtype=torch.double, requires_grad=True)
    targets, pull = torch.randint(0, 11, (7,)), torch.randn(7).double()
    ours = target_log_probability(rows, table, bias, targets, False)
    exact = (rows @ table.t() + bias).log_softmax(-1).gather(1, targets[:, None]).squeeze(1)
    assert torch.allclose(ours.double(), exact, atol=1e-6)
    wanted = torch.autograd.grad((exact * pull).sum(), (rows, table, bias))
    found = torch.autograd.grad((ours * pull).sum(), (rows, table, bias))
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


@given(st.lists(st.integers(0, 5000), min_size=2, max_size=300), st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_inclusion_is_about_as_many_words_as_asked_for(counts: list[int], wanted: int) -> None:
    chances = inclusion_probabilities(torch.tensor(counts), wanted)
    assert bool(((chances > 0) & (chances <= 1)).all())
    assert abs(float(chances.sum()) - min(wanted, len(counts))) < 0.01 * len(counts) + 0.01
    order = torch.tensor(counts).argsort()
    assert bool((chances[order].diff() >= -1e-6).all())


def sampled_log_probability(
    rows: Tensor, table: Tensor, bias: Tensor, targets: Tensor, inclusion: Tensor
) -> Tensor:
    drawn = draw(inclusion, targets)
    return target_log_probability(
        rows,
        table[drawn.words],
        bias[drawn.words] + drawn.correction,
        drawn.place[targets],
        False,
    )


def test_what_must_be_drawn_is_drawn_and_can_be_found() -> None:
    always = torch.tensor([[3, 90], [3, 50]])
    drawn = draw(inclusion_probabilities(torch.arange(100, 0, -1), 10), always)
    assert torch.equal(drawn.words[drawn.place[always]], always)
    assert bool((drawn.correction[drawn.place[always]] == 0).all())
    there = drawn.correction > -torch.inf
    assert int(there.sum()) == len(drawn.words[there].unique()) < 60
    assert bool((drawn.correction[there] >= 0).all())


def test_what_fills_up_a_sample_has_no_odds_and_no_gradient() -> None:
    torch.manual_seed(8)
    rows, targets = torch.randn(6, 8), torch.arange(6)
    table = torch.randn(3000, 8)
    drawn = draw(inclusion_probabilities(torch.arange(3000, 0, -1) ** 2, 500), targets)
    there = int((drawn.correction > -torch.inf).sum())
    assert len(drawn.words) % WORDS_STEP == 0
    assert there < len(drawn.words) < there + WORDS_STEP
    bias = drawn.correction.clone().requires_grad_()
    words = table[drawn.words].requires_grad_()
    found = target_log_probability(rows, words, bias, drawn.place[targets], False)
    alone = target_log_probability(rows, words[:there], bias[:there], drawn.place[targets], False)
    assert torch.allclose(found, alone, atol=1e-6)
    found.sum().backward()
    assert words.grad is not None
    assert bias.grad is not None
    assert bool((words.grad[:there].abs().sum(1) > 0).all())
    assert not words.grad[there:].any()
    assert not bias.grad[there:].any()


def test_the_estimated_sum_has_no_bias() -> None:
    torch.manual_seed(7)
    rows, table, bias = torch.randn(4, 8), torch.randn(200, 8) * 0.5, torch.zeros(200)
    targets = torch.tensor([0, 50, 100, 199])
    chances = inclusion_probabilities(torch.arange(200, 0, -1) ** 2, 60)
    exact = target_log_probability(rows, table, bias, targets, False)
    score = (rows * table[targets]).sum(-1)
    # exp(score - log-probability) is the sum over the vocabulary.
    sums = torch.stack(
        [
            (score - sampled_log_probability(rows, table, bias, targets, chances)).exp()
            for _ in range(600)
        ]
    )
    assert torch.allclose(sums.mean(0), (score - exact).exp(), rtol=0.05)


def test_all_candidates_are_the_exact_softmax() -> None:
    rows, table, bias = torch.randn(4, 8), torch.randn(20, 8), torch.randn(20)
    targets = torch.tensor([0, 5, 5, 19])
    everything = inclusion_probabilities(torch.ones(20), 0)
    assert torch.allclose(
        sampled_log_probability(rows, table, bias, targets, everything),
        target_log_probability(rows, table, bias, targets, False),
        atol=1e-6,
    )
