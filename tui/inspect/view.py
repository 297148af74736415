"""What every view of the Inspect room is: a part with a line that says what is amiss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from engine.errors import ColdOpenError
from engine.protocol.messages import Explain
from engine.protocol.values import ModelCard
from tui.inspect.subject import Explained, Subject
from tui.inspect.window import Window, first_part
from tui.render import content

if TYPE_CHECKING:
    from engine.protocol.messages import Reply, Request
    from tui.app import ColdOpenApp

R = TypeVar("R", bound="Reply")

NO_MODEL = "No model yet: train one in the Train room, then look inside it here."
NO_TEXT = (
    "No text yet: {own} opens a place to type or paste one; {draft} in the Write room brings the"
    " draft."
)
ONLY_VECTORS = (
    "“{}” holds word vectors only: Neighbours and Map can show them, a text it cannot read."
)
TOKENS = 200
FIRST_TOKENS = 40
"""Enough for what is around the cursor; the rest follows."""
ALTERNATIVES = 9


class InspectView(Vertical):
    """Base of the views; ``present`` is called whenever there may be something new to show."""

    view_id: ClassVar[str] = ""
    title: ClassVar[str] = ""
    DEFAULT_CSS = """
    InspectView { height: 1fr; }
    InspectView > .view-note { height: auto; max-height: 4; padding: 0 1; color: $quiet;
        display: none; }
    InspectView > .view-note.-shown { display: block; }
    InspectView > .view-note.-error { color: $error; }
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(id=f"view-{self.view_id}")
        self.subject = subject

    @property
    def cold_open(self) -> ColdOpenApp:
        return cast("ColdOpenApp", self.app)

    class AboutChanged(Message):
        """What :meth:`about` says is another now."""

    async def choices(self, cards: Sequence[ModelCard]) -> Sequence[ModelCard]:
        """What can be looked into here; ``cards`` are the models that can in most views."""
        return cards

    def choose(self, card: ModelCard) -> bool:
        """Look into another of the choices; False where it is the whole room's to do that."""
        return False

    def about(self) -> str:
        """What is looked into, where that is not the room's model."""
        return ""

    def present(self) -> None:
        """Show the subject as it is now, asking the engine where needed."""

    def jobs_changed(self) -> None:
        """A run has begun or ended, or has a better model."""

    def again(self) -> None:
        """The user wants everything asked anew."""
        self.present()

    def main(self) -> Widget | None:
        """What takes the focus."""
        return None

    def note(self, text: str, *, error: bool = False) -> None:
        """Say something above the view; empty takes it away."""
        line = self.query_one(".view-note", Static)
        line.update(content(text))
        line.set_class(bool(text), "-shown")
        line.set_class(error, "-error")

    def note_line(self) -> Static:
        """The widget for :meth:`note`; every view yields it first."""
        return Static("", classes="view-note", markup=False)

    async def fetch(self, request: Request[R], *, in_passing: bool = False) -> R | None:
        """Call the engine once it is there; what goes wrong is said above the view.

        With ``in_passing`` it is only said for a while, for what is shown stays as it was.
        """
        try:
            reply = await (await self.cold_open.engine_ready()).call(request)
        except ColdOpenError as error:
            if in_passing:
                self.cold_open.say(error)
                return None
            self.note(f"{error.message} {error.hint}".strip(), error=True)
            return None
        return reply

    def lacks(self, *, text: bool) -> bool:
        """Whether a model (that can read, where ``text``) or a text is missing; says so."""
        subject = self.subject
        if not subject.model:
            self.note(NO_MODEL)
        elif text and subject.kind == "vectors":
            self.note(ONLY_VECTORS.format(subject.model))
        else:
            return text and self.lacks_text()
        return True

    def lacks_text(self) -> bool:
        """Whether there is no text; says so."""
        if self.subject.text.strip():
            return False
        own, draft = map(self.cold_open.way_to, ("inspect.edit_text", "write.inspect"))
        self.note(NO_TEXT.format(own=own, draft=draft))
        return True

    async def explain(
        self, *, attention: bool, show: Callable[[Explained], None]
    ) -> Explained | None:
        """Have the text around the cursor explained; None when that failed.

        ``show`` is called twice: at once for the nearest tokens, then for many.
        """
        subject = self.subject
        text, asked = subject.text, (subject.version, subject.identity)
        window = subject.window()
        explained = None
        if subject.fresh(attention=attention) is None:
            near = first_part(text, subject.cursor, window)
            explained = await self._ask_engine(near, FIRST_TOKENS, attention)
            if explained is None or asked != (subject.version, subject.identity):
                return None
            explained.partial = near.end < window.end or explained.reply.cut > 0
            subject.explained = explained
            show(explained)
            if not explained.partial:
                return explained
        explained = await self._ask_engine(window, TOKENS, attention)
        if explained is None or asked != (subject.version, subject.identity):
            return None
        subject.explained = explained
        show(explained)
        return explained

    async def _ask_engine(self, window: Window, tokens: int, attention: bool) -> Explained | None:
        subject = self.subject
        identity, version = subject.identity, subject.version
        reply = await self.fetch(
            Explain(
                model=subject.model,
                text=window.sent(subject.text),
                tokens=tokens,
                alternatives=ALTERNATIVES,
                attention=attention,
                next=window.end == len(subject.text),
            )
        )
        return None if reply is None else Explained(window, reply, identity, version, attention)

    def turn_page(self, direction: int) -> bool:
        """Put the cursor just beyond what is explained; False where the text ends."""
        subject, explained = self.subject, self.subject.explained
        if explained is None or not explained.tokens:
            return False
        if direction < 0:
            first = explained.window.start + explained.tokens[0].start
            before = subject.text[:first].rstrip()
            if not before:
                return False
            subject.cursor = len(before) - 1
        elif explained.window.end < len(subject.text):
            subject.cursor = explained.window.end + 1
        else:
            return False
        return True
