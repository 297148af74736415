"""Ways to look at a draft: its tree, scenes, places, origins, and the page alone."""

from __future__ import annotations

import time

from textual import on, work

from engine import paths
from engine.protocol.messages import FindCopied
from engine.protocol.values import CopiedSpan
from tui.drafts.tree import Node, number_of
from tui.editor.passage import ORIGIN, Span
from tui.inspect.subject import SwapWord
from tui.write import cast as cast_of
from tui.write.cast import completed, may_begin_a_name
from tui.write.draft_actions import DraftActions
from tui.write.extent import end_of_followers
from tui.write.find_bar import FindBar
from tui.write.odds import summary
from tui.write.outline import scenes
from tui.write.scene_list import SceneList
from tui.write.search import matches, nearest
from tui.write.speak_actions import SpeakActions
from tui.write.streaming import Continuation
from tui.write.tree_panel import TreePanel

IDLE_SECONDS = 0.8
COPIED_WORDS = 8
"""Shortest span of the corpus that is worth telling."""
MARKED = 10_000
"""Places that are marked at most where more were found."""
COPIED_CHARACTERS = 200_000
"""Part of a very long draft, around the cursor, that is compared with the corpus."""


class LookActions(SpeakActions, DraftActions):
    """The part of the Write room that shows and finds."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._typed_at = 0.0
        self._stale = True
        self._found: list[tuple[int, int]] = []
        self._copied: list[CopiedSpan] = []

    # -- when nothing was typed for a moment

    def look_later(self) -> None:
        """Something changed: count and compare when the writer pauses."""
        self._typed_at = time.monotonic()
        self._stale = True

    def look_if_idle(self) -> None:
        """Called a few times a second."""
        if self._stale and not self.streaming and time.monotonic() - self._typed_at > IDLE_SECONDS:
            self._stale = False
            self.count()

    def figures_changed(self) -> None:
        self._show_figures()
        self.show_cast()
        self._redraw_tree()
        if self._ready is not None:
            self._look_deeper()

    @work(exclusive=True, group="looking")
    async def _look_deeper(self) -> None:
        """What needs the model: who speaks next, and what is copied."""
        if self.side.has_class("-open") and not self.page.pending:
            await self.fetch_odds()
            self.show_cast()
        if self.page.layer_shown("copied") and self.page.page.spans(ORIGIN):
            await self._find_copied()
            self._show_figures()

    def _show_figures(self) -> None:
        longest = max(self._copied, key=lambda span: span.words, default=None)
        copied = f"longest copied: {longest.words} words" if longest is not None else ""
        self.side.show_figures(self._figures, copied)

    async def _find_copied(self) -> None:
        """Mark what stands word for word in the corpus and came from the model."""
        if self._ready is None:
            return
        cursor = self.page.cursor_offset
        start = max(0, cursor - COPIED_CHARACTERS)
        before, after = self.page.around_cursor(COPIED_CHARACTERS, COPIED_CHARACTERS // 4)
        text = before + after
        found = await self.ask(
            FindCopied(model=self._ready.card.name, text=text, words=COPIED_WORDS)
        )
        now = "".join(self.page.around_cursor(COPIED_CHARACTERS, COPIED_CHARACTERS // 4))
        if found is None or now != text:
            return
        model = self.page.page.spans(ORIGIN)
        self._copied = [
            CopiedSpan(
                start=span.start + start,
                end=span.end + start,
                words=span.words,
                corpus_line=span.corpus_line,
            )
            for span in found.spans
            if any(m.start < span.end + start and m.end > span.start + start for m in model)
        ]
        self.page.set_marks("copied", [Span(s.start, s.end, "copied") for s in self._copied])

    # -- layers

    def action_toggle_origin(self) -> None:
        self._toggle(ORIGIN, "What the model wrote is tinted.", "Origins are not shown.")

    def action_toggle_surprise(self) -> None:
        self._toggle(
            "surprise", "Unlikely words of the model are tinted.", "Surprise is not shown."
        )

    def action_toggle_copied(self) -> None:
        self._toggle(
            "copied", "What stands in the corpus is underlined.", "Copied words are not shown."
        )
        self.look_later()

    def _toggle(self, layer: str, on: str, off: str) -> None:
        shown = not self.page.layer_shown(layer)
        self.page.show_layer(layer, shown)
        self.tell(on if shown else off)

    @work(group="dialog")
    async def action_show_source(self) -> None:
        await self._find_copied()
        if not self._copied:
            self.tell(f"Nothing of {COPIED_WORDS} words or more stands like that in the corpus.")
            return
        cursor = self.page.cursor_offset
        here = [span for span in self._copied if span.start <= cursor <= span.end]
        found = max(here or self._copied, key=lambda span: span.words)
        self.page.go_to(found.start, found.end)
        self.say(
            f"{found.words} words stand like that in line {found.corpus_line + 1:,} of the corpus"
            " that the model learned from."
        )
        if self._ready is None:
            return
        from tui.screens.corpus import CorpusRoom

        card, text = self._ready.card, self.page.selected_text
        bundled = (str(paths.bundled_corpus()),)
        room = await self.cold_open.enter("corpus")
        if isinstance(room, CorpusRoom):
            await room.show_place(
                bundled if card.bundled else card.corpus_paths,
                found.corpus_line,
                text.partition("\n")[0],
            )

    # -- the tree

    def action_tree(self) -> None:
        panel = self.tree_panel
        if panel.has_focus:
            self._close_tree()
            return
        panel.add_class("-open")
        self.add_class("-tree")
        self.note_over()
        self._show_tree(self.generation_here())
        self.focus_on(panel)

    def _show_tree(self, at: str = "") -> None:
        if self._draft is not None and self.tree_panel.has_class("-open"):
            self.tree_panel.show(self._draft.tree, self._in_draft(), at)

    def _redraw_tree(self) -> None:
        if self._draft is not None and self.tree_panel.has_class("-open"):
            self.tree_panel.redraw(self._draft.tree, self._in_draft())

    def _in_draft(self) -> set[str]:
        """The nodes that words of the draft are from."""
        return {span.value for span in self.page.page.spans(ORIGIN)}

    def tree_grew(self) -> None:
        self._redraw_tree()

    @on(TreePanel.Pointed)
    def _preview(self, event: TreePanel.Pointed) -> None:
        """The whole of a node, and how it was made, under the page."""
        node, record = event.node, event.node.record
        if not self.tree_panel.has_focus:
            return
        made = ""
        if record is not None:
            odds = summary(record.changes[-1].settings) if record.changes else ""
            made = f"  {record.model} · seed {record.seed} · {odds}"
        self.note_over()
        self.show_under_page(f"{node.id}{made}", node.text)

    @on(TreePanel.Closed)
    def _close_tree(self) -> None:
        self.tree_panel.remove_class("-open")
        self.remove_class("-tree")
        self.focus_on(self.page)
        self.show_choices()
        self.tell("")

    @on(TreePanel.Wanted)
    def _do_with_node(self, event: TreePanel.Wanted) -> None:
        if self._draft is None:
            return
        node, tree = event.node, self._draft.tree
        if event.wish == "take":
            self._put_node(node)
        elif event.wish == "bookmark":
            tree.change(node.id, "bookmarked", not node.bookmarked)
            self._show_tree(node.id)
        elif event.wish == "prune":
            number = tree.prune(node.id, not node.pruned)
            key = "" if self.tree_panel.shows_pruned else self.tree_panel.key_of("show_pruned")
            way = f"; {key} shows all" if key else ""
            done = f"{number} {'hidden' if node.pruned else 'shown again'}{way}."
            self._show_tree()
            self.tell(done, of_what_comes=self.tree_panel.node is not None)
        elif event.wish == "again":
            self._leave_for(node)
            self.write_again(node)
        else:
            self._leave_for(node)
            self.go_on()

    def _leave_for(self, node: Node) -> int | None:
        """Put the cursor where a node began; None where that place is gone."""
        self.page.clear_pending()
        self.let_go()
        place = place_of(node, self.page.draft)
        if place is None:
            self.tell(
                f"The place of {node.id} is not in the draft any more; it goes to the cursor."
            )
        else:
            self.page.go_to(place)
        self.focus_on(self.page)
        return place

    def _put_node(self, node: Node) -> None:
        """Merge a branch into the draft: in the place of its sibling, or as pending text."""
        assert self._draft is not None
        tree = self._draft.tree
        place = self._leave_for(node)
        number = number_of(node.id)
        siblings = [n for n in tree.children(node.parent) if number_of(n.id) == number] or [node]
        if place is not None:
            here = self.page.around_cursor(0, max(len(n.text) for n in siblings) + 1)[1]
            if here.startswith(node.text) and node.text:
                self.page.go_to(place, place + len(node.text))
                self.tell(f"{node.id} is in the draft.")
                return
            for other in siblings:
                taken = other.text[: other.taken]
                if taken and here.startswith(taken):
                    draft, spans = self.page.draft, self.page.page.spans(ORIGIN)
                    behind = place + len(taken)
                    end = end_of_followers(draft, spans, tree, other.id, behind)
                    self.page.swap(place, end, node.text, generation=node.id)
                    tree.change(node.id, "taken", len(node.text))
                    self._show_tree(node.id)
                    more = " and what was taken behind it" if end > behind else ""
                    way = f"; {key} takes it back" if (key := self.key_of("undo")) else ""
                    done = f"{node.id} took the place of {other.id}{more}{way}."
                    self.tell(done, of_what_comes=True)
                    return
        self._going = Continuation.of_nodes(siblings, node.id, tree)
        self.page.set_pending(node.text)
        self.show_choices()
        self.show_line()

    def branch_at(self, place: int) -> None:
        """Others from character ``place`` of the draft, as :meth:`action_branch` does."""
        self.page.go_to(place)
        self.action_branch()

    def action_repeat(self) -> None:
        node = self._draft.tree.get(self.generation_here()) if self._draft is not None else None
        if node is None:
            self.tell("There is nothing before the cursor that the model wrote.")
            return
        self._leave_for(node)
        self.write_again(node)

    # -- scenes and places

    @work(group="dialog")
    async def action_outline(self) -> None:
        found = scenes(self.page.draft)
        if not found:
            self.tell("No scenes yet: a line such as [Night.] or INT. LAUNDRY begins one.")
            return
        question = SceneList(found, self.page.cursor_offset)
        chosen = await self.app.push_screen_wait(question)
        if chosen:
            self.page.go_to(question.scene_of(chosen).start)
            self.focus_on(self.page)

    def action_find(self) -> None:
        if self.finder.has_class("-open") and self.page.has_focus:
            self.finder.open(self.page.selected_text)
        elif self.finder.has_class("-open"):
            self.close_finder()
        else:
            self.page.clear_pending()
            self.let_go()
            self.finder.open(self.page.selected_text)
            self._search("here")

    @on(FindBar.Closed)
    def close_finder(self) -> None:
        self.finder.close()
        self._found = []
        self.page.set_marks("found", [])
        self.focus_on(self.page)

    @on(FindBar.Asked)
    def _find_asked(self, event: FindBar.Asked) -> None:
        self._search(event.step)

    def find_again(self) -> None:
        """The draft has changed while the writer is in the search bar."""
        if self.in_finder():
            self._search("here")

    def _search(self, step: str) -> None:
        page, bar = self.page, self.finder
        found = self._found = matches(page.draft, bar.wanted)
        page.set_marks("found", [Span(start, end, "found") for start, end in found[:MARKED]])
        if not found:
            bar.tell("nothing found" if bar.wanted else "")
            return
        if step == "replace_all":
            number = page.replace_all([(start, end, bar.instead) for start, end in found])
            page.set_marks("found", [])
            key = self.key_of("undo")
            bar.tell(f"{number} replaced; {key} undoes" if key else f"{number} replaced")
            return
        top, bottom = sorted(page.selection)
        selected = (page.page.offset_of(top), page.page.offset_of(bottom))
        if step == "replace" and selected in found:
            page.swap(*selected, bar.instead)
            self._search("replace")
            return
        if step == "replace" and found[-1][0] < selected[1]:
            bar.tell("none further down; Enter goes round")
            return
        if step == "previous":
            at = nearest(found, selected[0], -1)
        else:
            at = nearest(found, selected[1] if step != "here" else selected[0], 1)
        page.go_to(*found[at])
        bar.tell(f"{at + 1} of {len(found)}")

    # -- names at the start of a line

    def offer_name(self) -> None:
        """Complete a name that the line begins with."""
        page = self.page
        if page.pending:
            return
        row, column = page.cursor_location
        line = page.page.get_line(row)
        name = None
        if 0 < column == len(line) <= 30 and page.selection.is_empty and page.has_focus:
            name = self._name_begun(line)
        page.set_offer("" if name is None else f"{name[column:]}: ")

    def _name_begun(self, line: str) -> str | None:
        """The name that ``line``, up to the cursor, begins; also one that was typed just now."""
        if not may_begin_a_name(line):
            return None
        name = completed(line, self.cast_names())
        return name or completed(line, cast_of.speakers(self.before_cursor()))

    def take_offer(self) -> None:
        """The whole name as the cast writes it, whatever was typed of it."""
        page = self.page
        row, column = page.cursor_location
        typed = page.page.get_line(row)[:column]
        name = self._name_begun(typed)
        if name is None:
            page.accept()
            return
        start = page.page.offset_of((row, 0))
        page.swap(start, start + column, f"{name}: ")

    # -- inspecting

    async def action_inspect(self) -> None:
        await self.cold_open.enter("inspect")

    def text_to_inspect(self) -> tuple[str, int]:
        """The draft and the cursor in it, for the Inspect room."""
        return self.page.draft, self.page.cursor_offset

    def swap_word(self, swap: SwapWord) -> bool:
        """Put a word in another's place; False when the draft is no longer as it was shown."""
        page = self.page
        first, last = page.page.location_of(swap.start), page.page.location_of(swap.end)
        if page.page.get_text_range(first, last) != swap.old:
            return False
        marks = page.page.passage(first, last).spans(ORIGIN)
        page.swap(swap.start, swap.end, swap.text, generation=marks[0].value if marks else "")
        return True


def place_of(node: Node, text: str) -> int | None:
    """Where in ``text`` a continuation began: behind the same words, nearest to where it was."""
    if not node.tail:
        return 0 if node.at == 0 else None
    if text[: node.at].endswith(node.tail):
        return node.at
    places: list[int] = []
    at = text.find(node.tail)
    while at >= 0:
        places.append(at + len(node.tail))
        at = text.find(node.tail, at + 1)
    return min(places, key=lambda place: abs(place - node.at), default=None)
