"""What the parts of the Write room share: the page, the panels, the draft and the model."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from textual.content import Content
from textual.css.query import NoMatches
from textual.dom import NoScreen
from textual.widgets import Static

from engine.protocol.messages import ModelReady
from tui.drafts.open_draft import OpenDraft
from tui.drafts.store import DraftStore
from tui.drafts.tree import TAIL
from tui.editor.script_area import ScriptArea
from tui.render import content, fit, width
from tui.room import Room
from tui.write import cast as cast_of
from tui.write.figures import Figures
from tui.write.find_bar import FindBar
from tui.write.side_panel import SidePanel
from tui.write.streaming import Continuation, Place, Wish
from tui.write.tree_panel import TreePanel

SENT_CHARACTERS = 12_000
"""At least so much of the draft before the cursor is sent; the model reads less than that."""
SENT_STEP = 8_000
"""What is sent begins at a multiple of this, so that the engine knows most of it from before."""
LEAST_NAME = 8
"""Cells below which a draft's name is left out rather than cut."""
MOST_ROWS = 3
"""Of the line above the page, where something long is said."""
LONGEST_WORD = 8
"""Cells that a row may leave empty, as its next word does not fit."""


class WriteBase(Room):
    """One draft, one model, and the widgets that show them."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._store = DraftStore()
        self._draft: OpenDraft | None = None
        self._going: Continuation | None = None
        self._wish: Wish | None = None
        self._ready: ModelReady | None = None
        self._figures = Figures()
        self._next_odds: dict[str, float] = {}
        self._note, self._note_stays = "", False
        self._strip_rows, self._line_rows = 0, 1
        self._reading = False
        """Whether the strip under the page shows a node of the tree."""

    # -- widgets

    @property
    def page(self) -> ScriptArea:
        return self.query_one("#page", ScriptArea)

    @property
    def side(self) -> SidePanel:
        return self.query_one("#side", SidePanel)

    @property
    def finder(self) -> FindBar:
        return self.query_one("#find", FindBar)

    @property
    def tree_panel(self) -> TreePanel:
        return self.query_one("#tree", TreePanel)

    # -- what is known

    @property
    def streaming(self) -> bool:
        return self._going is not None and self._going.running

    def before_cursor(self) -> str:
        """The draft before the cursor, or its last part."""
        length = self.page.cursor_offset
        start = max(0, length - SENT_CHARACTERS) // SENT_STEP * SENT_STEP
        return self.page.around_cursor(length - start, 0)[0]

    def here(self) -> Place:
        """Where the cursor stands."""
        return Place(self.page.cursor_offset, self.page.around_cursor(TAIL, 0)[0])

    def cast_names(self, before: str = "") -> list[str]:
        """The draft's speakers, also those that ``before`` has just brought, then the corpus's."""
        own = self._figures.cast
        if before:
            own = own | cast_of.speakers(before)
        corpus = [speaker.name for speaker in self._ready.speakers] if self._ready else []
        return cast_of.together(own, corpus)

    # -- telling

    def tell(self, note: str, *, of_what_comes: bool = False) -> None:
        """Say something in the line above the page, until something else is said.

        ``of_what_comes`` where the news of what was just done, which would end the note, is still
        on its way.
        """
        self._note, self._note_stays = note, of_what_comes
        self.show_line()

    def note_over(self) -> None:
        """Something was done, which ends the note, unless that is what it is about."""
        self.tell(self._note if self._note_stays else "")

    def show_line(self) -> None:
        """The line above the page: draft, model, odds, and what is going on."""
        # As the program ends, the parts go one by one, and the disk may answer meanwhile.
        with contextlib.suppress(NoMatches, NoScreen):
            self._show_line()

    def _show_line(self) -> None:
        draft, state = self._draft, self._state()
        named = draft is not None and f"“{draft.name}”" in state
        name = fit(draft.name, 30) + "*" * draft.waiting if draft is not None and not named else ""
        model = fit(self._ready.card.name, 24) if self._ready else "no model"
        seed = "" if self.side.last_seed is None else f"seed {self.side.last_seed}"
        odds = f"T {self.side.settings.temperature:g}"
        if self._offers:  # while there is something to take, one may want to turn it once more
            state, odds = f"{odds} · {state}", ""
        about = [name, odds, model, seed]
        box = self.query_one("#write-line", Static)
        room = box.content_size.width or 1000  # there is none before the page is laid out
        while True:  # what is going on comes first where space is short
            text = " · ".join(part for part in (*about, state) if part)
            if not about or width(text) <= room:
                break
            about.pop()
            if len(about) == 1 and state:
                left = room - width(state) - 3
                about = [fit(name, left)] if left >= LEAST_NAME else []
        rows = len(content(text, newlines=False).wrap(room))
        if rows > MOST_ROWS:
            text, rows = fit(text, MOST_ROWS * max(1, room - LONGEST_WORD)), MOST_ROWS
        box.update(content(text, newlines=False), layout=rows != self._line_rows)
        self._line_rows = rows

    def _state(self) -> str:
        going, elsewhere = self._going, self.in_panel()
        if elsewhere and (told := self._note or self._panel_hints()):
            return told
        stop = "" if elsewhere else self.key_of("stop")
        if going is not None and going.running:
            return f"writing… {stop} stops" if stop else "writing…"
        if self._wish is not None:
            starting = self.cold_open.engine_state == "starting"
            waits = "the engine is starting" if starting else "the model is loading"
            return f"{waits}, then it goes on…" + (f" {stop} drops that" if stop else "")
        if self._offers:
            return self.hints(
                accept_all="takes it", accept_word="word", accept_line="line", retry="again",
                stop="drops",
            )  # fmt: skip
        return self._note

    @property
    def _offers(self) -> bool:
        """Whether the line tells how to take what the model has written."""
        waits = self._wish is not None or (self._going is not None and self._going.running)
        return bool(self.page.pending) and not (waits or self.in_panel())

    def in_panel(self) -> bool:
        """Whether the focus is where the keys of the page mean something else."""
        return self.tree_panel.has_focus or self.in_finder()

    def in_finder(self) -> bool:
        """Whether the focus is in the search bar."""
        focused = self.screen.focused
        return focused is not None and self.finder in focused.ancestors

    def _panel_hints(self) -> str:
        return self.tree_panel.ways() if self.tree_panel.has_focus else ""

    def show_choices(self) -> None:
        """The strip of alternatives under the page, unless the writer reads something there."""
        self._reading = self._reading and self.tree_panel.has_focus
        if self._reading:
            return
        strip = self.query_one("#choices", Static)
        strip.remove_class("-reading")
        going = self._going
        choices = going.choices if going is not None else []
        several = len(choices) > 1 and any(branch.text for branch in choices)
        was_open = strip.has_class("-open")
        strip.set_class(several, "-open")
        if going is None or not several:
            self._strip_rows = 0
            return
        room = max(20, self.page.size.width - 4)
        rows: list[str] = []
        for index, branch in enumerate(choices):
            mark = "▸" if index == going.shown else " "
            score = "" if branch.fit is None else f"fits {branch.fit:.2f}  "
            rows.append(f"{mark}{index + 1} {score}{_head(branch.text, room - len(score))}")
        same_height = was_open and len(rows) == self._strip_rows
        self._strip_rows = len(rows)
        strip.update(content("\n".join(rows)), layout=not same_height)

    def show_under_page(self, head: str, text: str) -> None:
        """Something to read in the place of the strip."""
        strip = self.query_one("#choices", Static)
        strip.add_class("-open", "-reading")
        self._reading, self._strip_rows = True, 0
        body = " ".join(text[:1000].split())
        strip.update(Content.assemble(content(head, "$accent"), "\n", content(body)))

    def show_cast(self) -> None:
        """The cast in the side panel."""
        corpus = {s.name.lower(): s.lines for s in self._ready.speakers} if self._ready else {}
        names: Sequence[str] = self.cast_names()[:20]
        self.side.show_cast(
            names, self._figures.cast, corpus, self._next_odds, self.way_to("write.speak_as")
        )


def _head(text: str, cells: int) -> str:
    """One line of a growing text: its beginning, which stays where it is as more comes."""
    return fit(" ".join(text[: 4 * cells].split()), cells)
