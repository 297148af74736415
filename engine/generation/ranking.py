"""Filling in: how well what follows the cursor fits after a candidate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from engine.corpus.tokenizer import tokenize
from engine.errors import ModelError
from engine.generation.writer import Writer
from engine.protocol.messages import Write

READ = 60
"""Tokens of what follows that are looked at."""


def rank(
    writer: Writer, before: str, candidates: Sequence[str], after: str, cast: Sequence[str] = ()
) -> tuple[float, ...]:
    """For each candidate, mean nats a token of the beginning of ``after`` behind it.

    Lower fits better.

    Raises:
        ModelError: when ``after`` is empty.
    """
    if not after.strip():
        raise ModelError("Nothing follows that the candidates could lead into.")
    return tuple(_nats(writer, before + candidate, after, cast) for candidate in candidates)


def fit(writer: Writer, request: Write, written: str) -> float:
    """The score of one candidate, for the stream that wrote it."""
    return rank(writer, request.before, (written,), request.after, request.cast)[0]


def _nats(writer: Writer, before: str, after: str, cast: Sequence[str]) -> float:
    context = writer.context(before, cast, complete_word=False)
    vocabulary = writer.vocabulary
    # Read together, since a word may be cut in two by the seam.
    together = tokenize(context.text + after[: READ * 40])
    apart = tokenize(context.text)
    same = 0
    while same < min(len(apart), len(together)) and apart[same] == together[same]:
        same += 1
    targets = vocabulary.encode(together[same : same + READ])
    if not len(targets):
        return 0.0
    last = max(0, same - (len(apart) - (len(context.ids) - 1)))
    inputs = np.concatenate(([context.ids[last]], targets[:-1]))
    state = writer.state_after(context.ids[:last])
    with torch.inference_mode():
        odds, _state = writer.model.score(
            torch.from_numpy(inputs).long()[None].to(writer.device),
            torch.from_numpy(targets).long()[None].to(writer.device),
            state,
        )
    return -float(odds.cpu().double().mean())
