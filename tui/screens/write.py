"""The Write room: a draft, and a model that goes on with it when asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from engine.errors import ColdOpenError
from engine.protocol.messages import (
    AdjustStream,
    AnyEvent,
    ListModels,
    LoadModel,
    ModelReady,
    StopStream,
    StreamEnded,
    SuggestSpeakers,
    TokensWritten,
    Write,
)
from engine.protocol.values import SamplerSettings
from tui.drafts.store import DraftStore, OpenDraft
from tui.editor.script_area import ScriptArea
from tui.editor.taking import next_line, next_word
from tui.render import content, fit
from tui.room import Room
from tui.widgets.filepicker import FilePicker
from tui.write import cast as cast_of
from tui.write.ask import Ask
from tui.write.odds_panel import PRESETS, OddsPanel
from tui.write.streaming import Continuation

AUTOSAVE_SECONDS = 0.9
ALTERNATIVES = 3
SENT_CHARACTERS = 12_000
"""How much of the draft before the cursor is sent; the model reads less than that."""
HINT = "Write a line, then Ctrl+G: the model goes on. Tab takes its words, Esc lets them go."


class WriteRoom(Room):
    """Edits one draft and co-writes it."""

    room_id = "write"
    title = "Write"
    DEFAULT_CSS = """
    WriteRoom #page { width: 1fr; }
    WriteRoom #write-line { height: 1; color: $quiet; padding: 0 1; }
    WriteRoom #choices { height: auto; max-height: 5; color: $quiet; padding: 0 1; display: none; }
    WriteRoom #choices.-open { display: block; }
    WriteRoom.-focus #page { max-width: 72; }
    WriteRoom.-focus Horizontal { align-horizontal: center; }
    WriteRoom.-focus #write-line { display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._store = DraftStore()
        self._draft: OpenDraft | None = None
        self._changed = False
        self._going: Continuation | None = None
        self._ready: ModelReady | None = None
        self._note = ""

    def compose(self) -> ComposeResult:
        with Horizontal():
            with Vertical():
                yield Static("", id="write-line", markup=False)
                yield ScriptArea(id="page")
                yield Static("", id="choices", markup=False)
            yield OddsPanel(self.settings.sampler, self.settings.stop, id="odds")

    def on_mount(self) -> None:
        self._open(self.cold_open.remembered.draft or self._latest())
        self.set_interval(AUTOSAVE_SECONDS, self._autosave)

    def first_focus(self) -> Widget | None:
        return self.page

    @property
    def page(self) -> ScriptArea:
        return self.query_one("#page", ScriptArea)

    @property
    def odds(self) -> OddsPanel:
        return self.query_one("#odds", OddsPanel)

    # -- the engine

    def on_room_shown(self) -> None:
        self._prepare_model()

    def on_engine_ready(self) -> None:
        self._prepare_model()

    @work(exclusive=True, group="model")
    async def _prepare_model(self) -> None:
        """Have the chosen model loaded; without a choice, the newest that can write."""
        found = await self.ask(ListModels())
        if found is None:
            return
        names = [
            card.name
            for card in found.models
            if card.kind != "vectors" and card.perplexity is not None
        ]
        wanted = self.cold_open.model
        name = wanted if wanted in names else (names[0] if names else "")
        if not name:
            self._ready = None
            self._tell("No model yet: train one in the Train room, then write with it here.")
            return
        if self._ready is None or self._ready.card.name != name:
            self._ready = await self.ask(LoadModel(name=name))
            if self._ready is not None:
                self.cold_open.use_model(name)
                self._tell(self._note or HINT)
        self._show_cast()

    def on_engine_event(self, event: AnyEvent) -> None:
        if not isinstance(event, TokensWritten | StreamEnded):
            return
        going = self._going
        if going is None or not going.take(event):
            return
        if isinstance(event, StreamEnded) and event.reason == "failed":
            self.say(event.message or "The model could not go on.")
        if event.branch == going.branches[going.shown].number:
            self.page.set_pending(going.text)
        self._show_choices()
        if not going.running:
            self._show_line()

    # -- continuing

    @property
    def streaming(self) -> bool:
        return self._going is not None and self._going.running

    def action_continue(self) -> None:
        if self.streaming:
            self._stop()
            return
        if self.page.pending:
            self.page.accept()
            self._end()
        self._go_on()

    def _go_on(self, speaker: str | None = None, fill: bool = False) -> None:
        if self._ready is None:
            self.say("There is no model to write with yet. Train one in the Train room.")
            self._prepare_model()
            return
        page = self.page
        page.clear_pending()
        before, after = page.around_cursor()
        draft_cast = tuple(cast_of.speakers(before + after))[:40]
        request = Write(
            model=self._ready.card.name,
            before=before[-SENT_CHARACTERS:],
            after=after[:2000] if fill else "",
            cast=draft_cast,
            speaker=speaker,
            settings=self.odds.settings,
            stop=self.odds.stop_rule,
            seed=self.odds.seed,
            branches=ALTERNATIVES,
        )
        self._going = Continuation(request)
        self._start(self._going)

    @work(group="stream")
    async def _start(self, going: Continuation) -> None:
        self._show_line()
        try:
            engine = await self.cold_open.engine_ready()
            going.begin(await engine.call(going.request))
        except ColdOpenError as error:
            if self._going is going:
                self._going = None
            self.say(error)
        else:
            if self._going is not going:  # let go of while it was asked for
                await self.ask(StopStream(stream=going.stream))
            elif going.branches and going.branches[0].record is not None:
                self.odds.last_seed = going.branches[0].record.seed
        self._show_line()

    def _stop(self) -> None:
        """Stop the stream; what came stays pending."""
        going = self._going
        if going is not None and going.stream and going.running:
            self.run_worker(self.ask(StopStream(stream=going.stream)), group="stop")
        elif going is not None and not going.stream:
            self._going = None
        if going is not None:
            for branch in going.branches:
                branch.reason = branch.reason or "stopped"
        self._show_line()

    def _end(self) -> None:
        """Let go of the continuation."""
        if self.streaming:
            self._stop()
        self._going = None
        self._show_choices()
        self._show_line()

    def action_stop(self) -> None:
        if self.streaming:
            self._stop()
        elif self.page.pending:
            self.page.clear_pending()
            self._end()
        elif self.odds.has_class("-open"):
            self.action_settings()
        elif self.has_class("-focus"):
            self.action_toggle_focus()

    def action_accept_all(self) -> None:
        self._take(None)

    def action_accept_word(self) -> None:
        self._take(next_word(self.page.pending))

    def action_accept_line(self) -> None:
        self._take(next_line(self.page.pending))

    def _take(self, length: int | None) -> None:
        page = self.page
        whole = length is None or length >= len(page.pending)
        if whole:
            self._stop()
        taken = page.accept(length)
        if whole:
            self._end()
        elif self._going is not None:
            self._going.taken(len(taken))
            self._show_choices()

    def action_retry(self) -> None:
        speaker = self._going.request.speaker if self._going else None
        if self.streaming:
            self._stop()
        self.page.clear_pending()
        self._going = None
        self._go_on(speaker)

    def action_next_alternative(self) -> None:
        self._show_alternative(1)

    def action_previous_alternative(self) -> None:
        self._show_alternative(-1)

    def _show_alternative(self, step: int) -> None:
        if self._going is not None and self._going.branches:
            self._going.show(step)
            self.page.set_pending(self._going.text)
            self._show_choices()

    def action_fill_in(self) -> None:
        self._go_on(fill=True)

    @work(group="dialog")
    async def action_speak_as(self) -> None:
        names = self._cast()
        odds: dict[str, str] = {}
        name = await self.app.push_screen_wait(
            Ask(
                "Who speaks? A digit or a name; a new name joins the cast.",
                choices=[(n, odds.get(n, "")) for n in names],
                digits=True,
            )
        )
        if name:
            self.page.clear_pending()
            self._end()
            self._go_on(speaker=name)

    @work(group="dialog")
    async def action_suggest_speaker(self) -> None:
        if self._ready is None:
            return
        before, _after = self.page.around_cursor()
        found = await self.ask(
            SuggestSpeakers(
                model=self._ready.card.name,
                before=before[-SENT_CHARACTERS:],
                cast=tuple(self._cast()),
            )
        )
        if found is None or not found.speakers:
            return
        name = await self.app.push_screen_wait(
            Ask(
                "Who speaks next, by the model's odds",
                choices=[(n, f"{p:.0%}") for n, p in found.speakers],
                digits=True,
            )
        )
        if name:
            self._go_on(speaker=name)

    # -- odds

    def action_settings(self) -> None:
        panel = self.odds
        panel.toggle_class("-open")
        if panel.has_class("-open"):
            self._show_cast()
            panel.query("Input").first().focus()
        else:
            self.page.focus()

    def action_cooler(self) -> None:
        self.odds.warm(-0.05)

    def action_warmer(self) -> None:
        self.odds.warm(0.05)

    def action_preset_careful(self) -> None:
        self._preset(PRESETS["careful"])

    def action_preset_lively(self) -> None:
        self._preset(PRESETS["lively"])

    def action_preset_wild(self) -> None:
        self._preset(PRESETS["wild"])

    def _preset(self, settings: SamplerSettings) -> None:
        self.odds.set_settings(settings)

    def on_odds_panel_changed(self) -> None:
        going = self._going
        if going is not None and going.running and going.stream:
            self.run_worker(
                self.ask(AdjustStream(stream=going.stream, settings=self.odds.settings)),
                group="adjust",
            )
        self._show_line()

    @work(group="dialog")
    async def action_choose_model(self) -> None:
        found = await self.ask(ListModels())
        if found is None:
            return
        models = [c for c in found.models if c.kind != "vectors" and c.perplexity is not None]
        name = await self.app.push_screen_wait(
            Ask(
                "Write with which model?",
                choices=[(c.name, f"{c.corpus}, perplexity {c.perplexity:.1f}") for c in models],
                free=False,
            )
        )
        if name:
            self.cold_open.use_model(name)
            self._ready = None
            self._prepare_model()

    # -- the draft

    def action_undo(self) -> None:
        self.page.undo()

    def action_redo(self) -> None:
        self.page.redo()

    def on_script_area_typed(self) -> None:
        self._changed = True

    def on_script_area_pending_gone(self) -> None:
        self._end()

    def on_text_area_changed(self) -> None:
        if not self.page.pending:
            self._changed = True

    def _latest(self) -> str:
        entries = self._store.entries()
        return entries[0].name if entries else "Untitled"

    def _open(self, name: str) -> None:
        try:
            opened = self._store.open(name)
        except ColdOpenError as error:
            self.say(error)
            opened = self._store.open(self._store.new_name(name))
        self._close_draft()
        self._draft = opened
        self.page.open_text(opened.text)
        self._changed = False
        self._going = None
        self.cold_open.remembered.draft = opened.name
        self.cold_open.remembered.save()
        if opened.recovered:
            self._tell(f"“{opened.name}” was recovered: the program was cut off last time.")
        else:
            self._tell("" if opened.text else HINT)

    def _close_draft(self) -> None:
        if self._draft is not None:
            self._save()
            self._draft.close()
            self._draft = None

    def _autosave(self) -> None:
        if self._changed:
            self._save()

    def _save(self) -> bool:
        """Have the disk hold the draft; says so where it cannot."""
        if self._draft is None:
            return False
        try:
            self._draft.save(self.page.draft)
        except ColdOpenError as error:
            self.say(error)
            return False
        self._changed = False
        self._show_line()
        return True

    def action_save(self) -> None:
        if self._save() and self._draft is not None:
            self.say(f"Saved: {self._draft.path}")

    @work(group="dialog")
    async def action_save_as(self) -> None:
        if self._draft is None:
            return
        name = await self.app.push_screen_wait(Ask("Name of the draft", value=self._draft.name))
        if name and name != self._draft.name:
            self._save()
            old = self._draft.name
            self._draft.close()
            self._draft = None
            try:
                self._store.rename(old, name)
            except ColdOpenError as error:
                self.say(error)
                name = old
            self._open(name)

    @work(group="dialog")
    async def action_open(self) -> None:
        self._save()
        entries = self._store.entries()
        name = await self.app.push_screen_wait(
            Ask(
                "Open which draft? A new name begins one.",
                choices=[(e.name, f"{e.words:,} words") for e in entries],
            )
        )
        if name:
            self._open(name)

    @work(group="dialog")
    async def action_new(self) -> None:
        name = await self.app.push_screen_wait(
            Ask("Name of the new draft", value=self._store.new_name())
        )
        if name:
            self._open(self._store.new_name(name))

    @work(group="dialog")
    async def action_import(self) -> None:
        chosen = await self.app.push_screen_wait(FilePicker("Import a script", choose="file"))
        for path in chosen:
            text = await asyncio.to_thread(_read_script, path)
            self._open(self._store.new_name(path.stem))
            self.page.open_text(text)
            self._changed = True
            self._save()

    @work(group="dialog")
    async def action_export(self) -> None:
        if self._draft is None:
            return
        chosen = await self.app.push_screen_wait(
            FilePicker(
                "Export to (.txt or .fountain)", choose="save", name=f"{self._draft.name}.txt"
            )
        )
        for path in chosen:
            await asyncio.to_thread(_write_script, path, self.page.draft)
            self.say(f"Exported: {path}")

    def action_toggle_focus(self) -> None:
        self.toggle_class("-focus")
        self.cold_open.set_chrome(not self.has_class("-focus"))
        self.page.focus()

    async def before_exit(self) -> None:
        self._close_draft()

    # -- what the keys may do now

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        takes = ("accept_all", "accept_word", "accept_line")
        if action in takes and not (self.page.has_focus and self.page.pending):
            return False
        if action in ("undo", "redo") and not self.page.has_focus:
            return False
        if action == "stop":
            busy = self.streaming or self.page.pending
            return bool(busy or self.odds.has_class("-open") or self.has_class("-focus"))
        return super().check_action(action, parameters)

    # -- telling

    def _cast(self) -> list[str]:
        corpus = [s.name for s in self._ready.speakers] if self._ready else []
        return cast_of.together(cast_of.speakers(self.page.draft), corpus)

    def _show_cast(self) -> None:
        own = cast_of.speakers(self.page.draft)
        corpus = {s.name.lower(): s.lines for s in self._ready.speakers} if self._ready else {}
        rows = [
            (name, f"{own.get(name, 0)}/{corpus.get(name.lower(), 0)}")
            for name in self._cast()[:20]
        ]
        self.odds.show_cast(rows)

    def _tell(self, note: str) -> None:
        self._note = note
        self._show_line()

    def _show_line(self) -> None:
        """The line above the page: draft, model, temperature, and what is going on."""
        settings = self.odds.settings
        name = self._draft.name if self._draft else ""
        model = self._ready.card.name if self._ready else "no model"
        parts = [f"{name}{'*' if self._changed else ''}", model, f"T {settings.temperature:g}"]
        if self.odds.last_seed is not None:
            parts.append(f"seed {self.odds.last_seed}")
        going = self._going
        if going is not None and going.running:
            parts.append("writing… Esc stops")
        elif self.page.pending:
            parts.append("Tab takes it · → a word · Ctrl+L a line · Ctrl+R again · Esc lets it go")
        elif self._note:
            parts.append(self._note)
        self.query_one("#write-line", Static).update(content(" · ".join(parts), newlines=False))

    def _show_choices(self) -> None:
        """The strip of alternatives under the page."""
        strip = self.query_one("#choices", Static)
        going = self._going
        several = (
            going is not None and len(going.branches) > 1 and any(b.text for b in going.branches)
        )
        strip.set_class(several, "-open")
        if going is None or not several:
            return
        width = max(20, self.page.size.width - 6)
        rows = []
        for index, branch in enumerate(going.branches):
            mark = "▸" if index == going.shown else " "
            rows.append(f"{mark}{index + 1} {fit(' '.join(branch.text.split()), width)}")
        strip.update(content("\n".join(rows)))


def _read_script(path: Path) -> str:
    """The text of a script to import, in the corpus reader's encodings.

    Raises:
        ColdOpenError: when it cannot be read.
    """
    from engine.corpus.reading import source_of

    return "".join(source_of(path).chunks())


def _write_script(path: Path, text: str) -> None:
    """Export ``text``; the suffix says in which format."""
    from engine.storage.atomic import write_atomically

    if path.suffix.lower() == ".fountain":
        from engine.formats.fountain import from_plain

        text = from_plain(text)
    write_atomically(path, text)
