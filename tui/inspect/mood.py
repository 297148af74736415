"""Mood: how every speech of the text feels, the arc that they make, and which words turned it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from engine import paths
from engine.protocol.messages import MOST_MOOD_TEXT, ListModels, MoodsRead, ReadMoods
from engine.protocol.values import ModelCard, SpeechMood
from tui.inspect import mood_text
from tui.inspect.subject import Subject
from tui.inspect.token_text import TokenText
from tui.inspect.view import InspectView
from tui.library.kinds import tells_moods
from tui.render import content, fit
from tui.widgets.chart import Chart

SPEECHES, ARC = "speeches", "arc"
LEAST_HEIGHT = 0.5
"""Of the moods that the chart has room for, up and down."""
PARTS = ("facts", "turns", "cast", "scenes", "about")
"""Of the panel."""


@dataclass(frozen=True, slots=True)
class Told:
    """The moods of a part of a text."""

    card: ModelCard
    """Of the network that told them."""
    version: int
    """Of the text."""
    start: int
    """Character with which the part begins."""
    part: str
    found: MoodsRead

    def covers(self, subject: Subject) -> bool:
        """Whether it is of the text at the subject's cursor."""
        inside = self.start <= subject.cursor <= self.start + len(self.part)
        return inside and self.version == subject.version

    def is_by(self, card: ModelCard) -> bool:
        """Whether ``card`` has told them, with the weights that it has now."""
        return (self.card.name, self.card.weights) == (card.name, card.weights)


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
        self._told: Told | None = None

    def compose(self) -> ComposeResult:
        yield self.note_line()
        chart = Chart("moods, between -1 and 1", empty="no speech yet", id="mood-arc")
        chart.add_series(SPEECHES, label="each speech", colour="$chart-faint")
        chart.add_series(ARC, label="arc", smooth=True)
        yield chart
        with Horizontal(id="mood-body"):
            yield TokenText("activation", id="mood-text")
            with VerticalScroll(id="mood-panel"):
                for part in PARTS:
                    yield Static("", id=f"mood-{part}", markup=False)

    def main(self) -> Widget:
        return self.text

    @property
    def text(self) -> TokenText:
        return self.query_one("#mood-text", TokenText)

    @property
    def speeches(self) -> tuple[SpeechMood, ...]:
        """Those that are shown."""
        return () if self._told is None else self._told.found.speeches

    # -- asking

    def present(self) -> None:
        if self.lacks_text():
            self._show(None)
            return
        if self._told is None or self._told.version != self.subject.version:
            self._show(None)
            text, cursor = self.subject.text, self.subject.cursor
            start = _start_of_part(text, cursor)
            self.text.show_plain(text[start : start + MOST_MOOD_TEXT], cursor - start)
            self.query_one("#mood-facts", Static).update(content("reading…", "$quiet"))
        self.run_worker(self._ask(), exclusive=True, group="moods")

    def again(self) -> None:
        self._show(None)
        self.present()

    def jobs_changed(self) -> None:
        """A network may have been trained, or trained anew."""
        if self._told is not None:
            self.present()

    async def choices(self, cards: Sequence[ModelCard]) -> Sequence[ModelCard]:
        listed = await self.fetch(ListModels(), in_passing=True)
        return () if listed is None else list(_networks(listed.models).values())

    def choose(self, card: ModelCard) -> bool:
        self.cold_open.use_moods(card.name)
        self.present()
        return True

    async def _ask(self) -> None:
        """Have the chosen network tell the moods, or the one that comes with the program."""
        listed = await self.fetch(ListModels())
        if listed is None:
            self._tell()
            return
        networks = _networks(listed.models)
        if not networks:
            self._tell()
            self.note("Nothing here tells moods: train a network on labelled texts first.")
            return
        subject, text = self.subject, self.subject.text
        told = self._told if self._told is not None and self._told.covers(subject) else None
        wanted = self.cold_open.remembered.moods
        if told is not None and told.card.name == wanted and wanted not in networks:
            return  # it is being trained anew, and what it told before stays till then
        usual = networks.get(paths.bundled_moods().name) or next(iter(networks.values()))
        card = networks.get(wanted, usual)
        if told is not None and told.is_by(card):
            self._place_cursor()
        else:
            version, start = subject.version, _start_of_part(text, subject.cursor)
            part = text[start : start + MOST_MOOD_TEXT]
            found = await self.fetch(ReadMoods(model=card.name, text=part))
            if found is None:
                self._tell()
            if found is None or version != subject.version:
                return
            self._show(Told(card, version, start, part, found))
        self.note(self._amiss())

    def _amiss(self) -> str:
        """What is to be known of what is shown, if anything."""
        if not self.speeches:
            return "There is no word in this text."
        if self._told is not None and len(self._told.part) < len(self.subject.text):
            return "A part of this long text is shown; beyond its first and last speech it goes on."
        return ""

    def about(self) -> str:
        return "" if self._told is None else f"moods by {self._told.card.name}"

    # -- showing

    def _show(self, told: Told | None) -> None:
        self._told = told
        self.post_message(self.AboutChanged())
        part = "" if told is None else told.part
        self.text.show(part, [(s.start, s.end) for s in self.speeches], 0)
        self.text.shade(mood_text.shades(self.speeches))
        chart = self.query_one("#mood-arc", Chart)
        chart.clear()
        points = [(float(n), s.mood) for n, s in enumerate(self.speeches, 1)]
        # As much up as down, and small waves stay small.
        most = max(LEAST_HEIGHT, *(abs(mood) for _n, mood in points), 0)
        chart.y_range = (-most, most)
        chart.extend(SPEECHES, points)
        chart.extend(ARC, points)
        self._place_cursor()

    def _place_cursor(self) -> None:
        at = self.subject.cursor - (0 if self._told is None else self._told.start)
        places = [n for n, speech in enumerate(self.speeches) if speech.start <= at]
        self.text.place(places[-1] if places else 0)
        self._tell()

    def _tell(self) -> None:
        """Say what is known of the speech at the cursor."""
        parts = [self.query_one(f"#mood-{part}", Static) for part in PARTS]
        told, speeches = self._told, self.speeches
        if told is None or not speeches:
            for part in parts:
                part.update("")
            return
        facts, turns, cast, scenes, about = parts
        width = max(12, facts.content_size.width)
        number = min(self.text.cursor, len(speeches) - 1)
        self.query_one("#mood-arc", Chart).look_at(number + 1)
        facts.update(mood_text.facts(told.found, number, width))
        turns.update(mood_text.turns(told.part, speeches[number], told.found.unmoved))
        cast.update(mood_text.cast(speeches, width))
        scenes.update(mood_text.scenes(told.part, speeches, width))
        lines = [content(fit(line, width), "$quiet") for line in mood_text.about(told.card)]
        about.update(Content("\n").join(lines))

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 96, "-middle")
        self.set_class(event.size.width < 72, "-narrow")
        self.set_class(event.size.height < 24, "-flat")
        self.call_after_refresh(self._tell)

    @on(TokenText.Moved)
    def _moved(self, event: TokenText.Moved) -> None:
        event.stop()
        if self._told is not None:
            place = self._told.start + event.start
            self.subject.cursor = min(place, len(self.subject.text))
        self._tell()

    @on(TokenText.PastEnd)
    def _past_end(self, event: TokenText.PastEnd) -> None:
        """Read the part before or behind, where the text goes on."""
        event.stop()
        if self._told is None:
            return
        start, end = self._told.start, self._told.start + len(self._told.part)
        if event.direction < 0 and start > 0:
            self.subject.cursor = start - 1
        elif event.direction > 0 and end < len(self.subject.text):
            self.subject.cursor = end + 1
        else:
            return
        self.present()


def _networks(cards: Sequence[ModelCard]) -> dict[str, ModelCard]:
    """Those of ``cards`` that can tell moods, by name."""
    return {card.name: card for card in cards if tells_moods(card)}


def _start_of_part(text: str, cursor: int) -> int:
    """Where a part of ``text`` begins that can be read at once, the beginning of a line."""
    if len(text) <= MOST_MOOD_TEXT:
        return 0
    start = max(0, min(cursor - MOST_MOOD_TEXT // 2, len(text) - MOST_MOOD_TEXT))
    line_end = text.find("\n", start, cursor)
    return start if not start or line_end < 0 else line_end + 1
