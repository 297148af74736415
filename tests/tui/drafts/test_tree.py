"""The tree of what was tried, in memory and on disk."""

from __future__ import annotations

from pathlib import Path

from engine.protocol.values import GenerationRecord, SamplerSettings, SettingsChange, StopRule
from tui.drafts.tree import Node, Tree, append_synced, node_id


def record(context: str, branch: int = 0) -> GenerationRecord:
    return GenerationRecord(
        model="m",
        weights="w",
        seed=5,
        branch=branch,
        changes=(SettingsChange(index=0, settings=SamplerSettings(temperature=0.3)),),
        stop=StopRule(tokens=7),
        context=context,
    )


def grown() -> Tree:
    tree = Tree()
    for number, parent in enumerate(["", "1a", "1a", "2b"], 1):
        assert tree.new_number() == number
        for branch in range(2):
            context = f"context {number}"
            name = node_id(number, branch)
            tree.add(Node(id=name, parent=parent, text=name, record=record(context, branch)))
    return tree


def names(tree: Tree) -> list[str]:
    return [f"{'.' * depth}{node.id}" for depth, node in tree.shown()]


def test_nodes_stand_under_their_parents() -> None:
    tree = grown()
    assert names(tree) == ["1a", ".2a", ".2b", "..4a", "..4b", ".3a", ".3b", "1b"]
    assert [n.id for n in tree.children("1a")] == ["2a", "2b", "3a", "3b"]


def test_pruning_hides_all_below_and_can_be_undone() -> None:
    tree = grown()
    assert tree.prune("2b") == 3
    assert names(tree) == ["1a", ".2a", ".3a", ".3b", "1b"]
    tree.prune("2b", pruned=False)
    assert len(names(tree)) == 8


def test_it_comes_back_from_disk_with_its_records(tmp_path: Path) -> None:
    path = tmp_path / "tree.jsonl"
    tree = grown()
    tree.change("2b", "bookmarked", True)
    append_synced(path, tree.unsaved())
    assert not tree.has_unsaved
    tree.change("2a", "taken", 2)
    tree.prune("3a")
    append_synced(path, tree.unsaved())
    again = Tree.read(path)
    assert list(again) == list(tree)
    assert again["2b"].record == record("context 2", 1)
    assert again.new_number() == 5
    assert path.read_text().count("context 2") == 1


def test_a_line_cut_off_by_a_crash_costs_that_line_only(tmp_path: Path) -> None:
    path = tmp_path / "tree.jsonl"
    tree = grown()
    append_synced(path, tree.unsaved())
    path.write_bytes(path.read_bytes()[:-9])
    tree.change("1a", "bookmarked", True)
    append_synced(path, tree.unsaved())
    again = Tree.read(path)
    assert len(again) == 7
    assert again["1a"].bookmarked


def test_nodes_without_a_parent_that_is_known_are_roots() -> None:
    tree = Tree()
    tree.add(Node(id="9a", parent="gone"))
    assert names(tree) == ["9a"]


def test_a_line_that_is_not_utf_8_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "tree.jsonl"
    path.write_bytes(b'{"node":{"id":"1a","text":"\xff"}}\n{"node":{"id":"2a"}}\n')
    assert names(Tree.read(path)) == ["2a"]


def test_nodes_that_begin_in_each_other_are_shown_and_hidden(tmp_path: Path) -> None:
    path = tmp_path / "tree.jsonl"
    pair = '{"node":{"id":"1a","parent":"2a"}}\n{"node":{"id":"2a","parent":"1a"}}\n'
    path.write_text(pair + '{"node":{"id":"3a","parent":"2a"}}\n')
    tree = Tree.read(path)
    assert sorted(name.lstrip(".") for name in names(tree)) == ["1a", "2a", "3a"]
    assert sum(not node.parent for node in tree) == 1
    assert tree.prune(next(node.id for node in tree if not node.parent)) == 3


def test_a_node_that_is_its_own_parent_is_a_root(tmp_path: Path) -> None:
    path = tmp_path / "tree.jsonl"
    path.write_text('{"node":{"id":"1a","parent":"1a"}}\n{"node":{"id":"2a","parent":"1a"}}\n')
    tree = Tree.read(path)
    assert names(tree) == ["1a", ".2a"]
    assert tree.prune("1a") == 2
