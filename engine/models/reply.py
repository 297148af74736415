"""The reply model: an encoder reads a speech, a decoder answers it, word by word.

Sutskever, Vinyals & Le, "Sequence to sequence learning with neural networks" (2014), as a model of
dialogue (Vinyals & Le 2015): a bidirectional encoder reads the speech before, its last states are
what the decoder starts the present speech from, and at every word the decoder looks at what the
encoder made of each word there. The scores are those of Bahdanau, Cho & Bengio (2015) and of Luong
(2015), over projections (:mod:`engine.models.attention`); what they weigh comes in where Luong has
it, behind the decoder's present state and before the softmax, and is not fed to the next step. In
training the decoder is given the words that came, not its own (teacher forcing, Williams & Zipser
1989). Nothing else of the text reaches the present speech, which is what the attention can be read
by: a word that it looks at is one of the speech before that the reply goes by. A speaker's name is
still told within the speech before it, since only the name begins the next one.

It reads texts like the other models, a window or a token at a time, and cuts them itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from engine.config import TrainingConfig
from engine.corpus.vocabulary import CUE_UNK_ID
from engine.models.attention import Scorer, looking_size
from engine.models.cell_traces import trace_cells
from engine.models.contract import CellTraces, Traces
from engine.models.draft_words import read_as
from engine.models.embedding_dropout import embed
from engine.models.locked_dropout import LockedDropout
from engine.models.rare_words import RareWords
from engine.models.recurrent import GATES, StackState
from engine.models.step_map import StepMap
from engine.models.tied_softmax import (
    draw,
    inclusion_probabilities,
    log_frequencies,
    target_log_probability,
)
from engine.models.turns import Heard, Pieces, divide


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the encoder made of the turn that each row or piece answers."""

    states: Tensor | None
    """(rows, span, hidden), where ``there``; None for a model without attention"""
    there: Tensor
    """(rows, span): where it has words"""
    start: StackState
    """(layers, rows, hidden) twice: what the decoder starts an answer from. It is made of the
    encoder's last outputs; what its memory cells hold is not passed on."""

    def select(self, rows: Tensor) -> Encoded:
        states = None if self.states is None else self.states[rows]
        return Encoded(states, self.there[rows], self.start.select(rows))


@dataclass(frozen=True, slots=True)
class ReplyState:
    """The decoder's state, and what has been heard; never changed in place."""

    decoder: StackState
    heard: Heard
    encoded: Encoded | None = None
    """Of ``heard.before``, so that it is not read anew with each word; not in training."""

    @property
    def batch_size(self) -> int:
        return self.decoder.batch_size

    def select(self, rows: Tensor) -> ReplyState:
        encoded = self.encoded and self.encoded.select(rows)
        return ReplyState(self.decoder.select(rows), self.heard.select(rows), encoded)

    def keep(self, rows: Tensor) -> ReplyState:
        return ReplyState(self.decoder.keep(rows), self.heard.keep(rows))

    def detach(self) -> ReplyState:
        return ReplyState(self.decoder.detach(), self.heard)


class _Book(NamedTuple):
    """The words that a text is read with, and told from."""

    row: Tensor | None
    """(vocabulary,): where each word is in the other two, meaningless for those that are not; None
    where that is its id."""
    vectors: Tensor
    """(words, embedding)"""
    bias: Tensor
    """(words,)"""

    def at(self, ids: Tensor) -> Tensor:
        """Where the words ``ids`` are."""
        return ids if self.row is None else self.row[ids]


class _Decoded(NamedTuple):
    features: Tensor
    """(batch, time, embedding), what the softmax sees."""
    attention: Tensor | None
    """(pieces, longest, span): weights over the turn before; 0 where it has no words."""
    state: ReplyState


class ReplyModel(nn.Module):
    """See the module's docstring and ``LanguageModel``."""

    def __init__(self, config: TrainingConfig, vocabulary_size: int) -> None:
        super().__init__()
        self.config, self.vocabulary_size = config, vocabulary_size
        self.gate_names = GATES["lstm"]
        self.span = config.attention_span
        embedding, hidden, layers = config.embedding_size, config.hidden_size, config.layers
        self.embedding = nn.Parameter(torch.randn(vocabulary_size, embedding) * embedding**-0.5)
        self.bias = nn.Parameter(torch.zeros(vocabulary_size))
        self.input_dropout = LockedDropout(config.dropout)
        self.output_dropout = LockedDropout(config.dropout)
        each_way = (hidden + 1) // 2
        self.encoder = nn.LSTM(embedding, each_way, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * each_way, 2 * layers * hidden)
        between = config.dropout if layers > 1 else 0.0
        self.decoder = nn.LSTM(embedding, hidden, layers, batch_first=True, dropout=between)
        attends = config.attention != "none"
        size = looking_size(hidden)
        self.scorer = Scorer(config.attention, hidden, size) if attends else None
        self.value = nn.Linear(hidden, size) if attends else None
        self.states = nn.Linear(2 * each_way, hidden) if attends else None
        self.combine = nn.Linear(hidden + (size if attends else 0), embedding)
        for lstm in (self.encoder, self.decoder):
            for name, bias in lstm.named_parameters():
                if name.startswith("bias_ih"):  # forget gates start at 1 (Jozefowicz 2015)
                    nn.init.constant_(bias[bias.numel() // 4 : bias.numel() // 2], 1.0)
        self.register_buffer("cues", torch.arange(vocabulary_size) == CUE_UNK_ID)
        self.cues: Tensor
        # Not saved: it is a matter of training only, and ``prime`` comes before every run.
        self.register_buffer("inclusion", torch.ones(vocabulary_size), persistent=False)
        self.inclusion: Tensor
        self._quick_scores: StepMap | None = None
        self._rare: RareWords | None = None

    @torch.no_grad()
    def prime(self, counts: Tensor, cues: Tensor | None = None) -> None:
        if cues is not None:
            self.cues.copy_(cues)
            self.cues[CUE_UNK_ID] = True
        self._rare = RareWords.of(counts, cues, self.config.vocabulary_cutoff)
        counts = self._rare.merged(counts)
        self.bias.copy_(log_frequencies(counts))
        self.inclusion.copy_(inclusion_probabilities(counts, self.config.candidates))
        self.inclusion[self._rare.words] = 0.0

    @torch.no_grad()
    def settle(self) -> None:
        if self._rare is not None:
            self._rare.settle(self.embedding, self.bias)

    @torch.no_grad()
    def prepare_steps(self) -> None:
        if self.bias.device.type == "cpu":
            self._quick_scores = StepMap([self.embedding.detach()], [self.bias.detach()])

    def initial_state(self, batch_size: int) -> ReplyState:
        zeros = self.bias.new_zeros(self.config.layers, batch_size, self.config.hidden_size)
        heard = Heard.nothing(batch_size, self.span, zeros.device)
        return ReplyState(StackState(zeros, zeros), heard)

    def forward(self, ids: Tensor, targets: Tensor, state: ReplyState) -> tuple[Tensor, ReplyState]:
        pieces = self._divided(ids, state)
        answered = pieces.answered[pieces.answered >= 0]
        book = self._training_book(torch.cat((ids.flatten(), targets.flatten(), answered)))
        decoded = self._decode(pieces, ids, state, book)
        rows = self.output_dropout(decoded.features).flatten(0, 1)
        wanted = book.at(targets.flatten())
        low = self.config.precision == "bfloat16"
        odds = target_log_probability(rows, book.vectors, book.bias, wanted, low)
        if self.training and self._rare is not None:
            odds = odds + self._rare.shares[targets.flatten()]
        return -odds.mean(), decoded.state

    @torch.no_grad()
    def score(self, ids: Tensor, targets: Tensor, state: ReplyState) -> tuple[Tensor, ReplyState]:
        pieces = self._divided(ids, state)
        decoded = self._decode(pieces, ids, state, self._whole_book())
        rows = decoded.features.flatten(0, 1)
        odds = target_log_probability(rows, self.embedding, self.bias, targets.flatten(), False)
        return odds.view_as(targets), decoded.state

    @torch.no_grad()
    def read(self, ids: Tensor, state: ReplyState) -> ReplyState:
        return self._decode(self._divided(ids, state), ids, state, self._whole_book()).state

    @torch.no_grad()
    def step(
        self, ids: Tensor, state: ReplyState, extra_words: int = 0
    ) -> tuple[Tensor, ReplyState, Traces]:
        pieces = self._divided(ids[:, None], state)
        # Within a turn there is nothing new to answer.
        encoded = state.encoded if bool(pieces.goes_on.all()) else None
        decoded = self._decode(pieces, ids[:, None], state, self._whole_book(), encoded)
        after = decoded.state
        odds = torch.log_softmax(self._scores(decoded.features[:, 0]), -1)
        if extra_words:
            odds = functional.pad(odds, (0, extra_words), value=float("-inf"))
        attention, memory_ids = None, None
        if decoded.attention is not None:
            attention, memory_ids = _as_last_words(decoded.attention, after.heard)
        cell = after.decoder.cell
        traces = Traces(
            attention=attention,
            copying=None,
            copy_share=None,
            memory_ids=memory_ids,
            hidden=after.decoder.hidden.transpose(0, 1),
            cell=None if cell is None else cell.transpose(0, 1),
            gates=None,
        )
        return odds, after, traces

    @torch.no_grad()
    def cell_traces(self, ids: Tensor, state: ReplyState) -> CellTraces:
        """Of the decoder, which begins anew with every turn."""
        pieces, book = self._divided(ids[None], state), self._whole_book()
        words = self._words(ids, book)
        starts = self._starts(pieces, self._encode(pieces.answered, book), state)
        found = []
        for piece, part in enumerate(torch.split(words, pieces.lengths.tolist())):
            start = starts.select(torch.tensor([piece], device=ids.device))
            found.append(trace_cells("lstm", self.decoder.all_weights, part, start))
        return CellTraces(
            torch.cat([one.hidden for one in found]),
            torch.cat([one.cell for one in found if one.cell is not None]),
            torch.cat([one.gates for one in found if one.gates is not None]),
        )

    def _scores(self, features: Tensor) -> Tensor:
        """(batch, vocabulary) of ``features`` (batch, embedding)."""
        if self._quick_scores is not None:
            return self._quick_scores(features)
        return torch.addmm(self.bias, features, self.embedding.t())

    def _divided(self, ids: Tensor, state: ReplyState) -> Pieces:
        return divide(state.heard, ids, self.cues[read_as(ids, self.vocabulary_size)])

    def _whole_book(self) -> _Book:
        return _Book(None, self.embedding, self.bias)

    def _training_book(self, used: Tensor) -> _Book:
        """What ``used`` words are read and told from while training."""
        book = self._whole_book()
        if self.training and self._rare is not None:
            book = _Book(self._rare.read_as, book.vectors, self._rare.left_out(book.bias))
        if self.training and self.config.candidates:
            drawn = draw(self.inclusion, book.at(used))
            vectors, bias = (part.index_select(0, drawn.words) for part in book[1:])
            row = drawn.place if book.row is None else drawn.place[book.row]
            book = _Book(row, vectors, bias + drawn.correction)
        return book

    def _words(self, ids: Tensor, book: _Book) -> Tensor:
        """(batch, time, embedding) of ``ids`` (batch, time)."""
        words = embed(
            book.at(read_as(ids, self.vocabulary_size)),
            book.vectors,
            self.config.embedding_dropout,
            self.training,
        )
        dropped: Tensor = self.input_dropout(words)
        return dropped

    def _decode(
        self,
        pieces: Pieces,
        ids: Tensor,
        state: ReplyState,
        book: _Book,
        encoded: Encoded | None = None,
    ) -> _Decoded:
        """Read ``ids`` (batch, time) behind ``state``; ``encoded`` is what they answer, or None."""
        encoded = encoded or self._encode(pieces.answered, book)
        start = self._starts(pieces, encoded, state)
        packed = _packed(self._words(pieces.laid_out(ids), book), pieces.lengths)
        outputs, (hidden, cell) = self.decoder(packed, (start.hidden, start.cell))
        states = pad_packed_sequence(outputs, batch_first=True)[0]
        seen, attention = states, None
        if self.scorer is not None and self.value is not None and encoded.states is not None:
            queries, keys = self.scorer.asking(states), self.scorer.key(encoded.states)
            attention = _weights(self.scorer.score(queries, keys), encoded.there[:, None])
            seen = torch.cat((states, attention @ self.value(encoded.states)), -1)
        decoder = StackState(hidden[:, pieces.last].float(), cell[:, pieces.last].float())
        features = torch.tanh(self.combine(pieces.in_text(seen)))
        kept = None if self.training else encoded.select(pieces.last)
        return _Decoded(features, attention, ReplyState(decoder, pieces.after, kept))

    def _encode(self, answered: Tensor, book: _Book) -> Encoded:
        """Read the turns ``answered`` (pieces, span), as :class:`Pieces` has them."""
        there = answered >= 0
        lengths = there.sum(1)
        # From the right end to the left one, where packing wants them.
        longest = max(1, int(lengths.max()))
        steps = torch.arange(longest, device=answered.device)
        from_left = (steps + self.span - lengths[:, None]).clamp_max(self.span - 1)
        words = self._words(answered.gather(1, from_left).clamp_min(0), book)
        outputs, (hidden, _cell) = self.encoder(_packed(words, lengths.clamp_min(1)))
        whole = torch.cat((hidden[0], hidden[1]), 1) * (lengths > 0)[:, None]
        start = self.bridge(whole).view(len(answered), 2, self.config.layers, -1).float()
        start = start.permute(1, 2, 0, 3).contiguous()
        states = None
        if self.states is not None:
            states = self.states(pad_packed_sequence(outputs, batch_first=True)[0])
            back = (steps - (longest - lengths[:, None])).clamp_min(0)
            states = states.gather(1, back[:, :, None].expand_as(states))
        return Encoded(states, there[:, -longest:], StackState(torch.tanh(start[0]), start[1]))

    def _starts(self, pieces: Pieces, encoded: Encoded, state: ReplyState) -> StackState:
        """(layers, pieces, hidden) each: what the decoder has where each piece begins."""
        goes_on, carried = pieces.goes_on[None, :, None], state.decoder.select(pieces.row)
        assert carried.cell is not None
        assert encoded.start.cell is not None
        return StackState(
            torch.where(goes_on, carried.hidden, encoded.start.hidden),
            torch.where(goes_on, carried.cell, encoded.start.cell),
        )


def _packed(words: Tensor, lengths: Tensor) -> nn.utils.rnn.PackedSequence:
    return pack_padded_sequence(words, lengths.cpu(), batch_first=True, enforce_sorted=False)


def _weights(scores: Tensor, there: Tensor) -> Tensor:
    """(pieces, time, span) weights where ``there`` (pieces, 1, span); 0 where it is nowhere."""
    weights = torch.softmax(scores.masked_fill(~there, -1e9), -1)
    return weights * there.any(-1, keepdim=True)


def _as_last_words(attention: Tensor, heard: Heard) -> tuple[Tensor, Tensor]:
    """Weights (batch, 1, words) over the last words of a text, and their ids (batch, words).

    ``attention`` (batch, 1, positions) is over the end of the turn before. Of a present turn that
    is longer than ``heard`` holds, the ids are 0; words that are further back than twice that have
    no place, so that the weights of the others sum to less than 1.
    """
    span = heard.before.shape[1]
    reach = 2 * span
    positions = torch.arange(reach, device=attention.device)
    # How far the end of the turn before is from the end of the text.
    shift = heard.length[:, None]
    at = positions + shift - span
    before = (at >= 0) & (at < span)
    ids = torch.where(before, heard.before.gather(1, at.clamp(0, span - 1)), -1)
    now = functional.pad(heard.present, (span, 0), value=0)
    ids = torch.where(positions >= reach - shift, now, ids)
    weights = functional.pad(attention[:, 0], (span - attention.shape[2], 0))
    weights = weights.gather(1, at.clamp(0, span - 1)) * before
    return weights[:, None], ids
