"""Checkpoints are believed only when whole, and damage costs no more than the newest."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from engine.errors import ColdOpenError, ModelError
from engine.storage import checkpoint
from engine.storage.checkpoint import (
    is_there,
    load_checkpoint,
    newest_valid,
    prune,
    put_back,
    save_checkpoint,
    set_aside,
)


def tensors(value: float) -> dict[str, torch.Tensor]:
    return {"weight": torch.full((3, 4), value), "step": torch.tensor(7)}


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    facts = {"epoch": 3, "dice": [1, 2], "name": "naïve"}
    digest = save_checkpoint(tmp_path, "step-1", tensors(2.5), facts)
    loaded, found, _weights = load_checkpoint(tmp_path / "step-1")
    assert found == facts
    assert torch.equal(loaded["weight"], tensors(2.5)["weight"])
    assert int(loaded["step"]) == 7
    assert len(digest) == 64
    assert {p.name for p in tmp_path.rglob("*")} == {"step-1", "tensors.safetensors", "state.json"}


def test_tensors_that_share_memory_are_saved_apart(tmp_path: Path) -> None:
    one = torch.arange(6.0)
    save_checkpoint(tmp_path, "step-1", {"a": one, "b": one, "c": one[2:4]}, {})
    loaded, _facts, _weights = load_checkpoint(tmp_path / "step-1")
    assert torch.equal(loaded["a"], loaded["b"])
    assert loaded["c"].tolist() == [2, 3]


@pytest.mark.parametrize(
    "damage", ["flip", "cut", "no tensors", "no facts", "not json", "list", "nested", "large"]
)
def test_a_damaged_checkpoint_is_refused_and_the_one_before_is_used(
    tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, "step-0000000001", tensors(1), {"n": 1})
    save_checkpoint(tmp_path, "step-0000000002", tensors(2), {"n": 2})
    newest = tmp_path / "step-0000000002"
    file, facts = newest / "tensors.safetensors", newest / "state.json"
    content = bytearray(file.read_bytes())
    if damage == "flip":
        content[-1] ^= 1
        file.write_bytes(content)
    elif damage == "cut":
        file.write_bytes(content[:-5])
    elif damage == "no tensors":
        file.unlink()
    elif damage == "no facts":
        facts.unlink()
    elif damage == "not json":
        facts.write_text("{")
    elif damage == "nested":
        facts.write_text('{"x":' + "[" * 100_000)
    elif damage == "large":
        monkeypatch.setattr(checkpoint, "MOST_FACTS", 200)
        facts.write_text(facts.read_text() + " " * 200)
    else:
        facts.write_text("[]")
    with pytest.raises(ModelError):
        load_checkpoint(newest)
    loaded, found, _weights = newest_valid(tmp_path)
    assert found == {"n": 1}
    assert float(loaded["weight"][0, 0]) == 1


def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    import hashlib

    save_checkpoint(tmp_path, "step-1", tensors(1), {})
    file, facts = tmp_path / "step-1" / "tensors.safetensors", tmp_path / "step-1" / "state.json"
    header = json.dumps(
        {"weight": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}
    ).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 16)
    document = json.loads(facts.read_text())
    document["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    facts.write_text(json.dumps(document))
    with pytest.raises(ModelError):
        load_checkpoint(tmp_path / "step-1")


def test_another_format_is_named(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "step-1", tensors(1), {})
    facts = tmp_path / "step-1" / "state.json"
    document = json.loads(facts.read_text())
    facts.write_text(json.dumps({**document, "format": 99}))
    with pytest.raises(ModelError, match="format 99"):
        load_checkpoint(tmp_path / "step-1")


def test_pruning_keeps_the_two_newest_and_the_best(tmp_path: Path) -> None:
    for step in range(5):
        save_checkpoint(tmp_path, f"step-{step:010d}", tensors(step), {})
    save_checkpoint(tmp_path, "best", tensors(9), {})
    prune(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "best",
        "step-0000000003",
        "step-0000000004",
    ]


def test_writing_over_the_best_never_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, "best", tensors(1), {"n": 1})

    def full(*_args: object, **_more: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device")

    monkeypatch.setattr("engine.storage.checkpoint.save_file", full)
    with pytest.raises(ColdOpenError, match="best could not be written: No space left on device"):
        save_checkpoint(tmp_path, "best", tensors(2), {"n": 2})
    _loaded, facts, _weights = load_checkpoint(tmp_path / "best")
    assert facts == {"n": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["best"]


def test_one_that_is_replaced_while_it_is_read_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path, "best", tensors(1), {"n": 1})
    true_digest, later = checkpoint._digest, [2]

    def replaced_meanwhile(path: Path) -> str:
        digest = true_digest(path)
        if path.parent.name == "best" and later:
            n = later.pop()
            save_checkpoint(tmp_path, "best", tensors(n), {"n": n})
        return digest

    monkeypatch.setattr(checkpoint, "_digest", replaced_meanwhile)
    loaded, facts, weights = load_checkpoint(tmp_path / "best")
    assert facts == {"n": 2}
    assert float(loaded["weight"][0, 0]) == 2
    assert weights == true_digest(tmp_path / "best" / "tensors.safetensors")


def test_what_was_set_aside_stands_in_when_a_process_was_ended_in_between(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "best", tensors(1), {"n": 1})
    (tmp_path / "best").rename(tmp_path / ".best.old")
    assert is_there(tmp_path / "best")
    assert load_checkpoint(tmp_path / "best").facts == {"n": 1}
    save_checkpoint(tmp_path, "best", tensors(2), {"n": 2})
    assert load_checkpoint(tmp_path / "best").facts == {"n": 2}
    assert [p.name for p in tmp_path.iterdir()] == ["best"]


def test_pruning_takes_what_was_cut_off_with_it(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "step-0000000001", tensors(1), {})
    (tmp_path / ".step-0000000002.tmp").mkdir()
    prune(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["step-0000000001"]


@pytest.mark.parametrize("links", [True, False])
def test_what_was_set_aside_takes_its_place_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refuse(*_names: str) -> None:
            raise OSError("no such names here")

        monkeypatch.setattr(os, "link", refuse)
    set_aside(tmp_path, "best", "aside")  # of which there is none yet
    put_back(tmp_path, "aside", "best")
    assert not list(tmp_path.iterdir())
    save_checkpoint(tmp_path, "best", tensors(1), {"n": 1})
    for _again in range(2):
        set_aside(tmp_path, "best", "aside")
        save_checkpoint(tmp_path, "best", tensors(2), {"n": 2})
        assert load_checkpoint(tmp_path / "best").facts == {"n": 2}
        put_back(tmp_path, "aside", "best")
        assert load_checkpoint(tmp_path / "best").facts == {"n": 1}
        assert [path.name for path in tmp_path.iterdir()] == ["best"]


def test_a_disk_that_does_not_take_what_is_set_aside_says_so(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, "best", tensors(1), {"n": 1})
    (tmp_path / "aside").write_text("in the way")
    with pytest.raises(ColdOpenError, match="could not be written"):
        set_aside(tmp_path, "best", "aside")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["aside", "best"]
