"""Running sums agree with adding up, whatever is replaced and in whatever order one asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.editor.sums import PrefixSums

SMALL = st.lists(st.integers(1, 5), max_size=6)


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), SMALL, st.integers(0, 150))),
)
def test_sums_are_those_of_the_list(
    values: list[int], steps: list[tuple[int, int, list[int], int]]
) -> None:
    sums = PrefixSums(values)
    for at, size, fresh, amount in steps:
        first = min(at, len(values))
        last = min(first + size, len(values))
        if len(values) - (last - first) + len(fresh) == 0:
            continue
        sums.replace(first, last, fresh)
        values[first:last] = fresh
        assert sums.total == sum(values)
        index = min(at, len(values))
        assert sums.before(index) == sum(values[:index])
        found = sums.find(amount)
        assert sum(values[:found]) <= amount or found == 0
        assert amount < sum(values[: found + 1]) or found == len(values) - 1


def test_a_change_costs_nothing_behind_it() -> None:
    sums = PrefixSums([1] * 100_000)
    assert sums.before(100_000) == 100_000
    sums.replace(10, 11, [5])
    assert len(sums._before) == 11
    assert sums.before(20) == 24
    assert len(sums._before) < 1000
