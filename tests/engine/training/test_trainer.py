"""The training loop: exact resume, control from outside, and bad luck of several kinds."""

from __future__ import annotations

import contextlib
import json
import math
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from engine.config import TrainingConfig, checked, knobs_of
from engine.errors import ModelError, TrainingError
from engine.models.build import build_model
from engine.models.neural_cache import HasCache
from engine.models.state_tensors import state_tensors, with_tensors
from engine.protocol.values import JobState, Metrics, ValidationPoint
from engine.storage.checkpoint import load_checkpoint
from engine.storage.library import read_history
from engine.training import loop, validator
from engine.training.control import Control
from engine.training.distributed import Group, ProcessError
from engine.training.finishing import COLUMNS
from engine.training.loop import Trainer, TrainingData
from engine.training.restoring import load_model
from engine.training.validator import Validator

WORDS = 40


class Diary:
    """A listener that keeps everything, and can act at a certain step."""

    def __init__(self, control: Control | None = None, stop_at: int | None = None) -> None:
        self.metrics: list[Metrics] = []
        self.points: list[ValidationPoint] = []
        self.notices: list[str] = []
        self.states: list[JobState] = []
        self.samples: list[str] = []
        self._control, self._stop_at = control, stop_at

    def on_metrics(self, metrics: Metrics) -> None:
        self.metrics.append(metrics)
        if self._control is not None and metrics.step == self._stop_at:
            self._control.stop()

    def on_validation(self, point: ValidationPoint) -> None:
        self.points.append(point)

    def on_sample(self, step: int, text: str) -> None:
        self.samples.append(text)

    def on_notice(self, text: str) -> None:
        self.notices.append(text)

    def on_state(self, state: JobState) -> None:
        self.states.append(state)

    @property
    def losses(self) -> dict[int, float | None]:
        return {m.step: m.loss for m in self.metrics}


def data(tokens: int = 1500) -> TrainingData:
    """A text with a rule in it: each word is followed by one of two."""
    dice = np.random.default_rng(1)
    ids = [0]
    for _ in range(tokens):
        ids.append((ids[-1] * 2 + int(dice.integers(0, 2)) + 1) % WORDS)
    array = np.array(ids, dtype=np.int32)
    return TrainingData(array[: -tokens // 5], array[-tokens // 5 :], WORDS)


def small(**settings: Any) -> TrainingConfig:
    base = {
        "embedding_size": 12,
        "hidden_size": 16,
        "attention_span": 8,
        "batch_size": 4,
        "sequence_length": 10,
        "dropout": 0.2,
        "embedding_dropout": 0.1,
        "epochs": 2,
        "device": "cpu",
        "precision": "float32",
    }
    known = {knob.name for knob in knobs_of(settings.get("model", "script"))}
    return checked({n: value for n, value in base.items() if n in known} | settings)


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "METRIC_SECONDS", 0.0)


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    module = trainer.model
    assert isinstance(module, nn.Module)
    return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize(
    ("stop_at", "settings"),
    [
        (1, {}),
        (17, {}),
        (17, {"precision": "bfloat16", "candidates": 20, "weight_drop": 0.2}),
        (33, {"cell": "gru", "attention": "additive"}),
        (20, {"model": "classic"}),
        (17, {"model": "reply", "candidates": 20}),
    ],
)
def test_a_run_stopped_and_resumed_is_bit_for_bit_the_run_that_was_not(
    tmp_path: Path, stop_at: int, settings: dict[str, Any]
) -> None:
    config = small(**settings)
    whole = Diary()
    straight = Trainer(config, data(), tmp_path / "whole", whole)
    straight.run(Control())

    control = Control()
    first = Diary(control, stop_at)
    Trainer(config, data(), tmp_path / "parts", first).run(control)
    torch.manual_seed(999)
    second = Diary()
    resumed = Trainer(config, data(), tmp_path / "parts", second, resume=True)
    resumed.run(Control())

    assert {**first.losses, **second.losses} == whole.losses
    assert max(second.losses) == max(whole.losses) > stop_at
    ours = weights(resumed)
    for name, value in weights(straight).items():
        assert torch.equal(value, ours[name]), name


def kept_weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_checkpoint(folder / "checkpoints" / "best").tensors


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("stop_at", [17, 40, 50, 124])
@pytest.mark.parametrize("judged", [True, False])
def test_a_stop_changes_nothing_about_the_weights_that_are_kept_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int, judged: bool
) -> None:
    if judged:  # as if the weights at the stop were the best of all

        def loss(model: Any, *_rest: Any, **_settings: Any) -> tuple[float, int]:
            return float(abs(told[-1].metrics[-1].step - stop_at)), 1

        monkeypatch.setattr(validator, "mean_nll", loss)
    config, told = small(epochs=4), [whole := Diary()]
    Trainer(config, data(), tmp_path / "whole", whole).run(Control())

    control = Control()
    told.append(first := Diary(control, stop_at))
    stopped = Trainer(config, data(), tmp_path / "parts", first)
    result = stopped.run(control)
    assert first.points[-1].step == stop_at
    if judged:
        assert first.points[-1].best
    if first.points[-1].best:  # whoever stops here writes with what is best here
        ours = {f"model.{name}": value for name, value in weights(stopped).items()}
        assert same(kept_weights(tmp_path / "parts"), ours)
        assert load_model(tmp_path / "parts", torch.device("cpu"))[2] == result.weights
    told.append(second := Diary())
    resumed = Trainer(config, data(), tmp_path / "parts", second, resume=True)
    resumed.run(Control())

    assert same(kept_weights(tmp_path / "parts"), kept_weights(tmp_path / "whole"))
    places = [(p.step, p.loss, p.best) for p in whole.points]
    assert len(places) > 3
    at_stop = () if stop_at in [step for step, _loss, _best in places] else first.points[-1:]
    kept_on = [p for p in (*first.points, *second.points) if p not in at_stop]
    assert [(p.step, p.loss, p.best) for p in kept_on] == places


def test_the_clock_of_a_run_counted_in_epochs_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = []
    for name, leap in (("quick", 0.001), ("slow", 1000.0)):
        moment = time.perf_counter()

        def clock(leap: float = leap) -> float:
            nonlocal moment
            moment += leap
            return moment

        monkeypatch.setattr(time, "perf_counter", clock)
        Trainer(small(epochs=4), data(), tmp_path / name, diary := Diary()).run(Control())
        places.append([point.step for point in diary.points])
        monkeypatch.undo()
    assert places[0] == places[1]
    assert len(places[0]) == len(set(places[0])) > 3


def test_it_learns_the_rule_and_what_was_kept_can_be_loaded(tmp_path: Path) -> None:
    diary = Diary()
    config = small(
        epochs=12,
        dropout=0.0,
        embedding_dropout=0.0,
        learning_rate=0.02,
        ngrams=False,
        recency=False,
        neural_cache=False,
    )
    trainer = Trainer(config, data(3000), tmp_path, diary, sampler=lambda _model: "a sample")
    result = trainer.run(Control())
    assert result.perplexity is not None
    assert result.perplexity < 4
    assert diary.samples[-1] == "a sample"
    assert diary.metrics[-1].progress == 1
    model, loaded, digest = load_model(tmp_path, torch.device("cpu"))
    assert loaded == config
    assert digest == result.weights
    from engine.training.evaluation import mean_nll

    nll, count = mean_nll(model, data(3000).validation, torch.device("cpu"), COLUMNS)
    assert math.exp(nll) == pytest.approx(result.perplexity, rel=1e-4)
    assert count > 500


@pytest.mark.parametrize("model", ["script", "reply", "classic"])
def test_what_was_kept_predicts_as_the_same_weights_do_anywhere(tmp_path: Path, model: str) -> None:
    config = small(model=model, epochs=1)
    Trainer(config, data(), tmp_path, Diary()).run(Control())
    kept = load_model(tmp_path, torch.device("cpu"))[0]
    fresh = build_model(config, kept.vocabulary_size)
    for module in (kept, fresh):
        assert isinstance(module, nn.Module)
    fresh.load_state_dict(kept.state_dict())
    fresh.eval()
    ids = torch.from_numpy(data().validation[None, :60].astype(np.int64))
    scores = [one.score(ids[:, :-1], ids[:, 1:], one.initial_state(1))[0] for one in (kept, fresh)]
    assert torch.isfinite(scores[0]).all()
    assert torch.allclose(scores[0], scores[1], atol=1e-5)


def test_history_holds_every_metric_and_validation_as_a_line_of_json(tmp_path: Path) -> None:
    diary = Diary()
    Trainer(small(epochs=1), data(), tmp_path, diary).run(Control())
    lines = [json.loads(x) for x in (tmp_path / "history.jsonl").read_text().splitlines()]
    told = [line for line in lines if line["kind"] == "metrics"]
    assert [line["step"] for line in told] == [m.step for m in diary.metrics]
    assert sum(line["kind"] == "validation" for line in lines) == len(diary.points)


def test_pausing_keeps_the_clock_and_the_text_still(tmp_path: Path) -> None:
    control, diary = Control(), Diary()
    trainer = Trainer(small(epochs=3), data(), tmp_path, diary)
    control.pause()
    thread = threading.Thread(target=trainer.run, args=(control,))
    thread.start()
    while "paused" not in diary.states:
        thread.join(0.01)
        assert thread.is_alive()
    assert trainer.tokens == 0
    assert trainer.seconds == 0
    control.resume()
    thread.join(60)
    assert diary.states[:2] == ["paused", "running"]
    assert trainer.tokens > 0


def test_the_learning_rate_can_be_scaled_while_it_runs(tmp_path: Path) -> None:
    plain, halved = Diary(), Diary()
    Trainer(small(epochs=1), data(), tmp_path / "a", plain).run(Control())
    control = Control()
    control.scale_learning_rate(0.5)
    Trainer(small(epochs=1), data(), tmp_path / "b", halved).run(control)
    for one, other in zip(plain.metrics, halved.metrics, strict=True):
        assert other.learning_rate == pytest.approx(one.learning_rate / 2)


def rates(diary: Diary) -> dict[int, float]:
    return {m.step: m.learning_rate for m in diary.metrics}


@pytest.mark.parametrize(
    ("factors", "scale"),
    [((0.5, 0.5), 0.25), ((0.5, 4), 2), ((1e9,), 16), ((0.0,), 1 / 16), ((1e-9, 2), 1 / 8)],
)
def test_each_change_of_the_learning_rate_is_on_top_of_those_before(
    factors: tuple[float, ...], scale: float
) -> None:
    control = Control()
    for factor in factors:
        control.scale_learning_rate(factor)
    assert control.scale == scale


def test_a_change_of_the_learning_rate_is_heard_at_once_and_only_where_it_is_one() -> None:
    heard: list[float] = []
    control = Control(on_scale=heard.append)
    control.pause()
    for factor in (4, 1, 8, 2, 0.5):
        control.scale_learning_rate(factor)
    assert heard == [4, 16, 8]
    again = Control(on_scale=heard.append)
    again.begin_from(8)
    assert heard == [4, 16, 8, 8]


def test_a_change_of_the_learning_rate_is_told_and_outlives_the_run(tmp_path: Path) -> None:
    plain, whole = Diary(), Diary()
    Trainer(small(), data(), tmp_path / "plain", plain).run(Control())
    control = Control()
    control.scale_learning_rate(0.5)
    Trainer(small(), data(), tmp_path / "whole", whole).run(control)
    assert [notice for notice in whole.notices if "×" in notice] == [
        "From step 0 on: the planned learning rate × 0.5."
    ]

    first, second, third = Diary(control, 17), Diary(again := Control(), 33), Diary()
    Trainer(small(), data(), tmp_path / "parts", first).run(control)
    Trainer(small(), data(), tmp_path / "parts", second, resume=True).run(again)
    assert rates(first) | rates(second) == {s: r for s, r in rates(whole).items() if s <= 33}
    assert [notice for notice in second.notices if "×" in notice] == [
        "Goes on with the planned learning rate × 0.5, as it was set by hand."
    ]
    once_more = Control()
    once_more.scale_learning_rate(0.5)
    Trainer(small(), data(), tmp_path / "parts", third, resume=True).run(once_more)
    assert "From step 33 on: the planned learning rate × 0.25." in third.notices
    assert rates(third) == pytest.approx({s: r / 4 for s, r in rates(plain).items() if s > 33})


def test_bad_luck_leaves_the_learning_rate_as_it_was_asked_for(tmp_path: Path) -> None:
    def unlucky(folder: Path, factor: float) -> Diary:
        diary, control = Diary(), Control()
        control.scale_learning_rate(factor)
        trainer = Trainer(small(epochs=1), data(), folder, diary)
        run_out_of_memory(trainer, from_step=8)
        _Poisoned(trainer, set(range(20, 20 + loop.BAD_STEPS)))
        trainer.run(control)
        assert any("batch is now 2" in notice for notice in diary.notices)
        assert any("not finite" in notice for notice in diary.notices)
        return diary

    plain, halved = unlucky(tmp_path / "a", 1), unlucky(tmp_path / "b", 0.5)
    assert rates(halved) == pytest.approx({s: r / 2 for s, r in rates(plain).items()})
    assert len([notice for notice in halved.notices if "×" in notice]) == 1


def test_stopping_without_keeping_saves_nothing_more(tmp_path: Path) -> None:
    control = Control()
    control.stop(keep=False)
    Trainer(small(), data(), tmp_path, Diary()).run(control)
    with pytest.raises(ModelError, match="no usable checkpoint"):
        load_model(tmp_path, torch.device("cpu"))


class _Poisoned:
    """Makes the loss not a number at chosen steps."""

    def __init__(self, trainer: Trainer, steps: set[int]) -> None:
        self.count, self.steps, self.inner = 0, steps, trainer.model.forward
        trainer.model.forward = self  # type: ignore[method-assign]

    def __call__(self, ids: Any, targets: Any, state: Any) -> Any:
        loss, state = self.inner(ids, targets, state)
        self.count += 1
        return (loss * float("nan") if self.count in self.steps else loss), state


def test_a_step_whose_loss_is_not_finite_is_not_taken(tmp_path: Path) -> None:
    diary = Diary()
    trainer = Trainer(small(epochs=1), data(), tmp_path, diary)
    _Poisoned(trainer, {3})
    result = trainer.run(Control())
    assert [m.step for m in diary.metrics if m.loss is None] == [3]
    assert result.perplexity is not None
    assert all(bool(torch.isfinite(value).all()) for value in weights(trainer).values())


@pytest.mark.parametrize("waits", [True, False])
def test_many_bad_steps_in_a_row_bring_back_the_last_good_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    diary = Diary()
    trainer = Trainer(small(epochs=1), data(), tmp_path, diary)
    trainer._waits = waits  # on a card the loop hears of bad steps when metrics are due
    _Poisoned(trainer, {5, *range(10, 10 + loop.BAD_STEPS)})
    trainer.run(Control())
    back = [notice for notice in diary.notices if "not finite" in notice]
    assert [notice.split(",")[0] for notice in back] == [
        "The loss is not finite: went back to step 9"
    ]
    assert diary.points[-1].loss is not None
    assert diary.metrics[-1].progress == 1


@pytest.mark.parametrize("checkpoint_seconds", [0.0, 1e9])
def test_a_run_that_stays_not_finite_ends_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint_seconds: float
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", checkpoint_seconds)
    trainer = Trainer(small(epochs=9), data(), tmp_path, Diary())
    _Poisoned(trainer, set(range(10, 500)))
    with pytest.raises(TrainingError, match=r"again and again, .* halved 12 times") as caught:
        trainer.run(Control())
    assert "smaller learning rate" in caught.value.hint


def test_a_carried_state_that_is_not_finite_is_not_gone_back_to(tmp_path: Path) -> None:
    trainer = Trainer(small(epochs=1), data(), tmp_path, Diary())
    trainer.run(Control())
    assert trainer._state is not None
    broken = [part * float("nan") for part in state_tensors(trainer._state)]
    trainer._state = with_tensors(trainer._state, broken)
    assert trainer._save()
    resumed = Trainer(small(epochs=2), data(), tmp_path, diary := Diary(), resume=True)
    resumed.run(Control())
    assert None not in diary.losses.values()


def test_going_back_costs_no_better_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best are kept by themselves, and may be newer than the state that is gone back to."""
    monkeypatch.setattr(Validator, "due", lambda *_args: True)

    class Saving(Diary):
        def on_metrics(self, metrics: Metrics) -> None:
            super().on_metrics(metrics)
            if metrics.step == 3:
                trainer._save()

    diary = Saving()
    trainer = Trainer(small(epochs=2, learning_rate=0.02), data(), tmp_path, diary)
    _Poisoned(trainer, set(range(30, 30 + loop.BAD_STEPS)))
    trainer.run(Control())
    assert any("went back to step 3" in notice for notice in diary.notices)
    kept = [point.loss for point in diary.points if point.best and point.loss is not None]
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] == min(point.loss for point in diary.points if point.loss is not None)


def run_out_of_memory(trainer: Trainer, from_step: int = 1) -> None:
    """Have ``trainer`` find no room for more than two rows from its step ``from_step`` on."""
    inner, taken = trainer.model.forward, 0

    def greedy(ids: Any, targets: Any, state: Any) -> Any:
        nonlocal taken
        taken += 1
        if len(ids) > 2 and taken >= from_step:
            raise torch.OutOfMemoryError("too much")
        return inner(ids, targets, state)

    trainer.model.forward = greedy  # type: ignore[method-assign]


def test_out_of_memory_halves_the_batch_and_says_so(tmp_path: Path) -> None:
    diary = Diary()
    trainer = Trainer(small(epochs=1), data(), tmp_path, diary)
    run_out_of_memory(trainer)
    result = trainer.run(Control())
    assert trainer.config.batch_size == 2
    assert any("batch is now 2" in notice for notice in diary.notices)
    assert result.perplexity is not None


def test_after_running_out_of_memory_no_text_is_learnt_again(tmp_path: Path) -> None:
    diary = Diary()
    trainer = Trainer(small(epochs=2), data(), tmp_path, diary)
    run_out_of_memory(trainer, from_step=20)
    trainer.run(Control())
    done = [m.progress for m in diary.metrics]
    assert done == sorted(done)
    learnt = diary.metrics[-1].tokens
    assert abs(learnt - 2 * len(data().train)) < 4 * 10 + 4


def test_out_of_memory_ends_a_group_whose_others_would_wait(tmp_path: Path) -> None:
    trainer = Trainer(small(epochs=1), data(), tmp_path, Diary())
    trainer._group = Group(rank=1, size=2)
    with pytest.raises(ProcessError, match="Process 1 has not enough memory"):
        trainer._halve_batch()


def test_a_run_whose_batch_was_halved_goes_on_with_that(tmp_path: Path) -> None:
    whole = Diary()
    straight = Trainer(small(), data(), tmp_path / "whole", whole)
    run_out_of_memory(straight)
    straight.run(Control())

    control = Control()
    first = Diary(control, stop_at=17)
    cut_off = Trainer(small(), data(), tmp_path / "parts", first)
    run_out_of_memory(cut_off)
    cut_off.run(control)
    second = Diary()
    resumed = Trainer(small(), data(), tmp_path / "parts", second, resume=True)
    assert resumed.config.batch_size == 2
    resumed.run(Control())
    assert min(second.losses) == 18
    assert {**first.losses, **second.losses} == whole.losses


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    MemoryError("Unable to allocate 9 GiB"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_out_of_memory_at_the_end_costs_only_what_was_to_be_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def greedy(*_args: Any) -> None:
        raise error

    monkeypatch.setattr(loop, "finish", greedy)
    trainer = Trainer(small(epochs=1), data(), tmp_path, diary := Diary())
    result = trainer.run(Control())
    assert trainer.config.batch_size == 4
    (notice,) = diary.notices
    assert "not enough memory" in notice
    assert result.perplexity is not None
    assert load_model(tmp_path, torch.device("cpu"))[2] == result.weights


@pytest.mark.parametrize("error", [*OUT_OF_MEMORY, ModelError("Every word is banned.")])
def test_a_model_that_can_write_nothing_yet_is_trained_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def sampler(_model: object) -> str:
        raise error

    trainer = Trainer(small(epochs=2), data(), tmp_path, diary := Diary(), sampler)
    trainer.run(Control())
    assert trainer.config.batch_size == 4
    assert len(diary.points) > 1
    assert sum("No samples are shown" in notice for notice in diary.notices) == 1
    assert diary.metrics[-1].progress == 1


def test_patience_ends_a_run_that_learns_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Validator, "due", lambda *_args: True)
    diary = Diary()
    config = small(epochs=50, learning_rate=1e-9, patience=3)
    Trainer(config, data(), tmp_path, diary).run(Control())
    assert any("Stopped early" in notice for notice in diary.notices)
    assert diary.metrics[-1].progress < 0.5


def test_another_vocabulary_is_refused_on_resume(tmp_path: Path) -> None:
    Trainer(small(epochs=1), data(), tmp_path, Diary()).run(Control())
    other = msgspec.structs.replace(small(epochs=1))
    wrong = TrainingData(data().train, data().validation, WORDS + 1)
    with pytest.raises(TrainingError, match="another vocabulary"):
        Trainer(other, wrong, tmp_path, Diary(), resume=True)


def test_a_device_that_is_not_there_is_refused_with_a_way_out(tmp_path: Path) -> None:
    missing = "mps" if not torch.backends.mps.is_available() else "cuda"
    with pytest.raises(TrainingError, match=r"no .* device") as caught:
        Trainer(small(device=missing), data(), tmp_path, Diary())
    assert "--device cpu" in caught.value.hint


def test_a_checkpoint_holds_no_more_than_the_two_newest_and_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    Trainer(small(epochs=1), data(), tmp_path, Diary()).run(Control())
    names = sorted(p.name for p in (tmp_path / "checkpoints").iterdir())
    assert names[0] == "best"
    assert len(names) == 3
    tensors, facts, _weights = load_checkpoint(tmp_path / "checkpoints" / names[-1])
    assert facts["vocabulary_size"] == WORDS
    assert any(name.startswith("optimizer.exp_avg.") for name in tensors)


@contextlib.contextmanager
def disk_with_room_for(most_bytes: int) -> Iterator[Callable[[], None]]:
    """No file can have more than ``most_bytes``, as if the disk were full; until what it gives is
    called."""
    usual, writes = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # half of what is imported meanwhile would be believed
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, usual[1]))
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        sys.dont_write_bytecode = writes


def test_a_disk_that_is_full_for_a_while_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(Validator, "due", lambda *_args: True)

    class Freed(Diary):
        def on_metrics(self, metrics: Metrics) -> None:
            super().on_metrics(metrics)
            if metrics.step == 12:
                free()

    diary = Freed()
    trainer = Trainer(small(epochs=1), data(), tmp_path, diary)
    with disk_with_room_for(700) as free:
        result = trainer.run(Control())
    for kind in ("curve", "checkpoint", "best checkpoint"):
        assert f"The {kind} could be written again." in diary.notices
    refused = [notice for notice in diary.notices if "The run goes on" in notice]
    assert len(refused) == 3  # each kind once, though every step failed
    assert all("File too large" in notice and str(tmp_path) in notice for notice in refused)
    assert not any(point.best for point in diary.points[:11])
    assert any(point.best for point in diary.points[11:])
    assert result.perplexity is not None
    _model, _config, digest = load_model(tmp_path, torch.device("cpu"))
    assert digest == result.weights
    metrics, _points, _samples = read_history(tmp_path)
    told = [m.step for m in metrics]
    assert told == [*range(1, told.index(12) + 1), *range(12, diary.metrics[-1].step + 1)]


def test_a_run_of_which_nothing_could_be_kept_says_so(tmp_path: Path) -> None:
    with disk_with_room_for(700), pytest.raises(TrainingError, match="none of its checkpoints"):
        Trainer(small(epochs=1), data(), tmp_path, Diary()).run(Control())


def test_what_helps_but_finds_no_room_leaves_the_model_as_it_is(tmp_path: Path) -> None:
    diary = Diary()
    config = small(epochs=1, recency=False, neural_cache=False)
    trainer = Trainer(config, data(6000), tmp_path, diary)
    Trainer(small(epochs=1), data(), tmp_path / "size", Diary()).run(Control())
    best = tmp_path / "size" / "checkpoints" / "best" / "tensors.safetensors"
    # Room for the weights, not for the text whose n-grams are counted, too.
    trainer._save = lambda: True  # type: ignore[method-assign]
    with disk_with_room_for(best.stat().st_size + 4000):
        result = trainer.run(Control())
    assert any("The model is as it was before." in notice for notice in diary.notices)
    _model, _config, digest = load_model(tmp_path, torch.device("cpu"))
    assert digest == result.weights


def bursts(tokens: int) -> TrainingData:
    """Words that come in bursts: whatever was said lately is said again."""
    dice = np.random.default_rng(3)
    ids: list[int] = []
    while len(ids) < tokens:
        ids += dice.choice(dice.integers(0, WORDS, 3), 30).tolist()
    array = np.array(ids, dtype=np.int32)
    return TrainingData(array[: -tokens // 3], array[-tokens // 3 :], WORDS)


def test_a_cache_is_tuned_at_the_end_and_kept_with_the_model(tmp_path: Path) -> None:
    diary = Diary()
    config = small(attention="none", copying=False, attention_span=40, epochs=1)
    result = Trainer(config, bursts(3000), tmp_path, diary).run(Control())
    best = min(p.perplexity for p in diary.points if p.perplexity is not None)
    assert result.perplexity is not None
    assert result.perplexity < 0.9 * best
    assert any("neural cache" in notice for notice in diary.notices)
    model, _config, weights = load_model(tmp_path, torch.device("cpu"))
    assert weights == result.weights
    assert isinstance(model, HasCache)
    assert model.cache is not None
    plain = Trainer(
        small(attention="none", copying=False, epochs=1, neural_cache=False),
        bursts(3000),
        tmp_path / "plain",
        Diary(),
    ).run(Control())
    model, _config, _weights = load_model(tmp_path / "plain", torch.device("cpu"))
    assert isinstance(model, HasCache)
    assert model.cache is None
    assert plain.perplexity is not None
    assert result.perplexity < plain.perplexity
