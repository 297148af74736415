"""Co-writing: the model goes on, and the writer takes, steers or dismisses what it writes."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace
from textual import work
from textual.timer import Timer

from engine.errors import ColdOpenError
from engine.protocol.messages import (
    AdjustStream,
    AnyEvent,
    StopStream,
    StreamEnded,
    TokensWritten,
    Write,
    WriteAgain,
)
from tui.drafts.tree import TAIL, Node
from tui.editor.passage import ORIGIN
from tui.editor.taking import next_line, next_word
from tui.remembered import Odds
from tui.write import cast as cast_of
from tui.write.extent import generation_around
from tui.write.joints import joint
from tui.write.odds import summary
from tui.write.steering import Steering
from tui.write.streaming import Branch, Continuation, Place, Wish

ALTERNATIVES = 3
FLUSH_SECONDS = 0.04
"""Words that come are shown this often at most; the first ones at once."""
AFTER_CHARACTERS = 2000
EARLY_EVENTS = 1000
LINE_ENDS = ("line", "speech", "scene")
"""Reasons to end that stand for a line end, which is not written."""
SETTLED_SECONDS = 1.0
"""After which a number is typed whole: the first digit of a length would end what is longer."""


class ModelActions(Steering):
    """The part of the Write room that talks to the model."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._streams: dict[str, Continuation] = {}
        """All that are still being written, abandoned ones too, so that the tree gets them."""
        self._asked = 0
        """Calls on their way whose streams have no name yet."""
        self._early: list[TokensWritten | StreamEnded] = []
        self._flush_timer: Timer | None = None
        self._settled: Timer | None = None
        self._line_over: Place | None = None
        """Behind words that ended with their line, all of which are in the draft."""

    # -- going on

    def action_continue(self) -> None:
        if self.streaming:
            self.stop_stream()
            return
        if self.page.pending:
            self._take(None)
        self.go_on()

    def action_retry(self) -> None:
        going = self._going
        speaker, fill, instead = None, False, False
        if going is not None and isinstance(going.request, Write) and not going.used:
            speaker, fill = going.request.speaker, bool(going.request.after)
            instead = going.instead
        self.page.clear_pending()
        self.let_go()
        self.go_on(speaker, fill=fill, instead=instead)

    def action_fill_in(self) -> None:
        self.page.clear_pending()
        self.let_go()
        if not self.page.around_cursor(0, AFTER_CHARACTERS)[1].strip():
            self.tell("Nothing follows the cursor that a passage could lead into.")
            return
        self.go_on(fill=True)

    def action_branch(self) -> None:
        """Others from the cursor; what the model wrote behind it there goes back to the tree."""
        self.page.clear_pending()
        self.let_go()
        self.go_on(instead=True)

    def go_on(
        self, speaker: str | None = None, *, fill: bool = False, instead: bool = False
    ) -> None:
        """Ask for continuations at the cursor.

        They come ``instead`` of what the model wrote behind it there, which stays until they do.
        """
        if self._draft is None:
            return
        if self._ready is None:
            self._wait_for_model(Wish(self.here(), speaker, fill, instead))
            return
        page = self.page
        page.clear_pending()
        before = self.before_cursor()
        after = page.around_cursor(0, AFTER_CHARACTERS)[1] if fill else ""
        stop = self.side.stop_rule
        if speaker is not None and stop.at == "length":  # whoever was asked to speak has the word
            stop = replace(stop, at="speech")
        request = Write(
            model=self._ready.card.name,
            before=before,
            after=after,
            cast=tuple(cast_of.together(self._figures.cast | cast_of.speakers(before), (), 200)),
            speaker=speaker,
            new_line=self._line_over == self.here(),
            settings=self.side.settings,
            stop=stop,
            seed=self.side.seed,
            branches=ALTERNATIVES,
            alternatives=0,
        )
        self._begin(request, instead=instead)

    def write_again(self, node: Node) -> None:
        """Have a passage made again from its record, as pending text at the cursor."""
        if node.record is None:
            self.tell(f"{node.id} was cut off before its record came; it cannot be made again.")
            return
        self._begin(WriteAgain(record=node.record, alternatives=0), node)

    def _begin(
        self, request: Write | WriteAgain, again: Node | None = None, *, instead: bool = False
    ) -> None:
        assert self._draft is not None
        going = Continuation(
            request,
            number=self._draft.tree.new_number(),
            parent=self.generation_here() if again is None else again.parent,
            place=self.here(),
            tree=self._draft.tree,
            made_again="" if again is None else again.text,
            instead=instead,
        )
        self._going = going
        self._note = ""
        self._start(going)

    def generation_here(self) -> str:
        """The generation that the text before the cursor ends with."""
        row, column = self.page.cursor_location
        for at in range(row, max(-1, row - 40), -1):
            marks = [
                mark
                for mark in self.page.page.marks(at)
                if mark.layer == ORIGIN and (at < row or mark.start < column)
            ]
            if marks:
                return max(marks).value
        return ""

    def _wait_for_model(self, wish: Wish) -> None:
        """Go on as soon as a model is there, unless the writer has written on by then."""
        if self.cold_open.engine_state == "lost":
            way = self.way_to("app.reconnect")
            self.tell(f"The engine is not there; you can write, and {way} starts it.")
            return
        self._wish = wish
        self.show_line()
        if not self._preparing:
            self.prepare_model()

    def model_prepared(self) -> None:
        wish, self._wish = self._wish, None
        if wish is None:
            return
        if self._ready is not None and wish.place == self.here():
            self.go_on(wish.speaker, fill=wish.fill, instead=wish.instead)
        else:
            self.show_line()

    @work(group="stream")
    async def _start(self, going: Continuation) -> None:
        assert going.request is not None
        self._asked += 1
        self.show_line()
        try:
            engine = await self.cold_open.engine_ready()
            going.begin(await engine.call(going.request))
        except ColdOpenError as error:
            going.end("failed")
            if self._going is going:
                self._going = None
                self.say(error)
        else:
            self._streams[going.stream] = going
            self._make_way(going)
            early, self._early = self._early, []
            for event in early:
                self.hear(event)
            if self._going is going and going.branches:
                record = going.branches[0].record
                self.side.last_seed = record.seed if record is not None else None
            elif self._going is not going:  # let go of while it was asked for
                self._stop_sending(going)
        finally:
            self._asked -= 1
            if not self._asked:
                self._early.clear()
        self.show_line()

    def _make_way(self, going: Continuation) -> None:
        """Take out what ``going`` is to stand instead of, unless the writer is elsewhere by now."""
        if not going.instead or going.tree is None or going is not self._going:
            return
        going.instead = False
        if self._has_left(going):
            return
        page = self.page
        cursor = page.cursor_offset
        around = generation_around(page.draft, page.page.spans(ORIGIN), going.tree, cursor)
        if around is not None:
            page.swap(cursor, around[1], "")

    # -- what comes

    def hear(self, event: AnyEvent) -> None:
        """Take in an event of the engine, if it belongs to a stream of ours."""
        if not isinstance(event, TokensWritten | StreamEnded):
            return
        going = self._streams.get(event.stream)
        if going is None:
            if self._asked and len(self._early) < EARLY_EVENTS:
                self._early.append(event)
            return
        branch = going.take(event)
        if branch is None:
            return
        if isinstance(event, StreamEnded):
            going.keep(branch)
            self.tree_grew()
            if event.reason == "failed":
                self.say(event.message or "The model could not go on.")
            if going.complete:
                del self._streams[event.stream]
        if going is self._going and not going.over:
            if going.used and branch is going.branch and branch.reason and not going.pending:
                self._join(going, branch)
                self.let_go()  # all of it is in the draft
            elif not self.page.pending or not going.running:
                self._flush()
            elif self._flush_timer is None:
                self._flush_timer = self.set_timer(FLUSH_SECONDS, self._flush)

    def tree_grew(self) -> None:
        """The tree has a node more."""

    def _flush(self) -> None:
        """Show what came."""
        if self._flush_timer is not None:
            self._flush_timer.stop()
            self._flush_timer = None
        going = self._going
        if going is None or not going.branches:
            return
        if not going.running and going.show_best():
            self._note = ""
        if not self.page.pending and self._has_left(going):
            self._stop_sending(going)
            self.let_go()
            self.tell("You wrote on before the model did; what it had is in the tree.")
            return
        self.page.set_pending(going.pending)
        self.show_choices()
        if not going.running:
            self._came(going)

    def _has_left(self, going: Continuation) -> bool:
        """Whether the writer is not where the next words of ``going`` belong."""
        used = "" if going.branch is None else going.branch.text[: going.used]
        tail = (going.place.tail + used)[-TAIL:]
        return self.here() != Place(going.place.at + len(used), tail)

    def _came(self, going: Continuation) -> None:
        """All branches are complete."""
        branch = going.branch
        if branch is not None and not branch.text:
            self._note = "Nothing came: the model would stop right here. A name or a word helps."
        if going.made_again and branch is not None and branch.reason != "stopped":
            same = branch.text == going.made_again
            self.say("Made again, letter for letter." if same else "It came out differently.")
        if not self.page.pending:
            self._going = None
        self.show_line()

    def engine_gone(self) -> None:
        """The engine was lost: what came stays, and nothing more is waited for."""
        self.keep_streams()
        if self._going is not None and self._going.over:
            way = self.way_to("write.retry")
            self.say(f"The engine was lost while it wrote. What came stays; {way} tries again.")
            self._flush()
        self.show_line()

    def keep_streams(self) -> None:
        """Put what came into the tree; nothing more is waited for."""
        for going in self._streams.values():
            going.end("lost")
            for branch in going.branches:
                going.keep(branch)
        self._streams.clear()

    def end_streams(self) -> None:
        self.let_go()
        self.keep_streams()

    # -- stopping

    def stop_stream(self) -> None:
        """Stop the stream; what came stays pending."""
        going = self._going
        if going is None or not going.running:
            return
        if going.stream:
            self._flush()
            self._stop_sending(going)
            if not self.page.pending:
                if going.branch is not None:
                    self._join(going, going.branch)
                self._going = None
        else:
            self._going = None
        self.show_line()

    def _stop_sending(self, going: Continuation) -> None:
        """What is still on its way goes to the tree alone."""
        if going.running:
            self.run_worker(self.ask(StopStream(stream=going.stream)), group="stop")
            going.over = True

    def let_go(self) -> None:
        """Be done with the continuation; what has not been shown yet goes to the tree alone."""
        going, self._going = self._going, None
        if going is not None and self._ends_its_line(going):
            self._line_over = self.here()
        if going is not None and going.stream:
            self._stop_sending(going)
        self.show_choices()
        self.show_line()

    def _ends_its_line(self, going: Continuation) -> bool:
        """Whether the cursor is behind the whole of a branch that ended for a line end."""
        branch = going.branch
        if branch is None or not branch.text or branch.reason not in LINE_ENDS:
            return False
        return going.used == len(branch.text) and not self._has_left(going)

    def action_stop(self) -> None:
        if self._wish is not None:
            self._wish = None
            self.show_line()
        elif self.streaming:
            self.stop_stream()
        elif self.page.pending:
            self.page.clear_pending()
            self.let_go()
        elif self.page.offer:
            self.page.clear_pending()
        else:
            self.leave_panels()

    def leave_panels(self) -> None:
        """Escape with nothing to stop: close what is open, one thing at a time."""

    # -- taking

    def action_accept_all(self) -> None:
        if self.page.offer:
            self.take_offer()
        else:
            self._take(None)

    def action_accept_word(self) -> None:
        self._take(next_word(self.page.pending))

    def action_accept_line(self) -> None:
        self._take(next_line(self.page.pending))

    def take_offer(self) -> None:
        """Take the completion of a name."""
        self.page.accept()

    def _take(self, length: int | None) -> None:
        page, going = self.page, self._going
        if going is None or going.branch is None:
            page.accept(length)
            return
        if not page.pending:
            return
        if length is None:
            self.stop_stream()
        start, branch = going.used, going.branch
        end = start + (len(page.pending) if length is None else length)
        marks = tuple(branch.surprises(start, end))
        behind = self._joint(going, branch, end)
        taken = page.accept(length, generation=branch.node, marks=marks, behind=behind)
        going.use(len(taken))
        if going.tree is not None:
            going.tree.change(branch.node, "taken", branch.taken)
        self.used_up()

    def _joint(self, going: Continuation, branch: Branch, end: int) -> str:
        """What goes behind ``branch`` where its first ``end`` characters are all that it has."""
        if end < len(branch.text) or not (branch.reason or going.over):
            return ""
        rest = self.page.around_cursor(0)[1].split("\n", 1)[0]
        empty_lines = "\n\n" in branch.text or "\n\n" in self.page.draft
        return joint(going.place.tail, branch.text, rest, empty_lines=empty_lines)

    def _join(self, going: Continuation, branch: Branch) -> None:
        """As :meth:`_joint`, where it turns out only now that what was taken is all."""
        if branch.taken and going.used == len(branch.text) and not self._has_left(going):
            self.page.put_behind(self._joint(going, branch, going.used))

    @property
    def catching_up(self) -> bool:
        """Whether all that came is in the draft, and more of it is on its way."""
        going = self._going
        if going is None or going.branch is None or not going.running or not going.used:
            return False
        return not going.branch.reason and not self._has_left(going)

    def used_up(self) -> None:
        """Something was taken or typed: where that was all, and no more comes, be done with it."""
        if not self.page.pending and not self.catching_up:
            self.let_go()
        self.show_choices()
        self.show_line()

    def consumed(self, length: int) -> None:
        """The writer typed what was pending."""
        if self._going is not None:
            self._going.use(length, accepted=False)
            self.show_choices()

    # -- choosing

    def action_next_alternative(self) -> None:
        self._show_alternative(1)

    def action_previous_alternative(self) -> None:
        self._show_alternative(-1)

    def _show_alternative(self, step: int) -> None:
        going = self._going
        if going is None or not going.branches:
            return
        if going.used:
            way = self.way_to("write.tree")
            self.say(f"Part of this one is taken; the others are in the tree ({way}).")
            return
        going.show(step)
        self.page.set_pending(going.pending)
        self.show_choices()

    # -- odds

    def on_side_panel_changed(self) -> None:
        """New odds hold from the next word on; where it ends and the seed, once they are typed."""
        self._adjust(self._going, whole=False)
        self.cold_open.use_odds(Odds(self.side.settings, self.side.stop_rule))
        if self._settled is not None:
            self._settled.stop()
        self._settled = self.set_timer(SETTLED_SECONDS, partial(self._adjust, self._going))
        self.tell(summary(self.side.settings))

    def _adjust(self, going: Continuation | None, *, whole: bool = True) -> None:
        """Have ``going``, if it still goes on, go by what the panel says."""
        side = self.side
        if whole:
            self.cold_open.remembered.save()
        if going is not None and going is self._going and going.running and going.stream:
            change = AdjustStream(stream=going.stream, settings=side.settings)
            if whole:
                change = replace(change, stop=side.stop_rule, seed=side.seed)
            self.run_worker(self.ask(change), group="adjust")
