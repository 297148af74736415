"""The Corpus room: what it shows and reads, and what it does with files that are no scripts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from engine import paths
from engine.protocol.messages import CorpusPage
from engine.protocol.values import CorpusSummary, CoverageAt, SpeakerCount, SplitSizes
from tui.app import ColdOpenApp
from tui.corpus import summary_text
from tui.corpus.text_view import Fetch, TextView
from tui.screens.corpus import CorpusRoom
from tui.widgets.filepicker import FilePicker
from tui.write.ask import Ask

Apps = Callable[..., App[Any]]
Until = Callable[[Pilot[Any], Callable[[], bool]], Awaitable[None]]
Plain = Callable[[Any, str], str]


def room_of(pilot: Pilot[Any]) -> CorpusRoom:
    app = pilot.app
    assert isinstance(app, ColdOpenApp)
    room = app.room("corpus")
    assert isinstance(room, CorpusRoom)
    return room


def shown(view: TextView) -> list[str]:
    """The rows of the text on the screen, without the numbers."""
    return [row.text.plain for row in view._layout()]


# -- with the engine


async def test_a_corpus_in_figures_and_to_read(
    opened: Any, soon: Any, text_of: Plain, tiny_corpus: Path
) -> None:
    async with opened("corpus", (tiny_corpus,)) as pilot:
        room = room_of(pilot)
        view = room.query_one(TextView)
        lines = tiny_corpus.read_text(encoding="utf-8").splitlines()
        await soon(pilot, lambda: view.total_lines == len(lines))
        summary = room.summary
        assert summary is not None

        overview = text_of(room, "#corpus-overview")
        assert f"{summary.tokens:,} tokens" in overview
        assert "utf-8" in overview
        assert f"{summary.split.train:,} " in text_of(room, "#corpus-split")
        assert "DELIA" in text_of(room, "#corpus-speakers")
        assert sum(count for _, count in summary.line_lengths) == summary.lines
        assert shown(view)[0] == lines[0]

        await pilot.press("end")
        await soon(pilot, lambda: shown(view)[-1] == lines[-1])
        await pilot.press("home")

        before = summary.vocabulary_size
        await pilot.press("plus")
        await soon(pilot, lambda: room.summary is not None and room.summary.cutoff == 3)
        assert room.summary is not None
        assert room.summary.vocabulary_size < before
        assert "▸    3+" in text_of(room, "#corpus-cutoffs")
        assert room.cold_open.cutoff == 3

        names = sorted(speaker.name for speaker in summary.speakers)
        await pilot.press("s", "s")
        cast = text_of(room, "#corpus-speakers").splitlines()[2:]
        assert [row.split("  ")[0] for row in cast[: len(names)]] == names


async def test_a_cut_off_does_not_bring_the_corpus_before_back(
    opened: Any, soon: Any, text_of: Plain, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.corpus.RECUT_SECONDS", 0.0)
    bundled = (str(paths.bundled_corpus()),)
    async with opened("corpus", (tiny_corpus,)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: room.summary is not None and not room._loading)
        room.action_cutoff_up()
        room.action_bundled()
        await soon(pilot, lambda: not room._loading)
        assert room.cold_open.corpus_paths == bundled
        assert "Spin Cycle" in text_of(room, "#corpus-overview")
        assert room.summary.cutoff == room.cold_open.cutoff == 2


async def test_words_are_found_from_here_on_and_round_the_end(
    opened: Any, soon: Any, tmp_path: Path
) -> None:
    script = tmp_path / "play.txt"
    lines = [f"ANNA: line number {n} of the play." for n in range(300)]
    lines[40] = lines[250] = "BEN: The Heron again."
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    async with opened("corpus", (script,)) as pilot:
        view = room_of(pilot).query_one(TextView)
        await soon(pilot, lambda: view.total_lines == 300)
        await pilot.press("slash")
        await soon(pilot, lambda: isinstance(pilot.app.screen, Ask))
        await pilot.press(*"heron", "enter")
        await soon(pilot, lambda: view.place == 40)
        assert any(row.line == 40 and row.text.spans for row in view._layout())
        await pilot.press("n")
        await soon(pilot, lambda: view.place == 250)
        await pilot.press("n")
        await soon(pilot, lambda: view.place == 40)


async def test_a_bad_file_leaves_the_corpus_where_it_was(
    opened: Any, soon: Any, text_of: Plain, tiny_corpus: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "[bold]noise.txt"
    bad.write_bytes(bytes(range(256)) * 20)
    async with opened("corpus", (tiny_corpus,)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: room.summary is not None)
        tokens = room.summary.tokens if room.summary else 0
        facts = room.query_one("#corpus-facts")
        facts.scroll_end(animate=False, immediate=True)
        await soon(pilot, lambda: facts.scroll_y > 0)
        await pilot.press("o")
        await soon(pilot, lambda: isinstance(pilot.app.screen, FilePicker))
        pilot.app.screen.query_one(Input).value = str(bad)
        await pilot.pause()
        await pilot.press("enter")
        await soon(pilot, lambda: "not a text file" in text_of(room, "#corpus-problem"))
        assert "[bold]noise.txt" in text_of(room, "#corpus-problem")
        await soon(pilot, lambda: facts.scroll_y == 0)
        await soon(pilot, lambda: "still the one before" in text_of(room, "#corpus-problem"))
        assert room.summary is not None
        assert room.summary.tokens == tokens
        assert room.cold_open.corpus_paths == (str(tiny_corpus),)
        await pilot.press("b")
        await soon(pilot, lambda: room.summary is not None and room.summary.tokens != tokens)
        assert not room.query_one("#corpus-problem").has_class("-shown")
        await pilot.press("o")
        await soon(pilot, lambda: isinstance(pilot.app.screen, FilePicker))
        assert Path(pilot.app.screen.query_one(Input).value) == Path.cwd()


async def test_a_missing_file_at_the_start_is_said_over_the_bundled_corpus(
    opened: Any, soon: Any, text_of: Plain, tmp_path: Path
) -> None:
    async with opened("corpus", (tmp_path / "gone.txt",)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: room.summary is not None)
        await soon(pilot, lambda: "bundled" in text_of(room, "#corpus-problem"))
        assert "gone.txt" in text_of(room, "#corpus-problem")
        assert "Spin Cycle" in text_of(room, "#corpus-overview")
        assert not any("gone" in path for path in room.cold_open.corpus_paths)


async def test_an_encoding_that_was_not_plain_is_told(
    opened: Any, soon: Any, text_of: Plain, tmp_path: Path
) -> None:
    script = tmp_path / "café.txt"
    script.write_bytes("".join(f"CHLOÉ: déjà vu {n}.\n" for n in range(50)).encode("latin-1"))
    async with opened("corpus", (script,), size=(80, 24)) as pilot:
        room = room_of(pilot)
        await soon(pilot, lambda: room.summary is not None)
        assert "it was read as Latin-1" in text_of(room, "#corpus-overview").replace("\n", " ")
        view = room.query_one(TextView)
        await soon(pilot, lambda: view.total_lines > 0)
        assert shown(view)[0] == "CHLOÉ: déjà vu 0."


async def test_one_endless_line_can_be_looked_at(opened: Any, soon: Any, tmp_path: Path) -> None:
    script = tmp_path / "endless.txt"
    script.write_text(" ".join(f"word{n}" for n in range(100_000)), encoding="utf-8")
    async with opened("corpus", (script,)) as pilot:
        view = room_of(pilot).query_one(TextView)
        await soon(pilot, lambda: view.total_lines == 1)
        rows = shown(view)
        assert rows[0].startswith("word0 word1 ")
        await pilot.press("pagedown")
        await soon(pilot, lambda: shown(view)[0].strip() == rows[-1].strip())
        assert view.top_line == 0


# -- the text view by itself


def fetch_from(lines: list[str]) -> Fetch:
    async def fetch(first: int, count: int) -> CorpusPage:
        return CorpusPage(
            first_line=first, lines=tuple(lines[first : first + count]), total_lines=len(lines)
        )

    return fetch


@pytest.mark.parametrize("width", [30, 61])
async def test_paging_passes_over_nothing(app_of: Apps, width: int) -> None:
    lines = [f"{n} " + "some words 語 " * (n % 11) for n in range(230)]
    async with app_of(view := TextView()).run_test(size=(width, 20)) as pilot:
        view.open(fetch_from(lines))
        await pilot.pause()
        view.focus()
        seen: set[int] = set()
        for _ in range(2000):
            await pilot.pause()
            rows = view._layout()
            seen |= {row.line for row in rows}
            if rows and rows[-1].line == len(lines) - 1:
                break
            await pilot.press("pagedown")
        assert seen == set(range(len(lines)))
        at = view.top_line
        await pilot.press("pageup")
        await pilot.pause()
        assert view.top_line < at


async def test_long_lines_are_wrapped_and_nothing_is_lost(app_of: Apps) -> None:
    line = " ".join(f"word{n}" for n in range(60))
    async with app_of(view := TextView()).run_test(size=(40, 30)) as pilot:
        view.open(fetch_from([line, "next"]))
        await pilot.pause()
        await pilot.pause()
        rows = view._layout()
        assert " ".join(row.text.plain.strip() for row in rows if row.line == 0) == line
        assert [row.first for row in rows if row.line == 0].count(True) == 1
        assert rows[-1].text.plain == "next"
        for y in range(view.size.height):
            assert view.render_line(y).cell_length == view._width


async def test_control_characters_never_reach_the_terminal(app_of: Apps) -> None:
    async with app_of(view := TextView()).run_test(size=(60, 5)) as pilot:
        view.open(fetch_from(["\x1b]0;owned\x07 [red]not markup[/] \u202eevil"]))
        await pilot.pause()
        await pilot.pause()
        row = view.render_line(0).text
        assert "␛]0;owned␇ [red]not markup[/] ⟨U+202E⟩evil" in row
        assert "\x1b" not in row


async def test_a_page_that_did_not_come_is_asked_for_again(app_of: Apps, until: Until) -> None:
    lines = [f"line {n}" for n in range(230)]
    fetch, asked = fetch_from(lines), list[int]()

    async def at_the_second_time(first: int, count: int) -> CorpusPage | None:
        asked.append(first)
        return await fetch(first, count) if asked.count(first) > 1 else None

    async with app_of(view := TextView()).run_test(size=(60, 20)) as pilot:
        view.open(at_the_second_time)
        await until(pilot, lambda: asked == [0])
        await pilot.pause()
        assert view.total_lines == 0
        view.ask_again()
        await until(pilot, lambda: shown(view)[:1] == ["line 0"])
        view.focus()
        await pilot.press("end")
        await until(pilot, lambda: asked == [0, 0, 200])
        await pilot.pause()
        assert "…" in shown(view)
        view.ask_again()
        await until(pilot, lambda: shown(view)[-1:] == ["line 229"])
        assert "…" not in shown(view)


# -- figures as text

counts = st.integers(min_value=0, max_value=10**9)
names = st.text(min_size=1, max_size=40)


@st.composite
def summaries(draw: st.DrawFn) -> CorpusSummary:
    sizes = draw(st.lists(counts, min_size=1, max_size=5))
    return CorpusSummary(
        key="k",
        name=draw(names),
        files=1,
        encodings=("utf-8",),
        notes=(),
        bytes=draw(counts),
        lines=draw(counts),
        tokens=draw(counts),
        types=draw(counts),
        cutoff=2,
        vocabulary_size=sizes[0],
        coverage=draw(st.floats(0, 1)),
        cutoffs=tuple(CoverageAt(cutoff=n + 1, size=s, coverage=0.5) for n, s in enumerate(sizes)),
        speakers=tuple(
            SpeakerCount(name=name, lines=draw(counts) % 10**6, words=draw(counts) % 10**7)
            for name in draw(st.lists(names, max_size=4))
        ),
        scenes=draw(counts),
        line_lengths=(("0-2", draw(counts) % 10**6), ("over 100", draw(counts) % 10**6)),
        frequent=tuple((name, draw(counts)) for name in draw(st.lists(names, max_size=5))),
        split=SplitSizes(train=draw(counts), validation=draw(counts), test=draw(counts)),
    )


@settings(max_examples=60, deadline=None)
@given(summaries(), st.integers(40, 90))
def test_no_line_is_wider_than_its_column(summary: CorpusSummary, cells: int) -> None:
    parts = [
        summary_text.overview(summary, cells),
        summary_text.cutoffs(summary, cells, "- + cut-off"),
        summary_text.split_bar(summary, cells),
        summary_text.histogram(summary.line_lengths, cells),
        summary_text.speakers(summary, 500, "lines", cells, "s sorts"),
        summary_text.frequent(summary, cells),
    ]
    for part in parts:
        for line in part.split("\n"):
            assert line.cell_length <= cells, line.plain


@given(summaries())
def test_a_cut_off_of_a_thousand_keeps_its_first_digit(summary: CorpusSummary) -> None:
    rows = tuple(CoverageAt(cutoff=at, size=9, coverage=0.5) for at in (500, 1000))
    text = summary_text.cutoffs(msgspec.structs.replace(summary, cutoff=1000, cutoffs=rows), 60)
    assert [line[:7] for line in text.plain.split("\n")[2:]] == ["   500+", "▸1,000+"]
    text = summary_text.cutoffs(msgspec.structs.replace(summary, cutoff=500, cutoffs=rows), 60)
    assert [line[:7] for line in text.plain.split("\n")[2:]] == ["▸  500+", " 1,000+"]


@given(st.lists(st.tuples(names, counts, counts), max_size=8))
def test_the_cast_is_sorted_as_asked(rows: list[tuple[str, int, int]]) -> None:
    cast = [SpeakerCount(name=name, lines=lines, words=words) for name, lines, words in rows]
    by_lines = summary_text.in_order(cast, "lines")
    by_words = summary_text.in_order(cast, "words")
    assert [s.lines for s in by_lines] == sorted((s.lines for s in cast), reverse=True)
    assert [s.words for s in by_words] == sorted((s.words for s in cast), reverse=True)
    assert sorted(s.name for s in by_words) == sorted(s.name for s in cast)


def test_a_bar_has_the_length_of_its_share() -> None:
    assert summary_text.strip(0.5, 10) == "█" * 5
    assert summary_text.strip(2.0, 4) == "█" * 4
    assert summary_text.strip(0.0, 4) == ""
