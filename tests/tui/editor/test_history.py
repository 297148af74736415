"""What is one undo step, rule by rule."""

from __future__ import annotations

from textual.document._document import Location, Selection

from tui.editor.history import Change, ChangeHistory
from tui.editor.passage import Passage


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def change(column: int, inserted: str = "", removed: str = "", row: int = 0) -> Change:
    start: Location = (row, column)
    at = Selection.cursor(start)
    return Change(start, Passage.of(removed), Passage.of(inserted), at, at)


def steps(history: ChangeHistory) -> list[str]:
    """Inserted text of each step, oldest first."""
    found = []
    while taken := history.undo():
        found.append("".join(c.inserted.text for c in reversed(taken)))
    return found[::-1]


def typed(history: ChangeHistory, text: str, column: int = 0) -> None:
    for offset, character in enumerate(text):
        history.record(change(column + offset, character))


def test_typing_in_a_row_is_one_step_until_a_pause() -> None:
    clock = Clock()
    history = ChangeHistory(clock)
    typed(history, "some words")
    clock.now += 5
    typed(history, " more", 10)
    assert steps(history) == ["some words", " more"]


def test_a_step_ends_with_the_line_and_at_a_word_when_long() -> None:
    history = ChangeHistory(Clock())
    typed(history, "ab\n")
    typed(history, "word " * 20)
    found = steps(history)
    assert found[:2] == ["ab", "\n"]
    assert [len(s) for s in found[2:]] == [60, 40]


def test_moving_away_and_back_begins_a_step() -> None:
    history = ChangeHistory(Clock())
    typed(history, "ab")
    history.checkpoint()
    typed(history, "cd", 2)
    typed(history, "x", 9)
    assert steps(history) == ["ab", "cd", "x"]


def test_deletions_in_one_direction_are_one_step() -> None:
    history = ChangeHistory(Clock())
    typed(history, "abc")
    for column in (2, 1):
        history.record(change(column, removed="z"))
    history.record(change(7, removed="q"))
    assert [len(history.undo()) for _ in range(3)] == [1, 2, 3]


def test_a_change_that_stands_alone_takes_nothing_with_it() -> None:
    history = ChangeHistory(Clock())
    typed(history, "a")
    history.record(change(1, "b"), alone=True)
    typed(history, "c", 2)
    assert steps(history) == ["a", "b", "c"]


def test_new_changes_drop_what_could_be_done_again() -> None:
    history = ChangeHistory(Clock())
    typed(history, "a")
    assert history.undo()
    assert history.redo()
    assert history.undo()
    typed(history, "b")
    assert not history.redo()


def test_thousands_of_steps_are_kept_and_only_size_makes_them_go() -> None:
    history = ChangeHistory(Clock())
    for number in range(5000):
        history.record(change(number, "long text"), alone=True)
    assert len(history) == 5000
    small = ChangeHistory(Clock(), most_characters=100)
    for number in range(50):
        small.record(change(number, "x" * 10), alone=True)
    assert len(small) == 10


def test_what_can_no_longer_be_done_again_leaves_its_room_to_others() -> None:
    history = ChangeHistory(Clock(), most_characters=100)
    history.record(change(0, "x" * 90), alone=True)
    assert history.undo()
    for number in range(20):
        history.record(change(number, "x" * 10), alone=True)
    assert len(history) == 10
