"""Odds: how likely each word was, what else could have come, and how unsure the model was."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from engine.protocol.values import NextWordOdds
from tui import keys
from tui.inspect import odds_text
from tui.inspect.subject import Explained, SwapWord
from tui.inspect.token_text import TokenText
from tui.inspect.view import InspectView
from tui.inspect.window import speech_around
from tui.inspect.words import bits, replacement
from tui.render import content

CHART_ROWS = 4
NEXT = "→"
"""Stands behind the text for what comes next."""
PUTS = "{} puts that word here."
GOES_ON = "{} goes on from here."


class OddsView(InspectView):
    """The text tinted by surprise, with a panel about the token at the cursor."""

    view_id = "odds"
    title = "Odds"
    DEFAULT_CSS = """
    OddsView #odds-body { height: 1fr; }
    OddsView #odds-left { width: 1fr; }
    OddsView #odds-text { height: 1fr; }
    OddsView #odds-panel { width: 42; padding: 0 1; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; border-left: solid $chart-faint; }
    OddsView #odds-panel Static { width: 1fr; height: auto; margin: 0 1 1 0; }
    OddsView.-middle #odds-panel { width: 36; }
    OddsView #odds-entropy { height: 5; padding: 0 1; border-top: solid $chart-faint; }
    OddsView.-narrow #odds-body { layout: vertical; }
    OddsView.-narrow #odds-panel { width: 1fr; height: 12; border-left: none; layout: horizontal;
        border-top: solid $chart-faint; }
    OddsView.-flat #odds-entropy { display: none; }
    OddsView.-flat.-narrow #odds-panel { height: 8; }
    """

    class Swapped(Message):
        """A word is to be put in another's place."""

        def __init__(self, swap: SwapWord) -> None:
            super().__init__()
            self.swap = swap

    def compose(self) -> ComposeResult:
        yield self.note_line()
        with Horizontal(id="odds-body"):
            with Vertical(id="odds-left"):
                yield TokenText("surprise", id="odds-text")
                yield Static("", id="odds-entropy", markup=False)
            with VerticalScroll(id="odds-panel", can_focus=False):
                yield Static("", id="odds-facts", markup=False)
                yield Static("", id="odds-others", markup=False)

    def main(self) -> Widget:
        return self.text

    @property
    def text(self) -> TokenText:
        return self.query_one("#odds-text", TokenText)

    def present(self) -> None:
        if self.lacks(text=True):
            self.text.show_plain("")
            self._show_token()
            return
        if (known := self.subject.fresh(attention=False)) is not None:
            self._show(known)
            if not known.partial:
                return
        else:
            window, text = self.subject.window(), self.subject.text
            self.text.show_plain(window.shown(text), self.subject.cursor - window.start)
            self._show_token("reading…")
        self.run_worker(self._ask(), exclusive=True, group="explain")

    def again(self) -> None:
        self.subject.explained = None
        self.present()

    async def _ask(self) -> None:
        if await self.explain(attention=False, show=self._show) is None:
            self._show_token()

    def _show(self, explained: Explained) -> None:
        subject = self.subject
        index = subject.index()
        shown, spans = explained.window.shown(subject.text), explained.spans()
        if explained.reply.next is not None:
            shown += NEXT if shown[-1:].isspace() else f" {NEXT}"
            spans.append((len(shown) - len(NEXT), len(shown)))
        self.text.show(shown, spans, index)
        self.text.shade(odds_text.surprise_shades(explained.tokens))
        self.note("" if explained.tokens else "There is no word in this text.")
        self._show_token()

    def _show_token(self, instead: str = "") -> None:
        explained = None if instead else self.subject.explained
        facts, others = (
            self.query_one("#odds-facts", Static),
            self.query_one("#odds-others", Static),
        )
        chart = self.query_one("#odds-entropy", Static)
        if explained is None or not explained.tokens or not self.text.selected:
            for part in (facts, others, chart):
                part.update("")
            facts.update(content(instead, "$quiet"))
            return
        index = min(self.text.cursor, len(explained.tokens) - 1)
        token, following = explained.tokens[index], self._following
        width = max(12, facts.content_size.width)
        if following is None:
            facts.update(odds_text.facts(token, width))
            could, word = token.alternatives, token.word
        else:
            facts.update(odds_text.next_facts(following, width))
            could, word = following.alternatives, None
        listed = odds_text.alternatives(could, max(12, others.content_size.width), word)
        others.update(Content.assemble(listed, content(self._hint(), "$quiet")))
        speech = speech_around(explained.window.sent(self.subject.text), explained.tokens, index)
        values = [explained.tokens[i].entropy for i in speech]
        here = index - speech.start
        if following is not None:
            values.append(following.entropy)
            here = len(values) - 1
        size = chart.content_size
        rows = odds_text.entropy_line(values, here, size.width, min(CHART_ROWS, size.height) - 1)
        mean = sum(values) / max(1, len(values))
        head = content(f"entropy over the speech, mean {bits(mean)}", "$quiet", newlines=False)
        chart.update(Content("\n").join([head, *rows]))

    @property
    def _following(self) -> NextWordOdds | None:
        """What comes next, if the cursor is behind the last token."""
        explained = self.subject.explained
        if explained is None or self.text.cursor < len(explained.tokens):
            return None
        return explained.reply.next

    def _hint(self) -> str:
        """What can be done at the cursor, beginning on a line of its own."""
        parts = []
        if self._following is None:
            own = self.cold_open.settings.keys.get("tokens.swap")
            puts = "A digit" if own is None else "/".join(map(keys.shown, own)) or "No key"
            parts.append(PUTS.format(puts))
        if self.subject.take_swap is not None:
            parts.append(GOES_ON.format(self.cold_open.way_to("inspect.go_on")))
        return "\n" + " ".join(parts)

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 96, "-middle")
        self.set_class(event.size.width < 72, "-narrow")
        self.set_class(event.size.height < 18, "-flat")
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        if self.subject.explained is not None:
            self._show_token()

    @on(TokenText.Moved)
    def _moved(self, event: TokenText.Moved) -> None:
        event.stop()
        explained = self.subject.explained
        if explained is not None:
            place = explained.window.start + event.start
            self.subject.cursor = min(place, len(self.subject.text))
        self._show_token()

    @on(TokenText.PastEnd)
    def _past_end(self, event: TokenText.PastEnd) -> None:
        """Have the part before or behind explained, where the text goes on."""
        event.stop()
        if self.turn_page(event.direction):
            self.present()

    def end_of_token(self) -> int | None:
        """The character of the text behind the cursor's token, or its end; None without a token."""
        explained = self.subject.explained
        if explained is None or not explained.tokens or not self.text.selected:
            return None
        if self._following is not None:
            return len(self.subject.text)
        index = min(self.text.cursor, len(explained.tokens) - 1)
        return explained.window.start + explained.tokens[index].end

    @on(TokenText.Swap)
    def _swap(self, event: TokenText.Swap) -> None:
        event.stop()
        explained = self.subject.explained
        if explained is None or not explained.tokens:
            return
        if self._following is not None:
            self.cold_open.say("There is no word here yet that another could replace.")
            return
        token = explained.tokens[min(self.text.cursor, len(explained.tokens) - 1)]
        if event.number > len(token.alternatives):
            return
        base, text = explained.window.start, self.subject.text
        start, end, instead = replacement(
            text, base + token.start, base + token.end, token.alternatives[event.number - 1]
        )
        self.post_message(self.Swapped(SwapWord(start, end, instead, text[start:end])))
