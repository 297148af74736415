"""How well a model predicts a text: negative log-likelihood with the state carried through."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from engine.models.contract import LanguageModel, State
from engine.training.batching import Columns, Position

COLUMNS = 16
WINDOW = 64


def mean_nll(
    model: LanguageModel[State],
    ids: NDArray[np.int32],
    device: torch.device,
    columns: int = COLUMNS,
    most_tokens: int | None = None,
) -> tuple[float, int]:
    """Mean negative log-likelihood in nats of ``ids`` (tokens,), and over how many tokens.

    The text is read in ``columns`` stretches side by side; 1 is the exact order of the text.
    """
    module = model if isinstance(model, torch.nn.Module) else None
    training = module is not None and module.training
    if module is not None:
        module.eval()
    data = Columns(ids[:most_tokens], columns, WINDOW, device)
    state = model.initial_state(data.columns)
    position, total, count = Position(), 0.0, 0
    with torch.no_grad():
        while position.epoch == 0:
            inputs, targets, position = data.window(position, None)
            odds, state = model.score(inputs, targets, state)
            total -= float(odds.cpu().double().sum())
            count += targets.numel()
    if module is not None:
        module.train(training)
    return total / max(1, count), count
