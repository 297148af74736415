"""The five rooms and where their code is; none is imported before it is entered."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import ColdOpenError

if TYPE_CHECKING:
    from tui.room import Room


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """One room as the row of rooms shows it."""

    id: str
    title: str
    module: str
    class_name: str

    def make(self) -> Room:
        """Import the room and make it.

        Raises:
            ColdOpenError: when its code cannot be imported; the other rooms still work.
        """
        try:
            module = importlib.import_module(self.module)
            made: Room = getattr(module, self.class_name)(id=f"room-{self.id}")
        except Exception as error:
            raise ColdOpenError(
                f"The {self.title} room cannot be opened: {type(error).__name__}: {error}.",
                "The other rooms still work. Installing Cold Open again may mend it.",
            ) from error
        return made


ROOMS = (
    RoomEntry("corpus", "Corpus", "tui.screens.corpus", "CorpusRoom"),
    RoomEntry("train", "Train", "tui.screens.train", "TrainRoom"),
    RoomEntry("write", "Write", "tui.screens.write", "WriteRoom"),
    RoomEntry("inspect", "Inspect", "tui.screens.inspect", "InspectRoom"),
    RoomEntry("library", "Library", "tui.screens.library", "LibraryRoom"),
)
