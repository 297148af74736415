"""The tree of everything that was tried, as a list that one can walk."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.drafts.tree import Node, Tree
from tui.render import content, fit
from tui.widgets.keyed import Keyed

DEEPEST = 12
"""Levels of indentation that are told apart."""

Wish = Literal["take", "bookmark", "prune", "again", "branch"]


class TreePanel(Keyed, OptionList):
    """Shows a tree; says what the writer wants with the node under the cursor."""

    key_group = "tree"
    DEFAULT_CSS = """
    TreePanel { width: 44; max-width: 50%; height: 1fr; display: none; border: none;
        border-left: solid $chart-faint; padding: 0; background: $background;
        border-title-color: $quiet; scrollbar-size-vertical: 1; }
    TreePanel:focus { border: none; border-left: solid $primary; }
    TreePanel.-open { display: block; }
    """

    class Wanted(Message):
        """Something is to be done with a node."""

        def __init__(self, node: Node, wish: Wish) -> None:
            super().__init__()
            self.node, self.wish = node, wish

    class Pointed(Message):
        """The cursor is on a node."""

        def __init__(self, node: Node) -> None:
            super().__init__()
            self.node = node

    class Closed(Message):
        """The writer goes back to the page."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, markup=False)
        self._shown_nodes: list[Node] = []
        self._shown_tree = Tree()
        self._in_draft: Collection[str] = ()
        self._pruned = False
        self._bookmarks = False

    def show(self, tree: Tree, in_draft: Collection[str], at: str = "") -> None:
        """Show ``tree`` with the cursor on node ``at`` (the newest, where it is not there).

        ``in_draft`` are the ids of those that words of the draft are from.
        """
        self._in_draft = in_draft
        kept = at or (self.node.id if self.node is not None and tree is self._shown_tree else "")
        self._shown_tree = tree
        rows = [
            (depth, node)
            for depth, node in tree.shown(pruned=self._pruned)
            if node.bookmarked or not self._bookmarks
        ]
        self._shown_nodes = [node for _depth, node in rows]
        self.clear_options()
        width = max(20, self.content_size.width - 2)
        self.add_options(
            [Option(self._label(depth, node, width)) for depth, node in rows]
            or [Option(content(self._why_empty()), disabled=True)]
        )
        if self._shown_nodes:
            ids = [node.id for node in self._shown_nodes]
            self.highlighted = ids.index(kept) if kept in ids else len(ids) - 1

    def redraw(self, tree: Tree, in_draft: Collection[str]) -> None:
        """Show what ``tree`` and the draft have become, without news of a cursor that stays."""
        if self.node is None or tree is not self._shown_tree:
            self.show(tree, in_draft)
            return
        with self.prevent(OptionList.OptionHighlighted):
            self.show(tree, in_draft)

    @property
    def node(self) -> Node | None:
        """The node under the cursor."""
        if self.highlighted is None or self.highlighted >= len(self._shown_nodes):
            return None
        return self._shown_nodes[self.highlighted]

    @property
    def shows_pruned(self) -> bool:
        return self._pruned

    def ways(self) -> str:
        """What the keys do here, for a line of hints; empty while there is no node."""
        if self.node is None:
            return ""
        hints = self.hints(
            bookmark="★", prune="hides", again="again", branch="others", show_pruned="hidden",
            only_bookmarks="★ only",
        )  # fmt: skip
        return f"Enter puts it in · {hints}"

    def _why_empty(self) -> str:
        if not len(self._shown_tree):
            return "Nothing was tried yet."
        if any(node.bookmarked or not self._bookmarks for node in self._shown_tree):
            which = " with a bookmark" if self._bookmarks else ""
            why, key = f"All branches{which} are hidden", self.key_of("show_pruned")
        else:
            why, key = "No branch has a bookmark", self.key_of("only_bookmarks")
        return f"{why}; {key} shows all." if key else f"{why}."

    def _label(self, depth: int, node: Node, width: int) -> Content:
        used = node.id in self._in_draft
        mark = "★" if node.bookmarked else "✓" if used else "✗" if node.pruned else "·"
        lead = f"{' ' * min(depth, DEEPEST)}{mark} "
        text = " ".join(node.text.split()) or "(nothing)"
        style = "$quiet" if node.pruned else "$model-text" if used else ""
        name = f"{node.id} "
        rest = max(4, width - len(lead) - len(name))
        return Content.assemble(lead, (name, "$quiet"), (fit(text, rest), style))

    def on_resize(self) -> None:
        if self.has_class("-open") and self._shown_nodes:
            self.show(self._shown_tree, self._in_draft)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._want("take")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self.node is not None and self.has_class("-open"):
            self.post_message(self.Pointed(self.node))

    def _want(self, wish: Wish) -> None:
        if self.node is not None:
            self.post_message(self.Wanted(self.node, wish))

    def action_bookmark(self) -> None:
        self._want("bookmark")

    def action_prune(self) -> None:
        self._want("prune")

    def action_again(self) -> None:
        self._want("again")

    def action_branch(self) -> None:
        self._want("branch")

    def action_show_pruned(self) -> None:
        self._pruned = not self._pruned
        self.show(self._shown_tree, self._in_draft)

    def action_only_bookmarks(self) -> None:
        self._bookmarks = not self._bookmarks
        self.show(self._shown_tree, self._in_draft)

    def action_close(self) -> None:
        self.post_message(self.Closed())
