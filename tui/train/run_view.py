"""A run on the screen: headline, figures, charts, the latest sample and what there is to tell."""

from __future__ import annotations

import math

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from engine.protocol.messages import AnyEvent, TrainingMetrics, TrainingSnapshot, TrainingValidation
from engine.protocol.values import Metrics, ValidationPoint
from tui.library.kinds import KINDS
from tui.render import content
from tui.train.figures import figures, headline
from tui.train.run import Run
from tui.widgets.chart import Chart

REDRAW_SECONDS = 0.25
NOTICES = 3
WIDE = 104
"""From this width on the small charts stand beside the large one."""
TALL = 34
"""From this height on there is room for a third small chart beside it."""


class RunView(VerticalScroll):
    """Follows one :class:`Run`; redraws its figures at most four times a second."""

    DEFAULT_CSS = """
    RunView { scrollbar-size-vertical: 1; }
    RunView #run-head { height: 1; padding: 0 1; text-wrap: nowrap; }
    RunView #run-figures { height: auto; padding: 0 1; text-wrap: nowrap; }
    RunView #run-body { height: auto; layout: vertical; }
    RunView #run-main { height: auto; width: 1fr; }
    RunView #run-side { height: auto; width: 1fr; }
    RunView #run-side Chart { height: 8; }
    RunView #run-sample-box { height: 6; padding: 0 1; border: round $border-blurred;
      border-title-color: $quiet; scrollbar-size-vertical: 1; }
    RunView #run-sample-box:focus { border: round $border; border-title-color: $accent; }
    RunView #run-sample { height: auto; color: $model-text; }
    RunView #run-notices { height: auto; color: $quiet; padding: 0 1; }
    RunView.-wide #run-body { layout: horizontal; }
    RunView.-wide #run-main { width: 2fr; height: 100%; }
    RunView.-wide #run-loss { height: 1fr; }
    RunView.-wide #run-side { height: 100%; }
    RunView.-wide #run-side Chart { height: 1fr; }
    RunView.-wide #run-sample-box { height: 30%; min-height: 5; max-height: 14; }
    RunView.-low #run-gradient { display: none; }
    RunView.-vectors #run-perplexity, RunView.-vectors #run-gradient,
    RunView.-moods #run-perplexity { display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.run: Run | None = None
        self._dirty = False

    def compose(self) -> ComposeResult:
        yield Static("", id="run-head", markup=False)
        yield Static("", id="run-figures", markup=False)
        with Container(id="run-body"):
            with Vertical(id="run-main"):
                yield _chart(KINDS["model"].loss, "run-loss", "training", "validation")
                with VerticalScroll(id="run-sample-box"):
                    yield Static("", id="run-sample", markup=False)
                yield Static("", id="run-notices", markup=False)
            with Vertical(id="run-side"):
                yield _chart("validation perplexity", "run-perplexity", "perplexity")
                yield _chart("learning rate", "run-rate", "learning rate")
                yield _chart("gradient norm", "run-gradient", "norm")

    def on_mount(self) -> None:
        self.set_interval(REDRAW_SECONDS, self._redraw)

    # -- data

    @property
    def loss_chart(self) -> Chart:
        """The large chart."""
        return self.query_one("#run-loss", Chart)

    def follow(self, run: Run, snapshot: TrainingSnapshot) -> None:
        """Show ``run`` from its beginning, and from the top; events then come by :meth:`take`."""
        if self.run is None or self.run.job != run.job:
            self.scroll_home(animate=False)
        self.run = run
        early = run.load(snapshot)
        for chart in self.query(Chart):
            chart.clear()
        for metrics in snapshot.metrics:
            self._plot(metrics)
        for point in snapshot.validations:
            self._plot_point(point)
        for event in early:
            self._plot_event(event)
        self._dirty = True
        self._redraw()

    def take(self, event: AnyEvent) -> bool:
        """Show an event, if it is one of the run's and new."""
        if self.run is None or not self.run.take(event):
            return False
        self._plot_event(event)
        self._dirty = True
        return True

    def mark_dirty(self) -> None:
        """The run has changed otherwise."""
        self._dirty = True

    def toggle_log(self) -> None:
        """Switch loss and perplexity between linear and logarithmic."""
        for name in ("#run-loss", "#run-perplexity"):
            chart = self.query_one(name, Chart)
            chart.logarithmic = not chart.logarithmic

    def _plot_event(self, event: AnyEvent) -> None:
        if isinstance(event, TrainingMetrics):
            self._plot(event.metrics)
        elif isinstance(event, TrainingValidation):
            self._plot_point(event.point)

    def _plot(self, metrics: Metrics) -> None:
        self.loss_chart.append("training", metrics.step, metrics.loss)
        self.query_one("#run-rate", Chart).append(
            "learning rate", metrics.step, metrics.learning_rate
        )
        self.query_one("#run-gradient", Chart).append("norm", metrics.step, metrics.gradient_norm)

    def _plot_point(self, point: ValidationPoint) -> None:
        self.loss_chart.append("validation", point.step, point.loss)
        shown = point.perplexity
        if shown is not None and not math.isfinite(shown):
            shown = None
        self.query_one("#run-perplexity", Chart).append("perplexity", point.step, shown)

    # -- drawing

    def _redraw(self) -> None:
        if not self._dirty or self.run is None or not self.is_on_screen:
            return
        self._dirty = False
        run, cells = self.run, max(20, self.size.width - 3)
        self.query_one("#run-head", Static).update(headline(run, cells))
        told = figures(run, cells)
        self.query_one("#run-figures", Static).update(told)
        # The newest first: where it is low, there is room for one.
        latest = run.notices[-NOTICES:][::-1]
        notices = [content(f"· {text}", newlines=False) for text in latest]
        self.query_one("#run-notices", Static).update(Content("\n").join(notices))
        self.set_class(run.kind == "vectors", "-vectors")
        self.set_class(run.kind == "moods", "-moods")
        self.loss_chart.border_title = Content(KINDS[run.kind].loss)
        box = self.query_one("#run-sample-box", VerticalScroll)
        if run.sample is None:
            box.border_title = Content("sample: the first comes with the first validation")
            self.query_one("#run-sample", Static).update("")
        else:
            step, text = run.sample
            box.border_title = Content(f"{KINDS[run.kind].sample} after {step:,} steps")
            self.query_one("#run-sample", Static).update(content(text.strip("\n")))
        self._fit(1 + len(told.plain.split("\n")))

    def on_resize(self, event: events.Resize) -> None:
        self._dirty = True
        self.call_after_refresh(self._redraw)

    def _fit(self, above: int) -> None:
        """Give the charts the rows that the lines above, so many, and below them leave."""
        size = self.size
        self.set_class(size.width >= WIDE, "-wide")
        self.set_class(size.width >= WIDE and size.height < TALL, "-low")
        body, loss = self.query_one("#run-body", Container), self.loss_chart
        if size.width >= WIDE:
            body.styles.height = max(14, size.height - above)
            loss.styles.height = "1fr"
        else:
            notices = self.query_one("#run-notices", Static).size.height
            body.styles.height = "auto"
            loss.styles.height = max(8, size.height - above - 6 - min(notices, 1))


def _chart(title: str, id: str, *series: str) -> Chart:
    chart = Chart(title, id=id)
    for name in series:
        chart.add_series(name, smooth=name in ("training", "norm"))
    return chart
