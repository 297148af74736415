"""A live line chart: several curves, raw and smoothed, with axes, legend and a cursor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tui.render import cut_middle, fit, width
from tui.widgets import braille
from tui.widgets.curve import Curve, Smoother
from tui.widgets.keyed import Keyed

REDRAW_SECONDS = 0.25
COLOURS = ("$chart-1", "$chart-2", "$chart-3", "$chart-4")
FAINT = "$chart-faint"
SHORTEST_LABEL = 6
_BETWEEN = "   "


@dataclass(slots=True)
class Series:
    """One line of a chart."""

    label: str
    colour: str
    curve: Curve = field(default_factory=Curve)
    smooth: Curve | None = None
    smoother: Smoother = field(default_factory=Smoother)

    def append(self, x: float, y: float | None) -> None:
        self.curve.append(x, y)
        if self.smooth is not None:
            self.smooth.append(x, self.smoother.next(y))

    @property
    def main(self) -> Curve:
        """The line that counts: the smoothed one where there is one."""
        return self.smooth if self.smooth is not None else self.curve


class Chart(Keyed, Widget, can_focus=True):
    """Curves in braille, redrawn at most four times a second and only while visible.

    ``logarithmic`` switches the y axis. With the focus, left and right move a cursor over the
    steps (with shift ten times as far), Home and End go to the ends, Esc takes the cursor away.
    """

    DEFAULT_CSS = """
    Chart { height: 1fr; min-height: 5; border: round $border-blurred; border-title-color: $quiet;
      border-subtitle-color: $quiet; }
    Chart:focus { border: round $border; border-title-color: $accent; }
    """
    key_group = "chart"

    logarithmic: reactive[bool] = reactive(False)
    cursor: reactive[int | None] = reactive(None)
    """Dot column of the cursor, or None."""

    def __init__(
        self,
        title: str = "",
        *,
        logarithmic: bool = False,
        empty: str = "no data yet",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._looked_at: tuple[int, float] | None = None
        """The cursor where it was put at a place, and that place."""
        self.y_range: tuple[float, float] | None = None
        """What the y axis shows, whatever the values are; all of them where it is None."""
        self.border_title = Content(title)
        self._empty = empty
        self._series: dict[str, Series] = {}
        self._dirty = False
        self._drawn: tuple[object, Content] | None = None
        self._version = 0
        self.set_reactive(Chart.logarithmic, logarithmic)

    # -- data

    def add_series(
        self, name: str, *, label: str = "", colour: str = "", smooth: bool = False
    ) -> None:
        """A new line; ``smooth`` draws its moving average over the faint raw values, and says so.

        The legend calls it ``label``, else by its name, cut where there is no room. ``colour`` is a
        theme variable such as ``$chart-2``; the next free one by default.
        """
        colour = colour or COLOURS[len(self._series) % len(COLOURS)]
        label = (label or name) + (", smoothed" if smooth else "")
        self._series[name] = Series(label, colour, smooth=Curve() if smooth else None)
        self._touch()

    def remove_series(self) -> None:
        """Take all the lines away."""
        self._series.clear()
        self.cursor = None
        self._touch()

    def append(self, name: str, x: float, y: float | None) -> None:
        """Add a point to a line; None, NaN and infinity are gaps."""
        self._series[name].append(x, y)
        self._touch()

    def extend(self, name: str, points: Iterable[tuple[float, float | None]]) -> None:
        """Add many points."""
        series = self._series[name]
        for x, y in points:
            series.append(x, y)
        self._touch()

    def clear(self) -> None:
        """Empty every line and keep the lines themselves."""
        for series in self._series.values():
            series.curve.clear()
            series.smoother = Smoother()
            if series.smooth is not None:
                series.smooth.clear()
        self.cursor = None
        self._touch()

    def look_at(self, x: float) -> None:
        """Put the cursor where ``x`` is; nowhere while there is nothing to see."""
        columns = self._plot_columns()
        bounds = self._bounds(self._layers())
        if columns and bounds is not None:
            self.cursor = min(max(0, round(bounds.column(x, columns))), columns - 1)
            self._looked_at = self.cursor, x
            self.refresh()

    def last(self, name: str) -> float:
        """The last value of a line (smoothed where it is smoothed), NaN when it has none."""
        return self._series[name].main.last()

    def _touch(self) -> None:
        self._version += 1
        self._dirty = True

    # -- drawing

    def on_mount(self) -> None:
        self.set_interval(REDRAW_SECONDS, self._redraw)

    def _redraw(self) -> None:
        if self._dirty and self.is_on_screen and self.size:
            self._dirty = False
            self.refresh()

    def render(self) -> Content:
        size = self.content_size
        key = (size, self._version, self.logarithmic, self.cursor, self._looked_at)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._picture(size.width, size.height))
        return self._drawn[1]

    def _layers(self) -> list[tuple[Curve, str]]:
        """Curves with their colours, the faint ones first."""
        series = list(self._series.values())
        faint = [(one.curve, FAINT) for one in series if one.smooth is not None]
        return faint + [(one.main, one.colour) for one in series]

    def _bounds(self, layers: Sequence[tuple[Curve, str]]) -> braille.Bounds | None:
        bounds = braille.bounds_of([curve for curve, _ in layers], log=self.logarithmic)
        if bounds is None or self.y_range is None:
            return bounds
        return replace(bounds, y_low=self.y_range[0], y_high=self.y_range[1])

    def _picture(self, wide: int, high: int) -> Content:
        layers = self._layers()
        bounds = self._bounds(layers)
        if bounds is None or high < 3 or wide < 12:
            return Content.styled(fit(self._empty, wide), FAINT)
        rows = high - 2
        labels = self._labels(bounds, rows)
        margin = max(map(len, labels.values()), default=1) + 1
        plot = wide - margin
        faint = sum(colour == FAINT for _, colour in layers)
        canvas = braille.Canvas(plot, rows, faint=faint)
        for number, (curve, _) in enumerate(layers):
            braille.draw(canvas, curve, bounds, number)
        colours = [colour for _, colour in layers]
        cursor = self._cursor_column(plot)
        lines = [self._legend(bounds, wide, plot)]
        for number, (characters, owners) in enumerate(canvas.rows()):
            label = labels.get(number, "")
            edge = f"{label:>{margin - 1}}" + ("┤" if label else "│")
            parts = [Content.styled(edge, "$quiet")]
            parts += _runs(characters, owners, colours, cursor)
            lines.append(Content("").join(parts))
        lines.append(self._x_axis(bounds, margin, plot))
        return Content("\n").join(lines)

    def _labels(self, bounds: braille.Bounds, rows: int) -> dict[int, str]:
        make = braille.log_ticks if bounds.log else braille.ticks
        found: dict[int, str] = {}
        for value in make(bounds.y_low, bounds.y_high, max(2, rows // 2)):
            row = round(bounds.row(value, rows * 4)) // 4
            if 0 <= row < rows:
                found.setdefault(row, braille.number_text(value))
        return found

    def _x_axis(self, bounds: braille.Bounds, margin: int, plot: int) -> Content:
        line = [" "] * plot
        end = 0
        for value in braille.ticks(bounds.x_low, bounds.x_high, max(2, plot // 12)):
            label = braille.number_text(value)
            centre = round(bounds.column(value, plot * 2)) // 2
            start = min(max(0, centre - len(label) // 2), plot - len(label))
            if start >= end and start >= 0:
                line[start : start + len(label)] = label
                end = start + len(label) + 2
        return Content.styled(" " * (margin - 1) + "└" + "".join(line), "$quiet")

    def _legend(self, bounds: braille.Bounds, wide: int, plot: int) -> Content:
        parts: list[Content] = []
        series = list(self._series.values())
        values = [braille.number_text(one.main.last()) for one in series]
        if self.cursor is not None:
            step, values = self._read_out(bounds, plot * 2)
            parts.append(Content.styled(f"at {_step_text(step)}", "bold $accent"))
        if self.logarithmic:
            parts.append(Content.styled("log", "$quiet"))
        taken = sum(part.cell_length for part in parts) + sum(map(width, values))
        taken += len("━  ") * len(series) + len(_BETWEEN) * (len(parts) + len(series) - 1)
        labels = _labels_in(wide - taken, [one.label for one in series])
        lines = [
            Content.assemble(("━ ", one.colour), f"{label} {value}")
            for one, label, value in zip(series, labels, values, strict=True)
        ]
        place = 1 if self.cursor is not None else 0
        parts[place:place] = lines
        return Content(_BETWEEN).join(parts).truncate(wide, ellipsis=True)

    def _read_out(self, bounds: braille.Bounds, dots: int) -> tuple[float, list[str]]:
        """Where the cursor stands, and what each line has there.

        A line that has begun later or ended before has nothing; of one whose nearest point lies
        elsewhere it is said where.
        """
        column = min(self.cursor or 0, dots - 1)
        x = bounds.x_at(column, dots)
        if self._looked_at is not None and self._looked_at[0] == self.cursor:
            x = self._looked_at[1]  # of several in one column the one that was meant
        found = [
            one.main.nearest(x) if _spans(one.main, x, bounds, dots) else None
            for one in self._series.values()
        ]
        step = min((p[0] for p in found if p), key=lambda at: abs(at - x), default=x)
        values = []
        for point in found:
            text = braille.number_text(point[1] if point else math.nan)
            if point and abs(bounds.column(point[0], dots) - column) > 1 and point[0] != step:
                text += f" at {_step_text(point[0])}"
            values.append(text)
        return step, values

    def _cursor_column(self, plot: int) -> int | None:
        return None if self.cursor is None else min(self.cursor, plot * 2 - 1) // 2

    # -- cursor

    def _plot_columns(self) -> int:
        bounds = self._bounds(self._layers())
        if bounds is None:
            return 0
        labels = self._labels(bounds, max(1, self.content_size.height - 2))
        margin = max(map(len, labels.values()), default=1) + 1
        return max(0, (self.content_size.width - margin) * 2)

    def _move(self, by: int) -> None:
        columns = self._plot_columns()
        if columns:
            here = columns if self.cursor is None else self.cursor
            self.cursor = min(max(0, here + by), columns - 1)

    def action_left(self) -> None:
        self._move(-2)

    def action_right(self) -> None:
        self._move(2)

    def action_far_left(self) -> None:
        self._move(-20)

    def action_far_right(self) -> None:
        self._move(20)

    def action_start(self) -> None:
        self._move(-(10**6))

    def action_end(self) -> None:
        self._move(10**6)

    def action_no_cursor(self) -> None:
        self.cursor = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.cursor is not None if action == "no_cursor" else True

    def on_click(self, event: events.Click) -> None:
        columns = self._plot_columns()
        inside = event.get_content_offset(self)
        if columns and inside is not None:
            self.cursor = min(
                max(0, (inside.x - self.content_size.width) * 2 + columns), columns - 1
            )


def _spans(curve: Curve, x: float, bounds: braille.Bounds, dots: int) -> bool:
    """Whether ``curve`` reaches to within a dot of ``x``."""
    ends = curve.span()
    if ends is None:
        return False
    column = bounds.column(x, dots)
    return bounds.column(ends[0], dots) - 1 <= column <= bounds.column(ends[1], dots) + 1


def _labels_in(cells: int, labels: list[str]) -> list[str]:
    """``labels`` in ``cells`` together, the longest cut where they are longer."""
    longest = max(map(width, labels), default=0)
    while sum(map(width, labels)) > cells and longest > SHORTEST_LABEL:
        longest -= 1
        labels = [cut_middle(label, longest) for label in labels]
    return labels


def _step_text(step: float) -> str:
    return f"{step:,.0f}" if step == round(step) else f"{step:.3g}"


def _runs(
    characters: str, owners: Sequence[int], colours: Sequence[str], cursor: int | None
) -> list[Content]:
    """A row of cells as pieces of one colour each."""
    parts: list[Content] = []
    start = 0
    for end in range(1, len(owners) + 1):
        border = end == len(owners) or owners[end] != owners[start] or cursor in (start, end)
        if not border:
            continue
        text = characters[start:end]
        owner = owners[start]
        style = colours[owner] if owner != braille.NOBODY else ""
        if cursor == start:
            text = text if text != braille.BLANK else "┊"
            style = style or "$accent"
        parts.append(Content.styled(text, style))
        start = end
    return parts
