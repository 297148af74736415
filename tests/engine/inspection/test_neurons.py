"""Single cells: that their values are the model's, and that marks are found."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.config import TrainingConfig
from engine.errors import ModelError
from engine.generation.writer import Writer
from engine.inspection.neurons import activations, area_under_curve, feature, find_cells, selected
from engine.inspection.reading import read_text
from engine.protocol.messages import FindCells, GetActivations

TEXT = """DELIA: (from the bench) Who took it?

OZ: (quietly) Not me (I think).

(Machine nine groans.)

DELIA: So who?
"""


def tokens_of(text: str) -> list[tuple[str, int, int]]:
    from engine.generation.spans import tokens_in

    return tokens_in(text)


def marked_words(name: str) -> list[str]:
    tokens = tokens_of(TEXT)
    flags = feature(name, tokens)
    return [token for (token, _s, _e), flag in zip(tokens, flags, strict=True) if flag]


def test_features_hold_where_they_should() -> None:
    inside = "( from the bench|( quietly|( i think|( machine nine groans ."
    assert marked_words("parentheses") == inside.replace("|", " ").split()
    assert marked_words("line start") == ["delia:", "oz:", "(", "delia:"]
    spoken = marked_words("speaker OZ")
    assert spoken[0] == "oz:"
    assert "groans" not in spoken
    assert "me" in spoken
    with pytest.raises(ModelError, match="no feature"):
        feature("mood", tokens_of(TEXT))


def test_a_selection_marks_the_tokens_that_it_touches() -> None:
    tokens = tokens_of("one two three")
    assert selected(((2, 5),), tokens).tolist() == [True, True, False]
    assert selected((), tokens).tolist() == [False] * 3
    assert selected(((0, 0), (100, 200)), tokens).tolist() == [False] * 3


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40))
def test_the_area_under_the_curve_is_the_share_of_pairs_in_order(
    pairs: list[tuple[int, bool]],
) -> None:
    values = np.array([[float(v), -float(v)] for v, _m in pairs])
    marked = np.array([m for _v, m in pairs])
    if marked.all() or not marked.any():
        return
    inside, outside = values[marked, 0], values[~marked, 0]
    wins = (inside[:, None] > outside).mean() + 0.5 * (inside[:, None] == outside).mean()
    assert area_under_curve(values, marked) == pytest.approx([wins, 1 - wins])


@pytest.mark.parametrize(
    "config",
    [
        {"cell": "lstm"},
        {"cell": "gru"},
        {"cell": "elman"},
        {"model": "classic"},
        {"model": "reply"},
    ],
)
def test_activations_are_those_of_stepping(
    make_writer: Callable[..., Writer], config: dict[str, Any]
) -> None:
    writer = make_writer(TrainingConfig(embedding_size=10, hidden_size=14, **config))
    read = read_text(writer, TEXT, 4000)
    state, hidden, cells = writer.model.initial_state(1), [], []
    for number in read.ids:
        _odds, state, seen = writer.model.step(torch.tensor([number]), state)
        hidden.append(seen.hidden[0].numpy())
        cells.append(None if seen.cell is None else np.tanh(seen.cell[0].numpy()))
    for layer, cell in ((0, 3), (1, 13)):
        shown = activations(
            writer, GetActivations(model="m", text=TEXT, layer=layer, cell=cell, of="h")
        )
        assert shown.values == pytest.approx([h[layer, cell] for h in hidden[1:]], abs=1e-4)
        shown = activations(
            writer, GetActivations(model="m", text=TEXT, layer=layer, cell=cell, of="c")
        )
        expected = [
            (h if c is None else c)[layer, cell] for h, c in zip(hidden[1:], cells[1:], strict=True)
        ]
        assert shown.values == pytest.approx(expected, abs=1e-4)
        assert [TEXT[s:e] for s, e in shown.offsets][:3] == ["DELIA:", "(", "from"]


def test_gates_are_those_of_stepping(make_writer: Callable[..., Writer]) -> None:
    from engine.inspection.neurons import read_cells

    for cell in ("lstm", "gru", "elman"):
        writer = make_writer(TrainingConfig(cell=cell, embedding_size=10, hidden_size=14))  # type: ignore[arg-type]
        found = read_cells(writer, TEXT)
        state = writer.model.initial_state(1)
        assert found.gates is not None
        _odds, state, _seen = writer.model.step(torch.tensor([found.read.ids[0]]), state)
        for number, gates in zip(found.read.ids[1:], found.gates, strict=True):
            _odds, state, seen = writer.model.step(torch.tensor([number]), state)
            assert seen.gates is not None
            assert torch.allclose(seen.gates[0], gates, atol=1e-5)


def test_a_reading_is_kept_but_not_its_model(make_writer: Callable[..., Writer]) -> None:
    from engine.inspection.neurons import read_cells

    writer = make_writer(TrainingConfig(embedding_size=10, hidden_size=14))
    assert read_cells(writer, TEXT) is read_cells(writer, TEXT)
    gone = weakref.ref(writer)
    del writer
    gc.collect()
    assert gone() is None


def test_the_gates_of_the_classic_make_its_cells(make_writer: Callable[..., Writer]) -> None:
    """Of an LSTM c is f·c + i·g, and h is o·tanh(c)."""
    from engine.inspection.neurons import read_cells

    writer = make_writer(TrainingConfig(model="classic", embedding_size=10, hidden_size=14))
    found = read_cells(writer, TEXT)
    assert found.gates is not None
    opened, kept, candidate, shown = found.gates.double().unbind(2)
    state = writer.model.initial_state(1)
    _odds, state, seen = writer.model.step(torch.tensor([found.read.ids[0]]), state)
    for step, number in enumerate(found.read.ids[1:]):
        before = seen.cell
        _odds, state, seen = writer.model.step(torch.tensor([number]), state)
        assert before is not None
        assert seen.cell is not None
        after = kept[step] * before[0] + opened[step] * candidate[step]
        assert torch.allclose(after, seen.cell[0].double(), atol=1e-5)
        assert torch.allclose(shown[step] * torch.tanh(after), seen.hidden[0].double(), atol=1e-5)
    request = FindCells(model="m", text=TEXT, feature="parentheses")
    assert {gate.gate for gate in find_cells(writer, request).saturation} == {
        "input",
        "forget",
        "output",
    }


def test_what_a_cell_shows_is_named(make_writer: Callable[..., Writer]) -> None:
    """A GRU has no c; and a score is told with how many words it is of."""
    for cell, shown in (("lstm", "c"), ("gru", "h"), ("elman", "h")):
        writer = make_writer(TrainingConfig(cell=cell, embedding_size=10, hidden_size=14))  # type: ignore[arg-type]
        assert activations(writer, GetActivations(model="m", text=TEXT, of="c")).of == shown
        found = find_cells(writer, FindCells(model="m", text=TEXT, feature="line start", of="c"))
        assert found.of == shown
        assert (found.marked, found.tokens) == (4, len(tokens_of(TEXT)))
        found = find_cells(writer, FindCells(model="m", text=TEXT, feature="line start", of="h"))
        assert found.of == "h"


def test_cells_that_follow_parentheses_are_found_in_a_trained_model(writer: Writer) -> None:
    found = find_cells(writer, FindCells(model="m", text=TEXT * 20, feature="parentheses"))
    assert (found.layers, found.cells_a_layer) == (2, 48)
    assert len(found.cells) == 10
    strength = [abs(cell.score - 0.5) for cell in found.cells]
    assert strength == sorted(strength, reverse=True)
    assert strength[0] > 0.35
    assert {(s.layer, s.gate) for s in found.saturation} == {
        (layer, gate) for layer in (0, 1) for gate in ("input", "forget", "output")
    }
    assert all(s.shut + s.open <= 1 for s in found.saturation)


def test_what_cannot_be_told_apart_is_said(writer: Writer) -> None:
    for request, words in (
        (FindCells(model="m", text=TEXT), "nothing"),
        (FindCells(model="m", text=TEXT, spans=((0, 1000),)), "everything"),
        (FindCells(model="m", text="", feature="parentheses"), "no text"),
        (FindCells(model="m", text=TEXT, feature="speaker NOBODY"), "nothing"),
    ):
        with pytest.raises(ModelError, match=words):
            find_cells(writer, request)
    with pytest.raises(ModelError, match="no cell 48"):
        activations(writer, GetActivations(model="m", text=TEXT, cell=48))
