"""Loading: any file people have, the cache, the split, and hostile files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine import paths
from engine.corpus import browse, corpus
from engine.corpus.corpus import load_corpus
from engine.corpus.piece_reader import PieceReader, PieceReading
from engine.corpus.reading import find_sources
from engine.corpus.statistics import summarise
from engine.corpus.vocabulary import CUE_UNK_ID, NEWLINE_ID, UNK_ID, Vocabulary
from engine.errors import CorpusError, ModelError
from engine.formats.script_files import read_script


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def script(path: Path, scenes: int = 12) -> Path:
    lines = []
    for scene in range(scenes):
        lines.append(f"[Scene {scene}.]\n")
        lines += [f"DELIA: Line {n} of the scene.\n\nOZ: Hear me out.\n" for n in range(6)]
    path.write_text("\n".join(lines))
    return path


def test_the_bundled_corpus() -> None:
    loaded = load_corpus([paths.bundled_corpus()])
    summary = summarise(loaded)
    assert summary.name == "Spin Cycle"
    assert summary.tokens == len(loaded.ids) > 100_000
    assert summary.speakers[0].name == "DELIA"
    assert sum(summary.split.__getattribute__(p) for p in ("train", "validation", "test")) == (
        summary.tokens
    )
    assert summary.cutoffs[0].coverage == 1.0
    assert sum(count for _label, count in summary.line_lengths) == summary.lines
    assert summary.scenes > 100


def test_ids_say_the_text(tmp_path: Path) -> None:
    loaded = load_corpus([script(tmp_path / "a.txt")], cutoff=1)
    words = loaded.vocabulary.decode(loaded.ids[:8].tolist())
    assert words == ["[", "scene", "0", ".", "]", "\n", "\n", "delia:"]


def test_another_cutoff_reads_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = script(tmp_path / "a.txt")
    first = load_corpus([path], cutoff=1)

    def refuse(*_arguments: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(corpus, "_build", refuse)
    second = load_corpus([path], cutoff=50)
    assert second.key == first.key
    assert len(second.vocabulary) < len(first.vocabulary)
    assert UNK_ID in second.ids
    moved = path.rename(tmp_path / "elsewhere.txt")
    assert load_corpus([moved], cutoff=1).key == first.key


def test_the_cache_goes_by_content(tmp_path: Path) -> None:
    path = script(tmp_path / "a.txt")
    stat = path.stat()
    before = load_corpus([path]).key
    text = path.read_text()
    path.write_text(text.replace("Hear me out", "Hear us out!"[:11]))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert load_corpus([path]).key != before


def test_a_damaged_cache_is_made_again(tmp_path: Path, cache: Path) -> None:
    path = script(tmp_path / "a.txt")
    ids = np.array(load_corpus([path]).ids)
    for file in cache.rglob("cutoff-*.bin"):
        file.write_bytes(file.read_bytes()[:-3])
    assert (load_corpus([path]).ids == ids).all()
    for file in cache.rglob("meta.json"):
        file.write_text("{")
    assert (load_corpus([path]).ids == ids).all()


def test_parallel_reading_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.txt"
    path.write_text(script(tmp_path / "a.txt", 400).read_text())
    monkeypatch.setattr("engine.corpus.reading.CHUNK_BYTES", 20_000)
    alone = load_corpus([path])
    ids, summary = np.array(alone.ids), summarise(alone)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(corpus, "PARALLEL_BYTES", 1)
    together = load_corpus([path])
    assert (together.ids == ids).all()
    assert summarise(together) == summary


def test_lines_without_end_are_read_in_parts(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [f"word{n % 40}" for n in range(300)]
    path = tmp_path / "endless.txt"
    path.write_text(" ".join((*words, "x" * 900, *words)) + "\n" + " ".join(words))
    whole = load_corpus([path])
    shutil.rmtree(cache)
    lengths: list[int] = []
    read = PieceReader.read

    def watched(reader: PieceReader, piece: str) -> PieceReading:
        lengths.append(len(piece))
        return read(reader, piece)

    monkeypatch.setattr(PieceReader, "read", watched)
    monkeypatch.setattr(corpus, "LONGEST_PIECE", 200)
    parts = load_corpus([path])
    assert list(corpus._cut("ab cd\n" * 99)) == [*["ab cd\n" * 33] * 3], "lines stay whole"
    assert np.array_equal(parts.ids, whole.ids)
    assert parts.vocabulary.words == whole.vocabulary.words
    assert sum(lengths) == path.stat().st_size
    assert [length for length in lengths if length > 200] == [901]


def test_split_is_contiguous_and_by_scenes(tmp_path: Path) -> None:
    loaded = load_corpus([script(tmp_path / "a.txt", 200)], cutoff=1)
    train, validation, test = loaded.parts()
    assert len(train) + len(validation) + len(test) == len(loaded.ids)
    bracket = loaded.vocabulary.id_of("[")
    for part in (validation, test):
        assert part[0] == bracket
        assert 0.02 < len(part) / len(loaded.ids) < 0.09


@pytest.mark.parametrize("text", ["a b", "a b c", "a\nb\n", "A: b\n\nC: d"])
def test_tiny_texts_load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tiny.txt"
    path.write_text(text)
    loaded = load_corpus([path])
    train, _validation, _test = loaded.parts()
    assert len(train) >= 1
    summarise(loaded)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("DÉLIA: Café?\nOZ: Non.\n".encode(), "utf-8"),
        ("DÉLIA: Café?\nOZ: Non.\n".encode("utf-8-sig"), "utf-8-sig"),
        ("DÉLIA: Café?\nOZ: Non.\n".encode("utf-16"), "utf-16"),
        ("DÉLIA: Café?\nOZ: Non.\n".encode("utf-32"), "utf-32"),
        (b"\0\0\xfe\xff" + "DÉLIA: Café?\nOZ: Non.\n".encode("utf-32-be"), "utf-32"),
        ("DÉLIA: Café?\r\nOZ: Non.\r\n".encode("cp1252"), "cp1252"),
        ("DÉLIA: Café?\r\nOZ: Non.\r\n".encode("utf-16-le"), "utf-16-le"),
        ("DÉLIA: Café?\nOZ: Non.\n".encode("utf-16-be"), "utf-16-be"),
        (b"D\xc9LIA: Caf\xe9?\nOZ: \x81Non.\n", "latin-1"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    loaded = load_corpus([path], cutoff=1)
    assert loaded.encodings == (encoding,)
    assert "délia:" in loaded.vocabulary
    assert "café" in loaded.vocabulary
    assert bool(loaded.notes) == (encoding not in ("utf-8", "utf-8-sig", "utf-16", "utf-32"))


def test_a_file_that_changes_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("OZ: Café?\n".encode("latin-1"))
    assert find_sources([path])[0].encoding == "cp1252"
    path.write_bytes("OZ: Café?\n".encode())
    (source,) = find_sources([path])
    assert (source.encoding, source.note) == ("utf-8", "")


def test_of_many_notes_the_first_are_shown(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / f"{number}.txt").write_bytes(b"OZ: Caf\xe9?\nDELIA: No.\n")
    notes = summarise(load_corpus([tmp_path], cutoff=1)).notes
    assert [note.split()[0] for note in notes[:-1]] == [f"{number}.txt" for number in range(20)]
    assert notes[-1] == "… and so 5 more files."
    (tmp_path / "few").mkdir()
    for number in range(20):
        (tmp_path / f"{number}.txt").rename(tmp_path / "few" / f"{number}.txt")
    assert len(summarise(load_corpus([tmp_path / "few"], cutoff=1)).notes) == 20


FOUNTAIN = """INT. LAUNDRY - NIGHT

JOHN (V.O.)
I was young.

MARY
Were you?

JOHN (CONT'D)
I was.

MARY (O.S.) (CONT'D)
Oh.
"""
FINAL_DRAFT = """<FinalDraft DocumentType="Script"><Content>
<Paragraph Type="Character"><Text>JOHN (V.O.)</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>I was young.</Text></Paragraph>
<Paragraph Type="Character"><Text>MARY</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Were you?</Text></Paragraph>
<Paragraph Type="Character"><Text>JOHN (CONT'D)</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>I was.</Text></Paragraph>
<Paragraph Type="Character"><Text>MARY (O.S.) (CONT'D)</Text></Paragraph>
<Paragraph Type="Dialogue"><Text>Oh.</Text></Paragraph>
</Content></FinalDraft>
"""


PLAIN = """CUT TO: a laundry.

JOHN (V.O.): I was young.

MARY: Were you?

JOHN (CONT'D): I was.

MARY (O.S.) (CONT'D): Oh.
"""


@pytest.mark.parametrize(
    ("suffix", "script"), [(".fountain", FOUNTAIN), (".fdx", FINAL_DRAFT), (".txt", PLAIN)]
)
def test_what_stands_behind_a_name_makes_no_other_speaker(
    tmp_path: Path, suffix: str, script: str
) -> None:
    path = tmp_path / f"pilot{suffix}"
    path.write_text(script)
    speakers = summarise(load_corpus([path], cutoff=1)).speakers
    assert sorted((speaker.name, speaker.lines) for speaker in speakers) == [
        ("JOHN", 2),
        ("MARY", 2),
    ]
    text, _note = read_script(path)
    for cue in ("JOHN (V.O.):", "JOHN (CONT'D):", "MARY (O.S.) (CONT'D):"):
        assert cue in text


def test_folders_are_searched_in_natural_order(tmp_path: Path) -> None:
    names = ("part 10.txt", "part 2.txt", "²3.txt", ".hidden.txt", "picture.png", "sub/part 1.txt")
    for name in names:
        path = tmp_path / "show" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("A: b c\n")
    found = [source.path.name for source in find_sources([tmp_path / "show"])]
    assert found == ["part 2.txt", "part 10.txt", "²3.txt", "part 1.txt"]


def test_a_pipe_is_refused_and_passed_over_in_a_folder(tmp_path: Path) -> None:
    pipe = tmp_path / "show" / "pipe.txt"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    with pytest.raises(CorpusError, match="neither a file nor a folder"):
        load_corpus([pipe])
    (pipe.parent / "script.txt").write_text("A: b c\n")
    assert [source.path.name for source in find_sources([pipe.parent])] == ["script.txt"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"  \n\n ", "empty"),
        (b"hello", "one word"),
        (b"\x00\x01" * 99, "not a text"),
        (b"\xff\xfe\x00", "begins as UTF-16, but line 1 is not UTF-16"),
        (b"\xef\xbb\xbfOZ: One.\n\nOZ: Caf\xe9.\n", "begins as UTF-8, but line 3 is not UTF-8"),
        (b"\xef\xbb\xbf" + b"OZ: No.\n" * 999_999 + b"\xe9\n", "line 1,000,000 is not UTF-8"),
        (b"\xfe\xff" + ("OZ: No.\n" * 600_000).encode("utf-16-be") + b"\0", "line 600,001 is not"),
    ],
)
def test_hostile_files(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "hostile.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=complaint) as caught:
        load_corpus([path])
    assert "hostile.txt" in caught.value.message
    assert caught.value.hint


def test_blank_files_of_a_folder_are_passed_over(tmp_path: Path) -> None:
    for name, text in (("blank.txt", "\n \n"), ("none.txt", ""), ("script.txt", "OZ: Hello.\n")):
        (tmp_path / name).write_text(text)
    assert [source.path.name for source in find_sources([tmp_path])] == ["script.txt"]
    with pytest.raises(CorpusError, match="is empty"):
        find_sources([tmp_path / "blank.txt"])


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no file"):
        load_corpus([tmp_path / "nowhere.txt"])
    (tmp_path / "void").mkdir()
    with pytest.raises(CorpusError, match="no text files"):
        load_corpus([tmp_path / "void"])


def test_browsing(tmp_path: Path) -> None:
    first, second = script(tmp_path / "a.txt", 2), tmp_path / "b.txt"
    second.write_text("last: the very end\n")
    text = browse.text_of([first, second])
    lines = first.read_text().split("\n")
    assert text.page(0, 5) == lines[:5]
    assert text.page(text.total_lines - 1, 10) == ["last: the very end"]
    assert text.page(text.total_lines, 10) == []
    assert text.find("VERY end", 0) == text.total_lines - 1
    assert text.find("nowhere", 0) is None


def test_vocabulary() -> None:
    counts = {"the": 5, "oz": 2, "rare": 1, "kip:": 1, "gus:": 3, "\n": 9}
    made = Vocabulary.of_counts(counts, cutoff=2)
    assert made.words == ("<unk>", "<unk>:", "\n", "the", "gus:", "oz")
    assert made.id_of("rare") == UNK_ID
    assert made.id_of("kip:") == CUE_UNK_ID
    assert made.id_of("\n") == NEWLINE_ID
    assert sum(made.counts) == sum(counts.values())
    assert Vocabulary.from_builtins(made.to_builtins()) == made


@pytest.mark.parametrize(
    "damage",
    [None, [], {"words": ["a"]}, {"words": ["<unk>", "<unk>:", "\n", "a", "a"], "counts": [1] * 5},
     {"words": ["<unk>", "<unk>:", "\n", 3], "counts": [1] * 4},
     {"words": ["<unk>", "<unk>:", "\n", "a"], "counts": [1, 1, 1, -1]}],
)  # fmt: skip
def test_a_damaged_vocabulary_is_refused(damage: object) -> None:
    with pytest.raises(ModelError):
        Vocabulary.from_builtins(damage)


def test_a_name_that_only_stands_in_cues_is_no_word(tmp_path: Path) -> None:
    file = tmp_path / "script.txt"
    file.write_text("ZORBLAX: Hello there.\nZORBLAX: Hello.\n", encoding="utf-8")
    corpus = load_corpus([file], cutoff=1)
    assert "zorblax" not in dict(corpus.type_counts)
    assert all(count > 0 for _, count in corpus.type_counts)
