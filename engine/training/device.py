"""Where to compute: CUDA, Apple's MPS or the CPU, and why."""

from __future__ import annotations

import torch

from engine.config import DeviceChoice
from engine.errors import TrainingError


def choose_device(wanted: DeviceChoice = "auto") -> tuple[torch.device, str]:
    """The device and a sentence on the choice.

    Raises:
        TrainingError: when a device is asked for that this machine has not.
    """
    cuda = torch.cuda.is_available()
    mps = torch.backends.mps.is_available()
    if wanted == "cuda" and not cuda:
        raise TrainingError("There is no CUDA device here.", "Use --device cpu or auto.")
    if wanted == "mps" and not mps:
        raise TrainingError("There is no MPS device here.", "Use --device cpu or auto.")
    if wanted == "cuda" or (wanted == "auto" and cuda):
        return torch.device("cuda"), f"Training on {torch.cuda.get_device_name()} (CUDA)."
    if wanted == "mps" or (wanted == "auto" and mps):
        return torch.device("mps"), "Training on the Apple GPU (MPS)."
    count = torch.get_num_threads()
    reason = "as asked" if wanted == "cpu" else "there is no GPU"
    return torch.device("cpu"), f"Training on the CPU with {count} threads: {reason}."


def out_of_memory(error: Exception) -> bool:
    """Whether ``error`` says that memory ran out, the device's or the machine's."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "allocate memory" in str(error)
