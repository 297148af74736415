"""Several processes that train one model: ``torchrun`` starts them, gradients are averaged.

Each process reads its own share of the columns; after every backward pass all gradients are
averaged in one flat message, so that every process takes the same step. With as many columns in
all as one process would have, the step is that of one process, but for rounding and for what is
drawn by lot (dropout, states begun anew, words to compare with), which each draws for itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.errors import TrainingError


class ProcessError(TrainingError):
    """Trouble that one process of a group has, and the others do not know of."""


class Group:
    """The processes of one run; a group of one does nothing."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def leads(self) -> bool:
        """Whether this process tells, validates and saves for all."""
        return self.rank == 0

    def share(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """This process's contiguous part of ``ids`` (tokens,), all parts equally long."""
        if self.size == 1:
            return ids
        length = (len(ids) - 1) // self.size
        return ids[self.rank * length : (self.rank + 1) * length + 1]

    def columns(self, batch_size: int) -> int:
        """This process's part of the columns.

        Raises:
            TrainingError: when they cannot be shared out evenly.
        """
        if batch_size % self.size:
            raise TrainingError(
                f"A batch of {batch_size} cannot be shared out to {self.size} processes.",
                f"Choose a multiple of {self.size}.",
            )
        return batch_size // self.size

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace every gradient by its mean over the processes."""
        if self.size == 1:
            return
        grads = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([grad.reshape(-1) for grad in grads])
        dist.all_reduce(flat)
        flat /= self.size
        start = 0
        for grad in grads:
            grad.copy_(flat[start : start + grad.numel()].view_as(grad))
            start += grad.numel()

    def same_start(self, module: nn.Module) -> None:
        """Give every process the weights and buffers of the first."""
        if self.size > 1:
            for value in (*module.parameters(), *module.buffers()):
                dist.broadcast(value.detach(), 0)

    def agree(self, value: float, device: torch.device) -> float:
        """The first process's ``value``, in all of them: such as how far the run has come."""
        if self.size == 1:
            return value
        told: Tensor = torch.tensor([value], dtype=torch.float64, device=device)
        dist.broadcast(told, 0)
        return float(told)

    def agree_on(self, text: str, device: torch.device) -> str:
        """The first process's ``text``, in all of them; the others may pass anything."""
        size = int(self.agree(len(text.encode()), device))
        told = torch.zeros(size, dtype=torch.uint8, device=device)
        if self.leads:
            told.copy_(torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8))
        if self.size > 1:
            dist.broadcast(told, 0)
        return bytes(told.tolist()).decode()


def join(device: torch.device) -> Group:
    """The group that ``torchrun`` described in the environment, or a group of one.

    Raises:
        TrainingError: when the other processes cannot be reached.
    """
    if "RANK" not in os.environ or int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return Group()
    try:
        if not dist.is_initialized():
            dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"The processes of this run cannot reach each other: {error}.",
            "Check MASTER_ADDR and MASTER_PORT, or start with torchrun --standalone.",
        ) from error
    return Group(dist.get_rank(), dist.get_world_size())


def leave(group: Group) -> None:
    """End the group."""
    if group.size > 1 and dist.is_initialized():
        dist.destroy_process_group()
