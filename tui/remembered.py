"""What the app remembers between two starts: small, of no great worth, and never an obstacle."""

from __future__ import annotations

import contextlib
import os
from typing import Literal

import msgspec

from engine import paths
from engine.storage.foreign_json import bounded, decoded

MOST_BYTES = 16 << 20


class Remembered(msgspec.Struct, kw_only=True):
    """The last state of the app. A damaged file means a fresh start."""

    room: str = "corpus"
    theme: Literal["dark", "light"] = "dark"
    hint_seen: bool = False
    model: str = ""
    corpus: tuple[str, ...] = ()
    cutoff: int = 2
    draft: str = ""

    @classmethod
    def load(cls) -> Remembered:
        try:
            raw = bounded(paths.state_dir() / "app.json", MOST_BYTES)
            return decoded(msgspec.json.Decoder(cls).decode, raw)
        except (OSError, ValueError):  # no JSON, no UTF-8 or not these fields
            return cls()

    def save(self) -> None:
        """Write it down; a full or read-only disk is no reason to bother anybody."""
        target = paths.state_dir() / "app.json"
        # A path that is not UTF-8 cannot be written either.
        with contextlib.suppress(OSError, UnicodeEncodeError):
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(f".{os.getpid()}.tmp")
            draft.write_bytes(msgspec.json.encode(self))
            draft.replace(target)
