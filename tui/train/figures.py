"""A run in figures: the lines beside its charts."""

from __future__ import annotations

from engine.protocol.messages import TrainingSnapshot
from engine.protocol.values import JobInfo, Metrics, ValidationPoint

BAR = 24
PRESET_NAMES = {"2m": "2 minutes", "10m": "10 minutes", "overnight": "overnight"}


def clock(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bar(share: float, width: int = BAR) -> str:
    """A progress bar of ``width`` cells."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    tail = " ▏▎▍▌▋▊▉"[part] if full < width else ""
    return ("█" * full + tail).ljust(width, "░")[:width].replace(" ", "░")


def headline(info: JobInfo, metrics: Metrics | None) -> str:
    """Name, state, progress and time left."""
    left = ""
    if metrics is not None and metrics.eta_seconds is not None and info.state == "running":
        left = f"  {clock(metrics.eta_seconds)} left"
    return f"{info.name}  {info.state}  {bar(info.progress)} {info.progress:.0%}{left}"


def figures(
    snapshot: TrainingSnapshot, metrics: Metrics | None, point: ValidationPoint | None
) -> str:
    """What the run is at, in a few short lines."""
    lines = [f"on {snapshot.info.corpus}  ·  {snapshot.device}"]
    if snapshot.config is not None:
        c = snapshot.config
        lines.append(
            f"{c.model} {c.cell}  {c.layers}×{c.hidden_size}  embedding {c.embedding_size}"
            f"  ·  {snapshot.parameters:,} weights  ·  {c.precision}"
        )
    if metrics is not None:
        loss = "not finite" if metrics.loss is None else f"{metrics.loss:.3f}"
        norm = "not finite" if metrics.gradient_norm is None else f"{metrics.gradient_norm:.2f}"
        lines.append(
            f"step {metrics.step:,}  epoch {metrics.epoch:.2f}  {clock(metrics.seconds)}"
            f"  ·  {metrics.tokens_per_second:,.0f} tokens/s"
        )
        lines.append(
            f"loss {loss}  ·  learning rate {metrics.learning_rate:.2e}  ·  gradient {norm}"
        )
        if metrics.gpu_memory is not None:
            use = "" if metrics.gpu_use is None else f"{metrics.gpu_use:.0%} busy, "
            lines.append(f"GPU {use}{metrics.gpu_memory / 2**30:.1f} GiB")
    if point is not None and point.perplexity is not None:
        best = ", the best so far" if point.best else ""
        lines.append(f"validation perplexity {point.perplexity:.1f}{best}")
    return "\n".join(lines)
