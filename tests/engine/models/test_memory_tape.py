"""A memory that is written on moves like one that is copied, whoever goes on from where."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.models.memory_tape import SPARE, MemoryTape

SPAN = 3


def test_places_move_on_and_those_given_out_stay() -> None:
    ids = torch.arange(2 * SPAN).view(2, SPAN)
    values = torch.randn(2, SPAN, 4)
    tape = MemoryTape([ids, values])
    last, wanted = ids, ids.clone()
    given_out = []
    for step in range(SPARE):
        token = torch.tensor([step, -step])
        found = tape.write(last, [token.numpy(), torch.full((2, 4), float(step)).numpy()])
        assert found is not None
        wanted = torch.cat((wanted[:, 1:], token[:, None]), 1)
        assert torch.equal(found[0], wanted)
        assert torch.equal(found[1][:, -1], torch.full((2, 4), float(step)))
        given_out.append((found[0], wanted))
        last = found[0]
    assert tape.write(last, [wanted[:, 0].numpy(), values[:, 0].numpy()]) is None
    assert all(torch.equal(one, other) for one, other in given_out)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_only_who_was_given_the_last_place_may_go_on(backs: list[int]) -> None:
    ids = torch.arange(SPAN)[None]
    tape = MemoryTape([ids])
    given_out, contents = [ids], [ids.clone()]
    for step, back in enumerate(backs):
        at = max(0, len(given_out) - 1 - back)
        found = tape.write(given_out[at], [torch.tensor([100 + step]).numpy()])
        if at < len(given_out) - 1:
            assert found is None
            continue
        assert found is not None
        given_out.append(found[0])
        contents.append(found[0].clone())
    for one, other in zip(given_out, contents, strict=True):
        assert torch.equal(one, other)
