"""Small questions: narrowed by typing, answered by a digit where digits choose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from tui.write.ask import Ask

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
CAST = ("OZ", "DELIA", "TEO")


@pytest.fixture
def app(user_home: object, app_of: Callable[..., App[None]]) -> App[None]:
    return app_of()


async def answer(
    app: App[None],
    until: Until,
    keys: list[str],
    *,
    cast: Sequence[str] = CAST,
    free: bool = True,
) -> list[str | None]:
    """What the question gives for ``keys``, which answer it."""
    got: list[str | None] = []
    async with app.run_test() as pilot:
        choices = [(name, name) for name in cast]
        app.push_screen(Ask("Who speaks?", choices=choices, free=free, digits=True), got.append)
        await until(pilot, lambda: isinstance(app.screen, Ask) and app.focused is not None)
        await pilot.press(*keys)
        await until(pilot, lambda: bool(got))
    return got


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (["2"], ["DELIA"]),
        (["T", "enter"], ["TEO"]),
        (["down", "enter"], ["DELIA"]),
        (["4", "escape"], [""]),  # no fourth one
        (["²", "escape"], [""]),  # a digit to Unicode, a key of its own in France, and no number
    ],
)
async def test_an_answer(
    app: App[None], until: Until, keys: list[str], wanted: list[str | None]
) -> None:
    assert await answer(app, until, keys) == wanted


@pytest.mark.parametrize(
    ("free", "typed", "wanted"),
    [
        (True, "Eli", "Eli"),
        (True, "del", "DELIA"),
        (False, "eli", "DELIA"),
    ],
)
async def test_a_new_name_may_stand_inside_an_old_one(
    app: App[None], until: Until, free: bool, typed: str, wanted: str
) -> None:
    assert await answer(app, until, [*typed, "enter"], free=free) == [wanted]


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize(
    ("cast", "typed", "wanted"),
    [
        (["SAMANTHA", "SAM"], "sam", "SAM"),
        (["Anna Maria", "Anna"], "Anna", "Anna"),
        (["yes, all", "yes"], "yes", "yes"),
        (["DRAFT", "Draft"], "Draft", "Draft"),
    ],
)
async def test_what_is_called_just_so_comes_before_what_only_begins_so(
    app: App[None], until: Until, free: bool, cast: list[str], typed: str, wanted: str
) -> None:
    assert await answer(app, until, [*typed, "enter"], cast=cast, free=free) == [wanted]


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (["enter"], "SAMANTHA"),
        (["down", "enter"], "Sam"),
        (["space", "down", "enter"], "Sam"),
        (["space", "B", "enter"], "Sam B"),
    ],
)
async def test_a_new_name_may_begin_an_old_one(
    app: App[None], until: Until, keys: list[str], wanted: str
) -> None:
    assert await answer(app, until, [*"Sam", *keys], cast=["SAMANTHA"]) == [wanted]


async def test_nothing_new_is_offered_where_only_the_choices_are_answers(
    app: App[None], until: Until
) -> None:
    keys = [*"ye", "down", "enter"]
    assert await answer(app, until, keys, cast=["no", "yes"], free=False) == ["yes"]


async def test_a_digit_is_no_way_to_what_was_typed(app: App[None], until: Until) -> None:
    assert await answer(app, until, ["4", "2", "backspace", "2", "enter"]) == ["42"]
