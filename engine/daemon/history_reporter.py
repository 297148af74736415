"""The listener of runs that are made in one go: it keeps their history, too."""

from __future__ import annotations

from pathlib import Path

from engine.daemon.run_reporter import Reporter, Tell
from engine.protocol.values import Metrics, ModelCard, ValidationPoint
from engine.training.progress import History


class HistoryReporter(Reporter):
    """Also keeps the run's history, which a language model's trainer does by itself."""

    def __init__(self, card: ModelCard, folder: Path, tell: Tell) -> None:
        super().__init__(card, folder, tell)
        self._history = History(folder, self.disk)

    def on_metrics(self, metrics: Metrics) -> None:
        super().on_metrics(metrics)
        self._history.log("metrics", metrics)

    def on_validation(self, point: ValidationPoint) -> None:
        super().on_validation(point)
        self._history.log("validation", point)

    def on_sample(self, step: int, text: str) -> None:
        super().on_sample(step, text)
        self._history.add("sample", step=step, text=text)
