"""Texts with their grades, as a file has them: on each line a grade, a tab and a text.

A grade is a whole number (-2 to 2, 1 to 5, 0 and 1: any scale) or one of ``negative``, ``neutral``
and ``positive``. Two different ones make a question of yes or no, more a scale. Files are read
twice and never held as text.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.corpus.reading import files_in, source_of
from engine.corpus.vocabulary import MOST_WORDS, Vocabulary
from engine.errors import CorpusError
from engine.moods.speeches import words_of
from engine.protocol.values import MOST_GRADES

WORDS_FOR_GRADES = {"negative": -1, "neg": -1, "neutral": 0, "positive": 1, "pos": 1}
MOST_TEXTS = 5_000_000
LONGEST_LINE = 1 << 20
FEWEST_TEXTS = 20
MANY_TEXTS, FEWEST_OF_A_GRADE = 100, 2
FEW_HELD_OUT = 20
HELD_OUT = 10
"""One block of texts in so many is for validation."""
LARGEST_BLOCK = 20
_GRADE = re.compile(r"[+-]?\d{1,3}")
_FORMAT = "A line is a grade, a tab and a text; grades are whole numbers, or negative and positive."

Ids = NDArray[np.int32]


class GradedLine(NamedTuple):
    grade: int
    tokens: list[str]


@dataclass(frozen=True)
class Labelled:
    """What a file of labelled texts holds, as ids over ``vocabulary``."""

    name: str
    notes: tuple[str, ...]
    """What is worth telling: encodings, grades, how few there are."""
    scale: tuple[int, ...]
    """The grades that it has, from the lowest to the highest."""
    vocabulary: Vocabulary
    ids: Ids
    """(tokens,) of all texts, one behind the other."""
    ends: NDArray[np.int64]
    """(texts,): where each text ends in ``ids``."""
    grades: NDArray[np.int64]
    """(texts,): indices into ``scale``."""

    @functools.cached_property
    def key(self) -> str:
        """Stands for these texts with these grades."""
        digest = hashlib.sha256("\n".join((*map(str, self.scale), *self.vocabulary.words)).encode())
        for part in (self.ids, self.ends, self.grades):
            digest.update(part.tobytes())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.grades)

    def text(self, number: int) -> Ids:
        """(tokens,) ids of one text; at least one."""
        start = int(self.ends[number - 1]) if number else 0
        return self.ids[start : int(self.ends[number])]

    def parts(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Numbers of the texts to train on and of those held out.

        What is held out are short blocks from all over the file: neighbours are of one scene, and
        many files have all texts of one grade together.
        """
        numbers = np.arange(len(self))
        block = max(1, min(LARGEST_BLOCK, len(self) // (5 * HELD_OUT)))
        held_out = numbers // block % HELD_OUT == HELD_OUT - 1
        return numbers[~held_out], numbers[held_out]


def read_labelled(paths: Sequence[Path], cutoff: int = 2) -> Labelled:
    """The labelled texts in ``paths``, with the words that come ``cutoff`` times or more.

    Of a folder, all files that end in ``.tsv``. A cue at the beginning of a text says who speaks,
    which is no mood: it is left out.

    Raises:
        CorpusError: naming the line that is not one, or when there are too few texts or grades.
    """
    files = files_in(paths, (".tsv",), ".tsv")
    others = f" and {len(files) - 1} more" if len(files) > 1 else ""
    counts: Counter[str] = Counter()
    grades: Counter[int] = Counter()
    for line in _lines(files):
        counts.update(line.tokens)
        grades[line.grade] += 1
        if len(grades) > MOST_GRADES:
            raise CorpusError(
                f"{files[0]}{others} has more than {MOST_GRADES} different grades.",
                "Choose a coarser scale, such as -2 to 2.",
            )
        if len(counts) > MOST_WORDS:
            raise CorpusError(
                f"{files[0]}{others} has more than {MOST_WORDS:,} different words.",
                "Is it text? Leave a part of it out.",
            )
    if grades.total() < FEWEST_TEXTS:
        raise CorpusError(
            f"{files[0]}{others} has only {grades.total():,} labelled texts.",
            f"Label at least {FEWEST_TEXTS}; some thousand are better.",
        )
    if (lone := _lone(grades)) is not None:
        raise CorpusError(
            f"Of {grades.total():,} texts in {files[0]}{others}, {grades[lone]} has the grade"
            f" {lone}.",
            "Correct it if it is a slip of the pen, else label some more such texts.",
        )
    if len(grades) < 2:
        raise CorpusError(
            f"All texts in {files[0]}{others} have the grade {next(iter(grades))}.",
            "There is nothing to tell apart: label texts of other grades, too.",
        )
    scale = tuple(sorted(grades))
    vocabulary = Vocabulary.of_counts(counts, cutoff)
    place = {grade: number for number, grade in enumerate(scale)}
    ids = np.empty(counts.total(), dtype=np.int32)
    ends = np.empty(grades.total(), dtype=np.int64)
    indices = np.empty(grades.total(), dtype=np.int64)
    end = number = 0
    for line in _lines(files):
        start, end = end, end + len(line.tokens)
        if number == len(ends) or end > len(ids) or line.grade not in place:
            break
        ids[start:end] = vocabulary.encode(line.tokens)
        ends[number], indices[number] = end, place[line.grade]
        number += 1
    if number < len(ends) or end != len(ids):
        raise CorpusError(f"{files[0]}{others} was changed while it was read.", "Try again.")
    notes = [note for file in files if (note := source_of(file, plays=False).note)]
    listed = ", ".join(f"{grade} ({grades[grade]:,})" for grade in scale)
    notes.append(f"Grades, and how many texts have them: {listed}.")
    made = Labelled(files[0].stem + others, tuple(notes), scale, vocabulary, ids, ends, indices)
    held_out = len(made.parts()[1])
    if held_out < FEW_HELD_OUT:
        notes.append(f"Only {held_out} texts are held out: they tell little of the network.")
    return replace(made, notes=tuple(notes))


def _lone(grades: Counter[int]) -> int | None:
    """A grade that hardly any of many texts has, which is likely to be a slip; None without."""
    few = [grade for grade, number in grades.items() if number < FEWEST_OF_A_GRADE]
    return few[0] if few and grades.total() >= MANY_TEXTS else None


def _lines(paths: Sequence[Path]) -> Iterator[GradedLine]:
    """The labelled texts; empty lines and texts without a word are passed over."""
    seen = 0
    for path in paths:
        for line in _lines_of(path):
            seen += 1
            if seen > MOST_TEXTS:
                raise CorpusError(f"{path} has more than {MOST_TEXTS:,} texts.", "Cut it shorter.")
            yield line


def _lines_of(path: Path) -> Iterator[GradedLine]:
    try:
        with path.open(encoding=source_of(path, plays=False).encoding, newline=None) as stream:
            for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), ""), 1):
                if len(line) == LONGEST_LINE and not line.endswith("\n"):
                    raise _wrong(path, number, f"it has more than {LONGEST_LINE:,} characters")
                if not line.strip():
                    continue
                label, tab, text = line.partition("\t")
                if not tab:
                    commas = ", and commas are none" if "," in line else ""
                    raise _wrong(path, number, f"it has no tab{commas}")
                tokens = words_of(text)
                if tokens:
                    yield GradedLine(_grade(path, number, label.strip()), tokens)
    except (OSError, UnicodeError) as error:
        raise CorpusError(
            f"{path} could not be read to its end: {error}.", "Save it again as UTF-8."
        ) from None


def _grade(path: Path, number: int, label: str) -> int:
    if (named := WORDS_FOR_GRADES.get(label.lower())) is not None:
        return named
    if _GRADE.fullmatch(label) is None:
        shown = label if len(label) <= 20 else f"{label[:20]}…"
        heading = " (take headings away)" if number == 1 else ""
        raise _wrong(path, number, f"“{shown}” is no grade{heading}")
    return int(label)


def _wrong(path: Path, number: int, why: str) -> CorpusError:
    return CorpusError(f"Line {number:,} of {path} is no labelled text: {why}.", _FORMAT)
