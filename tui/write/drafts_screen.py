"""The list of drafts: open, begin, rename, copy, delete, and bring back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.errors import ColdOpenError
from tui.drafts.store import DraftStore
from tui.render import content
from tui.widgets.keyed import Keyed
from tui.widgets.once import Once
from tui.write.ask import Ask
from tui.write.draft_list import DraftList


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

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Drafts"
            hints = self.hints(
                new="new", rename="rename", duplicate="copy", delete="delete", undelete="undo"
            )
            dialog.border_subtitle = Content(f"Enter opens · {hints}")
            yield DraftList(self._open_now)
            yield Static("", id="drafts-note")

    def on_mount(self) -> None:
        self._show()

    def _show(self, at: str = "") -> None:
        box = self.query_one(DraftList)
        box.show(self._store.entries(), at)
        box.focus()
        self._count()

    @work(exclusive=True, group="count")
    async def _count(self) -> None:
        """Count the words beside the keys, and show them."""
        await asyncio.to_thread(self._store.count_words)
        self.query_one(DraftList).renew(self._store.entries())

    @property
    def _chosen(self) -> str:
        return self.query_one(DraftList).chosen

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
            self._try(lambda: self._store.duplicate(self._chosen), "Copied.")

    def action_delete(self) -> None:
        name = self._chosen
        if name and not self._refused(name, "open another first"):
            key = self.key_of("undelete")
            way = f"; {key} brings it back" if key else ""
            self._try(lambda: self._store.delete(name), f"“{name}” is in the trash{way}.")

    def action_undelete(self) -> None:
        """The draft that was deleted last, whenever that was."""
        trashed = self._store.trashed()
        if not trashed:
            self._tell("There is nothing in the trash.")
            return
        try:
            name = self._store.restore(trashed[0])
        except ColdOpenError as error:
            self._tell(error)
        else:
            self._show(name)
            self._tell(f"“{name}” is back.")

    def action_close(self) -> None:
        self.dismiss("")

    def _refused(self, name: str, way: str) -> bool:
        if name == self._open_now:
            self._tell(f"“{name}” is open: {way}.")
        return name == self._open_now

    def _try(self, do: Callable[[], object], done: str, at: str = "") -> None:
        """Do it, and go to the draft that it gives the name of, if it does, else to ``at``."""
        try:
            name = do()
        except ColdOpenError as error:
            self._tell(error)
        else:
            self._show(name if isinstance(name, str) else at)
            self._tell(done)
