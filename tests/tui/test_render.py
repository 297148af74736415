"""Nothing a terminal obeys gets past the render edge, also not through the real renderer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App
from textual.widgets import Static

from engine.errors import ColdOpenError
from tui.render import content, cut_middle, fit, visible, width

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]52;c;aGk=\x1b\\",
    "\x1bPq#0;2;0;0;0\x1b\\",
    "\x9b31mC1 control\x9d0;t\x9c",
    "\x90dcs\x9c",
    "a\x00b\x7fc\x08d\re",
    "safe\u202egnp.exe\u202c",
    "\u2066isolate\u2069",
    "zero\u200bwidth\u2060\ufeff\u00ad",
    "tags\U000e0041\U000e007f",
    "line\u2028separator\u2029",
    "[/] [bold] [TODO] [link=x]y[/link] [@click=app.quit]z[/]",
    "\ud800 surrogate",
]
FORBIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
ANY_TEXT = st.text(st.characters(codec=None) | st.sampled_from("\x1b\x9b\u202e\n\t[]\u0301漢👩‍"))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_hostile_becomes_visible(text: str) -> None:
    seen = visible(text)
    assert not FORBIDDEN.search(seen)
    hidden = [c for c in text if FORBIDDEN.match(c)]
    assert len(seen) >= len(text)
    if hidden:
        assert re.search("[␀-␡]|⟨U\\+", seen)


def test_signs() -> None:
    assert visible("\x1b[1m\u202ex") == "␛[1m⟨U+202E⟩x"
    assert visible("a\tb\nc\x7f") == "a    b\nc␡"
    assert visible("a\nb", newlines=False) == "a␊b"


@given(ANY_TEXT)
def test_visible_text_is_harmless_and_stays_so(text: str) -> None:
    seen = visible(text)
    assert not FORBIDDEN.search(seen)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c != "\n" for c in seen)
    assert visible(seen) == seen
    seen.encode()


@given(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126)))
def test_plain_text_is_left_alone(text: str) -> None:
    assert visible(text) == text


@given(ANY_TEXT)
def test_markup_is_never_read(text: str) -> None:
    assert content(text).plain == visible(text)


@given(ANY_TEXT, st.integers(0, 40))
def test_fitted_text_fits(text: str, cells: int) -> None:
    assert width(fit(text, cells)) <= cells
    assert width(fit(text, cells, pad=True)) == cells
    if width(visible(text, newlines=False)) <= cells:
        assert fit(text, cells) == visible(text, newlines=False)


def test_wide_and_combining_characters_are_not_torn() -> None:
    assert fit("漢字漢字", 5) == "漢字…"
    assert fit("漢字漢字", 4, pad=True) == "漢… "
    assert fit("e\u0301e\u0301e\u0301", 2) == "e\u0301…"
    assert fit("abc", 0) == ""
    assert cell_len(fit("👩\u200d👩\u200d👧 family", 6)) <= 6


ESCAPES = re.compile(
    "\x1b\\[[0-9;]*[mHKJ]"  # colours and cursor moves that Textual itself makes
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_the_real_renderer_lets_nothing_through(
    text: str, app_of: Callable[..., App[Any]]
) -> None:
    app = app_of(Static(content(text)))
    async with app.run_test(size=(80, 24)) as pilot:
        app.notify(visible(str(ColdOpenError(text, text))), markup=False)
        await pilot.pause()
        update = app.screen._compositor.render_update(full=True)
        written = update.render_segments(app.console)  # type: ignore[union-attr]
    left = ESCAPES.sub("", written).replace("\n", "")
    assert not FORBIDDEN.search(left)


def test_names_that_differ_at_the_end_differ_when_they_are_cut() -> None:
    names = [f"{'a-model-of-the-same-play' * 2:.38}-{n}" for n in range(10)]
    labels = [cut_middle(name, 24) for name in names]
    assert {len(name) for name in names} == {40}
    assert len(set(labels)) == len(names)
    assert all(width(label) <= 24 for label in labels)
    assert cut_middle("a model", 24) == "a model"
    assert len({cut_middle(f"{'洗濯機の夜' * 7}{end}", 24) for end in "一二"}) == 2
