"""Where a generation begins and ends in a draft, the line ends at its edges included.

Marks lie on the characters of a line, so nothing in the draft says who wrote a line end. Between
two marked lines it goes with them; at the edges the tree knows whether the model wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tui.drafts.tree import Tree
from tui.editor.passage import Span


def generation_around(
    draft: str, spans: Sequence[Span], tree: Tree, at: int
) -> tuple[int, int] | None:
    """From where to where the generation reaches that character ``at`` of ``draft`` belongs to.

    ``spans`` are the marks of origin. A generation that the writer has changed inside reaches to
    the change. None where the writer wrote the character.
    """
    first = {span.value: span for span in reversed(spans)}
    last = {span.value: span for span in spans}
    for span in spans:
        node = tree.get(span.value)
        taken = node.text[: node.taken] if node is not None else ""
        start, end = span.start, span.end
        if span is first[span.value]:
            line_ends = len(taken) - len(taken.lstrip("\n"))
            while line_ends and draft[start - 1 : start] == "\n":
                start, line_ends = start - 1, line_ends - 1
        if span is last[span.value]:
            line_ends = len(taken) - len(taken.rstrip("\n"))
            while line_ends and draft[end : end + 1] == "\n":
                end, line_ends = end + 1, line_ends - 1
        if start <= at < end:
            return start, end
    return None


def end_of_followers(
    draft: str, spans: Sequence[Span], tree: Tree, node_id: str, behind: int
) -> int:
    """Where the generations end that were taken one behind the other, after a node's own text.

    ``behind`` is the place behind that text. What the writer has put between them or changed in
    them, and all that comes after it, is not part of them.
    """
    end, found = behind, True
    while found:
        found = False
        for child in tree.children(node_id):
            taken = child.text[: child.taken]
            until = end + len(taken)
            writers = {span.value for span in spans if span.start < until and span.end > end}
            if taken and draft.startswith(taken, end) and writers == {child.id}:
                node_id, end, found = child.id, until, True
                break
    return end
