"""What commands print: sentences and tables for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from engine.errors import ColdOpenError
from tui.render import visible


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
        rows = [(name, str(value)) for name, value in facts]
        width = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            self.line(f"{name:<{width}}  {value}")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows under their heads, numbers to the right."""
        cells = [[str(cell) for cell in row] for row in rows]
        widths = [
            max(len(heads[i]), *(len(row[i]) for row in cells)) if cells else len(heads[i])
            for i in range(len(heads))
        ]
        numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(heads))]
        for row in [list(heads), *cells]:
            parts = [
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, numeric, strict=True)
            ]
            self.line("  ".join(parts).rstrip())

    def failure(self, error: ColdOpenError) -> None:
        """Say on standard error what went wrong and what to do."""
        print(f"coldopen: {visible(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"          {visible(error.hint)}", file=sys.stderr)
        if self.json:
            self.value({"error": error.message, "hint": error.hint})


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "").replace("%", "").replace("-", "").isdigit()
