"""What this machine can do, measured in about a second."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable

import torch

from engine.config import DeviceChoice, Precision
from engine.protocol.values import MachineReport
from engine.training.device import choose_device

WIDTH, CARD_WIDTH = 1024, 4096
LSTM_BATCH, LSTM_TIME, LSTM_HIDDEN = 32, 16, 256


TRAINING_THREADS = torch.get_num_threads()
"""What a process of its own has, as training is one; the engine sets itself fewer later on."""


_ALONE = threading.Lock()


def measure_machine(wanted: DeviceChoice = "auto") -> MachineReport:
    """Speeds of matrix products in both precisions and of an LSTM's training step.

    They are those that training will have, whatever the process leaves itself for other work.
    """
    with _ALONE:  # two at once would find half of each, and each other's number of threads
        return measured_once(wanted)


@functools.cache
def measured_once(wanted: DeviceChoice) -> MachineReport:
    """:func:`measure_machine`, for one at a time."""
    threads = torch.get_num_threads()
    torch.set_num_threads(TRAINING_THREADS)
    try:
        return _measured(wanted)
    finally:
        torch.set_num_threads(threads)


def _measured(wanted: DeviceChoice) -> MachineReport:
    device, reason = choose_device(wanted)
    flops = {}
    # A card is only filled by large ones.
    width = WIDTH if device.type == "cpu" else CARD_WIDTH
    for kind in (torch.float32, torch.bfloat16):
        left = torch.randn(width, width, device=device).to(kind)
        right = torch.randn(width, width, device=device).to(kind)
        seconds = _seconds(lambda left=left, right=right: left @ right, device)  # type: ignore[misc]
        flops[kind] = 2 * width**3 / seconds
    lstm = torch.nn.LSTM(LSTM_HIDDEN, LSTM_HIDDEN, device=device)
    text = torch.randn(LSTM_TIME, LSTM_BATCH, LSTM_HIDDEN, device=device)

    def train() -> None:
        lstm(text)[0].sum().backward()

    return MachineReport(
        device=str(device),
        reason=reason,
        threads=torch.get_num_threads(),
        float32_flops=flops[torch.float32],
        bfloat16_flops=flops[torch.bfloat16],
        lstm_tokens_per_second=LSTM_TIME * LSTM_BATCH / _seconds(train, device),
    )


def best_precision(device: torch.device) -> Precision:
    """bfloat16 where it is likely to pay: GPUs that have it, and CPUs that measure faster in it."""
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if device.type == "mps":
        return "float32"
    return faster_precision(measure_machine("cpu"))


def faster_precision(machine: MachineReport) -> Precision:
    """The precision to train in: bfloat16 where it was measured to pay."""
    pays = machine.bfloat16_flops > 1.2 * machine.float32_flops and machine.device != "mps"
    return "bfloat16" if pays else "float32"


def _seconds(work: Callable[[], object], device: torch.device, budget: float = 0.15) -> float:
    """Seconds of one ``work``, the best of as many as fit into ``budget``."""
    work()
    best, spent = float("inf"), 0.0
    while spent < budget:
        _wait(device)
        begun = time.perf_counter()
        work()
        _wait(device)
        took = time.perf_counter() - begun
        best, spent = min(best, took), spent + took
    return best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()
    elif device.type == "mps":
        torch.mps.synchronize()
