"""A sentiment network: a text's words through an LSTM, and from what that makes of them a grade.

Texts of many lengths make one batch: their vectors are packed, word by word of all that are long
enough, so that the recurrence never reads padding; what it puts out is padded, to be one tensor.
The grade is told from the greatest value that each unit has had (max-over-time pooling, Collobert
et al. 2011), so that a word in the middle counts as much as the last; with the greatest so far it
can be told behind every word, and one sees which of them turned it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence, pad_packed_sequence

from engine.config import MoodConfig
from engine.corpus.vocabulary import UNK_ID

FORGET_BIAS = 1.0
"""What a memory cell begins with: to keep what it has (Jozefowicz, Zaremba & Sutskever 2015)."""
LEAST_OUTPUT = -1
"""Of an LSTM's units, so that padding is never the greatest."""


class MoodModel(nn.Module):
    """Tells the grade, one of ``grades``, of texts over ``words`` ids.

    :mod:`engine.moods.training` has its loss, the cross-entropy of the grade, and its optimizer.
    """

    def __init__(self, config: MoodConfig, words: int, grades: int) -> None:
        super().__init__()
        self.config = config
        size = config.hidden_size
        self.embedding = nn.Embedding(words, config.embedding_size)
        self.lstm = nn.LSTM(
            config.embedding_size,
            size,
            config.layers,
            batch_first=True,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(size, grades)
        nn.init.normal_(self.embedding.weight, std=0.1)
        with torch.no_grad():
            for layer in range(config.layers):
                getattr(self.lstm, f"bias_ih_l{layer}")[size : 2 * size] = FORGET_BIAS
                getattr(self.lstm, f"bias_hh_l{layer}")[size : 2 * size] = 0

    def forward(self, texts: Sequence[Tensor]) -> Tensor:
        """(texts, grades) scores of ``texts``, each (words,) ids, at least one."""
        states, lengths = self._states(texts)
        padding = torch.arange(states.shape[1])[None] >= lengths[:, None]
        greatest = states.masked_fill(padding[..., None], LEAST_OUTPUT).amax(1)
        scores: Tensor = self.output(self.dropout(greatest))
        return scores

    def along(self, texts: Sequence[Tensor]) -> list[Tensor]:
        """For each text (words, grades): its scores if it ended behind each of its words.

        Without dropout, as after ``eval``.
        """
        states, lengths = self._states(texts)
        scores = self.output(states.cummax(1).values)
        return [row[:length] for row, length in zip(scores, lengths.tolist(), strict=True)]

    def _states(self, texts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """(texts, time, hidden) states behind each word, and the texts' lengths."""
        lengths = torch.tensor([len(text) for text in texts])
        ids = torch.cat(list(texts))
        if self.training and self.config.word_dropout:
            dropped = torch.rand(len(ids)) < self.config.word_dropout
            ids = ids.masked_fill(dropped, UNK_ID)
        vectors = self.dropout(self.embedding(ids))  # (words of all texts, embedding)
        packed = pack_sequence(vectors.split(lengths.tolist()), enforce_sorted=False)
        states, _lengths = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return states, lengths


def mood_of(scores: Tensor, scale: Sequence[int]) -> Tensor:
    """(texts,) the mood that (texts, grades) ``scores`` come to: -1, the lowest grade, to 1.

    The mean grade under the softmax, so that two grades that are as likely meet half-way.
    """
    low, high = scale[0], scale[-1]
    places = torch.tensor([2 * (grade - low) / (high - low) - 1 for grade in scale])
    return torch.softmax(scores, -1) @ places
