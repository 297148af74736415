"""A corpus in numbers."""

from __future__ import annotations

from engine.corpus.corpus import Corpus
from engine.corpus.measuring import length_labels
from engine.corpus.tokenizer import NEWLINE, is_word
from engine.protocol.values import CorpusSummary, CoverageAt, SpeakerCount, SplitSizes

CUTOFFS = (1, 2, 3, 5, 10)
MOST_SPEAKERS = 500
MOST_WORDS = 50
MOST_NOTES = 20


def summarise(corpus: Corpus) -> CorpusSummary:
    """What the Corpus room shows of ``corpus``."""
    total = len(corpus.ids)
    train, validation, test = corpus.parts()
    cutoffs = tuple(_coverage(corpus, cutoff) for cutoff in sorted({*CUTOFFS, corpus.cutoff}))
    speakers = sorted(corpus.tallies.speakers.items(), key=lambda e: (-e[1].lines, e[0]))
    here = next(c for c in cutoffs if c.cutoff == corpus.cutoff)
    return CorpusSummary(
        key=corpus.key,
        name=corpus.name,
        files=len(corpus.sources),
        encodings=corpus.encodings,
        notes=_first(corpus.notes),
        bytes=corpus.bytes,
        lines=corpus.tallies.lines,
        tokens=total,
        types=len(corpus.type_counts),
        cutoff=corpus.cutoff,
        vocabulary_size=corpus.vocabulary.known,
        coverage=here.coverage,
        cutoffs=cutoffs,
        speakers=tuple(
            SpeakerCount(
                name=corpus.casing.cues.get(cue, cue)[:-1], lines=tally.lines, words=tally.words
            )
            for cue, tally in speakers[:MOST_SPEAKERS]
        ),
        scenes=corpus.tallies.scenes,
        line_lengths=tuple(
            (label, corpus.tallies.lengths.get(i, 0)) for i, label in enumerate(length_labels())
        ),
        frequent=tuple((t, n) for t, n in corpus.type_counts if is_word(t))[:MOST_WORDS],
        split=SplitSizes(train=len(train), validation=len(validation), test=len(test)),
    )


def _first(notes: tuple[str, ...]) -> tuple[str, ...]:
    more = len(notes) - MOST_NOTES
    return notes if more <= 0 else (*notes[:MOST_NOTES], f"… and so {more:,} more files.")


def _coverage(corpus: Corpus, cutoff: int) -> CoverageAt:
    kept = [n for w, n in corpus.type_counts if n >= cutoff or w == NEWLINE]
    return CoverageAt(
        cutoff=cutoff,
        size=len(kept),
        coverage=sum(kept) / max(1, len(corpus.ids)),
    )
