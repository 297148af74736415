"""The status bar: engine, device, the run in progress with its loss, the model in use."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Sparkline, Static

from engine.protocol.values import JobInfo, Metrics
from tui.link import LinkStatus
from tui.render import fit

_SIGNS = {
    "starting": ("◌", "$warning", "engine starting"),
    "ready": ("●", "$success", "engine ready"),
    "busy": ("◐", "$warning", "engine busy"),
    "lost": ("✕", "$error", "engine lost"),
}
_AT_WORK = frozenset({"starting", "running", "pausing", "paused", "stopping"})
_POINTS = 28


class StatusBar(Horizontal):
    """One line at the bottom, fed by the app."""

    def __init__(self) -> None:
        super().__init__()
        self._link = LinkStatus()
        self._job: JobInfo | None = None
        self._loss: float | None = None
        self._losses: deque[float] = deque(maxlen=_POINTS)
        self._model = ""
        self._hint = ""

    def compose(self) -> ComposeResult:
        yield Static(id="status-text")
        yield Sparkline([], id="status-spark")
        yield Static(id="status-right")

    def on_mount(self) -> None:
        self._draw()

    def show_link(self, link: LinkStatus) -> None:
        """The state of the engine has changed."""
        self._link = link
        self._draw()

    def show_jobs(self, jobs: Sequence[JobInfo]) -> None:
        """The runs have changed; the first that is at work is shown."""
        before = self._job.job if self._job else None
        self._job = next((job for job in jobs if job.state in _AT_WORK), None)
        if self._job is None or self._job.job != before:
            self._losses.clear()
            self._loss = None
        self._draw()

    def show_metrics(self, job: str, metrics: Sequence[Metrics]) -> None:
        """New points of a run's curve."""
        if self._job is None or self._job.job != job or not metrics:
            return
        self._losses.extend(point.loss for point in metrics if point.loss is not None)
        self._loss = metrics[-1].loss
        self._job = JobInfo(
            job=self._job.job,
            name=self._job.name,
            kind=self._job.kind,
            state=self._job.state,
            corpus=self._job.corpus,
            progress=metrics[-1].progress,
            message=self._job.message,
        )
        self._draw()

    def show_model(self, name: str) -> None:
        """The model that writes."""
        self._model = name
        self._draw()

    def show_hint(self, text: str) -> None:
        """A line for newcomers in place of the model's name; empty takes it away."""
        self._hint = text
        self._draw()

    @property
    def job(self) -> JobInfo | None:
        """The run in progress, if there is one."""
        return self._job

    def _draw(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#status-text", Static).update(self._left())
        spark = self.query_one("#status-spark", Sparkline)
        live = self._job is not None and len(self._losses) > 1
        spark.set_class(live, "-live")
        if live:
            spark.data = list(self._losses)
        right = self._hint or (
            f"model {fit(self._model, 28)}" if self._model else "no model chosen"
        )
        self.query_one("#status-right", Static).update(Content.styled(right, "$quiet"))

    def _left(self) -> Content:
        sign, colour, words = _SIGNS[self._link.state]
        parts: list[Content | str | tuple[str, str]] = [(sign, colour), " ", words]
        if self._link.state == "starting" and self._link.note:
            parts.append(f" ({self._link.note})")
        if self._link.device:
            parts.append(("  " + fit(self._link.device, 24), "$quiet"))
        if self._job is not None:
            state = "" if self._job.state == "running" else f" {self._job.state}"
            parts.append(("  ▸ ", "$accent"))
            parts.append((fit(self._job.name, 20), "$foreground"))
            parts.append(f"{state} {self._job.progress:.0%}")
            if self._loss is not None:
                parts.append(f"  loss\u00a0{self._loss:.2f}")  # a break would leave the word alone
        return Content.assemble(*parts)
