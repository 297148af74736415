"""The moods of a draft, speech by speech and behind every word."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from engine.corpus.vocabulary import UNK_ID
from engine.errors import ModelError
from engine.moods.mood_files import MoodReader
from engine.moods.mood_model import mood_of
from engine.moods.speeches import Speech, speeches_in
from engine.protocol.messages import MoodsRead
from engine.protocol.values import SpeechMood, WordMood

MOST_STATES = 1 << 22
"""Numbers in the states of speeches that are read side by side."""
DECIMALS = 3


def read_moods(reader: MoodReader, text: str) -> MoodsRead:
    """The mood of every speech of ``text``, or of its paragraphs where nobody speaks.

    Raises:
        ModelError: when the network's weights come to no mood at all.
    """
    speeches = speeches_in(text)
    told: dict[int, SpeechMood] = {}
    for batch in _batches(speeches, MOST_STATES // reader.model.config.hidden_size):
        told.update(zip(batch, _told(reader, [speeches[number] for number in batch]), strict=True))
    with torch.no_grad():
        unmoved = _mood(reader, reader.model([torch.tensor([UNK_ID])]))
    return MoodsRead(
        scale=reader.scale,
        unmoved=round(float(unmoved), DECIMALS),
        speeches=tuple(told[number] for number in range(len(speeches))),
    )


def _batches(speeches: list[Speech], most_words: int) -> Iterator[list[int]]:
    """Numbers of speeches of about one length each, so that little is padding."""
    batch: list[int] = []
    for number in sorted(range(len(speeches)), key=lambda number: len(speeches[number].tokens)):
        if batch and (len(batch) + 1) * len(speeches[number].tokens) > most_words:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


@torch.no_grad()
def _told(reader: MoodReader, speeches: list[Speech]) -> list[SpeechMood]:
    encode = reader.vocabulary.encode
    texts = [encode(token for token, _s, _e in speech.tokens) for speech in speeches]
    along = reader.model.along([torch.from_numpy(text.astype(np.int64)) for text in texts])
    return [
        _speech_mood(
            speech,
            _mood(reader, scores),
            torch.softmax(scores[-1], -1),
            unknown=int((text == UNK_ID).sum()),
        )
        for speech, text, scores in zip(speeches, texts, along, strict=True)
    ]


def _mood(reader: MoodReader, scores: Tensor) -> Tensor:
    """(texts,) moods of (texts, grades) ``scores``, seen to be some."""
    told = mood_of(scores, reader.scale)
    if not bool(torch.isfinite(told).all()):
        raise ModelError("The network's weights come to no mood.", "Train it again.")
    return told


def _speech_mood(speech: Speech, so_far: Tensor, odds: Tensor, unknown: int) -> SpeechMood:
    """``so_far`` (words,) is the mood behind every word; ``odds`` (grades,) behind the last."""
    values = [round(value, DECIMALS) for value in so_far.tolist()]
    return SpeechMood(
        start=speech.start,
        end=speech.end,
        speaker=speech.speaker,
        mood=values[-1],
        odds=tuple(round(value, DECIMALS) for value in odds.tolist()),
        unknown=unknown,
        words=tuple(
            WordMood(start, end, mood)
            for (_token, start, end), mood in zip(speech.tokens, values, strict=True)
        ),
    )
