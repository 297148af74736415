"""What commands print: sentences and tables for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from engine.errors import ColdOpenError
from tui.render import visible, width


class Output:
    """Standard output in one of two forms; progress and errors go to standard error."""

    def __init__(self, *, json: bool) -> None:
        self.json = json

    def value(self, value: Any) -> None:
        """Print ``value`` as one line of JSON."""
        sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
        sys.stdout.buffer.flush()

    def line(self, text: str = "") -> None:
        """Print a line for people, control characters made visible."""
        print(visible(text), flush=True)

    def piece(self, text: str) -> None:
        """Print streamed text, newlines kept."""
        print("\n".join(visible(part) for part in text.split("\n")), end="", flush=True)

    def facts(self, facts: Iterable[tuple[str, object]]) -> None:
        """Print aligned ``name  value`` lines."""
        rows = [(_cell(name), _cell(value)) for name, value in facts]
        widest = max((width(name) for name, _ in rows), default=0)
        for name, value in rows:
            self.line(f"{_padded(name, widest)}  {value}")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows under their heads, numbers to the right."""
        cells = [[_cell(value) for value in row] for row in rows]
        widths = [max(width(row[i]) for row in (heads, *cells)) for i in range(len(heads))]
        numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(heads))]
        for row in [list(heads), *cells]:
            parts = [
                _padded(cell, widest, right=right)
                for cell, widest, right in zip(row, widths, numeric, strict=True)
            ]
            self.line("  ".join(parts).rstrip())

    def failure(self, error: ColdOpenError) -> None:
        """Say on standard error what went wrong and what to do."""
        print(f"coldopen: {visible(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"          {visible(error.hint)}", file=sys.stderr)
        if self.json:
            self.value({"error": error.message, "hint": error.hint})


def _cell(value: object) -> str:
    """``value`` on one line, as it will be seen."""
    return visible(str(value), newlines=False)


def _padded(cell: str, cells: int, *, right: bool = False) -> str:
    blank = " " * (cells - width(cell))
    return blank + cell if right else cell + blank


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("%", "").replace("-", "").isdigit()
