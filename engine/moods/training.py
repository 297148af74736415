"""Training a mood network on labelled texts, with the same listener and reins as other runs."""

from __future__ import annotations

import math
import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.config import MoodConfig
from engine.errors import TrainingError
from engine.moods.labelled import Labelled
from engine.moods.mood_model import MoodModel, mood_of
from engine.protocol.values import Metrics, MoodFigures, ValidationPoint
from engine.training.control import Control
from engine.training.progress import Listener, Silent, finite, scale_told, waited_out
from engine.training.schedule import one_cycle

METRIC_SECONDS = 0.25
LONGEST_GRADIENT = 1.0
JUDGED_AT_ONCE = 256
SHOWN_TEXTS, SHOWN_CHARACTERS = 6, 72

Numbers = NDArray[np.int64]


class MoodTraining:
    """One run; the weights that tell the held-out texts best are the ones that stay."""

    def __init__(
        self, config: MoodConfig, labelled: Labelled, listener: Listener | None = None
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self._labelled = config, labelled
        self.listener: Listener = listener or Silent()
        self._train, self._held_out = labelled.parts()
        self.model = MoodModel(config, len(labelled.vocabulary), len(labelled.scale))
        self.figures: MoodFigures | None = None
        """Of the weights that stay."""
        self._dice = np.random.default_rng([config.seed, 4])
        self._optimizer = torch.optim.AdamW(
            self.model.parameters(), config.learning_rate, (0.9, 0.99),
            weight_decay=config.weight_decay,
        )  # fmt: skip
        self._best: dict[str, Tensor] = {}
        self._step = self._best_step = self._words = 0
        self._seconds = 0.0

    @property
    def parameters(self) -> int:
        return sum(weights.numel() for weights in self.model.parameters())

    def run(self, control: Control) -> MoodModel:
        """Train until all epochs are done or ``control`` says stop.

        The matrices are small: one thread is quicker than several that wait for each other.

        Raises:
            TrainingError: when the loss was no number before there was anything to keep.
        """
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            self._run(control)
        finally:
            torch.set_num_threads(threads)
        if self.figures is None:
            raise TrainingError(
                "The loss was no number from the beginning.", "Train with a smaller learning rate."
            )
        self.listener.on_notice(
            f"The weights of step {self._best_step:,} are kept: {in_words(self.figures)}."
        )
        self.model.load_state_dict(self._best)
        self.model.eval()
        return self.model

    def _run(self, control: Control) -> None:
        batches = math.ceil(len(self._train) / self.config.batch_size)
        total = self.config.epochs * batches
        begun = last = time.perf_counter()
        losses: list[float] = []
        scale, words_then = 1.0, 0
        for _epoch in range(self.config.epochs):
            order = self._dice.permutation(self._train)
            for batch in np.array_split(order, batches):
                if control.paused:
                    gap = waited_out(control, self.listener)
                    begun, last = begun + gap, last + gap
                if control.stopping:
                    break
                scale = scale_told(control, scale, self._step, self.listener)
                rate = self.config.learning_rate * scale * one_cycle(self._step / total)
                loss, norm = self._update(batch, rate)
                if not math.isfinite(loss):
                    self.listener.on_notice("The loss is no number any more: the run ends here.")
                    return
                losses.append(loss)
                now = time.perf_counter()
                self._seconds = now - begun
                if now - last >= METRIC_SECONDS or self._step == total:
                    speed = (self._words - words_then) / max(now - last, 1e-9)
                    self._tell(losses, rate, norm, speed, total, batches)
                    losses, last, words_then = [], now, self._words
            self._validate()
            if control.stopping:
                return

    def _update(self, batch: Numbers, rate: float) -> tuple[float, float]:
        """One step on the texts with these numbers; its loss, and the gradient's length."""
        self.model.train()
        texts = self._texts(batch)
        wanted = torch.from_numpy(self._labelled.grades[batch])
        loss = functional.cross_entropy(self.model(texts), wanted)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), LONGEST_GRADIENT)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        self._step += 1
        self._words += sum(map(len, texts))
        return float(loss.detach()), float(norm)

    def _texts(self, numbers: Numbers) -> list[Tensor]:
        texts = [self._labelled.text(int(number)) for number in numbers]
        return [torch.from_numpy(text.astype(np.int64)) for text in texts]

    def _tell(
        self, losses: list[float], rate: float, norm: float, speed: float, total: int, batches: int
    ) -> None:
        share = self._step / total
        self.listener.on_metrics(
            Metrics(
                step=self._step,
                epoch=self._step / batches,
                tokens=self._words,
                seconds=self._seconds,
                loss=sum(losses) / len(losses),
                learning_rate=rate,
                gradient_norm=finite(norm),
                tokens_per_second=speed,
                progress=share,
                eta_seconds=self._seconds * (1 - share) / share,
            )
        )

    def _validate(self) -> None:
        """Judge the network by the held-out texts, and keep it if it is the best so far."""
        scores = self._scores(self._held_out)
        told = mood_of(scores, self._labelled.scale)
        wanted = torch.from_numpy(self._labelled.grades[self._held_out])
        figures = judged(scores, told, wanted, self._labelled.scale, len(self._train))
        best = math.isfinite(figures.loss) and (
            self.figures is None or figures.loss < self.figures.loss
        )
        if best:
            self.figures = figures
            self._best_step = self._step
            self._best = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.listener.on_validation(
            ValidationPoint(
                step=self._step,
                seconds=self._seconds,
                loss=finite(figures.loss),
                perplexity=None,
                best=best,
            )
        )
        self.listener.on_sample(self._step, self._shown(figures, told))

    @torch.no_grad()
    def _scores(self, numbers: Numbers) -> Tensor:
        self.model.eval()
        parts = np.split(numbers, range(JUDGED_AT_ONCE, len(numbers), JUDGED_AT_ONCE))
        return torch.cat([self.model(self._texts(part)) for part in parts])

    def _shown(self, figures: MoodFigures, told: Tensor) -> str:
        """A few of the held-out texts with the grade that they have and the mood that is told."""
        lines = [in_words(figures)]
        low, high = self._labelled.scale[0], self._labelled.scale[-1]
        for place in range(0, len(told), max(1, len(told) // SHOWN_TEXTS))[:SHOWN_TEXTS]:
            number = int(self._held_out[place])
            words = " ".join(self._labelled.vocabulary.decode(self._labelled.text(number).tolist()))
            if len(words) > SHOWN_CHARACTERS:
                words = f"{words[:SHOWN_CHARACTERS]}…"
            grade = self._labelled.scale[self._labelled.grades[number]]
            meant = low + (float(told[place]) + 1) / 2 * (high - low)
            lines.append(f"{grade} told {round(meant, 1) + 0.0:.1f}: {words}")  # never -0.0
        return "\n".join(lines)


def in_words(figures: MoodFigures) -> str:
    """How well held-out texts are told."""
    return (
        f"{figures.accuracy:.0%} of {figures.held_out:,} held-out texts rightly"
        f" ({figures.most_frequent:.0%} have the most frequent grade);"
        f" correlation {figures.correlation:.2f}"
    )


def judged(
    scores: Tensor, told: Tensor, wanted: Tensor, scale: tuple[int, ...], texts: int
) -> MoodFigures:
    """How well ``scores`` (texts, grades) and the moods ``told`` (texts,) meet ``wanted``.

    ``wanted`` (texts,) are indices into ``scale``; ``texts`` is how many were trained on.
    """
    given = torch.tensor(scale, dtype=torch.float64)[wanted]
    both = torch.stack((told.double(), given))
    varied = bool((both.std(1, correction=0) > 0).all())
    return MoodFigures(
        scale=scale,
        texts=texts,
        held_out=len(wanted),
        loss=float(functional.cross_entropy(scores, wanted)),
        accuracy=float((scores.argmax(1) == wanted).double().mean()),
        most_frequent=float(wanted.bincount().max() / len(wanted)),
        correlation=float(torch.corrcoef(both)[0, 1]) if varied else 0.0,
    )
