"""Language models that take turns at training, each with a clock of its own."""

from __future__ import annotations

import math
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus
from engine.daemon.model_run import start_embedding
from engine.models.classic import RNN, batch_data, forward_back_prop
from engine.models.contract import LanguageModel
from engine.protocol.values import JobState
from engine.training.batching import Columns, Position
from engine.training.control import Control
from engine.training.evaluation import mean_nll
from engine.training.loop import Trainer, TrainingData
from engine.training.progress import Silent
from engine.training.restoring import load_model
from engine.training.schedule import one_cycle

Ids = NDArray[np.int32]
CPU = torch.device("cpu")


class Contestant(Protocol):
    """A model in training that can be given a slice of time."""

    name: str

    def train_for(self, seconds: float) -> None:
        """Train for about ``seconds`` of wall-clock time."""

    @property
    def seconds(self) -> float:
        """Time spent so far."""

    @property
    def tokens(self) -> int:
        """Targets learnt from so far."""

    def nll(self, ids: Ids) -> float:
        """Mean negative log-likelihood in nats of ``ids``, in the exact order of the text."""


class SilentListener(Silent):
    """A listener that only notes when the trainer pauses."""

    def __init__(self) -> None:
        self.paused = threading.Event()

    def on_state(self, state: JobState) -> None:
        if state == "paused":
            self.paused.set()


class EngineContestant:
    """What the program itself would do: its trainer, on a thread of its own, paused in between."""

    def __init__(self, name: str, config: TrainingConfig, corpus: Corpus) -> None:
        self.name = name
        self._listener, self._control = SilentListener(), Control()
        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-")
        data = TrainingData.of(corpus)
        self.trainer = Trainer(config, data, Path(self._folder.name), self._listener, None)
        begun = time.perf_counter()
        start_embedding(self.trainer.model, config, corpus, self._control)
        self.trainer.spend(time.perf_counter() - begun)
        self._control.pause()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._await_pause()

    def _run(self) -> None:
        self.trainer.run(self._control)

    def _await_pause(self) -> None:
        while self._thread.is_alive() and not self._listener.paused.wait(0.01):
            pass

    def train_for(self, seconds: float) -> None:
        self._listener.paused.clear()
        self._control.resume()
        self._thread.join(seconds)
        self._control.pause()
        self._await_pause()

    @property
    def seconds(self) -> float:
        return self.trainer.seconds

    @property
    def tokens(self) -> int:
        return self.trainer.tokens

    def nll(self, ids: Ids) -> float:
        model: LanguageModel[Any] = self.trainer.model
        if not self._thread.is_alive():
            model = load_model(Path(self._folder.name), CPU)[0]
        return mean_nll(model, ids, CPU, columns=1)[0]


class PlainPrototype(nn.Module):
    """Two LSTM layers and a tied softmax: what one writes in an afternoon."""

    def __init__(self, vocabulary_size: int, size: int = 256) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, size)
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.lstm = nn.LSTM(size, size, 2, batch_first=True)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))

    def forward(
        self, ids: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        output, state = self.lstm(self.embedding(ids), state)
        return functional.linear(output, self.embedding.weight, self.bias), state


def plain_step(
    model: PlainPrototype,
    optimizer: torch.optim.Optimizer,
    ids: Tensor,
    targets: Tensor,
    state: tuple[Tensor, Tensor] | None,
    rate: float,
) -> tuple[Tensor, Tensor]:
    """Learn from one window; the state after it."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    scores, after = model(ids, state)
    loss = functional.cross_entropy(scores.flatten(0, 1), targets.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return after[0].detach(), after[1].detach()


@torch.no_grad()
def plain_nll(model: PlainPrototype, ids: Ids, device: torch.device, columns: int = 1) -> float:
    """Mean negative log-likelihood in nats; one column is the exact order of the text."""
    model.eval()
    data = Columns(ids, columns, 64, device)
    at, state, total, count = Position(), None, 0.0, 0
    while at.epoch == 0:
        inputs, targets, at = data.window(at, None)
        scores, state = model(inputs, state)
        total += float(
            functional.cross_entropy(scores.flatten(0, 1), targets.reshape(-1), reduction="sum")
        )
        count += targets.numel()
    return total / count


class PrototypeContestant:
    """The plain prototype: batch 32, window 20, Adam with one cycle from 4e-3."""

    def __init__(self, name: str, data: TrainingData, minutes: float, size: int = 256) -> None:
        self.name = name
        self.model = PlainPrototype(data.vocabulary_size, size)
        self._optimizer = torch.optim.Adam(self.model.parameters(), fused=True)
        self._columns = Columns(data.train, 32, 20, CPU)
        self._at = Position()
        self._state: tuple[Tensor, Tensor] | None = None
        self._budget = 60 * minutes
        self.seconds, self.tokens = 0.0, 0

    def train_for(self, seconds: float) -> None:
        self.model.train()
        before, begun = self.seconds, time.perf_counter()
        while time.perf_counter() - begun < seconds and self.seconds < self._budget:
            ids, targets, self._at = self._columns.window(self._at, None)
            rate = 4e-3 * one_cycle(self.seconds / self._budget)
            self._state = plain_step(self.model, self._optimizer, ids, targets, self._state, rate)
            self.tokens += targets.numel()
            self.seconds = before + time.perf_counter() - begun

    def nll(self, ids: Ids) -> float:
        return plain_nll(self.model, ids, CPU)


class ClassicContestant:
    """The recipe as taught: embedding 200, hidden 256, 2 layers, windows of 10, batch 128, Adam."""

    LENGTH, BATCH = 10, 128

    def __init__(self, name: str, data: TrainingData) -> None:
        self.name = name
        size = data.vocabulary_size
        self.model = RNN(size, size, 200, 256, 2)
        self._optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self._loader = batch_data(data.train.tolist(), self.LENGTH, self.BATCH)
        self._batches = iter(self._loader)
        self.seconds, self.tokens = 0.0, 0

    def train_for(self, seconds: float) -> None:
        self.model.train()
        criterion = nn.CrossEntropyLoss()
        before, begun = self.seconds, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            batch = next(self._batches, None)
            if batch is None:
                self._batches = iter(self._loader)
                continue
            inputs, targets = batch
            hidden = self.model.init_hidden(len(targets))
            forward_back_prop(self.model, self._optimizer, criterion, inputs, targets, hidden)
            self.tokens += len(targets)
            self.seconds = before + time.perf_counter() - begun

    @torch.no_grad()
    def nll(self, ids: Ids) -> float:
        """Each word is predicted from the window of 10 words before it, as the recipe does."""
        self.model.eval()
        total, count = 0.0, 0
        text = torch.from_numpy(np.asarray(ids, dtype=np.int64))
        windows, targets = text[:-1].unfold(0, self.LENGTH, 1), text[self.LENGTH :]
        for start in range(0, len(targets), 1024):
            rows = windows[start : start + 1024]
            scores, _hidden = self.model(rows, self.model.init_hidden(len(rows)))
            total += float(
                functional.cross_entropy(scores, targets[start : start + 1024], reduction="sum")
            )
            count += len(rows)
        return total / count


def perplexity(nll: float) -> float:
    return math.exp(min(nll, 50.0))


def take_turns(contestants: list[Contestant], seconds: float, slice_seconds: float = 3.0) -> None:
    """Train each for ``seconds`` more, in slices, so that a noisy machine hits all alike."""
    goal = {c.name: c.seconds + seconds for c in contestants}
    while any(c.seconds < goal[c.name] - 0.05 for c in contestants):
        for contestant in contestants:
            left = goal[contestant.name] - contestant.seconds
            if left > 0.05:
                spent = contestant.seconds
                contestant.train_for(min(slice_seconds, left))
                if contestant.seconds == spent:
                    goal[contestant.name] = spent
