"""Mood: how every speech of the text feels, the arc that they make, and which words turned it."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine.protocol.messages import MOST_MOOD_TEXT, ListModels, MoodsRead, ReadMoods
from engine.protocol.values import ModelCard, SpeechMood
from tui.inspect import mood_text
from tui.inspect.subject import Subject
from tui.inspect.token_text import TokenText
from tui.inspect.view import InspectView
from tui.render import content, fit
from tui.widgets.chart import Chart

ARC = "mood"
KIND = "moods"
"""Of the models that tell moods."""


class MoodView(InspectView):
    """The arc of the moods above the text, whose speeches are tinted, and a panel about one."""

    view_id = "mood"
    title = "Mood"
    DEFAULT_CSS = """
    MoodView #mood-arc { height: 10; }
    MoodView #mood-body { height: 1fr; }
    MoodView #mood-text { width: 1fr; height: 1fr; }
    MoodView #mood-panel { width: 42; padding: 0 1; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; border-left: solid $chart-faint; }
    MoodView.-middle #mood-panel { width: 36; }
    MoodView #mood-panel Static { width: 1fr; height: auto; margin: 0 0 1 0; }
    MoodView.-flat #mood-arc { height: 7; }
    MoodView.-narrow #mood-body { layout: vertical; }
    MoodView.-narrow #mood-panel { width: 1fr; height: 9; border-left: none;
        border-top: solid $chart-faint; }
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._networks: list[ModelCard] = []
        self._network = ""
        self._asked: tuple[str, str, int] | None = None
        """Network, its weights and the version of the text that is shown."""
        self._start = 0
        """Character of the text with which the part begins that was read."""
        self._found: MoodsRead | None = None

    def compose(self) -> ComposeResult:
        yield self.note_line()
        chart = Chart("mood of each speech, -1 to 1", empty="no speech yet", id="mood-arc")
        chart.add_series(ARC, smooth=True)
        yield chart
        with Horizontal(id="mood-body"):
            yield TokenText("activation", id="mood-text")
            with VerticalScroll(id="mood-panel", can_focus=False), Vertical():
                for part in ("facts", "turns", "cast", "about"):
                    yield Static("", id=f"mood-{part}", markup=False)

    def main(self) -> Widget:
        return self.text

    @property
    def text(self) -> TokenText:
        return self.query_one("#mood-text", TokenText)

    @property
    def speeches(self) -> tuple[SpeechMood, ...]:
        """Those that are shown."""
        return () if self._found is None else self._found.speeches

    # -- asking

    def present(self) -> None:
        if self.lacks_text():
            self._asked = None
            self._show(None)
            return
        self.run_worker(self._ask(), exclusive=True, group="moods")

    def again(self) -> None:
        self._asked = None
        self.present()

    async def _ask(self) -> None:
        listed = await self.fetch(ListModels())
        if listed is None:
            return
        self._networks = [c for c in listed.models if c.kind == KIND and c.weights]
        if not self._networks:
            self.note("Nothing here tells moods: train a network on labelled texts first.")
            return
        card = next((c for c in self._networks if c.name == self._network), self._networks[0])
        wanted = (card.name, card.weights, self.subject.version)
        if wanted == self._asked and self._covers():
            self._place_cursor()
            return
        text = self.subject.text
        self._start = _start_of_part(text, self.subject.cursor)
        part = text[self._start : self._start + MOST_MOOD_TEXT]
        found = await self.fetch(ReadMoods(model=card.name, text=part))
        if found is None or wanted[2] != self.subject.version:
            return
        self._network, self._asked = card.name, wanted
        self._show(found)
        self.note("" if found.speeches else "There is no word in this text.")

    def _covers(self) -> bool:
        return self._start <= self.subject.cursor <= self._start + MOST_MOOD_TEXT

    def change_network(self) -> None:
        """Have the next of the networks tell the moods."""
        names: list[str] = [card.name for card in self._networks]
        if len(names) < 2:
            self.cold_open.say("There is no other network that tells moods.")
            return
        self._network = names[(names.index(self._network) + 1) % len(names)]
        self.again()

    # -- showing

    def _show(self, found: MoodsRead | None) -> None:
        self._found = found
        part = self.subject.text[self._start : self._start + MOST_MOOD_TEXT]
        self.text.show(part, [(s.start, s.end) for s in self.speeches], 0)
        self.text.shade(mood_text.shades(self.speeches))
        chart = self.query_one("#mood-arc", Chart)
        chart.clear()
        chart.extend(ARC, [(float(n), s.mood) for n, s in enumerate(self.speeches, 1)])
        self._place_cursor()

    def _place_cursor(self) -> None:
        at = self.subject.cursor - self._start
        places = [n for n, speech in enumerate(self.speeches) if speech.start <= at]
        self.text.place(places[-1] if places else 0)
        self._tell()

    def _tell(self) -> None:
        """Say what is known of the speech at the cursor."""
        parts = {
            name: self.query_one(f"#mood-{name}", Static)
            for name in ("facts", "turns", "cast", "about")
        }
        if self._found is None or not self.speeches:
            for part in parts.values():
                part.update("")
            return
        width = max(12, parts["facts"].content_size.width)
        number = min(self.text.cursor, len(self.speeches) - 1)
        speech = self.speeches[number]
        self.query_one("#mood-arc", Chart).look_at(number + 1)
        text = self.subject.text[self._start :]
        facts = mood_text.facts(speech, number, len(self.speeches), self._found.scale, width)
        parts["facts"].update(facts)
        parts["turns"].update(mood_text.turns(text, speech))
        parts["cast"].update(mood_text.cast(self.speeches, width))
        card = next((c for c in self._networks if c.name == self._network), None)
        lines = [] if card is None else mood_text.about(card)
        parts["about"].update(
            Content("\n").join(content(fit(line, width), "$quiet") for line in lines)
        )

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 96, "-middle")
        self.set_class(event.size.width < 72, "-narrow")
        self.set_class(event.size.height < 24, "-flat")
        self.call_after_refresh(self._tell)

    @on(TokenText.Moved)
    def _moved(self, event: TokenText.Moved) -> None:
        event.stop()
        self.subject.cursor = min(self._start + event.start, len(self.subject.text))
        self._tell()

    @on(TokenText.PastEnd)
    def _past_end(self, event: TokenText.PastEnd) -> None:
        """Read the part before or behind, where the text goes on."""
        event.stop()
        end = self._start + MOST_MOOD_TEXT
        if event.direction < 0 and self._start > 0:
            self.subject.cursor = self._start - 1
        elif event.direction > 0 and end < len(self.subject.text):
            self.subject.cursor = end + 1
        else:
            return
        self.present()


def _start_of_part(text: str, cursor: int) -> int:
    """Where a part of ``text`` begins that can be read at once, the beginning of a line."""
    if len(text) <= MOST_MOOD_TEXT:
        return 0
    start = max(0, min(cursor - MOST_MOOD_TEXT // 2, len(text) - MOST_MOOD_TEXT))
    return text.find("\n", start) + 1 if start else 0
