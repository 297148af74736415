"""Words of the vocabulary that the training text never shows, such as a name of the last episodes.

Nothing pulls at their vectors but being wrong, so that after training they say nothing as a
context and are all but impossible as a prediction. What is known of a word never seen is what is
known of words hardly seen: those that the vocabulary leaves out, which training reads as the
unknown word. So a word without a count stands where the unknown word (for a cue, the unknown cue)
stands, and has an even share of its odds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.corpus.vocabulary import CUE_UNK_ID, NEWLINE_ID, UNK_ID


@dataclass(frozen=True, slots=True)
class UnseenWords:
    """Which words they are, and what each is like."""

    words: Tensor
    """(unseen,) ids"""
    stand_ins: Tensor
    """(unseen,) ids of what each is read as"""
    shares: Tensor
    """(unseen,) logarithm of the share of its stand-in's odds that each has"""

    @classmethod
    def of(cls, counts: Tensor, cues: Tensor | None) -> UnseenWords:
        """Those without any of ``counts`` (vocabulary,); ``cues`` (vocabulary,) is True at cues."""
        unseen = counts == 0
        unseen[[UNK_ID, CUE_UNK_ID, NEWLINE_ID]] = False
        words = unseen.nonzero().squeeze(1)
        stand_ins = torch.full_like(words, UNK_ID)
        if cues is not None:
            stand_ins[cues[words]] = CUE_UNK_ID
        many = [max(1, int((stand_ins == kind).sum())) for kind in (UNK_ID, CUE_UNK_ID)]
        shares = torch.tensor([-math.log(n) for n in many], device=counts.device)
        return cls(words, stand_ins, shares[stand_ins])

    def settle(self, table: Tensor, bias: Tensor) -> None:
        """Give them, in ``table`` (vocabulary, embedding) and ``bias``, what their stand-ins have.

        A stand-in that was never seen either says nothing of them.
        """
        table[self.words] = table[self.stand_ins]
        bias[self.words] = bias[self.stand_ins] + self.shares

    def left_out(self, bias: Tensor) -> Tensor:
        """``bias`` (vocabulary,) with none of them having any odds, for training."""
        return bias.index_fill(0, self.words, float("-inf"))
