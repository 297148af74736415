"""What a model gives to each word of a text, in the exact order of the text."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.models.contract import LanguageModel

WINDOW = 64


@torch.no_grad()
def text_odds(
    model: LanguageModel[Any], ids: NDArray[np.int32], device: torch.device
) -> NDArray[np.float64]:
    """(tokens - 1,) probabilities of ``ids`` (tokens,) from the second on."""
    text = torch.from_numpy(np.asarray(ids, dtype=np.int64)).to(device)[None]
    state, told = model.initial_state(1), []
    for at in range(0, len(ids) - 1, WINDOW):
        window = text[:, at : at + WINDOW + 1]
        odds, state = model.score(window[:, :-1], window[:, 1:], state)
        told.append(odds[0].cpu().double().numpy())
    probabilities: NDArray[np.float64] = np.exp(np.concatenate(told))
    return probabilities
