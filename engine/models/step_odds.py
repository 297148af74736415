"""The script model's odds after one step on a CPU.

What copies, counts and the words said are given is added where it belongs and nowhere else, and the
pass over all words that makes room for it is one for all of them.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.models.draft_words import array_read_as
from engine.models.kneser_ney import HISTORY
from engine.models.ngram_mixture import NgramMixture
from engine.models.odds_mixture import Looked, mixed
from engine.models.recency import Floats, Ints, Recency


def step_odds(
    logits: Tensor,
    looked: Looked,
    ngrams: NgramMixture | None,
    recency: Recency | None,
    words: Ints | None,
    extra_words: int,
) -> Tensor:
    """(batch, vocabulary + ``extra_words``) log-probabilities; see ``odds_mixture.mixed``.

    ``logits`` is (batch, vocabulary) and used up, ``words`` (batch, REACH + 1) what was said, this
    step's word at the end.
    """
    if looked.copying is None and ngrams is None and recency is None:
        return mixed(logits[:, None], looked, None, None, extra_words)[:, 0]
    batch, known = logits.shape
    odds = logits.new_empty(batch, known + extra_words)
    chances: Floats = odds.numpy()
    rest = np.ones((batch, 1), dtype=np.float32)
    given: list[tuple[Ints, Floats]] = []
    if recency is not None and words is not None:
        places, said = recency.weigh_last(words)
        given.append((places, said))
        rest -= said.sum(1, keepdims=True)
    if looked.copying is not None and looked.share is not None and looked.ids is not None:
        given.append((looked.ids.numpy(), looked.copying[:, 0].numpy() * rest))
        rest = rest * (1 - looked.share.numpy())
    counted = 0.0 if ngrams is None else ngrams.share
    softmax = torch.softmax(logits, dim=-1, out=logits).numpy()
    np.multiply(softmax, rest * np.float32(1 - counted), out=chances[:, :known])
    chances[:, known:] = 0
    if ngrams is not None and looked.ids is not None:
        shares = (rest[:, 0] * np.float32(counted)).tolist()
        histories = array_read_as(looked.ids.numpy()[:, -HISTORY:], known).tolist()
        for history, share, row in zip(histories, shares, chances[:, :known], strict=True):
            ngrams.counts.add_after(history, share, row)
    begins = np.arange(batch)[:, None] * chances.shape[1]
    for ids, amounts in given:
        np.add.at(chances.ravel(), (np.maximum(ids, 0) + begins).ravel(), amounts.ravel())
    return odds.log_()
