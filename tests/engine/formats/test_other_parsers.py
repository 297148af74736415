"""Three independent Fountain parsers read an export the same way, and as it was meant."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine import paths
from engine.formats.fountain import from_plain

PARSERS = {
    "screenplain": "screenplain",
    "fountain_py": "fountain",
    "screenplay_tools": "screenplay_tools",
}
EPISODES = sorted(paths.bundled_corpus().glob("*.txt"))
AWKWARD: list[tuple[str, list[tuple[str, str]]]] = [
    ("[Episode: The Sock]", [("title", "The Sock")]),
    ("[A laundry, night.]", [("heading", "a laundry, night.")]),
    ("NORA: I speak.", [("cue", "NORA"), ("dialogue", "I speak.")]),
    (
        "Mrs. Abernathy: (dry) No. (beat) Fine.",
        [
            ("cue", "Mrs. Abernathy"),
            ("parenthetical", "dry"),
            ("dialogue", "No."),
            ("parenthetical", "beat"),
            ("dialogue", "Fine."),
        ],
    ),
    ("STEEL (V.O.): Hello?", [("cue", "STEEL"), ("dialogue", "Hello?")]),
    ("Zoë: Hello.", [("cue", "Zoë"), ("dialogue", "Hello.")]),
    ("R2-D2: Beep.", [("cue", "R2-D2"), ("dialogue", "Beep.")]),
    ("O'NEIL: Well.", [("cue", "O'NEIL"), ("dialogue", "Well.")]),
    *(
        (f"GUS: {line}", [("cue", "GUS"), ("dialogue", line)])
        for line in (
            *("~ la la", "! No.", ".5 miles.", "...what.", "> there", "= so", "# one", "@home"),
            *(
                "INT. is short for inside.",
                "CUT TO:",
                "FADE OUT.",
                "Fade in: slowly.",
                "NO.",
                "[[a note]]",
                "/* gone */",
                "a ^",
            ),
        )
    ),
    # screenplay-tools would go on with the speech, fountain-py take the shouts for cues.
    ("GUS: (waits)", [("cue", "GUS"), ("parenthetical", "waits")]),
    ("He is still waiting.", [("action", "He is still waiting.")]),
    ("GUS: N. O.", [("cue", "GUS"), ("dialogue", "N. O.")]),
    ("He means it.", [("action", "He means it.")]),
    (
        "GUS: N. O. (sits) No.",
        [("cue", "GUS"), ("dialogue", "N. O."), ("parenthetical", "sits"), ("dialogue", "No.")],
    ),
    (
        "GUS: One.\n~ two (sits)\nThree.",
        [
            ("cue", "GUS"),
            ("dialogue", "One."),
            ("dialogue", "~ two"),
            ("parenthetical", "sits"),
            ("dialogue", "Three."),
        ],
    ),
    ("INT. MAN: Hello.", [("cue", "INT. MAN"), ("dialogue", "Hello.")]),
    *(
        (lines, [("action", lines)])
        for lines in (
            "INT. HOUSE\nHe reads.",
            "He reads.\nEXT. HOUSE",
            "BANG (far off)\nThen no more.",
        )
    ),
    *(
        (line, [("action", line)])
        for line in (
            *("~ a tune", "! an exclamation", ".5 miles", "> CUT TO:", "= nor this", "# no part"),
            *("@home", "BANG!", "(The lights go out.)", "He waits."),
        )
    ),
    *(
        (line, [("transition", line)])
        for line in ("CUT TO:", "SMASH CUT TO:", "FADE IN:", "FADE OUT.", "CUT TO BLACK.")
    ),
    ("INT. HOUSE - DAY", [("heading", "int. house - day")]),
    ("Title: not a page", [("cue", "Title"), ("dialogue", "not a page")]),
]


def read_by(parser: str, fountain: str) -> list[tuple[str, str]]:
    if importlib.util.find_spec(PARSERS[parser]) is None:
        pytest.skip(f"{parser} is not installed")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "other_parsers.py"), parser],
        input=fountain,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=True,
        env={"PYTHONUTF8": "1"},
    )
    return [(kind, text) for kind, text in json.loads(done.stdout)]


@pytest.mark.parametrize("parser", PARSERS)
def test_awkward_lines_are_read_as_they_were_meant(parser: str) -> None:
    plain = "\n\n".join(paragraph for paragraph, _elements in AWKWARD) + "\n"
    meant = [element for _paragraph, elements in AWKWARD for element in elements]
    assert read_by(parser, from_plain(plain)) == meant


@pytest.mark.parametrize("parser", PARSERS)
def test_a_name_at_the_top_is_no_title_page(parser: str) -> None:
    for first in ("NORA: I open the file.", "Title: I am a speaker."):
        cue, said = first.split(": ")
        fountain = from_plain(f"{first}\n\nGUS: Hm.\n")
        assert read_by(parser, fountain)[:2] == [("cue", cue), ("dialogue", said)]


@pytest.mark.parametrize("parser", PARSERS)
def test_prose_at_the_top_is_no_title_page(parser: str) -> None:
    for first in ("Title:", "The Sock, Part (1): A Story", "Bang! Crash!: A story"):
        fountain = from_plain(f"{first}\n\nGUS: Hm.\n")
        assert read_by(parser, fountain)[:2] == [("action", first), ("cue", "GUS")]


@pytest.mark.parametrize("episode", EPISODES, ids=lambda path: path.stem)
def test_all_read_an_episode_the_same_way(episode: Path) -> None:
    fountain = from_plain(episode.read_text(encoding="utf-8"))
    first, *others = [read_by(parser, fountain) for parser in PARSERS]
    assert {kind for kind, _text in first} >= {"title", "heading", "cue", "dialogue"}
    for other in others:
        assert other == first
