"""``coldopen moods``: learn moods from labelled texts, and tell those of a script."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine import paths
from engine.config import MoodConfig, knobs
from engine.formats.script_files import read_script
from engine.protocol.messages import MOST_MOOD_TEXT, MoodsRead, ReadMoods, TrainMoods
from engine.protocol.values import SpeechMood, WordMood
from tui.cli.answers import answer
from tui.cli.bounds import fitting, made_fitting
from tui.cli.progress import absolute
from tui.cli.train_commands import add_knob, follow_run
from tui.inspect.mood_text import means, said, signed
from tui.render import fit

if TYPE_CHECKING:
    from tui.cli.output import Output

SHOWN = 48
"""Cells of a speech that are shown."""


def add_to(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    common: argparse.ArgumentParser,
) -> None:
    moods = commands.add_parser("moods", help="the mood of every speech")
    verbs = moods.add_subparsers(dest="verb", required=True, metavar="VERB")
    train = verbs.add_parser(
        "train",
        parents=[common],
        help="train a network on labelled texts",
        description="Each line of a file is a grade, a tab and a text. Grades are whole numbers"
        " (0 and 1, 1 to 5, -2 to 2), or negative, neutral and positive.",
    )
    train.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files, or folders of .tsv files; without any, those that come with the program",
    )
    train.add_argument("--name", required=True, help="what to call the network")
    train.add_argument("--replace", action="store_true", help="replace a network of that name")
    train.add_argument("--detach", action="store_true", help="start it and return at once")
    for knob in knobs(MoodConfig):
        add_knob(train, knob)
    train.set_defaults(run=run_train)
    read = verbs.add_parser("read", parents=[common], help="tell the moods of a script")
    read.add_argument("path", metavar="FILE")
    read.add_argument(
        "--name",
        default=paths.bundled_moods().name,
        help="the network; the one that comes with the program unless given",
    )
    read.set_defaults(run=run_read)


async def run_train(options: argparse.Namespace, output: Output) -> int:
    given = {knob.name: getattr(options, knob.name) for knob in knobs(MoodConfig)}
    settings = {name: value for name, value in given.items() if value is not None}
    request = TrainMoods(
        name=options.name,
        paths=absolute(options.paths or [str(paths.bundled_labels())]),
        settings=made_fitting(MoodConfig, settings),
        replace=options.replace,
    )
    return await follow_run(fitting(request), options.detach, output)


async def run_read(options: argparse.Namespace, output: Output) -> int:
    (path,) = absolute([options.path])
    text, note = read_script(Path(path))
    found = await _told(options.name, text)
    if output.json:
        output.value(found)
        return 0
    if note:
        output.line(note)
    if not found.speeches:
        output.line("There is no word in this text.")
        return 0
    output.table(
        ("mood", "speaker", "speech"),
        [
            (signed(speech.mood), speech.speaker, fit(said(text, speech), SHOWN))
            for speech in found.speeches
        ],
    )
    spoken = [row for row in means(found.speeches) if row[0]]
    if spoken:
        output.line()
        rows = [(signed(mood), number, name) for name, mood, number in spoken]
        output.table(("mood", "speeches", "speaker"), rows)
    return 0


async def _told(network: str, text: str) -> MoodsRead:
    """The moods of all of ``text``, which may be longer than what is read at once."""
    speeches: list[SpeechMood] = []
    start = 0
    while True:
        end = _end_of_part(text, start)
        found = await answer(fitting(ReadMoods(model=network, text=text[start:end])))
        speeches += (_moved(speech, start) for speech in found.speeches)
        if end == len(text):
            return replace(found, speeches=tuple(speeches))
        start = end


def _end_of_part(text: str, start: int) -> int:
    """Where a part that begins at ``start`` can end: behind an empty line, or any, if it can be."""
    most = start + MOST_MOOD_TEXT
    if len(text) <= most:
        return len(text)
    for mark in ("\n\n", "\n", " "):
        if (found := text.rfind(mark, start, most)) > start:
            return found + len(mark)
    return most


def _moved(speech: SpeechMood, by: int) -> SpeechMood:
    words = tuple(WordMood(word.start + by, word.end + by, word.mood) for word in speech.words)
    return replace(speech, start=speech.start + by, end=speech.end + by, words=words)
