"""The page under the writer's hands: editing, undo, and pending text that is not in the draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual import events
from textual.document._document import EditResult, Location, Selection
from textual.document._edit import Edit
from textual.message import Message

from tui.editor.history import Change, ChangeHistory
from tui.editor.page_document import PageDocument, end_of
from tui.editor.page_view import PageView
from tui.editor.passage import ORIGIN, Passage, Span

LASTING = frozenset({ORIGIN, "surprise"})
"""Layers that belong to the words; what is found or copied is marked anew when it is asked for."""


@dataclass(frozen=True, slots=True)
class Delta:
    """What one change did to the draft, by character offset."""

    start: int
    removed: str
    inserted: str
    origin: tuple[Span, ...] = ()
    """Which of the inserted characters a model wrote, and in which generation."""


class ScriptArea(PageView):
    """Edits a draft and shows pending text at the cursor.

    The document never holds pending text. Taking it inserts it in one change, so that one undo
    removes it. Every change calls ``on_delta``; typing over pending text calls ``on_consumed``
    with the number of characters that became the writer's. No key costs more in a long draft than
    in a short one.
    """

    class Typed(Message):
        """The draft was changed."""

    class PendingGone(Message):
        """Pending text was dismissed because the writer did something else."""

    class PendingTyped(Message):
        """The writer has typed all that was pending."""

    class NothingToTake(Message):
        """Tab was pressed, and nothing is pending."""

    class Resized(Message):
        """The page has another width."""

    class CursorMoved(Message):
        """The cursor stands somewhere else."""

    def __init__(
        self,
        text: str = "",
        *,
        id: str | None = None,
        on_delta: Callable[[Delta], None] | None = None,
        on_consumed: Callable[[int], None] | None = None,
    ) -> None:
        self._pending = ""
        self._weak = False
        self._own_move = False
        self._rows = 0
        """Those there were to see before the last change of size."""
        self.on_delta = on_delta
        self.on_consumed = on_consumed
        super().__init__(text, id=id)
        self.changes = ChangeHistory()
        self.history = self.changes  # type: ignore[assignment]

    def _on_resize(self) -> None:
        followed = not self._rows or self._follows(self._rows)
        super()._on_resize()
        self._rows = self.content_size.height
        if followed:  # what the writer is at stays in view where there is another room
            self._follow()
        self.post_message(self.Resized())

    # -- the draft

    def open_text(self, text: str, spans: Iterable[Span] = (), cursor: int | None = None) -> None:
        """Show another draft with its marks; its undo history begins here."""
        self._pending = ""
        self._weak = False
        self._show(PageDocument(Passage.marked(text, spans)))
        self.changes.clear()
        page = self.page
        self.move_cursor(page.end if cursor is None else page.location_of(cursor))
        self._follow()
        self.call_after_refresh(self.scroll_cursor_visible)

    def around_cursor(self, before: int = 1 << 40, after: int = 1 << 40) -> tuple[str, str]:
        """At most so many characters of the draft before and behind the cursor."""
        where = self.cursor_location
        return self.page.before(where, before), self.page.after(where, after)

    @property
    def cursor_offset(self) -> int:
        """Characters of the draft before the cursor."""
        return self.page.offset_of(self.cursor_location)

    def go_to(self, start: int, end: int | None = None) -> None:
        """Put the cursor at a character of the draft, or select from there to ``end``."""
        self.dismiss()
        first = self.page.location_of(start)
        last = first if end is None else self.page.location_of(end)
        self.selection = Selection(first, last)
        self.record_cursor_width()
        self.changes.checkpoint()
        self.scroll_cursor_visible(center=True)

    # -- pending text

    @property
    def pending(self) -> str:
        """What a model has written and nobody has taken yet."""
        return "" if self._weak else self._pending

    @property
    def offer(self) -> str:
        """A completion that may be taken; anything else that is typed drops it."""
        return self._pending if self._weak else ""

    def set_pending(self, text: str) -> None:
        """Show ``text`` as pending at the cursor; the view stays where the writer has it."""
        if self._weak:
            self._pending, self._weak = "", False
        if text == self._pending:
            return
        follow = self._follows()
        if not self._pending and not self.selection.is_empty:
            self.selection = Selection.cursor(self.cursor_location)
        self._pending = text
        self._lay_overlay()
        if follow and text:
            self._follow()

    def set_offer(self, text: str) -> None:
        """Show a completion at the cursor, unless a model's words are pending there."""
        if self._pending and not self._weak:
            return
        if text != self._pending:
            self._pending, self._weak = text, bool(text)
            self._lay_overlay()

    def clear_pending(self) -> None:
        """Take pending text away; the draft is as it was."""
        if self._pending:
            self._pending, self._weak = "", False
            self._lay_overlay()

    def dismiss(self) -> None:
        """Take pending text away because the writer did something else, and say so."""
        told = bool(self.pending)
        self.clear_pending()
        if told:
            self.post_message(self.PendingGone())

    def accept(
        self,
        length: int | None = None,
        *,
        generation: str = "model",
        marks: Iterable[Span] = (),
        behind: str = "",
    ) -> str:
        """Take the first ``length`` characters (all, where None) into the draft, as one step.

        ``marks`` go with them, by offset in the pending text, and ``behind`` follows them, as if
        typed, with the cursor before it.
        """
        pending, weak = self._pending, self._weak
        taken = pending if length is None else pending[:length]
        if not taken:
            return ""
        self.clear_pending()
        where = self.cursor_location
        own = [] if weak else [Span(0, len(taken), ORIGIN, generation)]
        passage = Passage.marked(taken + behind, [*own, *marks])
        self._put(where, where, passage, alone=True, cursor=end_of(where, taken))
        rest = pending[len(taken) :]
        if rest:
            self._pending = rest
            self._lay_overlay()
        return taken

    def put_behind(self, text: str) -> None:
        """Put ``text`` behind the cursor, as if typed; the cursor stays before it."""
        if text:
            where = self.cursor_location
            self._put(where, where, Passage.marked(text, []), alone=True, cursor=where)

    def _lay_overlay(self) -> None:
        layout = self.layout_of_page
        height, before = layout.height, layout.overlay_at[0]
        self.overlay_style = "script--offer" if self._weak else "script--pending"
        layout.show_overlay(self._pending, self.cursor_location)
        if layout.height != height:
            self._refresh_size()
            self.refresh()
        else:
            self._refresh_rows({before, layout.overlay_at[0]})

    def _follows(self, rows: int | None = None) -> bool:
        """Whether the end of what is pending (or the cursor) can be seen, in so many rows."""
        seen = max(1, self.content_size.height if rows is None else rows)
        return self.scroll_offset.y <= self._end_row() < self.scroll_offset.y + seen

    def _follow(self) -> None:
        row, rows = self._end_row(), max(1, self.content_size.height)
        top = min(row, max(row - rows + 1, self.scroll_offset.y))
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def _end_row(self) -> int:
        """The row of the end of what is pending, or of the cursor."""
        layout = self.layout_of_page
        end = layout.overlay_end() if self._pending else None
        return (end or layout.location_to_offset(self.cursor_location)).y

    # -- changing the draft

    def edit(self, edit: Edit) -> EditResult:
        """Make a change that the writer asked for; pending text is dismissed first."""
        self.dismiss()
        text = edit.text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.encode("utf-8", "replace").decode()  # half a character cannot be saved
        # To delete the last line, TextArea asks for everything up to the line after it.
        top, bottom = (min(at, self.page.end) for at in (edit.top, edit.bottom))
        alone = len(text) > 1 or (bool(text) and top != bottom)
        maintained = self.selection if edit.maintain_selection_offset else None
        removed = self._put(top, bottom, Passage.of(text), alone=alone)
        end = end_of(top, text)
        if maintained is not None:
            self._select(Selection(*(_moved(at, top, bottom, end) for at in maintained)))
        return EditResult(end, removed.text)

    def swap(self, start: int, end: int, text: str, *, generation: str = "") -> None:
        """Replace characters ``start`` to ``end`` of the draft by ``text``, as one undo step."""
        self.dismiss()
        page = self.page
        passage = Passage.of(text, ORIGIN if generation else "", generation)
        self._put(page.location_of(start), page.location_of(end), passage, alone=True)

    def replace_all(self, replacements: Iterable[tuple[int, int, str]]) -> int:
        """Replace characters ``start`` to ``end`` by a text, many times, as one undo step."""
        self.dismiss()
        steps = sorted(replacements, reverse=True)
        self.changes.checkpoint()
        for start, end, text in steps:
            first, last = self.page.location_of(start), self.page.location_of(end)
            before = self.selection
            removed = self._exchange(first, last, Passage.of(text))
            after = Selection.cursor(end_of(first, text))
            self.changes.record_more(Change(first, removed, Passage.of(text), before, after))
        self.changes.checkpoint()
        if steps:
            self._select(Selection.cursor(self.page.location_of(steps[-1][0])))
        return len(steps)

    def undo(self) -> None:
        self.dismiss()
        if changes := self.changes.undo():
            for change in changes:
                self._exchange(change.start, change.inserted_end, change.removed)
            self._select(changes[-1].before)

    def redo(self) -> None:
        self.dismiss()
        if changes := self.changes.redo():
            for change in changes:
                self._exchange(change.start, change.removed_end, change.inserted)
            self._select(changes[-1].after)

    def _put(
        self,
        start: Location,
        end: Location,
        passage: Passage,
        *,
        alone: bool,
        cursor: Location | None = None,
    ) -> Passage:
        """One change, remembered; the cursor goes behind it unless told otherwise."""
        before = self.selection
        removed = self._exchange(start, end, passage)
        after = Selection.cursor(cursor or end_of(start, passage.text))
        if removed or passage:
            self.changes.record(Change(start, removed, passage, before, after), alone=alone)
        self._select(after)
        return removed

    def _exchange(self, start: Location, end: Location, passage: Passage) -> Passage:
        """Change document, layout and size together, and tell ``on_delta``."""
        offset = self.page.offset_of(start)
        height = self.layout_of_page.height
        removed = self.page.exchange(start, end, passage)
        text = passage.text
        self.layout_of_page.wrap_range(start, end, end_of(start, text))
        if self.layout_of_page.height != height:
            self._refresh_size()
            self.refresh()
        elif start[0] == end[0]:
            self._refresh_rows({start[0]})
        else:
            self.refresh()
        if self.on_delta is not None and (removed or passage):
            self.on_delta(Delta(offset, removed.text, text, passage.spans(ORIGIN)))
        return removed.keeping(LASTING)

    def _select(self, selection: Selection) -> None:
        self._own_move = True
        try:
            self.selection = selection
        finally:
            self._own_move = False
        self.record_cursor_width()
        self.scroll_cursor_visible()
        self.post_message(self.Typed())

    async def _on_paste(self, event: events.Paste) -> None:
        # TextArea would move the cursor by the text as it came, before line ends are mended.
        event.stop()
        event.prevent_default()
        if event.text and not self.read_only:
            self.edit(Edit(event.text, *self.selection, maintain_selection_offset=False))
            self.changes.checkpoint()

    # -- what the writer does while text is pending

    async def _on_key(self, event: events.Key) -> None:
        if self._pending and (event.is_printable or event.key == "enter"):
            character = "\n" if event.key == "enter" else event.character or ""
            if self._type_over(character):
                event.stop()
                event.prevent_default()
                return
        if event.key == "tab":  # Textual would go elsewhere, and the next letters with it.
            event.stop()
            event.prevent_default()
            self.post_message(self.NothingToTake())
            return
        # Passed on through the parents, as usual, it would be overtaken by the letter after it.
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await self.app.run_action(binding.action, self):
                event.stop()
                event.prevent_default()
                return
        await super()._on_key(event)

    def _type_over(self, character: str) -> bool:
        """The writer types what is pending anyway: it becomes theirs, letter by letter."""
        rest, weak = self._pending, self._weak
        blank = rest[0] == " " and character != " " and not weak
        if rest[blank : blank + 1] != character:
            return False
        self.clear_pending()
        typed = rest[: 2 if blank else 1]
        where = self.cursor_location
        self._put(where, where, Passage.of(typed), alone=False)
        if self.on_consumed is not None and not weak:
            self.on_consumed(len(typed))
        if len(rest) > len(typed):
            self._pending, self._weak = rest[len(typed) :], weak
            self._lay_overlay()
        elif not weak:
            self.post_message(self.PendingTyped())
        return True

    def action_cursor_page_up(self) -> None:
        if self.pending:
            self.scroll_relative(y=-self.content_size.height, animate=False)
        else:
            super().action_cursor_page_up()

    def action_cursor_page_down(self) -> None:
        if self.pending:
            self.scroll_relative(y=self.content_size.height, animate=False)
        else:
            super().action_cursor_page_down()

    # Places are looked for in the draft as it is without pending text, which they all dismiss.

    def get_cursor_up_location(self) -> Location:
        self.dismiss()
        return super().get_cursor_up_location()

    def get_cursor_down_location(self) -> Location:
        self.dismiss()
        return super().get_cursor_down_location()

    def get_cursor_line_start_location(self, smart_home: bool = False) -> Location:
        self.dismiss()
        return super().get_cursor_line_start_location(smart_home)

    def get_cursor_line_end_location(self) -> Location:
        self.dismiss()
        return super().get_cursor_line_end_location()

    def watch_selection(self, old: Selection, new: Selection) -> None:
        if self._pending and not self._own_move:
            self.dismiss()
        if old.is_empty and new.is_empty:
            self._refresh_rows({old.end[0], new.end[0]})
        else:
            rows = [at[0] for at in (*old, *new)]
            self._refresh_rows(range(min(rows), max(rows) + 1))
        if old.end != new.end:
            self.post_message(self.CursorMoved())


def _moved(at: Location, start: Location, old_end: Location, new_end: Location) -> Location:
    """Where a place goes when what stands from ``start`` to ``old_end`` ends at ``new_end``."""
    if at <= start:
        return at
    if at < old_end:
        return new_end
    if at[0] == old_end[0]:
        return new_end[0], at[1] - old_end[1] + new_end[1]
    return at[0] + new_end[0] - old_end[0], at[1]
