"""Words of the vocabulary that the training text hardly shows, such as a name of the last episodes.

A vocabulary is made of a whole corpus, and a part of it is held out. What a word is like that the
rest shows once or not at all, gradients cannot tell: its vector says nothing as a context, and as
a prediction it becomes all but impossible. What is known of it is what is known of the words that
are too rare for the vocabulary, which are read as the unknown word. So it is read as that, too (a
cue as the unknown cue), in training and, by what it is given at the end, ever after; and as a
prediction it has a share of that word's odds. The vocabulary tells how large a share: who is in it
and yet hardly in the training text must be in the rest as often as is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.corpus.vocabulary import CUE_UNK_ID, NEWLINE_ID, UNK_ID


@dataclass(frozen=True, slots=True)
class RareWords:
    """Which words they are, and what each is like."""

    words: Tensor
    """(rare,) ids"""
    read_as: Tensor
    """(vocabulary,) what each word is read as: itself, or the unknown word or cue"""
    shares: Tensor
    """(vocabulary,) logarithm of the share of that word's odds that each has; 0 for itself"""

    @classmethod
    def of(cls, counts: Tensor, cues: Tensor | None, least: int) -> RareWords:
        """Those with fewer than ``least`` of ``counts`` (vocabulary,); ``cues`` True at cues."""
        rare = counts < least
        rare[[UNK_ID, CUE_UNK_ID, NEWLINE_ID]] = False
        read_as = torch.arange(len(counts), device=counts.device)
        read_as[rare] = UNK_ID
        if cues is not None:
            read_as[rare & cues] = CUE_UNK_ID
        shares = torch.zeros(len(counts), device=counts.device)
        missing = (least - counts).float()
        for kind in (UNK_ID, CUE_UNK_ID):
            alike = rare & (read_as == kind)
            shares[alike] = (missing[alike] / missing[alike].sum()).log()
        return cls(rare.nonzero().squeeze(1), read_as, shares)

    def merged(self, counts: Tensor) -> Tensor:
        """``counts`` (vocabulary,) as training reads them, none being left to the rare."""
        return torch.zeros_like(counts).index_add(0, self.read_as, counts)

    def settle(self, table: Tensor, bias: Tensor) -> None:
        """Give them, in ``table`` (vocabulary, embedding) and ``bias``, what they are read as."""
        alike = self.read_as[self.words]
        table[self.words] = table[alike]
        bias[self.words] = bias[alike] + self.shares[self.words]

    def left_out(self, bias: Tensor) -> Tensor:
        """``bias`` (vocabulary,) with none of them having any odds, for training."""
        return bias.index_fill(0, self.words, float("-inf"))
