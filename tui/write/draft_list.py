"""Drafts in rows: the name, how long it is, and when it was changed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.drafts.store import WORDS_A_PAGE, DraftEntry
from tui.render import fit

SHORTEST_NAME = 16
"""Cells; where a name would have less, pages and words are left out."""


class DraftList(OptionList):
    """One row a draft, however narrow the list is; the one that is open now is marked."""

    def __init__(self, open_now: str) -> None:
        super().__init__(markup=False)
        self._open_now = open_now
        self._drafts: tuple[DraftEntry, ...] = ()

    def show(self, drafts: Sequence[DraftEntry], at: str = "") -> None:
        """Show ``drafts`` with the cursor on the one called ``at``, or the first."""
        self._drafts = tuple(drafts)
        self.clear_options()
        self.add_options([Option(self._label(draft)) for draft in self._drafts])
        names = [draft.name for draft in self._drafts]
        if names:
            self.highlighted = names.index(at) if at in names else 0

    def renew(self, drafts: Sequence[DraftEntry]) -> None:
        """Show what is known by now of the drafts that are shown."""
        known = {draft.name: draft for draft in drafts}
        self._drafts = tuple(known.get(draft.name, draft) for draft in self._drafts)
        self.on_resize()

    @property
    def chosen(self) -> str:
        """The name under the cursor; empty where there is none."""
        at = self.highlighted
        return self._drafts[at].name if at is not None and at < len(self._drafts) else ""

    def on_resize(self) -> None:
        for index, draft in enumerate(self._drafts):
            self.replace_option_prompt_at_index(index, self._label(draft))

    def _label(self, draft: DraftEntry) -> Content:
        open_now = draft.name == self._open_now
        words = "…" if draft.words is None else f"{draft.words:,}"
        number = (draft.words or 0) / WORDS_A_PAGE
        pages = f"{number:.0f} pages" if number >= 1 else ""
        facts = [f"{words:>8} words", f"{pages:>12}", f"{ago(draft.modified):>16}"]
        # A scrollbar comes when the list is long.
        room = self.content_size.width - self.styles.scrollbar_size_vertical - 2
        for spare in (1, 0):
            if room - sum(map(len, facts)) < SHORTEST_NAME:
                facts[spare] = ""
        name = fit(draft.name, max(SHORTEST_NAME, room - sum(map(len, facts))), pad=True)
        return Content.assemble(
            "▸ " if open_now else "  ",
            (name, "bold" if open_now else ""),
            ("".join(facts), "$quiet"),
        )


def ago(then: float, now: float | None = None) -> str:
    """How long ago a time is, in one unit."""
    seconds = max(0.0, (time.time() if now is None else now) - then)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"
