"""The text of a corpus, page by page, without holding it."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.corpus.reading import Source, find_sources

PAGE_CHARACTERS = 500_000
"""What a page may hold, so that it fits into one message; then long lines are cut short."""
LEAST_OF_A_LINE = 400


class BrowsableText:
    """Lines of all files of a corpus in a row; knows where each piece of a file begins."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)
        self._starts: list[int] = []
        self._marks: list[list[int]] = []
        total = 0
        for source in self._sources:
            self._starts.append(total)
            marks, lines = [0], 0
            for chunk in source.chunks():
                lines += chunk.count("\n") + (not chunk.endswith("\n"))
                marks.append(lines)
            self._marks.append(marks)
            total += lines
        self.total_lines = total

    def page(self, first_line: int, count: int) -> list[str]:
        """``count`` lines from ``first_line`` (counted from 0) on, fewer at the end.

        Of a line that is too long for a page the beginning is given, and how much is missing.
        """
        lines = []
        room = PAGE_CHARACTERS
        for _number, line in self._lines(first_line):
            keep = max(room, LEAST_OF_A_LINE)
            room -= min(len(line), keep)
            if len(line) > keep:
                line = f"{line[:keep]} … and {len(line) - keep:,} more characters"
            lines.append(line)
            if len(lines) == count:
                break
        return lines

    def find(self, text: str, first_line: int) -> int | None:
        """The first line from ``first_line`` on that contains ``text``, whatever its case."""
        wanted = text.lower()
        for number, line in self._lines(first_line):
            if wanted in line.lower():
                return number
        return None

    def _lines(self, first_line: int) -> Iterator[tuple[int, str]]:
        if first_line >= self.total_lines:
            return
        index = bisect.bisect_right(self._starts, first_line) - 1
        for number in range(index, len(self._sources)):
            base, marks = self._starts[number], self._marks[number]
            for chunk_number, chunk in enumerate(self._sources[number].chunks()):
                start, end = base + marks[chunk_number], base + marks[chunk_number + 1]
                if end <= first_line:
                    continue
                for offset, line in enumerate(chunk.split("\n")[: end - start]):
                    if start + offset >= first_line:
                        yield start + offset, line


def text_of(paths: Sequence[Path]) -> BrowsableText:
    """The browsable text of ``paths``, kept while the files do not change.

    Raises:
        CorpusError: when a path cannot be read.
    """
    sources = find_sources(paths)
    stamps = tuple((s.path.stat().st_mtime_ns, s.path.stat().st_size) for s in sources)
    return _kept(sources, stamps)


@functools.lru_cache(maxsize=4)
def _kept(sources: tuple[Source, ...], stamps: tuple[tuple[int, int], ...]) -> BrowsableText:
    return BrowsableText(sources)
