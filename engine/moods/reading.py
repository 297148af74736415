"""The moods of a draft, speech by speech and behind every word."""

from __future__ import annotations

import numpy as np
import torch

from engine.moods.mood_files import MoodReader
from engine.moods.mood_model import moods
from engine.moods.speeches import Speech, speeches_in
from engine.protocol.messages import MoodsRead
from engine.protocol.values import SpeechMood, WordMood

AT_ONCE = 128
DECIMALS = 3


def read_moods(reader: MoodReader, text: str) -> MoodsRead:
    """The mood of every speech of ``text``, or of its paragraphs where nobody speaks."""
    speeches = speeches_in(text)
    # Of about one length side by side, so that little is padding.
    order = sorted(range(len(speeches)), key=lambda number: len(speeches[number].tokens))
    told: dict[int, SpeechMood] = {}
    for first in range(0, len(order), AT_ONCE):
        batch = order[first : first + AT_ONCE]
        told.update(zip(batch, _told(reader, [speeches[number] for number in batch]), strict=True))
    return MoodsRead(
        scale=reader.scale, speeches=tuple(told[number] for number in range(len(speeches)))
    )


@torch.no_grad()
def _told(reader: MoodReader, speeches: list[Speech]) -> list[SpeechMood]:
    encode = reader.vocabulary.encode
    texts = [encode(token for token, _s, _e in speech.tokens) for speech in speeches]
    along = reader.model.along([torch.from_numpy(text.astype(np.int64)) for text in texts])
    return [
        _speech_mood(speech, moods(scores, reader.scale), torch.softmax(scores[-1], -1))
        for speech, scores in zip(speeches, along, strict=True)
    ]


def _speech_mood(speech: Speech, so_far: torch.Tensor, odds: torch.Tensor) -> SpeechMood:
    """``so_far`` (words,) is the mood behind every word; ``odds`` (grades,) behind the last."""
    values = [round(value, DECIMALS) for value in so_far.tolist()]
    return SpeechMood(
        start=speech.start,
        end=speech.end,
        speaker=speech.speaker,
        mood=values[-1],
        odds=tuple(round(value, DECIMALS) for value in odds.tolist()),
        words=tuple(
            WordMood(start=start, end=end, mood=mood)
            for (_token, start, end), mood in zip(speech.tokens, values, strict=True)
        ),
    )
