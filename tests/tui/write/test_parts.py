"""The parts of the Write room that need no screen."""

from __future__ import annotations

import pytest

from engine.protocol.messages import StreamEnded, StreamStarted, TokensWritten, Write
from engine.protocol.values import (
    GenerationRecord,
    SamplerSettings,
    SettingsChange,
    StopRule,
    WrittenToken,
)
from tui.drafts.tree import Node, Tree
from tui.editor.passage import Span
from tui.editor.taking import next_line, next_word
from tui.write.cast import completed, speakers, together
from tui.write.draft_list import ago
from tui.write.extent import end_of_followers, generation_around
from tui.write.figures import measure
from tui.write.look_actions import place_of
from tui.write.odds import seed_from, summary, with_stop, with_value
from tui.write.outline import scenes
from tui.write.search import matches, nearest
from tui.write.streaming import Continuation, Place

SCRIPT = """[Spin Cycle, night.]

GUS: Socks. (to Oz) All of them.

Oz: No.

gus: Yes.

INT. STREET - DAY

(A bus passes: slowly.)
Zelda:
"""


def test_the_cast_of_a_script() -> None:
    assert speakers(SCRIPT) == {"GUS": 2, "Oz": 1, "Zelda": 1}
    assert together(speakers(SCRIPT), ["OZ", "TEO"]) == ["GUS", "Oz", "Zelda", "TEO"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("G", "GUS"),
        ("gu", "GUS"),
        ("mrs. a", "Mrs. Abernathy"),
        ("x", None),
        ("", None),
        ("(", None),
    ],
)
def test_names_are_completed(line: str, name: str | None) -> None:
    assert completed(line, ["GUS", "Mrs. Abernathy"]) == name


def test_the_scenes_of_a_script() -> None:
    found = scenes(SCRIPT)
    assert [scene.title for scene in found] == ["Spin Cycle, night.", "INT. STREET - DAY"]
    assert SCRIPT[found[1].start :].startswith("INT.")


def test_a_script_in_figures() -> None:
    figures = measure("GUS: one two\n\nTEO: three", [Span(5, 12, "origin", "1a")])
    assert figures.words == 5
    assert figures.cast == {"GUS": 1, "TEO": 1}
    assert figures.by_model == pytest.approx(6 / 19)
    assert measure("", []).by_model == 0


def test_searching() -> None:
    assert matches("Ab ab.ab", "ab") == [(0, 2), (3, 5), (6, 8)]
    assert matches("Ab ab", "Ab") == [(0, 2)]
    assert matches("a.b", ".") == [(1, 2)]
    assert matches("abc", "") == []
    found = [(0, 2), (5, 7), (9, 11)]
    assert [nearest(found, at, 1) for at in (0, 1, 7, 10)] == [0, 1, 2, 0]
    assert [nearest(found, at, -1) for at in (0, 5, 6)] == [2, 0, 1]


def test_words_and_lines_to_take() -> None:
    assert next_word(" of course not") == 3
    assert next_word("\n\nGUS: x") == 6
    assert next_line("\n\nGUS: x\nmore") == 8
    assert next_line("rest") == 4


def test_settings_as_they_are_typed() -> None:
    start = SamplerSettings()
    assert with_value(start, "temperature", "1,2").temperature == 1.2
    assert with_value(start, "banned", "socks, bus ,").banned == ("socks", "bus")
    assert with_stop(StopRule(), "at", "sp").at == "speech"
    assert (
        summary(SamplerSettings(temperature=1, top_k=5, top_p=1, min_p=0.1, no_repeat_ngram=3))
        == "T 1 k 5 min-p 0.1 no 3-gram"
    )
    assert seed_from("") is None
    assert seed_from("17") == 17
    for name, text in [("temperature", "9"), ("top_k", "1.5"), ("top_p", "0"), ("min_p", "x")]:
        with pytest.raises(ValueError, match=name.replace("_", "-")):
            with_value(start, name, text)
    with pytest.raises(ValueError, match="length, line, speech, scene"):
        with_stop(StopRule(), "at", "page")
    with pytest.raises(ValueError, match="seed"):
        seed_from("-1")


def token(text: str, surprise: float = 1.0) -> WrittenToken:
    return WrittenToken(
        text=text, word=text.strip(), probability=0.5, rank=1, surprise=surprise, entropy=2.0
    )


def started(branches: int) -> Continuation:
    going = Continuation(Write(model="m", before=""), number=3, parent="2a", place=Place(9, "tail"))
    records = tuple(
        GenerationRecord(
            model="m",
            weights="w",
            seed=1,
            branch=branch,
            branches=branches,
            changes=(SettingsChange(index=0, settings=SamplerSettings()),),
            stop=StopRule(),
            context="",
        )
        for branch in range(branches)
    )
    going.begin(StreamStarted(stream="s1", records=records))
    return going


def test_branches_grow_and_one_is_used() -> None:
    going = started(2)
    going.take(TokensWritten(stream="s1", branch=0, tokens=(token(" one"), token(" two"))))
    going.take(TokensWritten(stream="s1", branch=1, tokens=(token(" other"),)))
    going.show(1)
    assert going.pending == " other"
    going.use(3)
    assert (going.pending, len(going.choices)) == ("her", 1)
    going.show(1)
    assert going.pending == "her"
    assert going.running
    for branch in (0, 1):
        going.take(StreamEnded(stream="s1", branch=branch, reason="length", record=None))
    assert going.complete
    assert not going.running
    node = going.node(going.branches[1])
    assert (node.id, node.parent, node.text, node.taken) == ("3b", "2a", " other", 3)


def test_the_best_fit_is_shown_unless_the_writer_has_chosen() -> None:
    for chosen in (False, True):
        going = started(2)
        if chosen:
            going.show(1)
            going.show(-1)
        for branch, fit in enumerate((4.0, 3.0)):
            going.take(
                StreamEnded(stream="s1", branch=branch, reason="length", record=None, fit=fit)
            )
        assert going.show_best() is not chosen
        assert going.shown == (0 if chosen else 1)


def test_surprising_words_are_marked_without_their_blanks() -> None:
    going = started(1)
    words = (token("It", 1), token(" quacks", 8), token(".", 0.1), token(" Twice", 20))
    going.take(TokensWritten(stream="s1", branch=0, tokens=words))
    branch = going.branches[0]
    assert list(branch.surprises(0, 99)) == [(3, 9, "surprise", "2"), (11, 16, "surprise", "3")]
    assert list(branch.surprises(5, 12)) == [(0, 4, "surprise", "2"), (6, 7, "surprise", "3")]


def test_the_place_of_a_node_is_found_again() -> None:
    node = Node(id="1a", at=8, tail="no more.")
    assert place_of(node, "no more. And") == 8
    assert place_of(node, "Well. no more. Or no more.") == 14
    assert place_of(node, "nothing of it") is None
    assert place_of(Node(id="1a"), "any") == 0


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (0, None),
        (3, None),
        (4, (4, 16)),
        (15, (4, 16)),
        (16, (16, 22)),
        (21, (16, 22)),
        (22, None),
        (23, None),
    ],
)
def test_line_ends_at_its_edges_belong_to_a_generation(at: int, wanted: object) -> None:
    draft = "Hm.\n\nGUS: Socks.\n\nNo.\n\n\n"
    tree = Tree()
    for name, text in (("1a", "\nGUS: Socks."), ("2a", "\n\nNo.\n\nNot taken")):
        tree.add(Node(id=name, text=text, taken=6 if name == "2a" else len(text)))
    spans = [Span(5, 16, "origin", "1a"), Span(18, 21, "origin", "2a")]
    assert generation_around(draft, spans, tree, at) == wanted


@pytest.mark.parametrize(
    ("draft", "end"),
    [
        ("One. Two. Three. Mine.", 16),
        ("One. Two. My Three.", 9),
        ("One. Too. Three.", 4),
        ("One.", 4),
    ],
)
def test_what_was_taken_behind_a_node_ends_where_the_writer_wrote(draft: str, end: int) -> None:
    tree = Tree()
    for name, parent, text in (
        ("1a", "", "One."),
        ("2a", "1a", " Other."),
        ("2b", "1a", " Two. And not taken."),
        ("3a", "2b", " Three."),
    ):
        tree.add(Node(id=name, parent=parent, text=text, taken=5 if name == "2b" else len(text)))
    spans = [
        Span(draft.index(text), draft.index(text) + len(text), "origin", name)
        for name, text in (("1a", "One."), ("2b", " Two."), ("3a", " Three."))
        if text in draft
    ]
    assert end_of_followers(draft, spans, tree, "1a", 4) == end
    assert end_of_followers(draft, [], tree, "1a", 4) == 4


def test_how_long_ago() -> None:
    assert ago(100.0, 130.0) == "just now"
    assert ago(0.0, 7300.0) == "2 hours ago"
    assert ago(0.0, 90000.0) == "1 day ago"
