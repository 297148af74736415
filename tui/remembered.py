"""What the app remembers between two starts: small, of no great worth, and never an obstacle."""

from __future__ import annotations

import contextlib
import os
from typing import Literal

import msgspec

from engine import paths
from engine.protocol.values import SamplerSettings, StopRule
from engine.storage.foreign_json import bounded, decoded

MOST_BYTES = 16 << 20


class Odds(msgspec.Struct, frozen=True):
    """How words are drawn, and when a continuation ends."""

    sampler: SamplerSettings
    stop: StopRule


class Remembered(msgspec.Struct, kw_only=True):
    """The last state of the app. A damaged file means a fresh start."""

    room: str = "corpus"
    theme: Literal["dark", "light"] = "dark"
    hint_seen: bool = False
    model: str = ""
    moods: str = ""
    """The network that tells moods; empty for the one that comes with the program."""
    corpus: tuple[str, ...] = ()
    cutoff: int = 2
    draft: str = ""
    odds: Odds | None = None
    """Those that were set last in the Write room."""
    usual_odds: Odds | None = None
    """Those of the configuration, which they were set in place of."""

    @classmethod
    def load(cls) -> Remembered:
        try:
            raw = bounded(paths.state_dir() / "app.json", MOST_BYTES)
            return decoded(msgspec.json.Decoder(cls).decode, raw)
        except (OSError, ValueError):  # no JSON, no UTF-8 or not these fields
            return cls()

    def odds_for(self, usual: Odds) -> Odds:
        """The odds that were set last, unless others are ``usual`` since then."""
        return self.odds if self.odds is not None and self.usual_odds == usual else usual

    def save(self) -> None:
        """Write it down; a full or read-only disk is no reason to bother anybody."""
        target = paths.state_dir() / "app.json"
        # A path that is not UTF-8 cannot be written either.
        with contextlib.suppress(OSError, UnicodeEncodeError):
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(f".{os.getpid()}.tmp")
            draft.write_bytes(msgspec.json.encode(self))
            draft.replace(target)
