"""Pasted text told from typed keys, whatever characters are in it.

A terminal puts pasted text between two marks. Textual's parser looks for keys in it all the same:
behind the first escape character everything is taken for keys, a control character for the action
that it stands for, and what stood before comes last. So pasted text is taken out first.
"""

from __future__ import annotations

from typing import NamedTuple

BEGIN, END = "\x1b[200~", "\x1b[201~"
KEY_SECONDS = 0.3
"""After so much silence half a mark is keys."""
PASTE_SECONDS = 10.0
"""After so much, over any line, the end of a paste is lost, and keys are keys again."""
LEAST_OF_A_MARK = 2
"""Characters of a mark that are waited with; one is a key, too, which nobody should wait for."""


class Part(NamedTuple):
    """Some of what came."""

    text: str
    pasted: bool


class Pastes:
    """Takes what a terminal sends, in pieces as they come."""

    def __init__(self) -> None:
        self._held = ""
        """The beginning of what may be a mark."""
        self._paste: list[str] = []
        """The paste so far."""
        self._pasting = False

    def feed(self, text: str) -> list[Part]:
        """The parts that are complete after ``text``, in order."""
        parts = []
        text, self._held = self._held + text, ""
        while text:
            mark = END if self._pasting else BEGIN
            before, found, text = text.partition(mark)
            if not found:
                held = _beginning_of(mark, before, 1 if self._pasting else LEAST_OF_A_MARK)
                before, self._held = before[: len(before) - held], before[len(before) - held :]
            if self._pasting:
                self._paste.append(before)
                before = self._whole_paste() if found else ""
            if before:
                parts.append(Part(before, self._pasting))
            if found:
                self._pasting = not self._pasting
        return parts

    def nothing_came(self, seconds: float) -> list[Part]:
        """What need not be waited with any longer when nothing has come for ``seconds``."""
        if seconds < (PASTE_SECONDS if self._pasting else KEY_SECONDS):
            return []
        text, self._held = self._whole_paste() + self._held, ""
        pasted, self._pasting = self._pasting, False
        return [Part(text, pasted)] if text else []

    def _whole_paste(self) -> str:
        whole, self._paste = "".join(self._paste), []
        return whole


def _beginning_of(mark: str, text: str, least: int) -> int:
    """With how many characters of ``mark`` ``text`` ends, or 0 where they are fewer."""
    ends = range(len(mark) - 1, least - 1, -1)
    return next((length for length in ends if text.endswith(mark[:length])), 0)
