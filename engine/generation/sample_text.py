"""A short text from a model in training, to see what it has learned."""

from __future__ import annotations

from typing import Any

from engine.generation.stream import Stream
from engine.generation.writer import Writer
from engine.models.contract import LanguageModel
from engine.protocol.messages import Write
from engine.protocol.values import SamplerSettings, StopRule
from engine.storage.text_tables import TextTables


def sample_text(
    model: LanguageModel[Any], tables: TextTables, tokens: int = 60, seed: int = 1
) -> str:
    """About ``tokens`` words and marks, the same for the same model and seed."""
    request = Write(
        model="sample",
        before="",
        settings=SamplerSettings(temperature=0.8, top_p=0.95),
        stop=StopRule(tokens=tokens),
        seed=seed,
        alternatives=0,
    )
    stream = Stream(Writer("sample", model, tables, ""), request)
    pieces: list[str] = []
    while not stream.over:
        pieces.extend(token.text for _branch, token in stream.step().tokens)
    return "".join(pieces).strip()
