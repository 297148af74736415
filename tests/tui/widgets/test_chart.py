"""The chart as a widget: legend, cursor, and drawing only when there is something new to see."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.containers import Container
from textual.pilot import Pilot
from textual.widgets import ContentSwitcher

from tui.widgets.chart import Chart

Apps = Callable[..., App[Any]]
Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]


def shown(chart: Chart) -> str:
    return chart.render().plain


def loss_chart() -> Chart:
    chart = Chart("Loss [/] \x1b[31m", id="loss")
    chart.add_series("train", smooth=True)
    chart.add_series("validation")
    chart.extend("train", ((x, 5 - x / 100) for x in range(300)))
    chart.append("validation", 100, 4.5)
    chart.append("validation", 200, 3.5)
    return chart


async def test_legend_axes_and_title(app_of: Apps) -> None:
    app = app_of(chart := loss_chart())
    async with app.run_test(size=(70, 20)):
        first, *_, last = shown(chart).split("\n")
        assert "train, smoothed 2.2" in first
        assert "validation 3.5" in first
        assert "100" in last
        assert "200" in last
        assert "4┤" in shown(chart)


async def test_the_legend_may_call_a_series_otherwise(app_of: Apps) -> None:
    chart = Chart("Loss")
    chart.add_series("a-long-name", label="long")
    chart.add_series("b")
    async with app_of(chart).run_test(size=(70, 20)):
        chart.append("a-long-name", 1, 3.5)
        chart.append("b", 1, 4.5)
        assert shown(chart).startswith("━ long 3.5   ━ b 4.5")


async def test_an_empty_chart_says_so(app_of: Apps) -> None:
    chart = Chart("Loss", empty="waiting for the first step")
    chart.add_series("train")
    async with app_of(chart).run_test(size=(70, 20)):
        assert shown(chart) == "waiting for the first step"
        chart.append("train", 1, math.nan)
        assert shown(chart) == "waiting for the first step"


async def test_the_cursor_reads_values_out(app_of: Apps) -> None:
    app = app_of(chart := loss_chart())
    async with app.run_test(size=(70, 20)) as pilot:
        chart.focus()
        await pilot.press("home")
        assert shown(chart).startswith("at 0   ━ train, smoothed 5   ━ validation –")
        await pilot.press("end")
        assert shown(chart).startswith("at 299 ")
        await pilot.press("left")
        step = int(shown(chart).split()[1])
        assert 280 < step < 299
        await pilot.press("shift+left")
        assert int(shown(chart).split()[1]) < step - 20
        await pilot.press("escape")
        assert not shown(chart).startswith("at")


async def test_of_many_points_in_a_column_the_one_that_is_looked_at_is_read_out(
    app_of: Apps,
) -> None:
    chart = Chart("moods")
    chart.add_series("mood")
    chart.extend("mood", [(float(x), x / 1000) for x in range(1, 401)])
    app = app_of(chart)
    async with app.run_test(size=(60, 14)) as pilot:
        for place in (1, 6, 7, 8, 200, 399, 400):
            chart.look_at(place)
            await pilot.pause()
            assert shown(chart).startswith(f"at {place} ")
        chart.focus()
        await pilot.press("home")
        assert shown(chart).startswith("at 1 ")


async def test_the_read_out_says_nothing_where_a_line_has_nothing(app_of: Apps) -> None:
    chart = Chart("loss")
    chart.add_series("short")
    chart.add_series("long")
    chart.extend("short", ((x / 100, 3.0) for x in range(8)))
    chart.extend("long", ((x / 100, 2.0) for x in range(152)))
    async with app_of(chart).run_test(size=(70, 20)) as pilot:
        chart.focus()
        await pilot.press("end")
        assert shown(chart).startswith("at 1.51   ━ short –   ━ long 2")
        await pilot.press("home")
        assert shown(chart).startswith("at 0   ━ short 3   ━ long 2")


async def test_of_a_sparse_line_it_is_said_where_it_was_measured(app_of: Apps) -> None:
    chart = Chart("loss")
    chart.add_series("training")
    chart.add_series("validation")
    chart.extend("training", ((x, 3.0) for x in range(301)))
    chart.extend("validation", ((x, 4.0) for x in (0, 150, 300)))
    async with app_of(chart).run_test(size=(70, 20)) as pilot:
        chart.focus()
        await pilot.press("end", "shift+left", "shift+left")
        assert "━ training 3   ━ validation 4 at " in shown(chart)
        assert shown(chart).split("\n")[0].rstrip().endswith((" at 300", " at 150"))
        await pilot.press("end")
        assert shown(chart).startswith("at 300   ━ training 3   ━ validation 4\n")


async def test_a_legend_without_room_cuts_names_and_keeps_values(app_of: Apps) -> None:
    chart = Chart("loss")
    for number in range(3):
        name = f"a-model-of-the-same-play-{number}"
        chart.add_series(name)
        chart.append(name, 1, 2.0 + number)
    async with app_of(chart).run_test(size=(80, 20)):
        legend = shown(chart).split("\n")[0]
        assert len(legend) <= 78
        for number in range(3):
            assert f"-{number} {2 + number}" in legend


async def test_a_click_puts_the_cursor_there(app_of: Apps) -> None:
    app = app_of(chart := loss_chart())
    async with app.run_test(size=(70, 20)) as pilot:
        await pilot.click(chart, offset=(35, 8))
        assert 110 < int(shown(chart).split()[1].replace(",", "")) < 190


async def test_logarithmic(app_of: Apps) -> None:
    chart = Chart("lr", logarithmic=True)
    chart.add_series("lr")
    chart.extend("lr", ((x, 10.0**-x) for x in range(5)))
    async with app_of(chart).run_test(size=(70, 20)):
        assert shown(chart).split("\n")[0].endswith("log")
        assert "0.01┤" in shown(chart)
        chart.logarithmic = False
        assert not shown(chart).split("\n")[0].endswith("log")


async def test_new_points_show_by_themselves_but_not_while_hidden(
    app_of: Apps, until: Until
) -> None:
    chart = loss_chart()
    drawn: list[str] = []
    picture = chart._picture

    def counted(wide: int, high: int) -> Any:
        made = picture(wide, high)
        drawn.append(made.plain)
        return made

    chart._picture = counted  # type: ignore[method-assign]
    switcher = ContentSwitcher(chart, Container(id="other"), initial="loss")
    async with app_of(switcher).run_test(size=(70, 20)) as pilot:
        await until(pilot, lambda: bool(drawn))
        chart.append("train", 300, 1.0)
        chart.append("validation", 300, 1.25)
        await until(pilot, lambda: "validation 1.25" in drawn[-1])
        switcher.current = "other"
        await pilot.pause()
        number = len(drawn)
        chart.append("validation", 301, 1.5)
        chart._redraw()
        await pilot.pause()
        assert len(drawn) == number
        switcher.current = "loss"
        await until(pilot, lambda: "validation 1.5" in drawn[-1])


async def test_drawing_again_without_news_costs_nothing(app_of: Apps) -> None:
    async with app_of(chart := loss_chart()).run_test(size=(70, 20)):
        assert chart.render() is chart.render()
        chart.append("train", 301, 1.0)
        before = chart.render()
        chart.clear()
        assert chart.render() is not before


async def test_any_size(app_of: Apps) -> None:
    app = app_of(chart := loss_chart())
    async with app.run_test(size=(70, 20)) as pilot:
        for size in ((1, 1), (5, 3), (14, 6), (200, 60), (30, 4)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            lines = shown(chart).split("\n")
            inner = chart.content_size
            assert len(lines) <= max(1, inner.height)
            assert all(len(line) <= max(0, inner.width) for line in lines)
