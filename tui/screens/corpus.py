"""The Corpus room: load scripts, see what is in them, read them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import WorkerCancelled

from engine import paths
from engine.errors import ColdOpenError
from engine.protocol.messages import CorpusPage, FindInCorpus, LoadCorpus, Progress, ReadCorpus
from engine.protocol.values import CorpusSummary
from tui.corpus import summary_text
from tui.corpus.text_view import Fetch, TextView
from tui.render import content
from tui.room import Room
from tui.widgets.filepicker import FilePicker
from tui.widgets.paths import working_folder
from tui.write.ask import Ask

SPEAKERS = 500
CUTOFFS = (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 500, 1000)
"""Where the keys for the cut-off stop."""
RECUT_SECONDS = 0.3
"""Rest after a key for the cut-off, so that holding it down loads once."""
TWO_COLUMNS_AT = 150
"""From this width on the facts stand in two columns."""


class Facts(VerticalScroll):
    """What is known of the corpus, laid out for the width that it has."""

    class Resized(Message):
        """It has another width now."""

    def on_resize(self) -> None:
        self.post_message(self.Resized())


class CorpusRoom(Room):
    """Shows one corpus and loads others."""

    room_id = "corpus"
    title = "Corpus"
    DEFAULT_CSS = """
    CorpusRoom #corpus-facts { width: 56; padding: 0 0 0 1; border-right: solid $border-blurred;
      scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    CorpusRoom #corpus-facts:focus { border-right: solid $accent; }
    CorpusRoom #corpus-blocks { height: auto; layout: vertical; }
    CorpusRoom #corpus-blocks > Vertical { height: auto; width: 1fr; }
    CorpusRoom #corpus-blocks Static { height: auto; margin: 0 0 1 0; text-wrap: nowrap; }
    CorpusRoom #corpus-overview { text-wrap: wrap !important; }
    CorpusRoom.-wide #corpus-blocks { layout: horizontal; }
    CorpusRoom.-wide #corpus-left { margin: 0 2 0 0; }
    CorpusRoom #corpus-state { color: $quiet; height: auto; display: none; margin: 0 0 1 0; }
    CorpusRoom #corpus-state.-shown { display: block; }
    CorpusRoom #corpus-problem { color: $error; height: auto; display: none; margin: 0 0 1 0; }
    CorpusRoom #corpus-problem.-shown { display: block; }
    CorpusRoom TextView { width: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._summary: CorpusSummary | None = None
        self._paths: tuple[str, ...] = ()
        self._tried: tuple[str, ...] = ()
        self._cutoff = 2
        self._order: summary_text.Order = "lines"
        self._wanted = ""

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Facts(id="corpus-facts"):
                yield Static("", id="corpus-problem", markup=False)
                yield Static("", id="corpus-state", markup=False)
                with Container(id="corpus-blocks"):
                    with Vertical(id="corpus-left"):
                        for name in ("overview", "cutoffs", "split", "lengths", "frequent"):
                            yield Static("", id=f"corpus-{name}", markup=False)
                    with Vertical(id="corpus-right"):
                        yield Static("", id="corpus-speakers", markup=False)
            yield TextView(id="corpus-text")

    def first_focus(self) -> Widget | None:
        return self.query_one(TextView)

    @property
    def summary(self) -> CorpusSummary | None:
        """The corpus that is shown."""
        return self._summary

    def on_mount(self) -> None:
        self._cutoff = self.cold_open.cutoff

    def on_room_shown(self) -> None:
        wanted = self.cold_open.corpus_paths
        if wanted not in (self._paths, self._tried):
            self._load(wanted)

    @property
    def _loading(self) -> bool:
        return self.query_one("#corpus-state").has_class("-shown")

    def on_engine_ready(self) -> None:
        if self._summary is None and not self._loading:
            self._load(self.cold_open.corpus_paths)
        self.query_one(TextView).ask_again()

    # -- loading

    @work(exclusive=True, group="load")
    async def _load(self, wanted: tuple[str, ...], cutoff: int | None = None) -> None:
        """Load a corpus; if it cannot be, say why and keep the one that is shown."""
        self._tried = wanted
        self._set_problem("")
        self._set_state("loading")
        if wanted != self._paths:
            self._to_top()
        try:
            await self._fetch_summary(wanted, cutoff)
        except ColdOpenError as error:
            await self._fall_back(wanted, error)
        finally:
            self._set_state(None)

    async def _fetch_summary(self, wanted: tuple[str, ...], cutoff: int | None) -> None:
        def show(progress: Progress) -> None:
            share = progress.done / progress.total if progress.total else None
            self._set_state(progress.stage, share)

        engine = await self.cold_open.engine_ready()
        loaded = await engine.call(
            LoadCorpus(paths=wanted, cutoff=cutoff or self._cutoff), on_progress=show
        )
        another = wanted != self._paths
        self._summary, self._cutoff = loaded.summary, loaded.summary.cutoff
        self._paths = wanted
        self.cold_open.use_corpus(wanted, self._cutoff)
        if another:
            self.query_one(TextView).open(self._reader(wanted))
        self._show()
        self.refresh_bindings()

    async def _fall_back(self, wanted: tuple[str, ...], error: ColdOpenError) -> None:
        """Say what is wrong with ``wanted``, and show some corpus if none is shown yet."""
        if self._summary is not None:
            self._set_problem(f"{error}\nThe corpus below is still the one before.")
            self.cold_open.use_corpus(self._paths, self._summary.cutoff)
            return
        bundled = (str(paths.bundled_corpus()),)
        self._set_problem(str(error))
        if wanted == bundled:
            return
        try:
            await self._fetch_summary(bundled, None)
        except ColdOpenError:
            return  # The first sentence is the one that counts.
        self._set_problem(f"{error}\nHere is the bundled sitcom instead.")

    def _to_top(self) -> None:
        """Show the top of the facts, where progress and problems are told."""
        self.query_one("#corpus-facts", VerticalScroll).scroll_home(animate=False)

    def _set_problem(self, text: str) -> None:
        problem = self.query_one("#corpus-problem", Static)
        problem.update(content(text))
        problem.set_class(bool(text), "-shown")
        if text:
            self._to_top()

    def _set_state(self, stage: str | None, share: float | None = None) -> None:
        state = self.query_one("#corpus-state", Static)
        state.set_class(stage is not None, "-shown")
        if stage is None:
            return
        parts = [content(stage, "$quiet")]
        if share is not None:
            cells = max(8, min(24, self._cells - len(stage) - 8))
            bar = summary_text.strip(share, cells).ljust(cells, "░")
            parts.append(Content.assemble(("  " + bar, "$chart-1"), f" {share:>4.0%}"))
        state.update(Content("").join(parts))

    def _reader(self, wanted: tuple[str, ...]) -> Fetch:
        async def fetch(first: int, count: int) -> CorpusPage | None:
            return await self.ask(ReadCorpus(paths=wanted, first_line=first, lines=count))

        return fetch

    @work(group="dialog")
    async def action_open(self) -> None:
        own = self._paths and self._paths != (str(paths.bundled_corpus()),)
        start = Path(self._paths[0]).parent if own else working_folder()
        chosen = await self.app.push_screen_wait(
            FilePicker("Load a script, several, or a folder of them", choose="any", start=start)
        )
        if chosen:
            self._change(tuple(str(path) for path in chosen))

    def _change(self, wanted: tuple[str, ...]) -> None:
        """Load another corpus; a cut-off that was to come for the one before does not count."""
        self.workers.cancel_group(self, "recut")
        if self._summary is not None:
            self._cutoff = self._summary.cutoff
        self._load(wanted)

    async def show_place(self, wanted: tuple[str, ...], line: int, text: str) -> None:
        """Show ``line`` (from 0) of the corpus ``wanted``, with ``text`` marked in it."""
        if wanted != self._paths:
            try:
                await self._load(wanted).wait()
            except WorkerCancelled:  # by who asked for another corpus, or leaves
                return
        if wanted == self._paths:
            self.query_one(TextView).go_to(line, text)

    def action_bundled(self) -> None:
        self._change((str(paths.bundled_corpus()),))

    # -- showing

    @property
    def _cells(self) -> int:
        """Width of one column of facts."""
        facts = self.query_one("#corpus-facts", VerticalScroll)
        inner = facts.scrollable_content_region.width - 1
        return max(24, (inner - 2) // 2 if self.has_class("-wide") else inner)

    def _show(self) -> None:
        summary = self._summary
        if summary is None:
            return
        cells = self._cells
        keys = " ".join(filter(None, map(self.key_of, ("cutoff_down", "cutoff_up"))))
        parts = {
            "overview": summary_text.overview(summary, cells),
            "cutoffs": summary_text.cutoffs(summary, cells, f"{keys} cut-off" if keys else ""),
            "split": summary_text.split_bar(summary, cells),
            "lengths": summary_text.histogram(summary.line_lengths, cells),
            "frequent": summary_text.frequent(summary, cells),
            "speakers": summary_text.speakers(
                summary, SPEAKERS, self._order, cells, self.hints(sort="sorts")
            ),
        }
        for name, text in parts.items():
            self.query_one(f"#corpus-{name}", Static).update(text)

    def on_resize(self, event: events.Resize) -> None:
        wide = event.size.width >= TWO_COLUMNS_AT
        self.set_class(wide, "-wide")
        facts = self.query_one("#corpus-facts", VerticalScroll)
        facts.styles.width = 98 if wide else min(56, max(38, event.size.width * 45 // 100))

    @on(Facts.Resized)
    def _fit(self) -> None:
        self._show()

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        needs_text = ("find", "find_next", "cutoff_down", "cutoff_up", "sort", "train")
        if action in needs_text and self._summary is None:
            return False
        return super().check_action(action, parameters)

    def action_cutoff_down(self) -> None:
        self._recut(max((c for c in CUTOFFS if c < self._cutoff), default=1))

    def action_cutoff_up(self) -> None:
        self._recut(min((c for c in CUTOFFS if c > self._cutoff), default=1000))

    def _recut(self, cutoff: int) -> None:
        if self._paths and cutoff != self._cutoff:
            self._cutoff = cutoff
            self._set_state(f"cut-off {cutoff}")
            self._load_soon(cutoff)

    @work(exclusive=True, group="recut")
    async def _load_soon(self, cutoff: int) -> None:
        await asyncio.sleep(RECUT_SECONDS)
        self._load(self._paths, cutoff)

    def action_sort(self) -> None:
        at = summary_text.ORDERS.index(self._order)
        self._order = summary_text.ORDERS[(at + 1) % len(summary_text.ORDERS)]
        self._show()

    @work(group="dialog")
    async def action_find(self) -> None:
        text = await self.app.push_screen_wait(Ask("Find in the corpus", value=self._wanted))
        if text:
            self._wanted = text
            self._search(self.query_one(TextView).top_line)

    def action_find_next(self) -> None:
        if self._wanted:
            self._search(self.query_one(TextView).place + 1)
        else:
            self.action_find()

    @work(exclusive=True, group="find")
    async def _search(self, first_line: int) -> None:
        """Go to the next place with the words, round the end if need be."""
        found = await self.ask(
            FindInCorpus(paths=self._paths, text=self._wanted, first_line=first_line)
        )
        if found is not None and found.line is None and first_line:
            found = await self.ask(FindInCorpus(paths=self._paths, text=self._wanted))
            if found is not None and found.line is not None:
                self.say("Round the end of the corpus: from its beginning again.")
        if found is None:
            return
        if found.line is None:
            self.say(f"“{self._wanted}” does not stand in this corpus.")
        else:
            self.query_one(TextView).go_to(found.line, self._wanted)

    async def action_train(self) -> None:
        await self.cold_open.enter("train")
