"""The tree beside the page: what it says, and what comes of its keys."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tui.drafts.tree import Node
from tui.write.tree_panel import TreePanel

FIRST, SECOND = " One went. So", " The other stayed."
BEHIND = " it goes."


@pytest.fixture
async def grown(sitting: Any) -> Any:
    """A draft in which 5a and, behind it, 6b were taken, and the writer has gone on."""
    page, tree = sitting.page, sitting.room._draft.tree
    await sitting.put("GUS:")
    for name, parent, text, taken in (
        ("5a", "", FIRST, True),
        ("5b", "", SECOND, False),
        ("6a", "5a", " much.", False),
        ("6b", "5a", BEHIND, True),
    ):
        at, tail = (len(FIRST) + 4, FIRST) if parent else (4, "GUS:")
        tree.add(Node(id=name, parent=parent, text=text, at=at, tail=tail))
        if taken:
            end = page.cursor_offset
            page.swap(end, end, text, generation=name)
            tree.change(name, "taken", len(text))
    await sitting.put("\n\nOZ: Hm.")
    return sitting


async def opened(sitting: Any, at: str = "5a") -> TreePanel:
    await sitting.press("f3")
    panel: TreePanel = sitting.room.tree_panel
    await sitting.until(lambda: panel.has_focus)
    sitting.room._show_tree(at)
    await sitting.pilot.pause()
    return panel


async def test_a_sibling_takes_the_place_of_all_that_was_taken(grown: Any) -> None:
    page = grown.page
    before = page.draft
    await opened(grown, "5b")
    await grown.press("enter")
    await grown.until(lambda: page.draft == f"GUS:{SECOND}\n\nOZ: Hm.")
    assert "5b took the place of 5a and what was taken behind it; Ctrl+Z" in grown.line()
    await grown.press("ctrl+z")
    assert page.draft == before


async def test_what_the_writer_has_changed_behind_it_stays(grown: Any) -> None:
    page = grown.page
    at = page.draft.index("goes")
    page.swap(at, at + 4, "went")
    await opened(grown, "5b")
    await grown.press("enter")
    await grown.until(lambda: page.draft == f"GUS:{SECOND} it went.\n\nOZ: Hm.")
    assert "took the place of 5a; Ctrl+Z" in grown.line()


@pytest.mark.parametrize(("keys", "way"), [({}, "; p shows all"), ({"tree.show_pruned": ()}, "")])
async def test_pruning_says_how_many_are_hidden(
    grown: Any, monkeypatch: pytest.MonkeyPatch, keys: dict[str, tuple[str, ...]], way: str
) -> None:
    monkeypatch.setattr(TreePanel, "own_keys", keys)
    panel = await opened(grown)
    assert "Enter puts it in · b ★" in grown.line()
    await grown.press("x")
    await grown.until(lambda: panel.option_count == 1)
    await grown.pilot.pause()
    assert f"3 hidden{way}." in grown.line()
    await grown.press("x")
    assert f"1 hidden{way}." in grown.line()
    shown = str(panel.get_option_at_index(0).prompt)
    assert shown == f"All branches are hidden{way}."


async def test_no_bookmarks_is_not_nothing(grown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TreePanel, "own_keys", {"tree.only_bookmarks": ("k",)})
    panel = await opened(grown)
    panel.take_own_keys()
    await grown.press("k")
    assert str(panel.get_option_at_index(0).prompt) == "No branch has a bookmark; k shows all."
    await grown.press("k")
    assert panel.option_count == 4


async def test_keys_of_the_page_are_offered_on_the_page_alone(grown: Any) -> None:
    room, page = grown.room, grown.page
    page.set_pending(" and on")
    room.show_line()
    assert "Tab takes it" in grown.line()
    await opened(grown)
    assert "Tab takes it" not in grown.line()
    assert "Enter puts it in" in grown.line()
    room._going = SimpleNamespace(running=True, choices=[])
    room.tree_panel.clear_options()
    room.show_line()
    assert "stops" not in grown.line()
    assert "writing…" in grown.line()
    room._going = None
    page.focus()
    await grown.pilot.pause()
    assert "Tab takes it" in grown.line()
    assert "Enter puts it in" not in grown.line()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_branch_under_the_cursor_is_read_under_the_page(
    grown: Any, size: tuple[int, int]
) -> None:
    strip = grown.room.query_one("#choices")
    await grown.pilot.resize_terminal(*size)
    await opened(grown, "5a")
    for keys, text in (((), "5a\nOne went. So"), (("down",), "6a\nmuch."), (("up", "up"), "")):
        await grown.press(*keys)
        await grown.pilot.pause(0.2)
        assert strip.region.height >= 2
        assert text in str(strip.render())
    grown.room.show_choices()  # as when words come
    await grown.pilot.pause()
    assert strip.region.height >= 2
    await grown.press("escape")
    await grown.until(lambda: strip.region.height == 0)
    await opened(grown, "5a")
    await grown.until(lambda: strip.region.height >= 2)
    grown.page.focus()
    await grown.until(lambda: strip.region.height == 0)


def marks(panel: TreePanel) -> str:
    rows = [str(panel.get_option_at_index(i).prompt) for i in range(panel.option_count)]
    return " ".join(mark for row in rows for mark in row if mark in "✓·")


async def test_what_is_in_the_draft_has_the_mark_as_soon_as_it_is(grown: Any) -> None:
    panel = await opened(grown, "5b")
    assert marks(panel) == "✓ · ✓ ·"
    await grown.press("enter")
    await grown.until(lambda: marks(panel) == "· · · ✓")
    await grown.press("ctrl+z")
    await grown.until(lambda: marks(panel) == "✓ · ✓ ·")


async def test_all_the_keys_of_the_tree_are_told_where_it_is_narrow(grown: Any) -> None:
    await grown.pilot.resize_terminal(80, 24)
    await opened(grown, "5a")
    line = grown.room.query_one("#write-line")
    await grown.until(lambda: line.region.height > 1)
    shown = " ".join(
        "".join(segment.text for segment in line.render_line(y)).strip()
        for y in range(line.region.height)
    )
    assert shown == grown.room.tree_panel.ways()
    assert "★ only" in shown
    await grown.press("escape")
    await grown.until(lambda: line.region.height == 1)
