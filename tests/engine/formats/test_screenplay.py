"""Final Draft and PDF: what is written is read again; what is missing or broken is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine import paths
from engine.corpus.reading import find_sources, source_of
from engine.errors import ColdOpenError, CorpusError
from engine.formats import final_draft, screenplay
from engine.formats.script_files import write_script

EPISODES = sorted(paths.bundled_corpus().glob("*.txt"))[::6]
SCENE = "\n\n".join(
    (
        "[Episode: The Sock]",
        "[A laundry, night.]",
        "INT. HOUSE - DAY",
        "Mrs. Abernathy (V.O.): (dry) No. (beat) Fine & <good>.",
        "He waits.\nAnd waits.",
        "CUT TO:",
        "FADE OUT.",
        "ANGLE ON: the mug",
        "GUS: ~ *la*\u00a0la  la !\n",
    )
)


@pytest.fixture(autouse=True)
def extra() -> None:
    pytest.importorskip("screenplain")
    pytest.importorskip("reportlab")


@pytest.mark.parametrize("episode", EPISODES, ids=lambda path: path.stem)
def test_an_episode_comes_back_from_final_draft(episode: Path) -> None:
    text = episode.read_text(encoding="utf-8")
    assert final_draft.to_plain(screenplay.to_fdx(text).encode()) == text


def test_marks_and_directions_come_back() -> None:
    assert final_draft.to_plain(screenplay.to_fdx(SCENE).encode()) == SCENE


def test_a_line_under_a_speech_is_said_too() -> None:
    written = screenplay.to_fdx("GUS: One.\nTwo.\n").encode()
    assert final_draft.to_plain(written) == "GUS: One. Two.\n"


def test_what_xml_cannot_hold_is_left_out() -> None:
    written = screenplay.to_fdx("GUS: a\x0cb\x00c\x1b \ufffe\ud800d\n").encode()
    assert final_draft.to_plain(written) == "GUS: abc d\n"


def test_transitions_are_written_as_such() -> None:
    written = screenplay.to_fdx("He waits.\n\nCUT TO:\n\nFADE OUT.\n")
    assert written.count('Type="Transition"') == 2
    assert written.count('Type="Action"') == 1


def test_songs_are_said_and_a_silent_character_stays() -> None:
    kinds = ("Character", "Singing", "Parenthetical", "Dialogue", "Action", "Character", "Action")
    texts = ("ANNA", "La la.", "(stops)", "No.", "She waits.", "BOB", "He waits.")
    paragraphs = "".join(
        f'<Paragraph Type="{kind}"><Text>{text}</Text></Paragraph>'
        for kind, text in zip(kinds, texts, strict=True)
    )
    script = f"<FinalDraft><Content>{paragraphs}</Content></FinalDraft>"
    assert final_draft.to_plain(script.encode()) == (
        "ANNA: La la. (stops) No.\n\nShe waits.\n\nBOB:\n\nHe waits.\n"
    )


def test_an_empty_script_is_an_empty_page(tmp_path: Path) -> None:
    screenplay.write_pdf("", tmp_path / "empty.pdf")
    assert (tmp_path / "empty.pdf").read_bytes().count(b"/Type /Page\n") == 1


@pytest.mark.parametrize("last", ["[A {}]", "INT. {}", "GUS: ({})"])
def test_a_last_line_that_fills_a_page_is_written(last: str, tmp_path: Path) -> None:
    # In a process of its own: reportlab would never end.
    script = "import pathlib, sys; from engine.formats.screenplay import write_pdf as write;"
    script += "write(sys.argv[1], pathlib.Path(sys.argv[2]))"
    text = last.format("word " * 700 + "word")
    file = tmp_path / "long.pdf"
    command = [sys.executable, "-c", script, text, str(file)]
    subprocess.run(command, timeout=100, check=True, cwd=Path(__file__).parents[3])
    assert file.read_bytes().startswith(b"%PDF")


def test_a_pdf_has_a_title_page_and_the_script(tmp_path: Path) -> None:
    screenplay.write_pdf(SCENE, tmp_path / "with.pdf")
    screenplay.write_pdf(SCENE.partition("\n\n")[2], tmp_path / "without.pdf")
    with_title, without = ((tmp_path / n).read_bytes() for n in ("with.pdf", "without.pdf"))
    assert with_title.startswith(b"%PDF")
    assert with_title.count(b"/Type /Page\n") == without.count(b"/Type /Page\n") + 1


@pytest.mark.parametrize(("module", "suffix"), [("screenplain", ".fdx"), ("reportlab", ".pdf")])
def test_a_missing_extra_is_said(
    module: str, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in [name for name in sys.modules if name.partition(".")[0] == "screenplain"]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    file = tmp_path / f"script{suffix}"
    with pytest.raises(ColdOpenError) as caught:
        write_script(file, SCENE)
    assert not file.exists()
    assert module in caught.value.message
    assert "pip install 'coldopen[screenplay]'" in caught.value.hint


def test_a_script_of_final_drafts_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "pilot.fdx"
    file.write_text(
        '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n'
        '<FinalDraft DocumentType="Script" Template="No" Version="5"><Content>'
        '<Paragraph Number="1" Type="Scene Heading"><SceneProperties Length="1/8"><Summary>'
        "<Paragraph><Text>for the writer only</Text></Paragraph></Summary></SceneProperties>"
        '<Text>INT. LAUNDRY - NIGHT</Text></Paragraph><Paragraph Type="Action"><Text>A </Text>'
        '<Text Style="Bold">sock</Text><Text>.</Text></Paragraph><Paragraph><DualDialogue>'
        '<Paragraph Type="Character"><Text>DELIA</Text></Paragraph><Paragraph Type="Dialogue">'
        '<Text>Mine.</Text></Paragraph><Paragraph Type="Character"><Text>OZ</Text></Paragraph>'
        '<Paragraph Type="Parenthetical"><Text>(too)</Text></Paragraph><Paragraph Type="Dialogue">'
        '<Text>Mine.</Text></Paragraph></DualDialogue></Paragraph><Paragraph Type="Character">'
        '<Text>NOBODY</Text></Paragraph><Paragraph Type="Transition"><Text>CUT TO:</Text>'
        "</Paragraph></Content><TitlePage><Content><Paragraph><Text>Pilot</Text></Paragraph>"
        "</Content></TitlePage></FinalDraft>",
        encoding="utf-8",
    )
    (source,) = find_sources([tmp_path])
    assert "".join(source.chunks()) == (
        "INT. LAUNDRY - NIGHT\n\nA sock.\n\nDELIA: Mine.\n\nOZ: (too) Mine.\n\nNOBODY:\n\nCUT TO:\n"
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ("<FinalDraft><Content>", "XML is broken"),
        ("<html><body>Hello.</body></html>", "not Final Draft's"),
        ('<?xml version="1.0" encoding="martian"?><FinalDraft/>', "encoding"),
        ('<?xml version="1.0" encoding="shift_jis"?><FinalDraft/>', "encoding"),
        ('<!DOCTYPE a [<!ENTITY b "cc">]><FinalDraft>&b;</FinalDraft>', "document type"),
    ],
)
def test_what_is_no_final_draft_script_is_refused(data: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.fdx"
    file.write_text(data)
    with pytest.raises(CorpusError, match=why) as caught:
        "".join(source_of(file).chunks())
    assert "odd.fdx" in caught.value.message


@pytest.mark.parametrize("suffix", [".fdx", ".fountain"])
def test_a_script_that_goes_away_is_said(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"gone{suffix}"
    file.write_text("GUS\nHm.\n")
    source = source_of(file)
    file.unlink()
    with pytest.raises(CorpusError, match="could not be read"):
        "".join(source.chunks())


def test_letters_that_a_pdf_cannot_show_are_named(tmp_path: Path) -> None:
    note = write_script(tmp_path / "a.pdf", "DELIA: Größe, Łódź: déjà Ω 日本.")
    assert "Ω" in note
    assert "日" in note
    assert "ß" not in note
    assert write_script(tmp_path / "b.pdf", SCENE) == ""
    greek = "".join(map(chr, range(0x3B1, 0x3C0))) * 2 + "日本語の台本を書く"
    note = write_script(tmp_path / "c.pdf", f"DELIA: {greek}.")
    shown, _, rest = note.removeprefix("Its typeface has no ").partition(" … ")
    assert len(shown.split()) == 20
    assert rest == f"({len(set(greek)) - 20} more); .fountain and .fdx keep them."
    assert write_script(tmp_path / "a.fdx", "DELIA: Ω") == ""
