"""Where the parts of a draft are: its text, what is hidden beside it, and what comes of it."""

from __future__ import annotations

import contextlib
import glob
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

_ASIDE = re.compile(r"\.unapplied-journal(?:\.([1-9][0-9]*))?\.jsonl")
LONGEST_WISH = 150
"""Bytes of a name that is made up, and may get a number."""


@dataclass(frozen=True, slots=True)
class DraftFiles:
    """Where the parts of a draft are."""

    text: Path

    def _beside(self, suffix: str) -> Path:
        return self.text.with_name(f".{self.text.stem}{suffix}")

    @property
    def mark(self) -> Path:
        """There, and locked, while the draft is open."""
        return self._beside(".open")

    @property
    def notes(self) -> Path:
        return self._beside(".notes.json")

    @property
    def tree(self) -> Path:
        return self._beside(".tree.jsonl")

    @property
    def journal(self) -> Path:
        return self._beside(".journal")

    @property
    def next_journal(self) -> Path:
        return self._beside(".journal.new")

    def aside(self) -> dict[int, Path]:
        """The journals that fitted no text, by number, the first one first."""
        stem, found = self.text.stem, dict[int, Path]()
        for path in self.text.parent.glob(f"{glob.escape(stem)}.unapplied-journal*.jsonl"):
            if match := _ASIDE.fullmatch(path.name.removeprefix(stem)):
                found[int(match[1] or 1)] = path
        return dict(sorted(found.items()))

    def next_aside(self) -> Path:
        """Where the next such journal goes."""
        number = max(self.aside(), default=0) + 1
        suffix = f".{number}" if number > 1 else ""
        return self.text.with_name(f"{self.text.stem}.unapplied-journal{suffix}.jsonl")

    def beside(self, what: str) -> DraftFiles:
        """Where a draft that comes of this one goes; its name says ``what`` it is, and is free."""
        stem = os.fsencode(self.text.stem)[:LONGEST_WISH].decode(errors="ignore")
        for number in itertools.count(1):
            suffix = f" {number}" if number > 1 else ""
            files = DraftFiles(self.text.with_name(f"{stem} ({what}){suffix}.txt"))
            if not any(map(os.path.lexists, (files.text, files.journal, files.mark))):
                break
        return files

    def texts_beside(self) -> list[str]:
        """The texts that a journal of this draft may belong to, such as another editor's copy."""
        found = [""]
        for path in self.text.parent.glob(f"{glob.escape(self.text.stem)}*"):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                if path.is_file() and path.suffix != ".jsonl":
                    found.append(path.read_bytes().decode())
        return found

    def all(self) -> tuple[Path, ...]:
        """All that belongs to the draft but the mark and what was put aside."""
        return (self.text, self.notes, self.tree, self.journal, self.next_journal)
