"""A run in figures: the lines above its charts."""

from __future__ import annotations

import math

from textual.content import Content

from engine.config import TrainingConfig
from engine.protocol.values import Metrics, ValidationPoint
from engine.training.control import MOST_SCALE
from tui.corpus.summary_text import strip
from tui.render import fit
from tui.train.run import Run

PRESET_NAMES = {"2m": "2 minutes", "10m": "10 minutes", "overnight": "overnight"}
_COLUMN = 25
_STATES = {
    "running": "$success",
    "pausing": "$warning",
    "paused": "$warning",
    "failed": "$error",
}


def clock(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bar(share: float, cells: int) -> str:
    """A progress bar of ``cells`` cells."""
    return strip(share, cells).ljust(cells, "░")


def headline(run: Run, cells: int) -> Content:
    """Name, state, progress and time left."""
    info = run.info
    if info is None:
        return Content("")
    left = _left(run)
    name = fit(info.name, max(12, cells // 3))
    state = "deleted" if run.discarded else info.state
    taken = len(name) + len(state) + len(left) + 13
    return Content.assemble(
        (name, "bold"),
        ("  " + state, f"bold {_STATES.get(info.state, '$accent')}"),
        "  ",
        (bar(info.progress, max(8, min(60, cells - taken))), "$chart-1"),
        f" {info.progress:>4.0%}",
        (f"  {left}", "$quiet"),
    )


def _left(run: Run) -> str:
    """How long the run will go on, or has gone on."""
    metrics = run.metrics
    if run.info is not None and run.info.state == "running":
        if metrics is None:
            return "starting up"
        known = metrics.eta_seconds is not None
        return f"{clock(metrics.eta_seconds or 0)} left" if known else "time left not known yet"
    return "" if metrics is None else f"after {clock(metrics.seconds)}"


def figures(run: Run, cells: int) -> Content:
    """What the run is at, label by label, in as many columns as fit."""
    rows = _pairs(run)
    columns = max(1, min(5, cells // _COLUMN))
    each = cells // columns
    lines = []
    for start in range(0, len(rows), columns):
        parts: list[str | tuple[str, str]] = []
        for name, value in rows[start : start + columns]:
            label = f"{name} " if name else ""
            parts += [(label, "$quiet"), fit(value, each - len(label) - 1, pad=True), " "]
        lines.append(Content.assemble(*parts).rstrip())
    return Content("\n").join(lines)


def _pairs(run: Run) -> list[tuple[str, str]]:
    metrics, snapshot = run.metrics, run.snapshot
    rows: list[tuple[str, str]] = []
    if metrics is not None:
        rows.append(("loss", _number(metrics.loss, ".3f")))
        if run.is_language_model:
            rows.append(("perplexity", _perplexity(metrics.loss)))
    if run.point is not None:
        rows.append(("validation", _validation(run, run.point)))
        if run.best is run.point:
            rows.append(("", "the best so far"))
        elif run.best is not None:
            rows.append(("best", f"{_validation(run, run.best)} at {run.best.step:,}"))
    if metrics is not None:
        rows.append(("learning rate", f"{metrics.learning_rate:.2e}"))
        rows += _factor(run)
        if run.kind != "vectors":
            rows.append(("gradient", _number(metrics.gradient_norm, ".2f")))
        rows += [
            ("tokens/s", _speed(run, metrics)),
            ("step", f"{metrics.step:,}"),
            ("epoch", f"{metrics.epoch:.2f}"),
            ("time", clock(metrics.seconds)),
        ]
        rows += _gpu(metrics)
    if run.info is not None:
        rows.append(("corpus", run.info.corpus))
    if snapshot is not None and snapshot.config is not None:
        c = snapshot.config
        rows += [
            ("model", _kind(run, c)),
            ("weights", f"{snapshot.parameters:,}"),
            ("device", _device(run, snapshot.device, c)),
        ]
    return rows


def _kind(run: Run, config: TrainingConfig) -> str:
    if run.kind == "vectors":
        return f"skip-gram, {config.embedding_size}"
    name: str = config.cell if config.model == "script" else config.model
    if run.kind == "moods":
        name = "moods, lstm"
    return f"{name} {config.layers}×{config.hidden_size}"


def _device(run: Run, name: str, config: TrainingConfig) -> str:
    return f"{name} {config.precision}" if run.is_language_model else name


def _validation(run: Run, point: ValidationPoint) -> str:
    """Perplexity; of what has none, the loss."""
    if run.is_language_model:
        return _number(point.perplexity, ".1f")
    return _number(point.loss, ".3f")


def _factor(run: Run) -> list[tuple[str, str]]:
    """What the planned learning rate is multiplied with by hand, where it is."""
    factor = 1.0 if run.info is None else run.info.rate_factor
    if factor == 1:
        return []
    at_end = {MOST_SCALE: ", the most", 1 / MOST_SCALE: ", the least"}.get(factor, "")
    return [("plan", f"× {factor:g}{at_end}")]


def _speed(run: Run, metrics: Metrics) -> str:
    """Tokens a second: now, or on average once the run is over."""
    if run.info is not None and run.info.state == "paused":
        return "0, paused"
    speed = metrics.tokens_per_second
    if not run.going:
        speed = metrics.tokens / metrics.seconds if metrics.seconds else 0.0
    return f"{speed:,.0f}"


def _gpu(metrics: Metrics) -> list[tuple[str, str]]:
    rows = []
    if metrics.gpu_use is not None:
        rows.append(("GPU", f"{metrics.gpu_use:.0%} busy"))
    if metrics.gpu_memory is not None:
        rows.append(("GPU memory", f"{metrics.gpu_memory / 2**30:.1f} GiB"))
    return rows


def _number(value: float | None, form: str) -> str:
    return "not finite" if value is None or not math.isfinite(value) else format(value, form)


def _perplexity(loss: float | None) -> str:
    if loss is None or not math.isfinite(loss):
        return "not finite"
    return f"{math.exp(loss):,.1f}" if loss < 12 else "huge"
