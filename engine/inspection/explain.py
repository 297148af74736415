"""Why this word: odds, surprise, copying and attention for the tokens of a text.

The odds are those of the distribution that writes (:class:`engine.generation.odds.NextWord`), so
that a word which was just written shows the probability that it was drawn with. A word that the
model could not give, since neither the vocabulary nor the text before it holds it or since it does
not copy, has the probability of the unknown word.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from engine.corpus.detokenizer import Detokenizer
from engine.corpus.tokenizer import NEWLINE, is_cue, is_word, tokenize_with_offsets
from engine.generation import samplers
from engine.generation.branch import COPIED_WORDS, RECENT
from engine.generation.context import Context, draft_casing
from engine.generation.odds import NextWord
from engine.generation.samplers import Odds
from engine.generation.writer import Writer
from engine.inspection.reading import Predicted, ReadText, predictions, read_text
from engine.protocol.messages import Explain, Explanation
from engine.protocol.values import Alternative, ExplainedToken, NextWordOdds

MOST_WEIGHTS = 150_000
MOST_ALTERNATIVES = 20_000
"""Weights and alternatives in one answer."""
DECIMALS = 4
NAMED = 3
"""Words that the summary names."""
NO_TEXT = "There is no text yet."


def explain(writer: Writer, request: Explain) -> Explanation:
    """What the model made of the last ``request.tokens`` tokens of ``request.text``.

    Alternatives hold the text that would stand in place of the token and the blanks before it.
    """
    read = read_text(writer, request.text, request.tokens)
    if not read.tokens and not request.next:
        return Explanation(tokens=(), attention="", heads=0, summary=NO_TEXT)
    rows = predictions(writer, read, beyond=request.next)
    places = _Places(writer, request, read)
    count = len(read.tokens) - read.first
    weighed, listed = _room(rows[:count], request)
    told: list[ExplainedToken] = []
    for offset, row in enumerate(rows[:count]):
        odds = places.odds(offset, row)
        token = _told(request, read, places.context, offset, row, odds, weighed[offset])
        if listed[offset]:
            token = replace(token, alternatives=places.alternatives(odds))
        told.append(token)
        places.pass_over(token.word)
    reach = max(0, *(-token.first_attended for token in told)) if told else 0
    earlier = _before(read)
    attention = rows[0].attention
    return Explanation(
        tokens=tuple(told),
        attention="" if attention is None else str(getattr(writer.model.config, "attention", "")),
        heads=0 if attention is None else len(attention),
        summary=summary(told, read) if told else NO_TEXT,
        cut=read.first + sum(1 for _ in tokenize_with_offsets(request.text[: read.start])),
        reached=tuple((start, end) for _token, start, end in earlier[len(earlier) - reach :]),
        next=places.beyond(count, rows[count]) if request.next else None,
    )


class _Places:
    """The distributions at one place of a text after another, as writing would draw from them."""

    def __init__(self, writer: Writer, request: Explain, read: ReadText) -> None:
        self.context = _context(writer, request.text, read)
        self._next_word = NextWord(writer, self.context, request.settings or samplers.NEUTRAL)
        self._read, self._number = read, request.alternatives
        self._cues = sorted(
            (read.ids.index(n), n) for token, n in read.draft_words.ids.items() if is_cue(token)
        )
        self._words = _word_places(writer, self.context, read.ids)
        self._detokenizer = self.context.detokenizer

    def odds(self, offset: int, row: Predicted) -> Odds:
        """What could come as token ``offset`` of those that are looked at."""
        ids, number = self._read.ids, self._read.first + 1 + offset
        own = np.array([n for place, n in self._cues if place < number], dtype=np.int64)
        recent = ids[:number][-RECENT:]
        until = bisect_left(self._words, number)
        words = [ids[place] for place in self._words[max(0, until - COPIED_WORDS) : until]]
        return self._next_word.odds(self._next_word.writable(row.odds, recent, own), recent, words)

    def alternatives(self, odds: Odds) -> tuple[Alternative, ...]:
        """The likeliest words, spelled as they would be behind what was passed over."""
        return _alternatives(self.context, self._detokenizer, odds, self._number)

    def pass_over(self, word: str) -> None:
        self._detokenizer = self._detokenizer.behind(word)

    def beyond(self, offset: int, row: Predicted) -> NextWordOdds:
        """What could come behind the text."""
        odds = self.odds(offset, row)
        return NextWordOdds(
            entropy=odds.entropy(),
            copy_share=_copy_share(row),
            alternatives=self.alternatives(odds),
        )


def _before(read: ReadText) -> list[tuple[str, int, int]]:
    """The line end before the text and the tokens before the first explained one."""
    return [(NEWLINE, read.start, read.start), *read.tokens[: read.first]]


def _context(writer: Writer, text: str, read: ReadText) -> Context:
    """The text before the first explained token, as one that is to be continued."""
    part = text[read.start :]
    start = read.tokens[read.first][1] - read.start if read.tokens else 0
    casing = draft_casing(writer.casing, part, {}, read.draft_words.ids)
    return Context(
        text=part,
        ids=read.ids,
        vocabulary=writer.vocabulary,
        draft_words=read.draft_words,
        casing=casing,
        detokenizer=Detokenizer.after(part[:start].rstrip(" \t"), casing),
        unfinished="",
        empty_lines="\n\n" in part,
    )


def _word_places(writer: Writer, context: Context, ids: Sequence[int]) -> list[int]:
    """Where words rather than marks, line ends or cues stand in ``ids``."""
    known = writer.is_word
    return [
        place
        for place, n in enumerate(ids)
        if (known[n] if n < len(known) else is_word(context.word(n)))
    ]


def _room(rows: Sequence[Predicted], request: Explain) -> tuple[list[bool], list[bool]]:
    """Which tokens get their weights told, and which their alternatives.

    An answer has to fit a frame; the newest tokens come first.
    """
    weighed, left = [], MOST_WEIGHTS if request.attention else 0
    for row in reversed(rows):
        size = sum(part.size for part in (row.attention, row.copying) if part is not None)
        left -= size
        weighed.append(size > 0 and left >= 0)
    most = MOST_ALTERNATIVES // max(1, request.alternatives)
    listed = [len(rows) - offset <= most for offset in range(len(rows))]
    return weighed[::-1], listed


def _alternatives(
    context: Context, detokenizer: Detokenizer, odds: Odds, number: int
) -> tuple[Alternative, ...]:
    return tuple(
        Alternative(
            text=detokenizer.text(context.word(other)),
            word=context.word(other),
            probability=min(1.0, round(chance, 7)),
        )
        for other, chance in odds.likeliest(number)
    )


def _told(
    request: Explain,
    read: ReadText,
    context: Context,
    offset: int,
    row: Predicted,
    odds: Odds,
    weighed: bool,
) -> ExplainedToken:
    token, start, end = read.tokens[read.first + offset]
    number = read.ids[read.first + 1 + offset]
    probability = odds.of(number)
    sources = np.array([1.0, 0.0, 0.0, 0.0]) if row.sources is None else row.sources
    new = number not in read.ids[: read.first + 1 + offset]
    never = not is_cue(token) and np.isneginf(row.odds[number])  # a cue has a share of its own
    unknown = number >= len(context.vocabulary) and bool(new or never)
    if unknown:
        probability = float(np.exp(row.odds[context.vocabulary.id_of(token)]))
        sources = np.array([1.0, 0.0, 0.0, 0.0])
    parts = (probability * sources / max(float(sources.sum()), 1e-30)).tolist()
    share = _copy_share(row)
    reach = 0
    attention: tuple[tuple[float, ...], ...] = ()
    copy_weights: tuple[float, ...] = ()
    if weighed:
        attention, copy_weights, reach = _weights(row, share)
    return ExplainedToken(
        text=request.text[start:end],
        word=token,
        start=start,
        end=end,
        probability=min(1.0, probability),
        rank=None if unknown else odds.rank(probability),
        surprise=float(-np.log2(max(probability, 1e-300))),
        entropy=odds.entropy(),
        from_softmax=parts[0],
        from_ngrams=parts[1],
        from_copying=parts[2],
        from_said=parts[3],
        copy_share=share,
        attention=attention,
        copy_weights=copy_weights,
        first_attended=offset - reach if weighed else 0,
        unknown=unknown,
    )


def _copy_share(row: Predicted) -> float:
    return 0.0 if row.copying is None else float(row.copying.sum())


def _weights(
    row: Predicted, share: float
) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...], int]:
    """Rounded weights without the zeros at their beginning, and how far they reach back."""
    rows = [] if row.attention is None else list(row.attention)
    if row.copying is not None:
        rows.append(row.copying / max(share, 1e-12))
    table = np.round(np.stack(rows), DECIMALS)
    some = np.flatnonzero(table.any(axis=0))
    first = int(some[0]) if some.size else table.shape[1]
    told = [tuple(values[first:].tolist()) for values in table]
    heads = 0 if row.attention is None else len(row.attention)
    copy_weights = told[heads] if row.copying is not None else ()
    return tuple(told[:heads]), copy_weights, table.shape[1] - first


def summary(told: Sequence[ExplainedToken], read: ReadText) -> str:
    """One sentence about the last token: what the model looked at, and what it copied."""
    last = told[-1]
    spelled = [token for token, _start, _end in _before(read)] + [token.word for token in told]
    base = len(spelled) - len(told) + last.first_attended
    looked: dict[str, float] = {}
    for head in last.attention:
        for position, weight in enumerate(head):
            word = spelled[base + position]
            looked[word] = looked.get(word, 0.0) + weight
    name = "the line end" if last.word == NEWLINE else f"“{last.text}”"
    parts = []
    best = sorted((word for word in looked if looked[word] > 0), key=lambda w: -looked[w])[:NAMED]
    if best:
        named = ("line ends" if word == NEWLINE else f"“{word}”" for word in best)
        parts.append(f"looked most at: {', '.join(named)}")
    if last.from_copying > 0.005:
        parts.append(f"{last.from_copying / last.probability:.0%} of its odds came from copying")
    if not parts:
        parts.append("nothing stood out" if last.attention else "this model does not look back")
    return f"For {name}: " + "; ".join(parts) + "."
