"""The drawing core: what is drawn, where, and that nothing breaks it."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st

from tui.widgets import braille
from tui.widgets.braille import NOBODY, Bounds, Canvas, bounds_of, draw
from tui.widgets.curve import Curve

VALUES = st.lists(st.floats() | st.none(), max_size=200)


def curve_of(values: list[float | None], step: float = 1.0) -> Curve:
    curve = Curve()
    for index, y in enumerate(values):
        curve.append(index * step, y)
    return curve


def picture(curve: Curve, bounds: Bounds, wide: int = 10, high: int = 4) -> list[str]:
    canvas = Canvas(wide, high)
    draw(canvas, curve, bounds, 0)
    return [row for row, _ in canvas.rows()]


def dots(curve: Curve, bounds: Bounds, wide: int = 10, high: int = 4) -> set[tuple[int, int]]:
    """The (column, row) of every dot that is set."""
    bits = [(0, 0, 1), (1, 0, 8), (0, 1, 2), (1, 1, 16), (0, 2, 4), (1, 2, 32), (0, 3, 64)]
    bits.append((1, 3, 128))
    found = set()
    for y, row in enumerate(picture(curve, bounds, wide, high)):
        for x, character in enumerate(row):
            code = 0 if character == braille.BLANK else ord(character) - 0x2800
            found |= {(x * 2 + dx, y * 4 + dy) for dx, dy, bit in bits if code & bit}
    return found


def test_a_falling_line_goes_from_corner_to_corner() -> None:
    curve = curve_of([3.0, 2.0, 1.0, 0.0])
    seen = dots(curve, Bounds(0, 3, 0, 3))
    assert (0, 0) in seen
    assert (19, 15) in seen
    assert {x for x, _ in seen} == set(range(20))
    heights = [min(y for x, y in seen if x == column) for column in range(20)]
    assert heights == sorted(heights)


def test_a_gap_is_empty_and_what_is_on_its_sides_is_not_joined() -> None:
    curve = curve_of([1.0] * 5 + [None] * 10 + [1.0] * 5)
    columns = {x for x, _ in dots(curve, Bounds(0, 19, 0, 2))}
    assert columns == {0, 1, 2, 3, 4, 15, 16, 17, 18, 19}


def test_a_lone_point_between_gaps_is_a_dot() -> None:
    curve = curve_of([None, 1.0, None])
    assert len(dots(curve, Bounds(0, 2, 0, 2))) == 1


def test_a_spike_between_many_points_is_not_lost() -> None:
    values: list[float | None] = [0.0] * 5000
    values[2500] = 10.0
    seen = dots(curve_of(values), Bounds(0, 4999, 0, 10))
    assert min(y for _, y in seen) == 0


def test_a_logarithmic_axis_makes_halving_a_straight_line() -> None:
    curve = curve_of([2.0**-n for n in range(20)])
    bounds = Bounds(0, 19, 2.0**-19, 1.0, log=True)
    rows = [bounds.row(y, 20) for y in curve.ys]
    assert all(math.isclose(row, n, abs_tol=1e-9) for n, row in enumerate(rows))


def test_zero_and_less_are_gaps_on_a_logarithmic_axis() -> None:
    curve = curve_of([1.0, 0.0, -1.0, 10.0])
    bounds = bounds_of([curve], log=True)
    assert bounds is not None
    assert (bounds.y_low, bounds.y_high) == (1.0, 10.0)
    assert {x for x, _ in dots(curve, bounds)} == {0, 19}
    assert bounds_of([curve_of([0.0, -1.0])], log=True) is None


def test_what_is_not_finite_stays_out_of_the_bounds() -> None:
    bounds = bounds_of([curve_of([1.0, math.inf, -math.inf, math.nan, 3.0])])
    assert bounds is not None
    assert bounds.y_low <= 1.0 < 3.0 <= bounds.y_high < 3.5
    assert bounds_of([curve_of([math.nan, None])]) is None
    assert bounds_of([]) is None


def test_a_flat_line_and_a_single_point_can_be_drawn() -> None:
    for values in ([5.0], [5.0, 5.0], [0.0, 0.0], [-3.0]):
        curve = curve_of(list(values))
        bounds = bounds_of([curve])
        assert bounds is not None
        assert dots(curve, bounds)


def test_the_later_layer_owns_a_shared_cell_and_only_faint_dots_give_way() -> None:
    for faint, expected in ((0, "⡧   "), (1, "⠠   ")):
        canvas = Canvas(4, 1, faint=faint)
        canvas.column(0, 0, 3, 0)
        canvas.column(1, 2, 2, 1)
        ((row, owners),) = canvas.rows()
        assert owners == [1, NOBODY, NOBODY, NOBODY]
        assert row == expected


@given(VALUES, st.integers(0, 12), st.integers(0, 6), st.booleans(), st.floats(1e-9, 1e9))
def test_any_curve_on_any_canvas(
    values: list[float | None], wide: int, high: int, log: bool, step: float
) -> None:
    curve = curve_of(values, step)
    bounds = bounds_of([curve], log=log)
    finite = [y for y in values if y is not None and math.isfinite(y) and (y >= 1e-300 or not log)]
    if bounds is None:
        assert not finite or max(finite) - min(finite) > 1e307 or max(map(abs, finite)) > 1e307
        return
    assert bounds.x_low < bounds.x_high
    assert bounds.y_low < bounds.y_high
    assert bounds.y_low <= min(finite)
    assert max(finite) <= bounds.y_high
    rows = picture(curve, bounds, wide, high)
    assert len(rows) == high
    assert all(len(row) == wide for row in rows)
    if wide and high:
        assert any(row.strip() for row in rows)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=400), st.integers(4, 30))
def test_no_column_of_an_unbroken_line_is_empty(values: list[float], wide: int) -> None:
    curve = curve_of(list(values))
    columns = {x for x, _ in dots(curve, Bounds(0, max(1, len(values) - 1), 0, 1), wide, 3)}
    last = 0 if len(values) == 1 else wide * 2 - 1
    assert columns == set(range(last + 1))


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12), st.integers(1, 12))
def test_ticks_are_few_inside_and_rising(low: float, span: float, number: int) -> None:
    high = low + span
    found = braille.ticks(low, high, number)
    assert len(found) <= number
    assert found == sorted(set(found))
    assert all(low - span * 1e-3 <= tick <= high + span * 1e-3 for tick in found)


@given(st.floats(1e-12, 1e12), st.floats(1.001, 1e9), st.integers(1, 12))
def test_logarithmic_ticks_are_few_inside_and_rising(
    low: float, factor: float, number: int
) -> None:
    found = braille.log_ticks(low, low * factor, number)
    assert len(found) <= number
    assert found == sorted(found)
    assert all(low * 0.99 <= tick <= low * factor * 1.01 for tick in found)


@given(st.floats(), st.floats(), st.integers(0, 12))
@example(1.0, 1.7e308, 8)
@example(1.5e308, 1.7e308, 8)
@example(-1.7e308, 1.7e308, 8)
@example(0.0, 5e-324, 8)
@example(5e-324, math.inf, 8)
def test_ticks_of_any_range(low: float, high: float, number: int) -> None:
    for found in (braille.ticks(low, high, number), braille.log_ticks(low, high, number)):
        assert all(map(math.isfinite, found))


@given(st.floats())
def test_numbers_are_short(value: float) -> None:
    assert len(braille.number_text(value)) <= 9


def test_numbers() -> None:
    shown = [braille.number_text(v) for v in (0, 3.14159, 12_345, 2.5e6, 4e-5, 999, math.nan)]
    assert shown == ["0", "3.142", "12.35k", "2.5M", "4e-05", "999", "–"]
