"""Models by name."""

from __future__ import annotations

from typing import Any, cast

from engine.config import TrainingConfig
from engine.models.contract import LanguageModel


def build_model(config: TrainingConfig, vocabulary_size: int) -> LanguageModel[Any]:
    """The model that ``config`` describes, freshly initialised from torch's random state."""
    if config.model == "classic":
        from engine.models.classic_language_model import ClassicLanguageModel

        return cast(LanguageModel[Any], ClassicLanguageModel(config, vocabulary_size))
    if config.model == "reply":
        from engine.models.reply import ReplyModel

        return cast(LanguageModel[Any], ReplyModel(config, vocabulary_size))
    from engine.models.script import ScriptModel

    return cast(LanguageModel[Any], ScriptModel(config, vocabulary_size))
