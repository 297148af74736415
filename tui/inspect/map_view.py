"""Map: the words of a table on a plane, near where they are alike."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from engine.protocol.messages import FindNeighbours, MapWords, WordMap
from engine.protocol.values import MapPoint
from tui.inspect import word_map
from tui.inspect.query_line import QueryLine
from tui.inspect.subject import Subject
from tui.inspect.view import InspectView
from tui.inspect.word_map import Eye, Piece
from tui.inspect.words import quoted
from tui.render import content
from tui.widgets.keyed import Keyed

WORDS = {"pca": 1000, "tsne": 500}
FOUND_CLOSENESS = 6.0
NAMES = {"pca": "PCA", "tsne": "t-SNE"}


class MapPicture(Keyed, Widget, can_focus=True):
    """Draws the words; arrows move over the plane."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"map--dot", "map--found", "map--here", "map--cue"}
    DEFAULT_CSS = """
    MapPicture { height: 1fr; padding: 0 1; }
    MapPicture > .map--dot { color: $chart-faint; }
    MapPicture > .map--cue { color: $chart-1; }
    MapPicture > .map--found { color: $accent; text-style: bold; }
    MapPicture > .map--here { color: $block-cursor-foreground;
        background: $block-cursor-background; }
    """
    key_group = "map"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.points: tuple[MapPoint, ...] = ()
        self.eye = self.most = Eye()
        self.found: list[int] = []
        self.here = 0
        self._drawn: tuple[object, list[list[Piece]]] | None = None

    def show(self, points: tuple[MapPoint, ...]) -> None:
        """Another map, seen as a whole."""
        self.points, self.found, self.here = points, [], 0
        self.eye = self.most = word_map.whole(points)
        self._drawn = None
        self.refresh()

    def look(self, eye: Eye) -> None:
        """See another part."""
        self.eye = eye
        self.refresh()

    def show_found(self, found: list[int], here: int) -> None:
        """Light the words that were searched, and go to one of them."""
        self.found, self.here = found, here
        if found:
            point = self.points[found[here]]
            eye = self.eye
            if eye.half_width > self.most.half_width / FOUND_CLOSENESS:
                eye = self.most.zoomed(FOUND_CLOSENESS, self.most)
            self.eye = eye.at(point.x, point.y)
        self.refresh()

    def action_left(self) -> None:
        self.look(self.eye.panned(-0.25, 0, self.most))

    def action_right(self) -> None:
        self.look(self.eye.panned(0.25, 0, self.most))

    def action_up(self) -> None:
        self.look(self.eye.panned(0, 0.25, self.most))

    def action_down(self) -> None:
        self.look(self.eye.panned(0, -0.25, self.most))

    def _rows(self) -> list[list[Piece]]:
        size = self.content_size
        first = self.found[self.here : self.here + 1] + self.found
        key = (size, self.eye, tuple(first))
        if self._drawn is None or self._drawn[0] != key:
            rows = word_map.draw(self.points, self.eye, size.width, size.height, first)
            self._drawn = (key, rows)
        return self._drawn[1]

    def render_line(self, y: int) -> Strip:
        plain, wide = self.rich_style, self.content_size.width
        rows = self._rows()
        if y >= len(rows):
            return Strip.blank(wide, plain)
        styles = {
            name: plain + self.get_component_rich_style(f"map--{name}", partial=True)
            for name in ("dot", "found", "here", "cue")
        }
        here = self.found[self.here] if self.found else None
        found = set(self.found)
        segments = []
        for piece in rows[y]:
            if piece.point is None:
                style = styles["dot"]
            elif piece.point == here:
                style = styles["here"]
            elif piece.point in found:
                style = styles["found"]
            elif self.points[piece.point].word.endswith(":"):
                style = styles["cue"]
            else:
                style = plain
            segments.append(Segment(piece.text, style))
        return Strip(segments).adjust_cell_length(wide, plain)


class MapView(InspectView):
    """The map with a line to search it."""

    view_id = "map"
    title = "Map"
    DEFAULT_CSS = """
    MapView #map-about { height: 1; padding: 0 1; color: $quiet; }
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__(subject)
        self._method: Literal["pca", "tsne"] = "pca"
        self._table = ""
        self._tables: tuple[str, ...] = ()
        self._shown: tuple[tuple[str, str], str, Literal["pca", "tsne"]] | None = None
        self._wanted = ""

    def compose(self) -> ComposeResult:
        yield QueryLine(f"{self.cold_open.way_to('inspect.ask')} searches a word", id="map-line")
        yield self.note_line()
        yield MapPicture(id="map-picture")
        yield Static("", id="map-about", markup=False)

    def main(self) -> Widget:
        return self.picture

    @property
    def picture(self) -> MapPicture:
        return self.query_one(MapPicture)

    # -- asking

    def present(self) -> None:
        if self.lacks(text=False):
            self._show(())
        elif self._shown is None or self._shown[0] != self.subject.identity:
            self._table, self._tables = "", ()
            self._load()
        elif self._shown[1:] != (self._table, self._method):
            self._load()

    def again(self) -> None:
        if not self.lacks(text=False):
            self._load()

    def _load(self) -> None:
        slow = "; t-SNE takes some seconds" if self._method == "tsne" else ""
        self.note(f"drawing the map{slow}…")
        self.run_worker(self._get(self._table, self._method), exclusive=True, group="map")

    async def _get(self, table: str, method: Literal["pca", "tsne"]) -> None:
        model, identity = self.subject.model, self.subject.identity
        stays = self._shown is not None and self._shown[0] == identity
        found = await self.fetch(
            MapWords(model=model, table=table, method=method, words=WORDS[method]),
            in_passing=stays,
        )
        if found is None:
            if stays and self._shown is not None:
                # What is shown stays, so the keys must go on from there.
                _identity, self._table, self._method = self._shown
                self.note(self._told_of(len(self.picture.found), self._wanted))
            else:
                self._show(())
            return
        self._table = found.table
        self._shown = (identity, found.table, method)
        self.note("" if found.points else "There is no word to show.")
        self._show(found.points, found)
        if found.points and not self._tables:
            around = await self.fetch(
                FindNeighbours(model=model, word=found.points[0].word, number=1)
            )
            if around is not None:
                self._tables = tuple(table.table for table in around.tables)
                self._tell(found)

    # -- showing

    def _show(self, points: tuple[MapPoint, ...], found: WordMap | None = None) -> None:
        if not points:
            self._shown = None
        self.picture.show(points)
        self._tell(found)
        if self._wanted and points:
            self._search(self._wanted)

    def _tell(self, found: WordMap | None) -> None:
        text, way = "", self.cold_open.way_to
        if found is not None:
            text = f"{len(found.points):,} words of {found.table}, by {NAMES[found.method]}"
            if found.variance is not None:
                text += f" ({found.variance:.0%} of their variance)"
            if len(self._tables) > 1:
                text += f" ({way('inspect.change_table')}: {', '.join(self._tables)})"
            closer, farther, whole = map(
                way, ("inspect.zoom_in", "inspect.zoom_out", "inspect.whole_map")
            )
            text += f" · arrows move, {closer} and {farther} zoom, {whole} shows all"
        self.query_one("#map-about", Static).update(content(text, newlines=False))

    # -- keys

    def ask(self) -> None:
        """Go to the line to search."""
        self.screen.set_focus(self.query_one(QueryLine))

    @on(QueryLine.Submitted)
    def _submitted(self, event: QueryLine.Submitted) -> None:
        event.stop()
        if self.lacks(text=False) or not self.picture.points:
            return
        self._wanted = event.value.strip()
        self._search(self._wanted)
        self.screen.set_focus(self.picture)

    @on(QueryLine.Left)
    def _left(self, event: QueryLine.Left) -> None:
        event.stop()
        self.screen.set_focus(self.picture)

    def _search(self, wanted: str) -> None:
        found = word_map.search(self.picture.points, wanted)
        self.picture.show_found(found, 0)
        self.note(self._told_of(len(found), wanted))

    def _told_of(self, number: int, wanted: str) -> str:
        """How many words were found, and how to see them all."""
        if not wanted:
            return ""
        if not number:
            return f"{quoted(wanted)} is not on this map."
        if number == 1:
            return f"1 word with {quoted(wanted)}."
        way = self.cold_open.way_to("inspect.next_found")
        return f"{number:,} words with {quoted(wanted)}; {way} goes to the next."

    def next_found(self) -> None:
        found = self.picture.found
        if found:
            self.picture.show_found(found, (self.picture.here + 1) % len(found))

    def zoom_in(self) -> None:
        self.picture.look(self.picture.eye.zoomed(word_map.STEP, self.picture.most))

    def zoom_out(self) -> None:
        self.picture.look(self.picture.eye.zoomed(1 / word_map.STEP, self.picture.most))

    def whole_map(self) -> None:
        self.picture.look(self.picture.most)

    def change_map(self) -> None:
        self._method = "tsne" if self._method == "pca" else "pca"
        if not self.lacks(text=False):
            self._load()

    def change_table(self) -> None:
        if len(self._tables) < 2:
            self.cold_open.say("This model has one table of word vectors.")
            return
        here = self._tables.index(self._table) if self._table in self._tables else -1
        self._table = self._tables[(here + 1) % len(self._tables)]
        self._load()
