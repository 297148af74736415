"""The Corpus room: load scripts, see what is in them, read them."""

from __future__ import annotations

from pathlib import Path

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from engine import paths
from engine.errors import ColdOpenError
from engine.protocol.messages import CorpusPage, FindInCorpus, LoadCorpus, Progress, ReadCorpus
from engine.protocol.values import CorpusSummary
from tui.corpus import summary_text
from tui.corpus.text_view import Fetch, TextView
from tui.render import content
from tui.room import Room
from tui.widgets.filepicker import FilePicker
from tui.write.ask import Ask

SPEAKERS = 200


class CorpusRoom(Room):
    """Shows one corpus and loads others."""

    room_id = "corpus"
    title = "Corpus"
    DEFAULT_CSS = """
    CorpusRoom #corpus-facts { width: 56; padding: 0 1; border-right: solid $chart-faint; }
    CorpusRoom #corpus-facts Static { height: auto; margin: 0 0 1 0; }
    CorpusRoom #corpus-state { color: $quiet; }
    CorpusRoom #corpus-problem { color: $error; display: none; }
    CorpusRoom #corpus-problem.-shown { display: block; }
    CorpusRoom .corpus-quiet { color: $quiet; }
    CorpusRoom TextView { width: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._summary: CorpusSummary | None = None
        self._paths: tuple[str, ...] = ()
        self._cutoff = 2
        self._by_words = False
        self._wanted = ""

    def compose(self) -> ComposeResult:
        with Horizontal():
            with VerticalScroll(id="corpus-facts"):
                yield Static("", id="corpus-state", markup=False)
                yield Static("", id="corpus-problem", markup=False)
                yield Static("", id="corpus-overview", markup=False)
                yield Static("", id="corpus-split", markup=False, classes="corpus-quiet")
                yield Static("", id="corpus-cutoffs", markup=False)
                yield Static("", id="corpus-speakers", markup=False)
                yield Static("", id="corpus-lengths", markup=False)
                yield Static("", id="corpus-frequent", markup=False, classes="corpus-quiet")
            yield TextView(id="corpus-text")

    def first_focus(self) -> Widget | None:
        return self.query_one(TextView)

    def on_room_shown(self) -> None:
        wanted = self.cold_open.corpus_paths or (str(paths.bundled_corpus()),)
        if wanted != self._paths:
            self._load(wanted)

    # -- loading

    @work(exclusive=True, group="load")
    async def _load(self, wanted: tuple[str, ...], cutoff: int | None = None) -> None:
        """Load another corpus; if it cannot be, say why and keep the one that is shown."""
        state = self.query_one("#corpus-state", Static)
        problem = self.query_one("#corpus-problem", Static)
        problem.remove_class("-shown")
        state.update(content("loading…"))

        def show(progress: Progress) -> None:
            share = f" {progress.done / progress.total:.0%}" if progress.total else ""
            state.update(content(f"{progress.stage}{share}"))

        try:
            engine = await self.cold_open.engine_ready()
            loaded = await engine.call(
                LoadCorpus(paths=wanted, cutoff=cutoff or self._cutoff), on_progress=show
            )
        except ColdOpenError as error:
            kept = " The corpus shown is still the one before." if self._summary else ""
            problem.update(content(f"{error}{kept}"))
            problem.add_class("-shown")
            state.update("")
            return
        self._summary, self._cutoff = loaded.summary, loaded.summary.cutoff
        state.update(content(f"read in {loaded.summary.seconds:.1f} s"))
        if wanted != self._paths:
            self._paths = wanted
            self.cold_open.use_corpus(wanted)
            self.query_one(TextView).open(self._reader(wanted))
        self._show()

    def _reader(self, wanted: tuple[str, ...]) -> Fetch:
        async def fetch(first: int, count: int) -> CorpusPage | None:
            return await self.ask(ReadCorpus(paths=wanted, first_line=first, lines=count))

        return fetch

    @work(group="dialog")
    async def action_open(self) -> None:
        start = Path(self._paths[0]).parent if self._paths else Path.home()
        chosen = await self.app.push_screen_wait(
            FilePicker("Load a script, several, or a folder of them", choose="any", start=start)
        )
        if chosen:
            self._load(tuple(str(path) for path in chosen))

    def action_bundled(self) -> None:
        self._load((str(paths.bundled_corpus()),))

    # -- showing

    def _show(self) -> None:
        summary = self._summary
        if summary is None:
            return
        width = max(20, self.query_one("#corpus-facts").content_size.width - 1)
        parts = {
            "overview": summary_text.overview(summary),
            "split": summary_text.split_bar(summary, width),
            "cutoffs": summary_text.cutoffs(summary),
            "speakers": summary_text.speakers(summary, SPEAKERS, self._by_words),
            "lengths": "words a line\n" + summary_text.histogram(summary.line_lengths, width),
            "frequent": "most frequent words\n" + summary_text.frequent(summary, width),
        }
        for name, text in parts.items():
            self.query_one(f"#corpus-{name}", Static).update(content(text))

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#corpus-facts").styles.width = min(56, max(30, event.size.width // 2))
        self.call_after_refresh(self._show)

    # -- actions

    def action_cutoff_down(self) -> None:
        self._recut(-1)

    def action_cutoff_up(self) -> None:
        self._recut(1)

    def _recut(self, by: int) -> None:
        wanted = min(1000, max(1, self._cutoff + by))
        if self._paths and wanted != self._cutoff:
            self._cutoff = wanted
            self._load(self._paths, wanted)

    def action_sort(self) -> None:
        self._by_words = not self._by_words
        self._show()

    @work(group="dialog")
    async def action_find(self) -> None:
        text = await self.app.push_screen_wait(Ask("Find in the corpus", value=self._wanted))
        if text:
            self._wanted = text
            self._search(0)

    def action_find_next(self) -> None:
        if self._wanted:
            view = self.query_one(TextView)
            self._search(view.place + 1)

    @work(exclusive=True, group="find")
    async def _search(self, first_line: int) -> None:
        found = await self.ask(
            FindInCorpus(paths=self._paths, text=self._wanted, first_line=first_line)
        )
        if found is None:
            return
        if found.line is None:
            where = "from here on" if first_line else "in this corpus"
            self.say(f"“{self._wanted}” does not stand {where}.")
        else:
            self.query_one(TextView).go_to(found.line)

    async def action_train(self) -> None:
        await self.cold_open.enter("train")
