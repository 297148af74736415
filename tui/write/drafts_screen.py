"""The list of drafts: open, begin, rename, copy, delete, and bring back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import ColdOpenError
from tui.drafts.store import WORDS_A_PAGE, DraftEntry, DraftStore
from tui.render import content, fit
from tui.widgets.keyed import Keyed
from tui.widgets.once import Once
from tui.write.ask import Ask


class DraftsScreen(Keyed, Once, ModalScreen[str]):
    """All drafts, the one changed last first; gives the name to open, or nothing.

    The draft that is open in the room is renamed by the room, so it is refused here.
    """

    key_group = "drafts"
    DEFAULT_CSS = """
    DraftsScreen OptionList { height: auto; max-height: 20; border: none; padding: 0;
        background: $surface; }
    DraftsScreen OptionList:focus { border: none; }
    DraftsScreen #drafts-note { color: $quiet; height: auto; margin: 1 0 0 0; }
    DraftsScreen #drafts-note.-bad { color: $error; }
    """

    def __init__(self, store: DraftStore, open_now: str) -> None:
        super().__init__()
        self._store, self._open_now = store, open_now
        self._entries: tuple[DraftEntry, ...] = ()
        self._trashed: list[Path] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Drafts"
            hints = self.hints(
                new="new", rename="rename", duplicate="copy", delete="delete", undelete="undo"
            )
            dialog.border_subtitle = Content(f"Enter opens · {hints}")
            yield OptionList(markup=False)
            yield Static("", id="drafts-note")

    def on_mount(self) -> None:
        self._show()

    def _show(self, at: str = "") -> None:
        self._entries = self._store.entries()
        box = self.query_one(OptionList)
        box.clear_options()
        box.add_options([Option(self._label(entry)) for entry in self._entries])
        names = [entry.name for entry in self._entries]
        if names:
            box.highlighted = names.index(at) if at in names else 0
        box.focus()

    def _label(self, entry: DraftEntry) -> Content:
        mark = "▸ " if entry.name == self._open_now else "  "
        pages = f"{entry.words / WORDS_A_PAGE:.0f} pages" if entry.words >= WORDS_A_PAGE else ""
        return Content.assemble(
            mark,
            (fit(entry.name, 40, pad=True), "bold" if entry.name == self._open_now else ""),
            (f"{entry.words:>8,} words  {pages:>10}  {ago(entry.modified):>12}", "$quiet"),
        )

    @property
    def _chosen(self) -> str:
        at = self.query_one(OptionList).highlighted
        return self._entries[at].name if at is not None and at < len(self._entries) else ""

    def _tell(self, note: str | ColdOpenError) -> None:
        box = self.query_one("#drafts-note", Static)
        box.update(content(str(note)))
        box.set_class(isinstance(note, ColdOpenError), "-bad")

    def on_option_list_option_selected(self) -> None:
        self.dismiss(self._chosen)

    @work
    async def action_new(self) -> None:
        wish = Ask("Name of the new draft", value=self._store.new_name())
        name = await self.app.push_screen_wait(wish)
        if name:
            self.dismiss(self._store.new_name(name))

    @work
    async def action_rename(self) -> None:
        old = self._chosen
        if not old or self._refused(old, f"{self.way_to('write.save_as')} does it there"):
            return
        name = await self.app.push_screen_wait(Ask(f"New name of “{old}”", value=old))
        if name and name != old:
            self._try(lambda: self._store.rename(old, name), f"“{old}” is “{name}” now.", name)

    def action_duplicate(self) -> None:
        if self._chosen:
            self._try(lambda: self._store.duplicate(self._chosen), "Copied.", self._chosen)

    def action_delete(self) -> None:
        name = self._chosen
        if name and not self._refused(name, "open another first"):
            self._try(
                lambda: self._trashed.append(self._store.delete(name)),
                f"“{name}” is in the trash; u brings it back.",
            )

    def action_undelete(self) -> None:
        if self._trashed:
            name = ""

            def restore() -> None:
                nonlocal name
                name = self._store.restore(self._trashed[-1])
                self._trashed.pop()

            self._try(restore, "It is back.")
            self._show(name)
        else:
            self._tell("Nothing was deleted here.")

    def action_close(self) -> None:
        self.dismiss("")

    def _refused(self, name: str, way: str) -> bool:
        if name == self._open_now:
            self._tell(f"“{name}” is open: {way}.")
        return name == self._open_now

    def _try(self, do: Callable[[], object], done: str, at: str = "") -> None:
        try:
            do()
        except ColdOpenError as error:
            self._tell(error)
        else:
            self._show(at)
            self._tell(done)


def ago(then: float, now: float | None = None) -> str:
    """How long ago a time is, in one unit."""
    seconds = max(0.0, (time.time() if now is None else now) - then)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"
