"""The settings of the model as one types and shows them: names, presets, checks."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import structs

from engine.protocol.values import SamplerSettings, StopRule
from tui.config import USUAL_ODDS

PRESETS: dict[str, SamplerSettings] = {
    "careful": structs.replace(USUAL_ODDS, temperature=0.8, top_p=0.9),
    "lively": USUAL_ODDS,
    "wild": structs.replace(USUAL_ODDS, temperature=1.2, top_p=1.0, min_p=0.02),
}
FIELDS = {
    "temperature": "temperature",
    "top_k": "top-k",
    "top_p": "top-p",
    "min_p": "min-p",
    "repetition_penalty": "repetition",
    "no_repeat_ngram": "no n-gram",
    "max_copied_words": "max copied",
    "banned": "banned",
}
STOP_FIELDS = {"at": "stop at", "tokens": "at most"}
STOPS = ("length", "line", "speech", "scene")
_WHOLE = ("top_k", "no_repeat_ngram", "max_copied_words", "tokens")
_RANGES = {
    "temperature": "0 to 5",
    "top_k": "0 (all) to 100000",
    "top_p": "above 0, at most 1",
    "min_p": "0 to 1",
    "repetition_penalty": "1 (none) to 5",
    "no_repeat_ngram": "0 (off) to 20",
    "max_copied_words": "0 (any) to 1000",
    "tokens": "1 to 20000 words",
    "at": ", ".join(STOPS),
    "banned": "words and phrases, with commas between",
}


def allowed(name: str) -> str:
    """What may stand in a field, with its label; empty where anything may."""
    label = (FIELDS | STOP_FIELDS).get(name, "")
    return f"{label}: {_RANGES[name]}" if name in _RANGES else ""


def shown(settings: SamplerSettings, name: str) -> str:
    """One setting as text."""
    value = getattr(settings, name)
    return ", ".join(value) if isinstance(value, tuple) else f"{value:g}"


def summary(settings: SamplerSettings) -> str:
    """What differs from drawing from all words as they are, in one line."""
    parts = [f"T {settings.temperature:g}"]
    if settings.top_k:
        parts.append(f"k {settings.top_k}")
    if settings.top_p < 1:
        parts.append(f"p {settings.top_p:g}")
    if settings.min_p:
        parts.append(f"min-p {settings.min_p:g}")
    if settings.no_repeat_ngram:
        parts.append(f"no {settings.no_repeat_ngram}-gram")
    return " ".join(parts)


def with_value(settings: SamplerSettings, name: str, text: str) -> SamplerSettings:
    """``settings`` with one of them as it was typed.

    Raises:
        ValueError: saying what may stand there.
    """
    value: Any
    if name == "banned":
        value = tuple(word.strip() for word in text.split(",") if word.strip())
    else:
        value = _number(name, text)
    try:
        return msgspec.convert(msgspec.to_builtins(settings) | {name: value}, SamplerSettings)
    except msgspec.ValidationError:
        raise ValueError(f"{FIELDS[name]}: {_RANGES[name]}") from None


def with_stop(stop: StopRule, name: str, text: str) -> StopRule:
    """``stop`` with one part as it was typed; the beginning of a word will do.

    Raises:
        ValueError: saying what may stand there.
    """
    value: Any
    if name == "at":
        value = next((at for at in STOPS if text and at.startswith(text.lower())), text)
    else:
        value = _number(name, text)
    try:
        return msgspec.convert(msgspec.to_builtins(stop) | {name: value}, StopRule)
    except msgspec.ValidationError:
        raise ValueError(f"{STOP_FIELDS[name]}: {_RANGES[name]}") from None


def seed_from(text: str) -> int | None:
    """A typed seed; None for an empty one.

    Raises:
        ValueError: saying what may stand there.
    """
    if not text:
        return None
    if not text.isdecimal() or int(text) >= 2**63:
        raise ValueError("seed: a whole number, or empty for a new one each time")
    return int(text)


def _number(name: str, text: str) -> float | int:
    try:
        return int(text) if name in _WHOLE else float(text.replace(",", "."))
    except ValueError:
        label = FIELDS.get(name) or STOP_FIELDS[name]
        raise ValueError(f"{label}: {_RANGES[name]}") from None
