"""AdamW (Loshchilov & Hutter 2019), without decay on biases."""

from __future__ import annotations

import torch
from torch import nn

from engine.config import TrainingConfig


def make_optimizer(
    module: nn.Module, config: TrainingConfig, device: torch.device
) -> torch.optim.AdamW:
    """The optimizer of ``module``'s weights; its learning rate is set at every step.

    On a CUDA card the rate is a tensor there, so that a step can be recorded.
    """
    card = device.type == "cuda"
    trained = [p for p in module.parameters() if p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": [p for p in trained if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=torch.tensor(config.learning_rate, device=device) if card else config.learning_rate,
        betas=(0.9, 0.99),
        fused=device.type != "mps",
        capturable=card,
    )
