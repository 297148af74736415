"""The draft on disk: saved as one types, opened, renamed, copied, imported and exported."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from textual import work

from engine.errors import ColdOpenError
from engine.formats.script_files import read_script, write_script
from tui.drafts.journal import Entry
from tui.drafts.open_draft import DraftError, OpenDraft
from tui.editor.passage import ORIGIN
from tui.editor.script_area import Delta
from tui.widgets.filepicker import FilePicker
from tui.write.ask import Ask
from tui.write.base import WriteBase
from tui.write.drafts_screen import DraftsScreen
from tui.write.figures import measure

TICK_SECONDS = 0.4
"""Typing is on disk after this long."""
IDLE_SECONDS = 3.0
"""The draft is written whole after this long without a change,"""
LONGEST_SECONDS = 30.0
"""or after this long with changes."""
LOOK_SECONDS = 2.0
"""How often another program's changes are looked for while nothing is typed."""
RETRY_SECONDS = 5.0
"""Pause after the disk refused."""


class DraftActions(WriteBase):
    """The part of the Write room that keeps the draft."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._edited = 0.0
        self._written = time.monotonic()
        self._saving = asyncio.Lock()
        self._not_before = 0.0
        self._looked = 0.0
        self._trouble = ""

    def on_mount(self) -> None:
        script, self.cold_open.script = self.cold_open.script, None
        if script is not None:
            self.run_worker(self._import(script, again=False), group="dialog")

    # -- as one types

    def note_change(self, delta: Delta) -> None:
        """Every change of the draft goes to its journal."""
        if self._draft is not None:
            origin = tuple((span.start, span.end, span.value) for span in delta.origin)
            self._draft.record(Entry(delta.start, len(delta.removed), delta.inserted, origin))
            self._edited = time.monotonic()

    def keep_draft(self) -> None:
        """Called a few times a second: have the disk hold what was typed."""
        draft, now = self._draft, time.monotonic()
        if draft is None or self._saving.locked() or now < self._not_before:
            return
        idle = now - self._edited > IDLE_SECONDS
        if draft.unwritten and (idle or now - self._written > LONGEST_SECONDS):
            self.run_worker(self.save_draft(), group="save")
        elif draft.waiting:
            self.run_worker(self._sync(draft), group="save")
        elif now - self._looked > LOOK_SECONDS and not (self.page.pending or self.streaming):
            self._looked = now
            self.run_worker(self._look(draft), group="save")

    async def _sync(self, draft: OpenDraft) -> None:
        async with self._saving:
            if draft is self._draft and self._accepted(await _tried(draft.sync)):
                self.show_line()

    async def save_draft(self) -> bool:
        """Write the draft whole; says so where that cannot be done."""
        async with self._saving:
            draft = self._draft
            if draft is None:
                return False
            await self._take_up(draft, at_once=True)
            return draft is self._draft and await self._write(draft)

    async def _write(self, draft: OpenDraft) -> bool:
        page = self.page
        snapshot = draft.snapshot(page.draft, page.page.spans(ORIGIN), page.cursor_offset)
        self._written = time.monotonic()
        done = self._accepted(await _tried(lambda: draft.write(snapshot)))
        if news := draft.news():
            self.say(DraftError(news, f"{self.way_to('write.open')} lists the drafts."))
        self.show_line()
        return done

    async def _look(self, draft: OpenDraft) -> None:
        async with self._saving:
            if await self._take_up(draft):
                await self._write(draft)

    async def _take_up(self, draft: OpenDraft, *, at_once: bool = False) -> bool:
        """Show what another program has made of a draft in which nothing was typed here since."""
        if draft.unwritten:
            return False
        other = await asyncio.to_thread(lambda: draft.other_version(at_once=at_once))
        if other is None or draft is not self._draft or draft.unwritten:
            return False
        draft.take_up(other)
        page = self.page
        cursor, length = page.cursor_offset, page.page.length
        start, end, text = changed_part(page.draft, other.text)
        page.swap(start, end, text)
        if cursor >= end:
            cursor += page.page.length - length
        page.move_cursor(page.page.location_of(cursor))
        self.tell(
            f"“{draft.name}” was changed in another program; the page shows it as it is there.",
            of_what_comes=True,
        )
        return True

    def _accepted(self, error: DraftError | None) -> bool:
        """Say a new trouble with the disk once, and that it is over."""
        if error is None:
            if self._trouble:
                self.say("The draft can be saved again.")
            self._trouble = ""
            return True
        self._not_before = time.monotonic() + RETRY_SECONDS
        if error.message != self._trouble:
            self._trouble = error.message
            self.say(error)
        return False

    # -- opening and closing

    def latest_draft(self) -> str:
        """The draft to begin with: the last one, else the newest, else an empty one."""
        entries = self._store.entries()
        names = {entry.name for entry in entries}
        last = self.cold_open.remembered.draft
        return last if last in names or not entries else entries[0].name

    def open_draft(self, name: str, text: str | None = None) -> None:
        """Show a draft, the one before having been closed; ``text`` is what an empty one gets.

        Where none can be opened nothing can be typed, since nothing would keep it.
        """
        self._draft = opened = self._opened(name or "Untitled")
        self._going = None
        self.page.read_only = opened is None
        if opened is None:
            self.page.open_text("", (), 0)
            self.draft_opened()
            self.tell("No draft is open, so nothing can be typed.")
            return
        self.page.open_text(opened.text, opened.origin, opened.cursor)
        if text and not opened.text:
            self.page.swap(0, 0, text)
            self.page.changes.clear()
            self.page.go_to(0)
        self._remember(opened)
        self.draft_opened()
        if opened.note:
            self.tell(opened.note)
        elif opened.recovered:
            self.tell(
                f"“{opened.name}” was recovered with {opened.recovered} changes:"
                " the program was cut off last time."
            )
        else:
            self.tell("" if opened.text else self._first_hint())

    def _remember(self, draft: OpenDraft) -> None:
        """Have the next start show this draft."""
        self.cold_open.remembered.draft = draft.name
        self.cold_open.remembered.save()

    def _first_hint(self) -> str:
        goes_on, takes, drops = map(
            self.way_to, ("write.continue", "write.accept_all", "write.stop")
        )
        return f"Write a line. {goes_on}: the model goes on. {takes} takes, {drops} drops."

    def _opened(self, name: str) -> OpenDraft | None:
        """The draft ``name``, else a new one like it; None where the disk allows neither."""
        for again in (False, True):
            try:
                return self._store.open(self._store.new_name(name) if again else name)
            except ColdOpenError as error:
                self.say(error)
        return None

    def draft_opened(self) -> None:
        """Another draft is shown."""

    def end_streams(self) -> None:
        """A model that is writing stops; what came goes into the tree."""

    async def close_draft(self) -> bool:
        """Save and let go of the draft; False, and it stays open, where the disk refuses."""
        draft = self._draft
        if draft is None:
            return True
        async with self._saving:  # what is being saved may come to nothing yet
            pass
        while self._draft is draft:
            self.page.clear_pending()
            self.end_streams()
            if not draft.unwritten and not draft.waiting:
                self._draft = None
                draft.close()
                return True
            if not await self.save_draft():  # meanwhile one may type, or ask for more
                return False
        return False

    async def _go_to(self, name: str, text: str | None = None) -> None:
        if await self.close_draft():
            self.open_draft(name, text)
            self.focus_on(self.page)

    async def before_exit(self) -> None:
        """Save; what the disk refuses to hold whole may still be in the journal."""
        draft = self._draft
        if not await self.close_draft() and draft is not None:
            self._draft = None
            draft.close()

    # -- actions

    @work(group="dialog")
    async def action_save(self) -> None:
        if await self.save_draft() and self._draft is not None:
            self.say(f"Saved: {self._draft.path}")

    def action_open(self) -> None:
        self.cold_open.hold_keys()
        self._choose_draft()

    @work(group="dialog")
    async def _choose_draft(self) -> None:
        await self.save_draft()
        if not self.in_front:
            self.app.call_later(self.cold_open.hand_keys_on)
            return
        open_now = self._draft.name if self._draft is not None else ""
        name = await self.app.push_screen_wait(DraftsScreen(self._store, open_now))
        if name and name != open_now:
            await self._go_to(name)

    @work(group="dialog")
    async def action_new(self) -> None:
        name = await self.app.push_screen_wait(
            Ask("Name of the new draft", value=self._store.new_name())
        )
        if name:
            await self._go_to(self._store.new_name(name))

    @work(group="dialog")
    async def action_save_as(self) -> None:
        if self._draft is None:
            return
        old = self._draft.name
        name = await self.app.push_screen_wait(Ask("New name of the draft", value=old))
        draft = self._draft
        if not name or draft is None or name in (old, draft.name):
            return
        async with self._saving:
            error = await _tried(lambda: self._store.rename_open(draft, name))
        if error is not None:
            self.say(error)
            return
        self._remember(draft)
        await self.save_draft()

    @work(group="dialog")
    async def action_duplicate(self) -> None:
        if self._draft is None:
            return
        name = self._draft.name
        if await self.close_draft():
            try:
                copy = self._store.duplicate(name)
            except ColdOpenError as error:
                self.say(error)
                copy = name
            self.open_draft(copy)

    @work(group="dialog")
    async def action_import(self) -> None:
        chosen = await self.app.push_screen_wait(FilePicker("Import a script", choose="file"))
        for path in chosen:
            await self._import(path)

    async def _import(self, path: Path, *, again: bool = True) -> None:
        """Show a draft that is made of the script at ``path``.

        Unless ``again``, the draft of its name that holds just that script is shown instead.
        """
        try:
            text, note = await asyncio.to_thread(read_script, path)
        except ColdOpenError as error:
            self.say(error)
            return
        name = self._store.new_name(path.stem)
        if not again and (same := await asyncio.to_thread(self._store.holding, text, path.stem)):
            name = same
        if self._draft is None or name != self._draft.name:
            await self._go_to(name, text)
        if note:
            self.say(note)

    @work(group="dialog")
    async def action_export(self) -> None:
        if self._draft is None:
            return
        name = f"{self._draft.name}.txt"
        chosen = await self.app.push_screen_wait(
            FilePicker("Export to a file: .txt, .fountain, .fdx or .pdf", choose="save", name=name)
        )
        for path in chosen:
            try:
                note = await asyncio.to_thread(write_script, path, self.page.draft)
            except ColdOpenError as error:
                self.say(error)
            else:
                self.say(f"Exported: {path.absolute()}\n{note}".strip())

    # -- figures

    @work(exclusive=True, group="figures")
    async def count(self) -> None:
        """Count words, scenes and lines, beside the typing."""
        text, origin = self.page.draft, self.page.page.spans(ORIGIN)
        self._figures = await asyncio.to_thread(measure, text, origin)
        self.figures_changed()

    def figures_changed(self) -> None:
        """New figures are there to be shown."""


def changed_part(old: str, new: str) -> tuple[int, int, str]:
    """From where to where ``old`` gives way to what to become ``new``."""
    start = _in_common(old, new)
    behind = _in_common(old[start:][::-1], new[start:][::-1])
    return start, len(old) - behind, new[start : len(new) - behind]


def _in_common(one: str, other: str) -> int:
    """With how many characters that are the same both begin."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


async def _tried(work: object) -> DraftError | None:
    """Do something with the disk beside the event loop; gives what went wrong."""
    assert callable(work)
    try:
        await asyncio.to_thread(work)
    except DraftError as error:
        return error
    return None
