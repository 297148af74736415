"""One window of training: loss, gradient, clipping, and the optimizer's step.

On a CUDA card a window is some hundreds of kernels, and starting them one by one takes several
times as long as running them. They are recorded as a CUDA graph for each length of a window, and
then started together.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from engine.config import TrainingConfig
from engine.models.state_tensors import state_tensors, with_tensors
from engine.training.distributed import Group


class Stepped(NamedTuple):
    """What came of a window."""

    loss: Tensor
    """Mean negative log-likelihood in nats."""
    norm: Tensor
    """The gradient's length before clipping; where it is not finite, no step was taken."""
    state: Any
    """After the window, cut off from the gradient; where no step was taken, that before it."""


class WindowStep:
    """Trains ``module`` on one window at a time."""

    def __init__(
        self,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        config: TrainingConfig,
        group: Group,
        device: torch.device,
    ) -> None:
        self._module, self._optimizer, self._config = module, optimizer, config
        self._group, self._device = group, device
        # Drawing words to compare with, other processes, and where turns begin are waited for.
        waits = group.size > 1 or config.candidates or config.model == "reply"
        recordable = device.type == "cuda" and not waits
        self._recorded = _RecordedSteps(self._take) if recordable else None

    def __call__(
        self, inputs: Tensor, targets: Tensor, state: Any, kept: Tensor, rate: float
    ) -> Stepped:
        """Learn from ``targets`` (batch, time) behind ``inputs`` and ``state``, at ``rate``.

        Rows whose ``kept`` (batch,) is False begin anew after the window.
        """
        for group in self._optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        return (self._recorded or self._take)(inputs, targets, state, kept)

    def forget(self) -> None:
        """Weights, optimizer or batch have been replaced rather than changed."""
        if self._recorded is not None:
            self._recorded = _RecordedSteps(self._take)

    def _take(self, inputs: Tensor, targets: Tensor, state: Any, kept: Tensor) -> Stepped:
        with self._autocast():
            loss, after = self._module(inputs, targets, state)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._group.average_gradients(self._module.parameters())
        norm = nn.utils.clip_grad_norm_(self._module.parameters(), self._config.gradient_clip)
        good, card = torch.isfinite(norm), self._device.type == "cuda"
        if card:
            # Asking here would wait for the card at every step: the fused optimizer skips the
            # step by itself, and the loop hears of it at the metric rate.
            self._optimizer.found_inf = (~good).float()  # type: ignore[attr-defined]
        elif not good:
            return Stepped(loss.detach(), norm, state)
        self._optimizer.step()
        if kept.device.type == "cuda" or not bool(kept.all()):
            after = after.keep(kept.to(self._device))
        after = after.detach()
        return Stepped(loss.detach(), norm, either(good, after, state) if card else after)

    def _autocast(self) -> AbstractContextManager[object]:
        if self._device.type == "cuda" and self._config.precision == "bfloat16":
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()


def either(good: Tensor, one: Any, other: Any) -> Any:
    """The state ``one`` where ``good`` (a single flag) holds, else ``other``; never waited for."""
    pairs = zip(state_tensors(one), state_tensors(other), strict=True)
    return with_tensors(one, [torch.where(good, a, b) for a, b in pairs])


class _RecordedSteps:
    """Windows as one launch each, once their shape has been seen.

    All recordings share one memory, and a state's buffers, which they change in place.
    """

    def __init__(self, take: Any) -> None:
        self._take = take
        self._pool = torch.cuda.graph_pool_handle()
        self._seen: set[torch.Size] = set()
        self._recorded: dict[torch.Size, _Recorded] = {}
        self._state: Any = None

    def __call__(self, inputs: Tensor, targets: Tensor, state: Any, kept: Tensor) -> Stepped:
        kept = kept.to(inputs.device)
        if self._state is None:
            self._state = with_tensors(state, [part.clone() for part in state_tensors(state)])
        elif state is not self._state:
            self._put(state)
        one = self._recorded.get(inputs.shape)
        if one is None and inputs.shape in self._seen:
            one = _Recorded(self._take, inputs, targets, self._state, kept, self._pool)
            self._recorded[inputs.shape] = one
        if one is not None:
            loss, norm = one(inputs, targets, kept)
        else:
            # For the first time as it is: libraries and the optimizer set up what they keep.
            self._seen.add(inputs.shape)
            loss, norm, after = self._take(inputs, targets, self._state, kept)
            self._put(after)
        return Stepped(loss, norm, self._state)

    def _put(self, state: Any) -> None:
        for own, given in zip(state_tensors(self._state), state_tensors(state), strict=True):
            own.copy_(given)


class _Recorded:
    """One shape of windows."""

    def __init__(
        self, take: Any, inputs: Tensor, targets: Tensor, state: Any, kept: Tensor, pool: Any
    ) -> None:
        self._fed = (inputs.clone(), targets.clone(), kept.clone())
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            made = take(self._fed[0], self._fed[1], state, self._fed[2])
            for own, new in zip(state_tensors(state), state_tensors(made.state), strict=True):
                own.copy_(new)
        self._loss, self._norm = made.loss, made.norm

    def __call__(self, *given: Tensor) -> tuple[Tensor, Tensor]:
        for own, new in zip(self._fed, given, strict=True):
            own.copy_(new)
        self._graph.replay()
        return self._loss.clone(), self._norm.clone()
