"""Filling in: how well what follows the cursor fits after a candidate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.corpus.tokenizer import tokenize
from engine.errors import ModelError
from engine.generation.writer import Writer
from engine.models.contract import PredictsWindows
from engine.models.draft_words import array_read_as
from engine.protocol.messages import Write

Ids = NDArray[np.int64]

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
    # Read together, since a word may be cut in two by the seam.
    together = tokenize(context.text + after[: READ * 40])
    apart = tokenize(context.text)
    same = 0
    while same < min(len(apart), len(together)) and apart[same] == together[same]:
        same += 1
    targets = np.array([context.id_of(t) for t in together[same : same + READ]], dtype=np.int64)
    if not len(targets):
        return 0.0
    last = max(0, same - (len(apart) - (len(context.ids) - 1)))
    inputs = np.concatenate(([context.ids[last]], targets[:-1]))
    state = writer.state_after(context.ids[:last])
    with torch.inference_mode():
        return -float(_log_odds(writer, inputs, targets, state, len(context.draft_words)).mean())


def _log_odds(writer: Writer, inputs: Ids, targets: Ids, state: Any, extra_words: int) -> Tensor:
    """(time,) of the tokens that come; the unknown word's for a draft's own that is not copied."""
    model = writer.model
    as_known = array_read_as(targets, len(writer.vocabulary))
    read, came, unknown = (
        torch.from_numpy(ids).long()[None].to(writer.device) for ids in (inputs, targets, as_known)
    )
    if isinstance(model, PredictsWindows):
        odds, _state, _traces = model.predict(read, state, extra_words)
        told = odds.gather(-1, came[..., None])
        told = torch.where(told.isinf(), odds.gather(-1, unknown[..., None]), told)
    else:
        read = torch.from_numpy(array_read_as(inputs, len(writer.vocabulary))).long()[None].to(read)
        told, _state = model.score(read, unknown, state)
    return told.cpu().double()
