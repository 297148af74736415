"""The page: a text area that shows pending text in its flow without making it part of the draft.

Pending text stands in the document, so that it wraps, takes newlines and pushes what follows down
like any text, but it never enters the undo history and is no part of :attr:`ScriptArea.draft`. It
is taken by removing it and inserting it again as one edit, so that one undo removes it.
"""

from __future__ import annotations

import re
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import BindingType
from textual.document._document import Location, Selection
from textual.document._edit import Edit
from textual.document._history import EditHistory
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea

from tui.render import visible

UNDO_STEPS = 5000
_CUE = re.compile(r"^[^\W\d_][^\n:\[\](){}\"!?;,]{0,39}:(?=\s|$)")
_ASIDE = re.compile(r"\([^)\n]*\)?")


class ScriptArea(TextArea):
    """Edits a draft and shows pending text at the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "script--pending",
        "script--cue",
        "script--scene",
        "script--aside",
    }
    DEFAULT_CSS = """
    ScriptArea {
        border: none; padding: 0 1; background: $background;
        &:focus { border: none; }
        .script--pending { color: $pending-text; text-style: italic; }
        .script--cue { text-style: bold; }
        .script--scene { color: $accent; }
        .script--aside { color: $quiet; text-style: italic; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = []

    class Typed(Message):
        """The draft changed by the writer's hand or by taking pending text."""

    class PendingGone(Message):
        """Pending text was dismissed because the writer did something else."""

    _pending = ""
    _pending_start: Location = (0, 0)
    _pending_end: Location = (0, 0)
    _own_move = False

    def __init__(self, text: str = "", *, id: str | None = None) -> None:
        super().__init__(
            text, soft_wrap=True, tab_behavior="focus", id=id, highlight_cursor_line=False
        )
        self.history = EditHistory(
            max_checkpoints=UNDO_STEPS, checkpoint_timer=2.0, checkpoint_max_characters=80
        )

    # -- the draft

    @property
    def draft(self) -> str:
        """The text without anything pending."""
        if not self._pending:
            return self.text
        before, after = self.around_cursor()
        return before + after

    def around_cursor(self) -> tuple[str, str]:
        """The draft before and after the cursor (or the pending text)."""
        start = self._pending_start if self._pending else self.cursor_location
        end = self._pending_end if self._pending else start
        before = self.get_text_range((0, 0), start)
        after = self.get_text_range(end, self.document.end)
        return before, after

    def open_text(self, text: str) -> None:
        """Show another draft; its undo history begins here."""
        self._pending = ""
        self.load_text(text)
        self.history.clear()
        self.move_cursor(self.document.end)

    # -- pending text

    @property
    def pending(self) -> str:
        return self._pending

    def append_pending(self, text: str) -> None:
        """Add words to the pending text, keeping the view where the writer has it."""
        if not text:
            return
        at_bottom = self._shows(self._pending_end if self._pending else self.cursor_location)
        if not self._pending:
            self._pending_start = self._pending_end = self.cursor_location
        end = self._write(text, self._pending_end, self._pending_end)
        self._pending += text
        self._pending_end = end
        if at_bottom:
            self._follow(end)

    def set_pending(self, text: str) -> None:
        """Replace the pending text."""
        if text.startswith(self._pending) and self._pending:
            self.append_pending(text[len(self._pending) :])
            return
        self.clear_pending()
        self.append_pending(text)

    def clear_pending(self) -> None:
        """Take the pending text away; the draft is as it was."""
        if self._pending:
            start = self._pending_start
            self._pending = ""
            self._write("", start, self._pending_end)
            self._pending_end = start

    def accept(self, length: int | None = None) -> str:
        """Take the first ``length`` characters (all, where None) into the draft, as one edit."""
        pending = self._pending
        taken = pending if length is None else pending[:length]
        if not taken:
            return ""
        self.clear_pending()
        self.history.checkpoint()
        where = self.cursor_location
        self.edit(Edit(taken, where, where, maintain_selection_offset=False))
        self.history.checkpoint()
        self.append_pending(pending[len(taken) :])
        self.post_message(self.Typed())
        return taken

    def swap(self, start: int, end: int, text: str) -> None:
        """Replace characters ``start`` to ``end`` of the draft by ``text``, as one edit."""
        self.clear_pending()
        first, last = self.location_at(start), self.location_at(end)
        self.history.checkpoint()
        self.edit(Edit(text, first, last, maintain_selection_offset=False))
        self.history.checkpoint()
        self.post_message(self.Typed())

    def location_at(self, offset: int) -> Location:
        """Row and column of the character ``offset`` of the draft."""
        for row, line in enumerate(self.document.lines):
            if offset <= len(line):
                return row, offset
            offset -= len(line) + 1
        return self.document.end

    def _write(self, text: str, start: Location, end: Location) -> Location:
        """Change the document behind the history's back; the cursor keeps its place."""
        selection = self.selection
        self._own_move = True
        try:
            result = self.document.replace_range(start, end, text)
            self.wrapped_document.wrap_range(start, end, result.end_location)
            self._refresh_size()
            self.selection = selection
        finally:
            self._own_move = False
        self.refresh()
        return result.end_location

    def _shows(self, location: Location) -> bool:
        _x, y = self.wrapped_document.location_to_offset(location)
        top = self.scroll_offset.y
        return top <= y < top + max(1, self.content_size.height)

    def _follow(self, location: Location) -> None:
        _x, y = self.wrapped_document.location_to_offset(location)
        bottom = self.scroll_offset.y + self.content_size.height - 1
        if y > bottom:
            self.scroll_to(y=y - self.content_size.height + 2, animate=False, force=True)

    # -- what the writer does while text is pending

    async def _on_key(self, event: events.Key) -> None:
        if self._pending and (event.is_printable or event.key == "enter"):
            character = "\n" if event.key == "enter" else event.character or ""
            if self._type_over(character):
                event.stop()
                event.prevent_default()
                return
            self._dismiss()
        await super()._on_key(event)
        if event.is_printable or event.key == "enter":
            self.post_message(self.Typed())

    def _type_over(self, character: str) -> bool:
        """The writer types what is pending anyway: it becomes theirs, letter by letter."""
        rest = self._pending
        blank = rest[:1] == " " and character != " "
        wanted = rest[1:2] if blank else rest[:1]
        if not character or wanted != character:
            return False
        size = 2 if blank else 1
        self.clear_pending()
        where = self.cursor_location
        self.edit(Edit(rest[:size], where, where, maintain_selection_offset=False))
        self.append_pending(rest[size:])
        self.post_message(self.Typed())
        return True

    def _dismiss(self) -> None:
        if self._pending:
            self.clear_pending()
            self.post_message(self.PendingGone())

    def edit(self, edit: Edit):  # type: ignore[no-untyped-def]
        """Every edit of the draft first takes pending text away, so that places are true."""
        if self._pending and not self._own_move:
            self._dismiss()
        return super().edit(edit)

    def undo(self) -> None:
        self._dismiss()
        super().undo()
        self.post_message(self.Typed())

    def redo(self) -> None:
        self._dismiss()
        super().redo()
        self.post_message(self.Typed())

    async def _on_paste(self, event: events.Paste) -> None:
        self._dismiss()
        await super()._on_paste(event)
        self.post_message(self.Typed())

    def watch_selection(self, old: Selection, new: Selection) -> None:
        if self._pending and not self._own_move and new.end != self._pending_start:
            self._dismiss()

    # -- drawing

    def render_line(self, y: int) -> Strip:
        return self._render_line(y)

    def get_line(self, line_index: int) -> Text:
        """One line, coloured by what it is; control characters are shown, one cell each."""
        raw = self.document.get_line(line_index)
        text = Text(_one_for_one(raw), end="", no_wrap=True)
        if raw.startswith("[") or raw[:4].upper() in ("INT.", "EXT."):
            text.stylize(self._style("script--scene"))
        elif (cue := _CUE.match(raw)) is not None:
            text.stylize(self._style("script--cue"), 0, cue.end())
        for aside in _ASIDE.finditer(raw):
            text.stylize(self._style("script--aside"), aside.start(), aside.end())
        if self._pending:
            start, end = self._pending_start, self._pending_end
            if start[0] <= line_index <= end[0]:
                first = start[1] if line_index == start[0] else 0
                last = end[1] if line_index == end[0] else len(raw)
                text.stylize(self._style("script--pending"), first, last)
        return text

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)


def _one_for_one(line: str) -> str:
    """``line`` with what could reach the terminal as a command replaced, one for one."""
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() or c == "\t" else _stand_in(c) for c in line)


def _stand_in(character: str) -> str:
    shown = visible(character)
    return shown if len(shown) == 1 else "�"
