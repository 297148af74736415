"""What a benchmark ran on, in a line."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch


def description() -> str:
    """Processor, threads and versions."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return (
        f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads{gpu}; "
        f"Python {platform.python_version()}, torch {torch.__version__}"
    )
