"""A text whose tokens can be walked over, each with a tint of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.color import Color
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.inspect.token_rows import TokenRows, tint
from tui.keymap import ACTIONS
from tui.widgets.keyed import Keyed

Tint = Literal["surprise", "attention", "copying", "activation"]


class TokenText(Keyed, ScrollView, can_focus=True):
    """Shows a text; arrows move by token, Shift with them selects, a digit asks to swap.

    A token's shade is its strength, 0 to 1, or below 0 to -1 in the opposite colour. Those who
    have no shade, or lie before the first token, are drawn plain and quiet.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tokens--surprise",
        "tokens--attention",
        "tokens--copying",
        "tokens--activation",
        "tokens--opposite",
        "tokens--quiet",
        "tokens--cursor",
        "tokens--selected",
    }
    DEFAULT_CSS = """
    TokenText { background: $background; color: $foreground; padding: 0 1;
        scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    TokenText > .tokens--surprise { color: $warning; }
    TokenText > .tokens--attention { color: $primary; }
    TokenText > .tokens--copying { color: $success; }
    TokenText > .tokens--activation { color: $success; }
    TokenText > .tokens--opposite { color: $error; }
    TokenText > .tokens--quiet { color: $quiet; }
    TokenText > .tokens--cursor { background: $block-cursor-blurred-background;
        text-style: bold underline; }
    TokenText:focus > .tokens--cursor { color: $block-cursor-foreground;
        background: $block-cursor-background; text-style: none; }
    TokenText > .tokens--selected { background: $input-selection-background; }
    """
    key_group = "tokens"

    class Moved(Message):
        """The cursor is at another token, which begins at character ``start`` of the text."""

        def __init__(self, start: int) -> None:
            super().__init__()
            self.start = start

    class PastEnd(Message):
        """The cursor was to go beyond the first (-1) or the last token (1)."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Swap(Message):
        """An alternative was chosen by its number, from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, tint_with: Tint = "surprise", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.tint_with: Tint = tint_with
        self.cursor = 0
        self._first = 0
        self._at = 0
        self.mark: int | None = None
        self._text = ""
        self._spans: Sequence[tuple[int, int]] = ()
        self._shades: Sequence[float | None] = ()
        self._rows: TokenRows | None = None

    # -- what is shown

    def show(
        self, text: str, spans: Sequence[tuple[int, int]], cursor: int, *, first: int = 0
    ) -> None:
        """Another text, untinted; the cursor is at token ``cursor`` and goes back to ``first``."""
        self._text, self._spans, self._shades = text, spans, ()
        self._at = 0
        self._first = first
        self.cursor = min(max(first, cursor), max(0, len(spans) - 1))
        self.mark = None
        self._lay_out()
        self._follow()

    def show_plain(self, text: str, at: int = 0) -> None:
        """A text of which no token is known yet, with character ``at`` in view."""
        self.show(text, (), 0)
        self._at = at
        self._follow()

    def shade(self, shades: Sequence[float | None]) -> None:
        """Tint the tokens; None leaves one plain."""
        self._shades = shades
        self.refresh()

    @property
    def selected(self) -> range:
        """The selected tokens, at least that at the cursor; empty without tokens."""
        if not self._spans:
            return range(0)
        mark = self.cursor if self.mark is None else self.mark
        return range(min(mark, self.cursor), max(mark, self.cursor) + 1)

    def place(self, index: int) -> None:
        """Put the cursor at a token without telling it."""
        if self._spans:
            self.cursor = min(max(self._first, index), len(self._spans) - 1)
            self._follow()
            self.refresh()

    def go_to(self, index: int) -> None:
        """Put the cursor at a token and tell it."""
        if not self._spans:
            return
        index = min(max(self._first, index), len(self._spans) - 1)
        if index != self.cursor:
            self.cursor = index
            self.post_message(self.Moved(self._spans[index][0]))
        self._follow()
        self.refresh()

    # -- keys and mouse

    def take_own_keys(self) -> None:
        super().take_own_keys()
        kept = [b for _, b in self._bindings if b.id != "tokens.swap"]
        numbers = ACTIONS["tokens.swap"].keys_under(self.own_keys)
        swaps = [Binding(key, f"swap({n})", "Swap", show=False) for n, key in enumerate(numbers, 1)]
        self._bindings = type(self._bindings)([*kept, *swaps])

    def _step(self, index: int, select: bool = False) -> None:
        if not select:
            self.mark = None
        elif self.mark is None:
            self.mark = self.cursor
        if self._spans and not self._first <= index < len(self._spans):
            self.post_message(self.PastEnd(-1 if index < self._first else 1))
        self.go_to(index)

    def action_left(self) -> None:
        self._step(self.cursor - 1)

    def action_right(self) -> None:
        self._step(self.cursor + 1)

    def action_select_left(self) -> None:
        self._step(self.cursor - 1, select=True)

    def action_select_right(self) -> None:
        self._step(self.cursor + 1, select=True)

    def action_up(self) -> None:
        self._by_rows(-1)

    def action_down(self) -> None:
        self._by_rows(1)

    def action_page_up(self) -> None:
        self._by_rows(1 - max(2, self.size.height))

    def action_page_down(self) -> None:
        self._by_rows(max(2, self.size.height) - 1)

    def _by_rows(self, rows: int) -> None:
        if self._rows is None or not self._spans:
            return
        found = self._rows.beside(self.cursor, rows)
        if found == self.cursor:
            found += -1 if rows < 0 else 1  # beyond the end, unless the row has more
        self._step(found)

    def action_start(self) -> None:
        self._step(self._first)

    def action_end(self) -> None:
        self._step(len(self._spans) - 1)

    def action_swap(self, number: int) -> None:
        self.post_message(self.Swap(number))

    def on_click(self, event: events.Click) -> None:
        if self._rows is None:
            return
        at = event.get_content_offset(self)
        if at is not None:
            found = self._rows.token_at(at.y + self.scroll_offset.y, at.x)
            if found is not None:
                self.mark = None
                self.go_to(found)

    # -- drawing

    def on_resize(self) -> None:
        self._lay_out()
        self._follow()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width < 2:
            self._rows = None
            return
        self._rows = TokenRows(self._text, self._spans, width)
        self.virtual_size = Size(0, len(self._rows))
        self.refresh()

    def _follow(self) -> None:
        """Scroll so that the cursor is seen, with a row around it."""
        height = self.scrollable_content_region.height
        if self._rows is None or not height:
            return
        row = self._rows.row_of(self.cursor) if self._spans else self._rows.row_at(self._at)
        top = round(self.scroll_offset.y)
        margin = min(2, (height - 1) // 2)
        if row < top + margin:
            top = row - margin
        elif row > top + height - 1 - margin:
            top = row - height + 1 + margin
        else:
            return
        self.scroll_to(y=max(0, top), animate=False, force=True, immediate=True)

    def _colour(self, name: str) -> Color:
        return self.get_component_styles(f"tokens--{name}").color

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        plain = self.rich_style
        row = y + round(self.scroll_offset.y)
        if self._rows is None or row >= len(self._rows):
            return Strip.blank(width, plain)
        background = self.background_colors[1]
        positive, negative = self._colour(self.tint_with), self._colour("opposite")
        cursor = self.get_component_rich_style("tokens--cursor")
        selected = self.get_component_rich_style("tokens--selected")
        selection = self.selected if self.mark is not None else range(0)
        shades = self._shades

        def style_of(index: int) -> Style:
            if index == self.cursor:
                return cursor
            if index in selection:
                return plain + selected
            strength = shades[index] if index < len(shades) else None
            if not strength:
                return Style(color=plain.color)
            colour = positive if strength > 0 else negative
            shaded = tint(background, colour, abs(strength))
            return Style(color=plain.color, bgcolor=shaded.rich_color)

        quiet = self.get_component_rich_style("tokens--quiet")
        outside = Style(color=(quiet if self._spans else plain).color)
        segments: list[Segment] = self._rows.segments(row, style_of, outside)
        drawn = [Segment(one.text, plain + (one.style or plain)) for one in segments]
        return Strip(drawn).adjust_cell_length(width, plain)
