"""Attention: what the model looked at when it wrote a word, on the text itself or as a matrix."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from tui.inspect import attention_text
from tui.inspect.attention_text import Looking
from tui.inspect.matrix import Matrix
from tui.inspect.subject import Explained, Subject
from tui.inspect.token_text import TokenText
from tui.inspect.view import InspectView
from tui.render import content

NO_ATTENTION = (
    "“{}” has no attention: what it has read is in the state of its cells alone."
    " The Cells view shows that."
)


class AttentionView(InspectView):
    """Weights as shades on the words, with a table, a sentence and a matrix."""

    view_id = "attention"
    title = "Attention"
    DEFAULT_CSS = """
    AttentionView #attention-body { height: 1fr; }
    AttentionView #attention-switch { width: 1fr; height: 1fr; }
    AttentionView #attention-panel { width: 44; padding: 0 1; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; border-left: solid $chart-faint; }
    AttentionView #attention-panel Static { height: auto; margin: 0 0 1 0; }
    AttentionView.-middle #attention-panel { width: 38; }
    AttentionView #attention-kind { color: $quiet; }
    AttentionView.-narrow #attention-body { layout: vertical; }
    AttentionView.-narrow #attention-panel { width: 1fr; height: 12; border-left: none;
        border-top: solid $chart-faint; }
    AttentionView.-narrow.-flat #attention-panel { height: 8; }
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._head: int | None = None
        self._copying = False
        self._looking: Looking | None = None
        self._explained: Explained | None = None

    def compose(self) -> ComposeResult:
        yield self.note_line()
        with Horizontal(id="attention-body"):
            with ContentSwitcher(id="attention-switch", initial="attention-text"):
                yield TokenText("attention", id="attention-text")
                yield Matrix(id="attention-matrix")
            with VerticalScroll(id="attention-panel", can_focus=False):
                yield Static("", id="attention-kind", markup=False)
                yield Static("", id="attention-said", markup=False)
                yield Static("", id="attention-table", markup=False)

    @property
    def text(self) -> TokenText:
        return self.query_one("#attention-text", TokenText)

    @property
    def matrix(self) -> Matrix:
        return self.query_one(Matrix)

    @property
    def _as_matrix(self) -> bool:
        return self.query_one(ContentSwitcher).current == "attention-matrix"

    def main(self) -> Widget:
        return self.matrix if self._as_matrix else self.text

    # -- asking

    def present(self) -> None:
        if self.lacks(text=True):
            self._clear("")
            self._show_token()
            return
        if (known := self.subject.fresh(attention=True)) is not None:
            self._show(known)
            if not known.partial:
                return
        else:
            window, text = self.subject.window(), self.subject.text
            self._clear(window.shown(text), self.subject.cursor - window.start)
            self._show_token("reading…")
        self.run_worker(self._ask(), exclusive=True, group="explain")

    def again(self) -> None:
        self.subject.explained = None
        self.present()

    def _clear(self, text: str, at: int = 0) -> None:
        self._looking = self._explained = None
        self.text.show_plain(text, at)
        self.matrix.show(None, lambda _row: {}, 0, copying=False)

    async def _ask(self) -> None:
        if await self.explain(attention=True, show=self._show) is None:
            self._show_token()

    # -- showing

    def _show(self, explained: Explained) -> None:
        subject, reply = self.subject, explained.reply
        self.note("" if reply.tokens else "There is no word in this text.")
        has_copying = any(token.copy_weights for token in reply.tokens)
        if not reply.attention:
            self.note(NO_ATTENTION.format(subject.model))
            self._copying = has_copying
        if self._as_matrix and not (reply.attention or has_copying):
            self._switch("attention-text")
        if not reply.tokens:
            self._clear(explained.window.shown(subject.text))
            self._show_token()
            return
        self._explained = explained
        self._looking = Looking(reply, explained.window.sent(subject.text))
        base, index = self._looking.base, subject.index()
        self.text.show(
            explained.window.shown(subject.text),
            self._looking.spans(),
            base + index,
            first=base,
        )
        self._show_weights()

    def _weights(self, index: int) -> dict[int, float]:
        if self._looking is None:
            return {}
        if self._copying:
            return self._looking.copying(index)
        return self._looking.weights(index, self._head)

    @property
    def _index(self) -> int:
        """The explained token at the cursor."""
        looking = self._looking
        if looking is None:
            return 0
        return min(max(0, self.text.cursor - looking.base), len(looking.reply.tokens) - 1)

    def _show_weights(self) -> None:
        """Everything that depends on the head and on what is shown of it."""
        self.matrix.show(self._looking, self._weights, self._index, copying=self._copying)
        self._show_token()

    def _show_token(self, instead: str = "") -> None:
        kind = self.query_one("#attention-kind", Static)
        said = self.query_one("#attention-said", Static)
        table = self.query_one("#attention-table", Static)
        looking = self._looking
        if looking is None:
            for part in (kind, said, table):
                part.update("")
            kind.update(content(instead))
            return
        index, reply = self._index, looking.reply
        weights = self._weights(index)
        self.text.tint_with = "copying" if self._copying else "attention"
        self.text.shade(attention_text.shades(looking, weights))
        name = f"{reply.attention} attention" if reply.attention else "no attention"
        how = attention_text.head_name(reply.heads, self._head) if reply.heads else ""
        shown = "attention on the text" if reply.attention else ""
        if self._copying:
            shown = "copy weights on the text"
        kind.update(content(" · ".join(part for part in (name, how, shown) if part)))
        size = self.query_one("#attention-panel").content_size
        width = max(20, size.width - 1)
        token = reply.tokens[index]
        if not token.attention and not token.copy_weights:
            none = (
                "The weights of this word were left out of a long answer."
                if (reply.attention)
                else "There are no weights to show."
            )
            said.update(content(none))
            table.update("")
            return
        if self._copying and token.copy_weights:
            said.update(content(attention_text.copy_sentence(looking, index)))
        elif token.attention:
            said.update(content(attention_text.sentence(looking, index, self._head)))
        else:
            said.update("")
        rows = max(4, size.height - 6)
        table.update(attention_text.table(looking, index, self._head, width, rows))

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 96, "-middle")
        self.set_class(event.size.width < 72, "-narrow")
        self.set_class(event.size.height < 22, "-flat")
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        if self._looking is not None:
            self._show_token()

    # -- keys

    @on(TokenText.Moved)
    def _moved(self, event: TokenText.Moved) -> None:
        event.stop()
        if self._explained is not None:
            self.subject.cursor = self._explained.window.start + event.start
        self._show_token()

    @on(Matrix.Moved)
    def _moved_in_matrix(self, event: Matrix.Moved) -> None:
        event.stop()
        if self._looking is not None:
            self.text.go_to(self._looking.base + event.index)

    @on(TokenText.PastEnd)
    def _past_end(self, event: TokenText.PastEnd) -> None:
        event.stop()
        if self.turn_page(event.direction):
            self.present()

    def next_head(self) -> None:
        if self._looking is None:
            return
        heads = self._looking.reply.heads
        if heads < 2:
            self.cold_open.say("This model's attention has one head.")
        self._head = attention_text.next_head(heads, self._head)
        self._show_weights()

    def toggle_copying(self) -> None:
        if self._looking is None:
            return
        if not any(token.copy_weights for token in self._looking.reply.tokens):
            self.cold_open.say("This model does not copy words.")
            return
        self._copying = not self._copying or not self._looking.reply.attention
        self._show_weights()

    def toggle_matrix(self) -> None:
        looking = self._looking
        if looking is not None and not any(
            token.attention or token.copy_weights for token in looking.reply.tokens
        ):
            self.cold_open.say("This model has no attention that a matrix could show.")
            return
        self._switch("attention-text" if self._as_matrix else "attention-matrix")
        self.matrix.show(looking, self._weights, self._index, copying=self._copying)

    def _switch(self, shown: str) -> None:
        """Show the text or the matrix, which has the focus if the other had it."""
        had_focus = self.main().has_focus
        self.query_one(ContentSwitcher).current = shown
        if had_focus:
            self.screen.set_focus(self.main())
