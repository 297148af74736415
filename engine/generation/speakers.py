"""Who speaks next: the odds of every cue on a new line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.corpus.casing import Place
from engine.corpus.tokenizer import is_cue
from engine.corpus.vocabulary import CUE_UNK_ID, NEWLINE_ID
from engine.errors import ModelError
from engine.generation.context import one_line_end
from engine.generation.odds import writable
from engine.generation.writer import Writer

MOST = 20


def next_speakers(
    writer: Writer, before: str, cast: Sequence[str] = (), most: int = MOST
) -> tuple[tuple[str, float], ...]:
    """Names with their odds, likeliest first; odds are among speakers and sum to 1 at most.

    Speakers that only the draft or ``cast`` knows are there too.

    Raises:
        ModelError: when the model knows no speakers at all.
    """
    trimmed = one_line_end(before).rstrip("\n \t")
    line_end = "\n\n" if "\n\n" in trimmed or "\n" not in trimmed else "\n"
    text = trimmed + line_end if trimmed else ""
    context = writer.context(text, cast, complete_word=False)
    found = (n for n, w in enumerate(context.all_words()) if is_cue(w) and n != CUE_UNK_ID)
    cues = np.array(list(found), dtype=np.int64)
    own = context.draft_words.cue_ids()
    raw = writer.read(context).odds[0]
    odds = np.exp(writable(raw, (NEWLINE_ID,), writer.cues, own)[cues]).astype(np.float64)
    if not odds.sum() > 0:
        raise ModelError(
            f"“{writer.name}” knows no speakers.",
            "It learned from prose; train one on scripts with NAME: at the start of a speech.",
        )
    odds /= odds.sum()
    best = np.argsort(-odds, kind="stable")[:most]
    return tuple(
        (context.casing.word(context.word(int(cues[i])), Place()).removesuffix(":"), float(odds[i]))
        for i in best
    )
