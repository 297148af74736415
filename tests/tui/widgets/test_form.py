"""The form knows every knob, checks while typing, and tells the user's values from a preset's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App
from textual.containers import Vertical
from textual.widgets import Input, Static

from engine.config import TrainingConfig, checked, knobs
from engine.errors import ConfigurationError
from tui.widgets.form import Choice, Form

Apps = Callable[..., App[Any]]


async def test_every_knob_has_a_field_with_its_default(app_of: Apps) -> None:
    async with app_of(form := Form()).run_test(size=(100, 50)):
        assert list(form.fields()) == [knob.name for knob in knobs()]
        assert checked(form.values()) == TrainingConfig(epochs=None)
        assert form.own_values() == {}


async def test_what_is_explained_is_the_field_with_the_focus(app_of: Apps) -> None:
    elsewhere = Input(id="elsewhere")
    async with app_of(Vertical(elsewhere, form := Form())).run_test(size=(100, 50)) as pilot:
        told = form.query_one("#form-help", Static)
        form.fields()["layers"].query_one(Input).focus()
        await pilot.pause()
        assert str(told.render()).startswith("layers: ")
        form.fields()["cell"].query_one(Choice).focus()
        await pilot.pause()
        assert str(told.render()).startswith("cell: ")
        elsewhere.focus()
        await pilot.pause()
        assert str(told.render()) == ""


async def test_fields_that_are_left_out_have_no_values(app_of: Apps) -> None:
    async with app_of(form := Form()).run_test(size=(100, 50)) as pilot:
        fields = form.fields()
        fields["cell"].query_one(Choice).focus()
        await pilot.press("right")
        fields["attention_span"].query_one(Input).focus()
        await pilot.press("1")
        await pilot.pause()
        assert form.problems()
        form.leave_out({"cell", "attention_span"})
        await pilot.pause()
        assert not fields["cell"].display
        assert form.own_values() == {}
        assert not form.problems()
        assert "cell" not in form.values()
        form.leave_out(())
        assert fields["cell"].display
        assert form.problems()


async def test_typing_makes_a_value_the_users_own(app_of: Apps) -> None:
    async with app_of(form := Form()).run_test(size=(100, 50)) as pilot:
        form.fields()["layers"].query_one(Input).focus()
        await pilot.press("3")
        form.fields()["learning_rate"].query_one(Input).focus()
        await pilot.press("1", "e", "minus", "3")
        form.fields()["cell"].query_one(Choice).focus()
        await pilot.press("right")
        form.fields()["copying"].query_one(Choice).focus()
        await pilot.press("space")
        await pilot.pause()
        assert form.own_values() == {
            "layers": 3,
            "learning_rate": 1e-3,
            "cell": "gru",
            "copying": False,
        }


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("layers", "99", "1 to 8"),
        ("layers", "two", "whole number"),
        ("layers", "2.5", "whole number"),
        ("dropout", "1", "0 to under 1"),
        ("dropout", "nan", "0 to under 1"),
        ("learning_rate", "fast", "number"),
        ("epochs", "0", "1 to 10,000"),
    ],
)
async def test_what_is_out_of_range_is_said_beside_the_field(
    app_of: Apps, name: str, typed: str, words: str
) -> None:
    async with app_of(form := Form()).run_test(size=(120, 50)) as pilot:
        field = form.fields()[name]
        field.query_one(Input).value = typed
        await pilot.pause()
        assert words in str(field.query_one(".field-note", Static).render())
        assert list(form.problems()) == [name]
        with pytest.raises(ConfigurationError, match=name.replace("_", " ")):
            form.values()
        field.query_one(Input).value = ""
        await pilot.pause()
        assert form.problems() == {}
        assert form.own_values() == {}


async def test_a_preset_fills_in_what_the_user_has_left_open(app_of: Apps) -> None:
    async with app_of(form := Form()).run_test(size=(100, 50)) as pilot:
        form.fields()["layers"].query_one(Input).value = "3"
        await pilot.pause()
        form.set_values({"layers": 1, "hidden_size": 640, "cell": "elman", "minutes": 2.0})
        await pilot.pause()
        values = form.values()
        assert (values["layers"], values["hidden_size"]) == (3, 640)
        assert (values["cell"], values["minutes"], values["epochs"]) == ("elman", 2.0, None)
        assert form.own_values() == {"layers": 3}
        form.set_values({"layers": 1}, keep_own=False)
        await pilot.pause()
        assert form.values()["layers"] == 1
        assert form.own_values() == {}


async def test_a_change_is_announced_and_a_preset_is_not(app_of: Apps) -> None:
    heard: list[str] = []

    class Listening(Form):
        def on_form_changed(self, event: Form.Changed) -> None:
            heard.append(event.name)

    async with app_of(form := Listening()).run_test(size=(100, 50)) as pilot:
        form.set_values({"layers": 4})
        await pilot.pause()
        assert heard == []
        form.fields()["layers"].query_one(Input).value = "5"
        await pilot.pause()
        assert heard == ["layers"]


async def test_up_and_down_go_from_field_to_field(app_of: Apps) -> None:
    async with app_of(form := Form()).run_test(size=(100, 50)) as pilot:
        form.fields()["model"].query_one(Choice).focus()
        await pilot.press("down", "down", "up")
        assert pilot.app.focused is form.fields()["cell"].query_one(Choice)
        await pilot.press("down", "down")
        await pilot.pause()
        help_text = str(form.query_one("#form-help", Static).render())
        assert help_text.startswith("hidden size: 8 to 8,192.")
