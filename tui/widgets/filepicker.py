"""Choosing files and folders from the keyboard: type, complete with Tab, or walk the list."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.paths import expanded
from tui.render import fit, visible
from tui.widgets.keyed import Keyed
from tui.widgets.line_box import LineBox
from tui.widgets.once import Once
from tui.widgets.paths import (
    Entry,
    Listing,
    kind_of,
    listing,
    size_text,
    typed,
    unquoted,
    working_folder,
)

Choose = Literal["file", "files", "folder", "any", "save"]

_UNTYPABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""What nobody could type in a line, or would take for what it is."""
_HERE = Entry(".", is_folder=True)
_UP = Entry("..", is_folder=True)
_WAYS = {
    "file": "Enter chooses",
    "files": "Enter chooses",
    "folder": "Enter on ‘this folder’ chooses",
    "any": "Enter chooses a file or ‘this folder’",
    "save": "type a name · Enter saves",
}


class FilePicker(Keyed, Once, ModalScreen[tuple[Path, ...]]):
    """Ask for a file, several, a folder, any of these, or a name to save under.

    Gives the chosen paths, or an empty tuple when the user thinks better of it::

        chosen = await self.app.push_screen_wait(FilePicker("Open a corpus", choose="any"))
    """

    key_group = "files"
    DEFAULT_CSS = """
    FilePicker > .dialog { height: 92%; }
    FilePicker Input { background: $panel; }
    FilePicker OptionList { height: 1fr; border: none; background: $surface; padding: 0;
      margin: 1 0 0 0; }
    FilePicker #picker-note { height: auto; max-height: 3; color: $quiet; }
    FilePicker #picker-note.-bad { color: $error; }
    """

    def __init__(
        self,
        title: str,
        *,
        choose: Choose = "any",
        start: Path | None = None,
        name: str = "",
    ) -> None:
        """``start`` is the folder to begin in; ``name`` the proposal where a file is saved."""
        super().__init__()
        self._title = title
        self._choose = choose
        self._start = _typable(start or working_folder())
        self._proposed = name
        self._hidden = False
        self._shown = Listing(self._start, "")
        self._listed: str | None = None
        """What was typed when the list was read."""
        self._entering = False
        """Enter was pressed before the list for what is typed was there."""
        self._rows: list[Entry] = []
        self._marked: dict[Path, None] = {}
        self._asked_over: Path | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            hints = self.hints(
                complete="completes", parent="up", hidden="hidden files", cancel="leaves"
            )
            dialog.border_subtitle = Content(hints)
            yield LineBox(typed(self._start, self._proposed), select_on_focus=False, compact=True)
            yield OptionList(markup=False)
            yield Static(id="picker-note")

    def on_mount(self) -> None:
        if not self.is_current:  # It may have been closed before it was there.
            return
        self.query_one(OptionList).can_focus = False
        box = self.query_one(Input)
        box.focus()
        box.cursor_position = len(box.value)
        self._read()

    # -- listing

    @on(Input.Changed)
    def _typed(self) -> None:
        self._asked_over = None
        self._entering = False
        self._read()

    def _read(self) -> None:
        self.run_worker(self._list(), group="listing", exclusive=True)

    async def _list(self) -> None:
        text = self.query_one(Input).value
        shown = await asyncio.to_thread(
            listing, text, hidden=self._hidden, files=self._choose != "folder"
        )
        if not self.is_current:
            return
        self._shown, self._listed = shown, text
        self._rows = list(shown.entries)
        if not shown.beginning or self._choose == "save":
            extra = [_HERE] if self._choose in ("folder", "any") else []
            if shown.folder.parent != shown.folder:
                extra.append(_UP)
            self._rows = extra + self._rows
        box = self.query_one(OptionList)
        box.clear_options()
        box.add_options([Option(self._row(entry)) for entry in self._rows])
        if self._rows and self._choose != "save":
            box.highlighted = 0
        self._note()
        if self._entering:
            self._entering = False
            self._entered()

    def _row(self, entry: Entry) -> Content:
        wide = max(20, self.query_one(OptionList).size.width - 16)
        if entry is _HERE:
            return Content.styled(fit(f"  ▸ this folder: {self._shown.folder}", wide + 12), "bold")
        mark = "✓ " if self._path_of(entry) in self._marked else "  "
        if entry.is_folder:
            return Content.assemble(
                (mark, "$accent"), (fit(entry.name + "/", wide, pad=True), "$primary")
            )
        return Content.assemble(
            (mark, "$accent"),
            fit(entry.name, wide, pad=True),
            (f"{size_text(entry.size):>12}", "$quiet"),
        )

    def _note(self, problem: str = "") -> None:
        note = self.query_one("#picker-note", Static)
        problem = problem or self._shown.problem
        note.set_class(bool(problem), "-bad")
        if problem:
            note.update(Content(visible(problem, newlines=False)))
            return
        several = self.hints(mark="marks several") if self._choose in ("files", "any") else ""
        way = " · ".join(filter(None, (_WAYS[self._choose], several)))
        parts = [f"{len(self._marked)} marked: Enter opens them" if self._marked else way]
        if self._shown.more:
            parts.append(f"{self._shown.more} more: type to narrow down")
        elif not self._shown.entries:
            parts.append("nothing here" if not self._shown.beginning else "nothing begins so")
        note.update(Content(" · ".join(parts)))

    # -- choosing

    def _path_of(self, entry: Entry) -> Path:
        if entry is _HERE:
            return self._shown.folder
        if entry is _UP:
            return self._shown.folder.parent
        return self._shown.folder / entry.name

    def _pointed(self) -> Entry | None:
        index = self.query_one(OptionList).highlighted
        return self._rows[index] if index is not None and index < len(self._rows) else None

    def _go(self, folder: Path, name: str = "") -> None:
        text = typed(folder, name)
        if _UNTYPABLE.search(text):
            self._note(f"{text} has characters that cannot be typed: rename it, to go there.")
            return
        box = self.query_one(Input)
        box.value = text
        box.cursor_position = len(box.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        if self._listed != self.query_one(Input).value:
            self._entering = True
            return
        if self._choose == "save":
            self._save()
            return
        exact = self._exact()
        if exact is not None and kind_of(exact) == "file" and self._choose != "folder":
            self._finish(exact)
        elif self._marked:
            self._finish()
        elif (entry := self._pointed()) is not None:
            self._enter(entry)
        elif exact is not None:
            self._note(f"{exact}: there is no such file or folder")

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._enter(self._rows[event.option_index])

    def _enter(self, entry: Entry) -> None:
        path = self._path_of(entry)
        if entry is _HERE:
            self._finish(path)
        elif entry.is_folder:
            self._go(path, self._proposal())
        elif self._choose == "save":
            self._go(self._shown.folder, entry.name)
        elif self._choose != "folder":
            self._finish(path)

    def _proposal(self) -> str:
        return self._shown.beginning if self._choose == "save" else ""

    def _exact(self) -> Path | None:
        text = unquoted(self.query_one(Input).value)
        if not text or text.endswith("/") or "\0" in text:
            return None
        return expanded(text)

    def _save(self) -> None:
        path = self._exact()
        entry = self._pointed()
        if entry is not None and entry.is_folder:
            self._enter(entry)
        elif path is None or kind_of(path) == "folder":
            self._note("Type the name of the file to write.")
        elif kind_of(path.parent) != "folder":
            self._note(f"{path.parent}: there is no such folder")
        elif kind_of(path) and self._asked_over != path:
            self._asked_over = path
            self._note(f"{path.name} exists. Enter once more replaces it.")
        else:
            self.dismiss((path,))

    def _finish(self, path: Path | None = None) -> None:
        chosen = dict(self._marked)
        if path is not None and (not chosen or kind_of(path) == "file"):
            chosen[path] = None
        self.dismiss(tuple(chosen))

    # -- actions

    def action_cancel(self) -> None:
        self.dismiss(())

    def action_complete(self) -> None:
        entry = self._pointed()
        if entry in (None, _HERE, _UP) and self._shown.entries:
            entry = self._shown.entries[0]
        if entry is None:
            return
        if entry.is_folder:
            self._go(self._path_of(entry), "")
        else:
            self._go(self._shown.folder, entry.name)

    def action_parent(self) -> None:
        self._go(self._shown.folder.absolute().parent, self._proposal())

    def action_mark(self) -> None:
        entry = self._pointed()
        if self._choose not in ("files", "any") or entry is None or entry in (_HERE, _UP):
            return
        path = self._path_of(entry)
        if path in self._marked:
            del self._marked[path]
        else:
            self._marked[path] = None
        box = self.query_one(OptionList)
        index = box.highlighted or 0
        box.replace_option_prompt_at_index(index, self._row(entry))
        if index + 1 < len(self._rows):
            box.highlighted = index + 1
        self._note()

    def action_hidden(self) -> None:
        self._hidden = not self._hidden
        self._read()

    def action_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_page_up(self) -> None:
        box = self.query_one(OptionList)
        if box.scrollable_content_region:  # without a line to show, its pages have no size
            box.action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        box = self.query_one(OptionList)
        if box.scrollable_content_region:
            box.action_page_down()  # type: ignore[no-untyped-call]


def _typable(folder: Path) -> Path:
    """``folder``, or the nearest around it whose name can stand in a line."""
    while _UNTYPABLE.search(str(folder)):
        folder = folder.parent
    return folder
