"""What commands print stands in its column, however wide or strange it is."""

from __future__ import annotations

import pytest

from tui.cli.output import Output
from tui.render import width

STRANGE = [
    "plain",
    "日本語",
    "e\u0301te\u0301",
    "\x1b]2;x\x07",
    "two\nlines",
    "a\tb",
    "\u200b\u202e",
]


def test_columns_begin_in_the_same_cell(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(name, name, number) for number, name in enumerate(STRANGE, 995)]
    Output(json=False).table(("name", "corpus", "words"), rows)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(STRANGE)
    assert len({width(line) for line in lines}) == 1  # numbers stand at the right
    assert lines[1].split() == ["plain", "plain", "995"]
    at = width(lines[0].partition("corpus")[0])
    for line, shown in zip(
        lines[2:6], ("日本語", "e\u0301te\u0301", "␛]2;x␇", "two␊lines"), strict=True
    ):
        first, second = line.index(shown), line.rindex(shown)
        assert (first, width(line[:second])) == (0, at)


def test_facts_too(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=False).facts([(name, f"= {name}") for name in STRANGE])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(STRANGE)
    assert len({width(line.partition("=")[0]) for line in lines}) == 1


def test_a_table_without_rows_has_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    Output(json=False).table(("name", "words"), [])
    assert capsys.readouterr().out == "name  words\n"
