"""The question to which scene to go, with the present one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import OptionList

from tui.render import fit
from tui.write.ask import Ask
from tui.write.outline import Scene

ROW = 42
"""Cells of a number and its title: what is left of the question's row beside its scroll bar."""


class SceneList(Ask):
    """Asks for one of ``scenes``; :meth:`scene_of` tells which an answer means."""

    def __init__(self, scenes: Sequence[Scene], cursor: int) -> None:
        self._rows = {_row(number, scene): scene for number, scene in enumerate(scenes, 1)}
        super().__init__("Scenes", choices=[(row, "") for row in self._rows], free=False)
        self._present = max(0, sum(scene.start <= cursor for scene in scenes) - 1)

    def _narrow(self, text: str) -> None:
        super()._narrow(text)
        if not text:
            self.query_one(OptionList).highlighted = self._present

    def scene_of(self, answer: str) -> Scene:
        return self._rows[answer]


def _row(number: int, scene: Scene) -> str:
    lead = f"{number}  "
    return lead + fit(scene.title, ROW - len(lead))
