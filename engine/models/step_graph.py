"""Steps on a CUDA card as one launch each.

A token's step is some hundred kernels, most of them so short that starting one takes longer than
running it. Recorded once as a CUDA graph for each number of rows, they are started together. A
graph works on the buffers that it was recorded with: a state is copied in and what comes out is
copied away, so that states stay values.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from engine.models.state_tensors import state_tensors, with_tensors

Made = TypeVar("Made")
WARM_UPS = 3
"""Runs before the recording, in which libraries set up what they want to keep."""


class _Graph(Generic[Made]):
    """``work`` for one number of rows."""

    def __init__(self, work: Callable[[Tensor, Any], Made], ids: Tensor, state: object) -> None:
        self._ids = ids.clone()
        state = with_tensors(state, [part.clone() for part in state_tensors(state)])
        self._fed = state_tensors(state)
        aside = torch.cuda.Stream(ids.device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(ids.device))
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                work(self._ids, state)
        torch.cuda.current_stream(ids.device).wait_stream(aside)
        self._graph = torch.cuda.CUDAGraph()
        # Other threads may go on using the card meanwhile.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._made = work(self._ids, state)

    def __call__(self, ids: Tensor, state: object) -> Made:
        self._ids.copy_(ids)
        for own, given in zip(self._fed, state_tensors(state), strict=True):
            own.copy_(given)
        self._graph.replay()
        made: Made = with_tensors(self._made, [part.clone() for part in state_tensors(self._made)])
        return made


class StepGraphs(Generic[Made]):
    """``work`` (ids, state) on a card, recorded as it is first asked for; from any thread.

    ``work`` must not wait for the card, and what it makes is a dataclass of tensors.
    """

    def __init__(self, work: Callable[[Tensor, Any], Made]) -> None:
        self._work = work
        self._graphs: dict[int, _Graph[Made]] = {}
        self._lock = threading.Lock()

    def __call__(self, ids: Tensor, state: object) -> Made:
        # Buffers that were made in inference mode could not be written to outside of it.
        with self._lock, torch.inference_mode(False), torch.no_grad():
            graph = self._graphs.get(len(ids))
            if graph is None:
                graph = self._graphs[len(ids)] = _Graph(self._work, ids, state)
            return graph(ids, state)
