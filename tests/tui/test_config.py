"""A wrong configuration costs the wrong part and a sentence, never more."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import config


def read(tmp_path: Path, text: str | bytes) -> config.Configuration:
    file = tmp_path / "config.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return config.load(file)


def test_no_file_means_the_defaults_and_no_complaint(tmp_path: Path) -> None:
    assert config.load(tmp_path / "none" / "config.toml") == config.Configuration(config.Settings())


def test_a_full_file(tmp_path: Path) -> None:
    seen = read(
        tmp_path,
        """
        theme = "light"
        escape_delay = 25
        device = "cpu"
        [sampler]
        temperature = 1.1
        top_k = 40
        banned = ["basically"]
        [stop]
        tokens = 60
        at = "speech"
        [keys]
        "write.continue" = "Ctrl+K, Ctrl+Space"
        write.outline = "f7"
        """,
    )
    assert seen.problems == ()
    settings = seen.settings
    assert (settings.theme, settings.escape_delay, settings.device) == ("light", 25, "cpu")
    assert (settings.sampler.temperature, settings.sampler.top_k) == (1.1, 40)
    assert settings.sampler.banned == ("basically",)
    assert (settings.stop.tokens, settings.stop.at) == (60, "speech")
    assert settings.keys == {
        "write.continue": ("ctrl+k", "ctrl+space"),
        "write.outline": ("f7",),
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('theme = "blue"', ["theme", "blue", "dark or light"]),
        ("theme = 3", ["theme", "3"]),
        ("escape_delay = 5", ["escape_delay", "10 to 2000"]),
        ("colour = 1", ["no setting called 'colour'", "theme"]),
        ("sampler = 1", ["sampler", "table"]),
        ("[sampler]\ntemperature = 9", ["temperature", "9", "5"]),
        ("[sampler]\ntemp = 1", ["no setting called 'temp'", "temperature"]),
        ('[sampler]\ntop_p = "high"', ["top_p", "high"]),
        ("[sampler]\ntemperature = nan", ["temperature"]),
        ('[keys]\n"write.dance" = "f7"', ["no action called 'write.dance'"]),
        ('[keys]\n"write.retry" = 4', ["write.retry", "as text"]),
        ('[keys]\n"write.retry" = "ctrl+enter"', ["write.retry", "ctrl+enter", "cannot"]),
        ('[keys]\n"write.retry" = "x"', ["write.retry", "keep you from typing"]),
        ('[keys]\n"write.retry" = "ctrl+g"', ["write.retry", "Ctrl+G", "write.continue"]),
        ('[keys]\n"write.retry" = "f1"', ["write.retry", "F1", "app.help"]),
        ('[keys]\n"app.help" = "ctrl+y"', ["app.help", "Ctrl+Y", "write.redo"]),
        ('[keys]\n"write.retry" = "ctrl+b"', ["write.retry", "tmux"]),
    ],
)
def test_what_is_wrong_is_said_and_left_out(tmp_path: Path, line: str, words: list[str]) -> None:
    seen = read(tmp_path, f"device = 'cpu'\n{line}\n")
    assert len(seen.problems) == 1
    for word in words:
        assert word in seen.problems[0]
    assert seen.settings.device == "cpu"
    assert seen.settings.sampler == config.Settings().sampler


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("theme = ", "not valid TOML"),
        ("[" * 2000, "not valid TOML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"# \n" * 500_000, "larger than 1 MB"),
        ("escape_delay = " + "9" * 5000, "not valid TOML"),
    ],
    ids=["syntax", "nesting", "binary", "huge", "digits"],
)
def test_a_file_that_cannot_be_used_at_all(tmp_path: Path, raw: str | bytes, words: str) -> None:
    seen = read(tmp_path, raw)
    assert seen.settings == config.Settings()
    assert words in seen.problems[0]
    assert "config.toml" in seen.problems[0]


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    seen = config.load(tmp_path / "config.toml")
    assert seen.settings == config.Settings()
    assert "cannot be read" in seen.problems[0]


def test_two_actions_may_swap_keys(tmp_path: Path) -> None:
    seen = read(tmp_path, '[keys]\n"write.cooler" = "f9"\n"write.warmer" = "f8"\n"app.quit" = ""\n')
    assert seen.problems == ()
    assert seen.settings.keys["write.cooler"] == ("f9",)
    assert seen.settings.keys["app.quit"] == ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(["theme", "keys", "sampler", "stop", "escape_delay", "device"]) | st.text()


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_no_table_ever_raises(table: dict[str, object]) -> None:
    seen = config.check(table)
    assert isinstance(seen.settings, config.Settings)


@given(st.binary(max_size=200))
def test_no_bytes_ever_raise(raw: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(raw)
        file.flush()
        assert isinstance(config.load(Path(file.name)), config.Configuration)
