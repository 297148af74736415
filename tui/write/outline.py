"""The scenes of a draft: headings and descriptions on a line of their own."""

from __future__ import annotations

import re
from typing import NamedTuple

from tui.editor.script_lines import is_scene

_MAYBE = re.compile(r"^(?:\[|[iIeE])[^\n]*", re.MULTILINE)


class Scene(NamedTuple):
    """A scene by the character at which it begins."""

    start: int
    title: str


def scenes(text: str) -> list[Scene]:
    """The scenes of ``text``, in order."""
    return [
        Scene(match.start(), match.group().strip("[] \t"))
        for match in _MAYBE.finditer(text)
        if is_scene(match.group())
    ]
