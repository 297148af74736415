"""Small questions: narrowed by typing, answered by a digit where digits choose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from tui.write.ask import Ask

Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
CAST = [("OZ", "OZ"), ("DELIA", "DELIA"), ("TEO", "TEO")]


@pytest.fixture
def app(user_home: object, app_of: Callable[..., App[None]]) -> App[None]:
    return app_of()


async def answer(
    app: App[None], until: Until, keys: list[str], *, free: bool = True
) -> list[str | None]:
    """What the question gives for ``keys``, which answer it."""
    got: list[str | None] = []
    async with app.run_test() as pilot:
        app.push_screen(Ask("Who speaks?", choices=CAST, free=free, digits=True), got.append)
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
