"""The Write room: a draft, and a model that goes on with it when asked."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.protocol.messages import AnyEvent
from tui.editor.script_area import ScriptArea
from tui.keymap import OFF_IN_PANELS
from tui.write.draft_actions import TICK_SECONDS
from tui.write.find_bar import FindBar
from tui.write.look_actions import LookActions
from tui.write.side_panel import SidePanel
from tui.write.tree_panel import TreePanel

SIDE_FROM = 104
"""Cells from which on the side panel is there by itself."""
_TAKES = ("accept_word", "accept_line")


class WriteRoom(LookActions):
    """Edits one draft and co-writes it."""

    room_id = "write"
    title = "Write"
    DEFAULT_CSS = """
    WriteRoom #page { width: 1fr; height: 1fr; }
    WriteRoom #write-line { height: auto; min-height: 1; max-height: 3; color: $quiet;
        padding: 0 1; }
    WriteRoom #choices { height: auto; max-height: 6; color: $quiet; padding: 0 1; display: none;
        background: $surface; }
    WriteRoom #choices.-open { display: block; }
    WriteRoom #choices.-reading { max-height: 50%; }
    WriteRoom.-tree SidePanel { display: none; }
    WriteRoom.-focus #write-page { max-width: 72; }
    WriteRoom.-focus #write-rows { align-horizontal: center; }
    WriteRoom.-focus #write-line, WriteRoom.-focus SidePanel { display: none; }
    """

    def compose(self) -> ComposeResult:
        with Horizontal(id="write-rows"):
            with Vertical(id="write-page"):
                yield Static("", id="write-line", markup=False)
                yield ScriptArea(id="page", on_delta=self.note_change, on_consumed=self.consumed)
                yield Static("", id="choices", markup=False)
                yield FindBar(id="find")
            yield TreePanel(id="tree")
            odds = self.cold_open.odds
            yield SidePanel(odds.sampler, odds.stop, id="side")

    def on_mount(self) -> None:
        self.side.set_class(self.app.size.width >= SIDE_FROM, "-open")
        self.page.show_layer("surprise", False)
        self.open_draft(self.latest_draft())
        self.set_interval(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        """What goes on beside the typing."""
        self.keep_draft()
        self.look_if_idle()
        if self._streams and self.cold_open.engine_state in ("lost", "starting"):
            self.engine_gone()

    def first_focus(self) -> Widget | None:
        return self.page

    # -- what happens elsewhere

    def on_room_shown(self) -> None:
        self.prepare_model()

    def on_engine_ready(self) -> None:
        if self._streams:
            self.engine_gone()
        self.prepare_model()

    def on_engine_event(self, event: AnyEvent) -> None:
        self.hear(event)

    # -- what happens on the page

    def on_script_area_typed(self) -> None:
        self.look_later()
        self.offer_name()
        written_on = self._wish is not None and self._wish.place != self.here()
        if written_on:
            self._wish = None
        if self._note or written_on:
            self.note_over()

    def on_script_area_cursor_moved(self) -> None:
        if self.page.offer:
            self.offer_name()

    def on_script_area_pending_gone(self) -> None:
        self.let_go()

    def on_script_area_pending_typed(self) -> None:
        self.used_up()

    def on_script_area_nothing_to_take(self) -> None:
        if not self.streaming:
            way = self.way_to("write.continue")
            self.tell(f"Nothing is pending. {way}: the model goes on.")

    def draft_opened(self) -> None:
        self._streams.clear()
        self._wish = self._line_over = None
        self._copied, self._next_odds = [], {}
        self.side.last_seed = None
        self._reading = False
        self.show_choices()
        self.look_later()
        if self.tree_panel.has_class("-open"):
            self._show_tree()

    def action_undo(self) -> None:
        self.page.undo()
        self.find_again()

    def action_redo(self) -> None:
        self.page.redo()
        self.find_again()

    def action_to_start(self) -> None:
        self.page.go_to(0)

    def action_to_end(self) -> None:
        self.page.go_to(self.page.page.length)

    # -- panels

    def action_settings(self) -> None:
        """Into the panel, which opens for it; from inside it, close it."""
        panel, focused = self.side, self.screen.focused
        inside = focused is not None and panel in focused.ancestors
        if not inside and self.has_class("-focus"):
            self.action_toggle_focus()
        if not inside and self.tree_panel.has_class("-open"):
            self._close_tree()
        panel.set_class(not inside, "-open")
        if not inside:
            self.show_cast()
            self.focus_on(panel.query(Input).first())
            self.look_later()
        else:
            self.focus_on(self.page)

    def action_toggle_focus(self) -> None:
        self.toggle_class("-focus")
        self.cold_open.set_chrome(not self.has_class("-focus"))
        self.focus_on(self.page)

    def on_room_hidden(self) -> None:
        if self.has_class("-focus"):
            self.action_toggle_focus()

    def leave_panels(self) -> None:
        if not self.page.has_focus:
            self.focus_on(self.page)
        elif self.finder.has_class("-open"):
            self.close_finder()
        elif self.tree_panel.has_class("-open"):
            self._close_tree()
        elif self.has_class("-focus"):
            self.action_toggle_focus()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        if self._reading:
            self.show_choices()
        self.show_line()

    def on_script_area_resized(self) -> None:
        self.show_choices()
        self.show_line()

    # -- what the keys may do now

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        page = self.page
        if f"write.{action}" in OFF_IN_PANELS and self.in_panel():
            return False
        if action in _TAKES and not (page.has_focus and (page.pending or self.catching_up)):
            return False
        if action == "accept_all" and not (page.has_focus and (page.pending or page.offer)):
            return False
        if action in ("to_start", "to_end") and not page.has_focus:
            return False
        if action in ("undo", "redo") and not (page.has_focus or self.in_finder()):
            return False
        if action == "stop" and not (
            self.streaming or self._wish or page.pending or page.offer or self._something_open()
        ):
            return False
        return super().check_action(action, parameters)

    def _something_open(self) -> bool:
        return (
            not self.page.has_focus
            or self.finder.has_class("-open")
            or self.tree_panel.has_class("-open")
            or self.has_class("-focus")
        )
