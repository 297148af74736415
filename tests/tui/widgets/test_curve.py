"""Curves thin themselves without losing an extreme, a gap's meaning or the last value."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.curve import MAX_BUCKETS, Curve, Smoother

VALUES = st.lists(st.floats() | st.none(), max_size=300)


def curve_of(values: list[float | None]) -> Curve:
    curve = Curve()
    for x, y in enumerate(values):
        curve.append(x, y)
    return curve


@given(VALUES, st.integers(1, 3))
def test_buckets_keep_extremes_ends_and_order(values: list[float | None], copies: int) -> None:
    curve = curve_of(values * copies)
    finite = [y for y in values * copies if y is not None and math.isfinite(y)]
    lows = [b.low for b in curve.buckets if not math.isnan(b.low)]
    highs = [b.high for b in curve.buckets if not math.isnan(b.high)]
    assert bool(lows) == bool(finite)
    if finite:
        assert min(lows) == min(finite)
        assert max(highs) == max(finite)
    starts = [b.x_first for b in curve.buckets]
    assert starts == sorted(starts)
    assert all(b.x_first <= b.x_last for b in curve.buckets)


def test_a_long_curve_stays_small_and_keeps_its_spikes() -> None:
    curve = Curve()
    for x in range(100_000):
        curve.append(x, 99.0 if x == 54_321 else math.nan if x % 5 == 0 else 1.0)
    assert len(curve) == 100_000
    assert len(curve.buckets) <= MAX_BUCKETS
    assert max(b.high for b in curve.buckets) == 99.0
    assert curve.buckets[0].x_first == 0
    assert curve.buckets[-1].x_last == 99_999
    assert curve.nearest(54_321) == (54_321, 99.0)


def test_a_long_gap_stays_a_gap_however_long_the_curve() -> None:
    curve = Curve()
    for x in range(50_000):
        curve.append(x, math.nan if 20_000 <= x < 30_000 else 2.0)
    gaps = [b for b in curve.buckets if math.isnan(b.first)]
    assert gaps
    assert min(b.x_first for b in gaps) < 20_100
    assert max(b.x_last for b in gaps) > 29_900


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=50, unique=True), st.floats(-10, 1010))
def test_the_nearest_point_is_the_nearest(xs: list[int], x: float) -> None:
    curve = Curve()
    for value in sorted(xs):
        curve.append(value, value)
    found = curve.nearest(x)
    assert found is not None
    assert abs(found[0] - x) == min(abs(value - x) for value in xs)


def test_an_empty_curve() -> None:
    assert Curve().nearest(3) is None
    assert math.isnan(Curve().last())


def test_a_run_that_is_wound_back_replaces_its_points() -> None:
    curve = curve_of([1.0, 2.0, 3.0, 4.0])
    curve.append(2, 9.0)
    assert list(curve.xs) == [0, 1, 2]
    assert list(curve.ys) == [1.0, 2.0, 9.0]
    assert [b.last for b in curve.buckets] == [1.0, 2.0, 9.0]


def test_a_step_that_is_no_number_is_left_out() -> None:
    curve = Curve()
    curve.append(math.nan, 1.0)
    curve.append(math.inf, 1.0)
    assert len(curve) == 0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_the_smoothed_line_starts_at_the_first_value_and_stays_within_the_rest(
    values: list[float],
) -> None:
    smoother = Smoother()
    smooth = [smoother.next(value) for value in values]
    air = 1e-6 * (1 + max(map(abs, values)))
    assert math.isclose(smooth[0], values[0], rel_tol=1e-9, abs_tol=1e-9)
    assert all(min(values) - air <= value <= max(values) + air for value in smooth)


def test_a_gap_leaves_the_average_alone() -> None:
    smoother = Smoother()
    smoother.next(4.0)
    assert math.isnan(smoother.next(None))
    assert math.isnan(smoother.next(math.inf))
    assert smoother.next(4.0) == 4.0


@pytest.mark.parametrize("points", [10, 48, 200, 2000])
def test_the_average_lags_by_a_tenth_of_the_curve_and_by_twenty_points_at_most(
    points: int,
) -> None:
    smoother = Smoother()
    falling = [float(-n) for n in range(points)]
    behind = [smoother.next(value) - value for value in falling][-1]
    assert behind <= min(points / 10, 20)
    if points <= 10:
        assert behind == 0


def test_the_average_of_a_long_curve_is_calm() -> None:
    smoother = Smoother()
    smooth = [smoother.next(3.0 + (-1) ** n) for n in range(400)]
    assert max(abs(value - 3.0) for value in smooth[200:]) < 0.1
