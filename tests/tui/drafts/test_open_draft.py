"""Drafts on disk: what was synced is there again, whenever the program is cut off."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ColdOpenError
from tui.drafts.draft_files import DraftFiles
from tui.drafts.journal import Entry, read_journal
from tui.drafts.open_draft import DraftError, OpenDraft
from tui.drafts.store import DraftStore
from tui.editor.page_document import PageDocument
from tui.editor.passage import ORIGIN, Passage, Span


class Writer:
    """Types into an open draft as the editor does."""

    def __init__(self, draft: OpenDraft) -> None:
        self.draft = draft
        self.page = PageDocument(Passage.marked(draft.text, draft.origin))

    def put(self, at: int, size: int, text: str, generation: str = "") -> None:
        start = min(at, self.page.length)
        size = min(size, self.page.length - start)
        first, last = self.page.location_of(start), self.page.location_of(start + size)
        passage = Passage.of(text, ORIGIN if generation else "", generation)
        self.page.exchange(first, last, passage)
        origin = ((0, len(text), generation),) if generation and text else ()
        self.draft.record(Entry(start, size, text, origin))

    def write(self) -> None:
        origin = self.page.spans(ORIGIN)
        self.draft.write(self.draft.snapshot(self.page.text, origin, self.page.length))

    @property
    def state(self) -> tuple[str, list[Span]]:
        return self.page.text, self.page.spans(ORIGIN)


def begun(folder: Path) -> tuple[DraftStore, OpenDraft, Writer]:
    """A draft called "play", and somebody to type in it."""
    store = DraftStore(folder / "drafts")
    draft = store.open("play")
    return store, draft, Writer(draft)


def after_a_crash(store: DraftStore, name: str = "play") -> tuple[str, list[Span], int]:
    """Open a copy of what the disk holds now."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "drafts"
        shutil.copytree(store.folder, copy)
        draft = DraftStore(copy).open(name)
        text = draft.path.read_bytes().decode() if draft.recovered else draft.text
        origin = draft.origin
        draft.close()
        return text, origin, draft.recovered


STEP = st.one_of(
    st.just("sync"),
    st.just("write"),
    st.tuples(
        st.integers(0, 40), st.integers(0, 5), st.text("ab\r\né日\ufeff", max_size=5), st.booleans()
    ),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP, max_size=12))
def test_whenever_it_is_cut_off_the_last_sync_is_there(steps: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = DraftStore(Path(folder) / "drafts")
        draft = store.open("play")
        writer = Writer(draft)
        kept = writer.state
        for number, step in enumerate(steps):
            if step == "sync":
                draft.sync()
                kept = writer.state
            elif step == "write":
                writer.write()
                kept = writer.state
            else:
                at, size, text, model = step  # type: ignore[misc]
                writer.put(at, size, text, f"{number}a" if model else "")
            text, origin, _changes = after_a_crash(store)
            assert (text, origin) == kept
        draft.close()


@pytest.mark.parametrize("step", ["fresh journal", "text", "notes", "rename"])
def test_cut_off_in_the_middle_of_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "old words ")
    writer.write()
    writer.put(10, 0, "model words", "1a")
    draft.sync()

    class CutOffError(Exception):
        pass

    import tui.drafts.open_draft as module

    real, real_replace = module.write_atomically, Path.replace

    def cut_writing(path: Path, data: bytes | str) -> None:
        if step == "fresh journal" or (step == "notes" and path.suffix == ".json"):
            raise CutOffError
        real(path, data)
        if step == "text":
            raise CutOffError

    def cut_renaming(path: Path, target: Path) -> Path:
        if step == "rename" and path.name.endswith(".new"):
            raise CutOffError
        return real_replace(path, target)

    monkeypatch.setattr(module, "write_atomically", cut_writing)
    monkeypatch.setattr(Path, "replace", cut_renaming)
    with pytest.raises(CutOffError):
        writer.write()
    monkeypatch.undo()
    text, origin, _changes = after_a_crash(store)
    assert text == "old words model words"
    assert origin == [Span(10, 21, ORIGIN, "1a")]


def test_each_change_is_there_once_when_no_other_journal_can_be_begun(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "one ")
    writer.write()
    writer.put(4, 0, "two ", "1a")
    in_the_way = draft.files.next_journal
    in_the_way.mkdir()
    for _again in range(2):
        with pytest.raises(DraftError, match="could not be saved"):
            writer.write()
    assert draft.unwritten
    in_the_way.rmdir()
    assert after_a_crash(store) == (*writer.state, 1)
    writer.put(8, 0, "three")
    draft.sync()
    assert after_a_crash(store) == (*writer.state, 2)
    writer.write()
    assert after_a_crash(store) == (*writer.state, 0)
    draft.close()


@pytest.mark.parametrize("step", ["notes", "rename"])
def test_what_is_typed_after_half_a_save_is_there_after_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    import tui.drafts.open_draft as module

    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "one ")
    writer.write()
    writer.put(4, 0, "two ", "1a")
    real, real_replace = module.write_atomically, Path.replace

    def full(path: Path, data: bytes | str) -> None:
        if step == "notes" and path == draft.files.notes:
            raise ColdOpenError("No space left on device.")
        real(path, data)

    def refused(path: Path, target: Path) -> Path:
        if step == "rename" and path == draft.files.next_journal:
            raise OSError(28, "No space left on device")
        return real_replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_atomically", full)
        patch.setattr(Path, "replace", refused)
        with pytest.raises(DraftError, match="No space left"):
            writer.write()
        assert draft.unwritten
        writer.put(8, 0, "three ", "2a")
        draft.sync()
    assert after_a_crash(store) == (*writer.state, 1)
    writer.write()
    assert after_a_crash(store) == (*writer.state, 0)
    writer.put(14, 0, "four")
    draft.sync()
    assert after_a_crash(store) == (*writer.state, 1)
    draft.close()


@pytest.mark.parametrize("text", ["\ufeffGUS: so", "GUS: so\r\nTEO: well\r\n"])
def test_a_byte_order_mark_and_returns_that_the_writer_put_there_stay(
    tmp_path: Path, text: str
) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, text)
    writer.put(len(text), 0, " it goes", "1a")
    writer.write()
    assert after_a_crash(store) == (*writer.state, 0)
    writer.put(5, 0, "oh, ")
    draft.sync()
    assert after_a_crash(store) == (*writer.state, 1)
    draft.close()


def test_a_journal_that_was_cut_off_in_a_line_gives_what_came_before(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "first ")
    draft.sync()
    writer.put(6, 0, "second")
    draft.sync()
    journal = draft.files.journal
    journal.write_bytes(journal.read_bytes()[:-4])
    text, _origin, changes = after_a_crash(store)
    assert (text, changes) == ("first ", 1)


def test_a_draft_closed_in_order_leaves_nothing_open(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "words", "1a")
    writer.write()
    draft.close()
    assert sorted(p.name for p in store.folder.iterdir()) == [".play.notes.json", "play.txt"]
    again = store.open("play")
    assert (again.recovered, again.cursor) == (0, 5)
    assert again.origin == [Span(0, 5, ORIGIN, "1a")]
    again.close()


def test_a_text_changed_elsewhere_wins_and_the_typing_is_put_aside(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "mine")
    writer.write()
    writer.put(4, 0, " and more")
    draft.sync()
    draft.path.write_text("theirs")
    draft._lock_file.close()
    again = store.open("play")
    assert again.text == "theirs"
    assert again.origin == []
    assert "play.unapplied-journal.jsonl" in again.note
    assert " and more" in (store.folder / "play.unapplied-journal.jsonl").read_text()
    again.close()


def cut_off_and_changed_elsewhere(store: DraftStore, typed: str) -> OpenDraft:
    """Open "play", type, be cut off, have the text changed elsewhere, and open it again."""
    draft = store.open("play")
    draft.record(Entry(0, 0, typed))
    draft.sync()
    draft._lock_file.close()
    draft.path.write_text(f"changed after {typed}")
    return store.open("play")


def aside_of(files: DraftFiles) -> list[str]:
    """What the journals that were put aside bear."""
    return [read_journal(path)[1][0].inserted for path in files.aside().values()]


def test_typing_that_is_put_aside_again_is_kept_beside_the_first(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    for number, name in ((1, "journal"), (2, "journal.2"), (3, "journal.3")):
        again = cut_off_and_changed_elsewhere(store, f"lost {number}")
        assert again.note.endswith(f" play.unapplied-{name}.jsonl.")
        again.close()
    assert aside_of(again.files) == ["lost 1", "lost 2", "lost 3"]


def test_the_journal_of_half_a_save_is_put_aside_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "one ")
    draft.sync()

    real_replace = Path.replace

    def refused(path: Path, target: Path) -> Path:
        if path == draft.files.next_journal:
            raise OSError(28, "No space left on device")
        return real_replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refused)
        with pytest.raises(DraftError, match="No space left"):
            writer.write()
    writer.put(4, 0, "two")
    draft.sync()
    draft._lock_file.close()
    draft.path.write_text("theirs")
    again = store.open("play")
    assert aside_of(again.files) == ["one ", "two"]
    assert texts(store)["play (recovered)"] == "one two"
    assert "play.unapplied-journal.jsonl and play.unapplied-journal.2.jsonl" in again.note
    again.close()


def test_typing_put_aside_goes_where_its_draft_goes(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    store.folder.mkdir()
    others = store.folder / "play.unapplied-journal.unapplied-journal.jsonl"
    others.write_text("of another draft")
    for typed in ("lost 1", "lost 2"):
        cut_off_and_changed_elsewhere(store, typed).close()
    (store.folder / "comedy.unapplied-journal.jsonl").write_bytes(b'{"text":"x"}\n[0,0,"old"]\n')
    store.rename("play", "comedy")
    for recovered in ("play (recovered)", "play (recovered) 2"):  # drafts of their own
        (store.folder / f"{recovered}.txt").unlink()
    assert [entry.name for entry in store.entries()] == ["comedy"]
    assert aside_of(store.files("play")) == []
    assert aside_of(store.files("comedy")) == ["old", "lost 1", "lost 2"]
    trashed = store.delete("comedy")
    assert [path.name for path in store.folder.iterdir() if path.is_file()] == [others.name]
    assert store.trashed() == (trashed,)
    assert store.restore(trashed) == "comedy"
    assert aside_of(store.files("comedy")) == ["old", "lost 1", "lost 2"]
    assert list((store.folder / ".trash").iterdir()) == []


def test_a_full_disk_keeps_what_was_typed_and_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "one ")
    draft.sync()
    writer.put(4, 0, "two ")

    def full(handle: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(DraftError, match="No space left"):
        draft.sync()
    with pytest.raises(DraftError, match="No space left"):
        writer.write()
    assert draft.waiting
    monkeypatch.undo()
    draft.sync()
    assert after_a_crash(store)[0] == "one two "
    writer.put(8, 0, "three")
    writer.write()
    assert after_a_crash(store)[0] == "one two three"
    draft.close()


def test_notes_that_are_not_utf_8_are_none(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "words", "1a")
    writer.write()
    draft.close()
    draft.files.notes.write_bytes(b'{"text":"\xff"}')
    again = store.open("play")
    assert (again.text, again.origin) == ("words", [])
    again.close()


def test_numbers_in_the_draft_are_not_given_again_when_the_tree_is_lost(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "words", "3a")
    writer.write()
    draft.close()
    assert not draft.files.tree.exists()
    again = store.open("play")
    assert again.tree.new_number() == 4
    again.close()


def test_a_draft_is_open_once(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    draft = store.open("play")
    with pytest.raises(DraftError, match="open in another window"):
        store.open("play")
    draft.close()
    store.open("play").close()


def test_names_copies_and_the_trash(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "words", "1a")
    writer.write()
    draft.close()
    assert store.duplicate("play") == "play copy"
    store.rename("play", "comedy")
    with pytest.raises(DraftError, match="already a draft"):
        store.rename("comedy", "play copy")
    assert {entry.name for entry in store.entries()} == {"comedy", "play copy"}
    copy = store.open("play copy")
    assert copy.origin == [Span(0, 5, ORIGIN, "1a")]
    copy.close()
    trashed = store.delete("comedy")
    assert [entry.name for entry in store.entries()] == ["play copy"]
    assert store.restore(trashed) == "comedy"
    again = store.open("comedy")
    assert (again.text, again.origin) == ("words", [Span(0, 5, ORIGIN, "1a")])
    again.close()


def while_it_is_copied(
    monkeypatch: pytest.MonkeyPatch, draft: OpenDraft, write: Callable[[int], None]
) -> None:
    """Call ``write`` with 0, 1 and so on each time that a file of ``draft`` was looked at."""
    real, steps = DraftFiles.all, count()

    def one_by_one(files: DraftFiles) -> Iterator[Path]:
        for path in real(files):
            yield path
            if files == draft.files:
                write(next(steps))

    monkeypatch.setattr(DraftFiles, "all", one_by_one)


@pytest.mark.parametrize("moment", range(15))
def test_a_copy_of_what_another_window_writes_is_of_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "one ")
    writer.write()
    writer.put(4, 0, "two", "1a")
    draft.sync()
    with monkeypatch.context() as patch:
        while_it_is_copied(patch, draft, lambda step: writer.write() if step == moment else None)
        assert DraftStore(store.folder).duplicate("play") == "play copy"
    copy = store.open("play copy")
    assert (copy.text, copy.origin, copy.note) == (*writer.state, "")
    copy.close()
    draft.close()


def test_what_is_written_all_the_time_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "one ")
    writer.write()

    def write(_step: int) -> None:
        writer.put(0, 0, "x")
        draft.sync()

    with monkeypatch.context() as patch:
        while_it_is_copied(patch, draft, write)
        with pytest.raises(DraftError, match="while it is being written in another window"):
            store.duplicate("play")
    assert [entry.name for entry in store.entries()] == ["play"]
    draft.close()


def test_the_trash_has_what_was_deleted_last_first(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    assert store.trashed() == ()
    writer.put(0, 0, "words")
    draft.sync()
    draft._lock_file.close()  # cut off before the text was written
    other = store.open("other")
    other.write(other.snapshot("more words", [], 0))
    other.close()
    for name in ("play", "other"):
        store.delete(name)
    again = DraftStore(store.folder)
    assert [path.stem for path in again.trashed()] == ["other", "play"]
    assert [again.restore(path) for path in again.trashed()] == ["other", "play"]
    assert again.trashed() == ()
    assert list((store.folder / ".trash").iterdir()) == []
    assert again.open("play").text == "words"


@pytest.mark.parametrize("action", ["rename", "delete"])
def test_a_draft_in_another_window_is_neither_renamed_nor_deleted(
    tmp_path: Path, action: str
) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "words")
    writer.write()
    writer.put(5, 0, " and more")
    draft.sync()

    def act() -> None:
        if action == "rename":
            store.rename("play", "comedy")
        else:
            store.delete("play")

    before = files_in(store.folder)
    with pytest.raises(DraftError, match="open in another window"):
        act()
    assert files_in(store.folder) == before
    writer.write()
    draft.close()
    act()
    assert [entry.name for entry in store.entries()] == ["comedy"] * (action == "rename")


@pytest.mark.parametrize("back", [False, True])
def test_recovering_onto_a_full_disk_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    import tui.drafts.open_draft as module

    store = DraftStore(tmp_path / "drafts")
    writer = Writer(store.open("play"))
    writer.put(0, 0, "one two ")
    if back:  # the journal before then leads to the text that is there
        writer.write()
        writer.put(0, 0, "x")
        writer.put(0, 1, "")
        writer.draft.sync()
    real = module.write_atomically

    def no_notes(path: Path, data: bytes | str) -> None:
        if path.suffix == ".json":
            raise ColdOpenError("No space left on device.")
        real(path, data)

    def full(_path: Path, _data: bytes | str) -> None:
        raise ColdOpenError("No space left on device.")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_atomically", no_notes)
        with pytest.raises(DraftError, match="No space left"):
            writer.write()
    writer.put(8, 0, "three")
    writer.draft.sync()
    cut_off = DraftStore(tmp_path / "copy")
    shutil.copytree(store.folder, cut_off.folder)
    with monkeypatch.context() as patch:
        patch.setattr(module, "write_atomically", full)
        again = Writer(cut_off.open("play"))
        assert again.state == ("one two three", [])
        assert again.draft.unwritten
        assert "recovered" in again.draft.note
        assert "No space left" in again.draft.note
        again.put(13, 0, " four", "1a")
        for save in (again.draft.sync, again.write):
            with pytest.raises(DraftError, match=r"^“play” could not be saved: No space"):
                save()
            assert again.draft.waiting
    assert after_a_crash(cut_off)[:2] == ("one two three", [])
    again.draft.sync()
    assert after_a_crash(cut_off)[:2] == again.state
    again.write()
    again.draft.close()
    assert again.draft.path.read_text() == "one two three four"
    writer.draft.close()


def test_no_draft_takes_the_name_of_one_that_is_not_saved_yet(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    first = Writer(store.open("first"))
    first.put(0, 0, "words")
    first.write()
    first.draft.close()
    second = Writer(store.open("second"))
    second.put(0, 0, "others")
    second.draft.sync()
    with pytest.raises(DraftError, match="open in another window"):
        store.rename("first", "second")
    second.write()
    second.draft.close()
    with pytest.raises(DraftError, match="already a draft"):
        store.rename("first", "second")
    store.rename("first", "third")
    assert sorted(entry.name for entry in store.entries()) == ["second", "third"]
    assert store.open("third").text == "words"


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_name_made_from_a_long_wish_can_be_opened(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    for _again in range(2):
        draft = store.open(store.new_name("日" * 100))
        writer = Writer(draft)
        writer.put(0, 0, "words", "1a")
        writer.write()
        draft.close()
    assert {entry.name for entry in store.entries()} == {"日" * 50, f"{'日' * 50} 2"}


def test_a_new_name_is_not_one_that_another_window_has_just_begun(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    draft = store.open("play")
    assert store.new_name("play") == "play 2"
    draft.close()
    assert store.new_name("play") == "play"


def test_words_are_counted_when_asked_for_and_again_after_a_change(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    store.folder.mkdir()
    text = store.folder / "play.txt"
    text.write_text("three old words")
    assert store.new_name("play") == "play 2"
    assert [entry.words for entry in store.entries()] == [None]
    store.count_words()
    assert [entry.words for entry in store.entries()] == [3]
    then = text.stat()
    text.write_text("now another four")
    os.utime(text, ns=(then.st_atime_ns, then.st_mtime_ns + 1))
    assert [entry.words for entry in store.entries()] == [None]
    store.count_words()
    text.write_text("as-long but-2")
    assert [entry.words for entry in store.entries()] == [None]


def test_what_is_no_file_is_no_draft(tmp_path: Path) -> None:
    store = DraftStore(tmp_path)
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    store.count_words()
    assert store.entries() == ()


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", ".hidden", "x" * 300, "a\x00b"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(DraftError, match="cannot be the name"):
        DraftStore(tmp_path).open(name)


def test_what_is_nested_without_end_beside_a_draft_is_passed_over(tmp_path: Path) -> None:
    store, draft, writer = begun(tmp_path)
    writer.put(0, 0, "one two")
    writer.write()
    draft.close()
    files = store.files("play")
    for sidecar in (files.notes, files.tree, files.journal, files.next_journal):
        sidecar.write_bytes(b'{"x":' + b"[" * 100_000)
    files.journal.write_bytes(b"{}\n[0,0," + b"[" * 100_000 + b"\n")
    again = store.open("play")
    assert again.text == "one two"
    assert not len(again.tree)


@pytest.mark.parametrize("name", ["bad\x1b]2;x\x07", "two\nlines", "Scene: one", "caf\udce9"])
def test_a_file_whose_name_no_draft_would_get_is_opened_all_the_same(
    tmp_path: Path, name: str
) -> None:
    store = DraftStore(tmp_path / "drafts")
    store.folder.mkdir()
    (store.folder / f"{name}.txt").write_text("words")
    assert [entry.name for entry in store.entries()] == [name]
    draft = store.open(name)
    assert (draft.name, draft.text) == (name, "words")
    writer = Writer(draft)
    writer.put(0, 0, "more ")
    draft.sync()
    assert after_a_crash(store, name)[0] == "more words"
    writer.write()
    draft.close()
    with pytest.raises(DraftError):
        store.rename(name, f"{name}!")
    store.rename(name, "plain")
    assert store.open("plain").text == "more words"
    with pytest.raises(DraftError):
        store.open(name)


def test_what_could_not_be_opened_is_not_listed(tmp_path: Path) -> None:
    store = DraftStore(tmp_path / "drafts")
    store.folder.mkdir()
    (store.folder / f"{'x' * 230}.txt").write_text("words")
    assert store.entries() == ()
    for name in ("../drafts/elsewhere", "\ud800", "nul\0", ""):
        with pytest.raises(DraftError):
            store.open(name)


def saved(folder: Path, text: str) -> tuple[DraftStore, OpenDraft, Writer]:
    """A draft called "play" that is open and holds ``text``."""
    store, draft, writer = begun(folder)
    writer.put(0, 0, text)
    writer.write()
    return store, draft, writer


def texts(store: DraftStore) -> dict[str, str]:
    return {entry.name: entry.path.read_bytes().decode() for entry in store.entries()}


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def renamed_over(path: Path, text: str) -> None:
    other = path.with_name("other")
    other.write_text(text)
    other.replace(path)


@pytest.mark.parametrize("change", [in_place, renamed_over])
def test_what_another_program_has_written_is_kept_beside_what_is_saved(
    tmp_path: Path, change: Callable[[Path, str], None]
) -> None:
    store, draft, writer = saved(tmp_path, "mine")
    kept = {}
    for number in ("", " 2"):
        change(draft.path, f"theirs{number}")
        writer.put(0, 0, "x")
        writer.write()
        kept[f"play (changed elsewhere){number}"] = f"theirs{number}"
        assert texts(store) == kept | {"play": writer.page.text}
        assert f"kept as the draft “play (changed elsewhere){number}”" in draft.news()
    writer.put(0, 0, "y")
    writer.write()
    assert texts(store) == kept | {"play": "yxxmine"}
    assert draft.news() == ""
    draft.close()


def test_only_another_text_is_kept(tmp_path: Path) -> None:
    store, draft, writer = saved(tmp_path, "one\ntwo")
    draft.path.touch()
    os.utime(draft.path, (1, 1))
    writer.put(0, 0, "x")
    writer.write()
    draft.path.write_bytes(b"xyone\r\ntwo")  # just what is saved next, as another system has it
    writer.put(1, 0, "y")
    writer.write()
    assert (texts(store), draft.news()) == ({"play": "xyone\ntwo"}, "")
    draft.close()


def test_a_text_that_is_as_it_is_saved_is_not_written_again(tmp_path: Path) -> None:
    _store, draft, writer = saved(tmp_path, "mine")
    before = draft.path.stat()
    writer.put(0, 0, "x")
    writer.put(0, 1, "")
    writer.write()
    assert draft.path.stat() == before
    draft.close()


@pytest.mark.parametrize("theirs", [None, " \n"])
def test_a_text_that_was_deleted_or_emptied_elsewhere_is_saved_again(
    tmp_path: Path, theirs: str | None
) -> None:
    store, draft, writer = saved(tmp_path, "mine")
    if theirs is None:
        draft.path.unlink()
    else:
        draft.path.write_text(theirs)
    assert draft.other_version(at_once=True) is None
    writer.write()
    assert texts(store) == {"play": "mine"}
    assert "“play” was deleted or emptied elsewhere" in draft.news()
    draft.close()


def test_what_cannot_be_read_is_moved_out_of_the_way(tmp_path: Path) -> None:
    store, draft, writer = saved(tmp_path, "mine")
    draft.path.unlink()
    draft.path.symlink_to(draft.path.name)  # it leads to itself
    assert draft.other_version(at_once=True) is None
    writer.put(0, 0, "x")
    writer.write()
    assert draft.path.read_text() == "xmine"
    assert (store.folder / "play (changed elsewhere).txt").is_symlink()
    assert "“play (changed elsewhere)”" in draft.news()
    draft.close()


def test_a_link_stays_one_and_what_it_leads_to_is_kept(tmp_path: Path) -> None:
    theirs = tmp_path / "shared.txt"
    theirs.write_text("shared")
    store = DraftStore(tmp_path / "drafts")
    store.folder.mkdir()
    (store.folder / "play.txt").symlink_to(theirs)
    writer = Writer(store.open("play"))
    theirs.write_text("shared and changed")
    writer.put(0, 0, "x")
    writer.write()
    assert (store.folder / "play.txt").is_symlink()
    assert theirs.read_text() == "xshared"
    assert texts(store)["play (changed elsewhere)"] == "shared and changed"
    writer.draft.close()


def test_nothing_is_replaced_where_the_other_version_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tui.drafts.open_draft as module

    store, draft, writer = saved(tmp_path, "mine")
    draft.path.write_text("theirs")
    writer.put(0, 0, "x")
    real = module.write_atomically

    def full(path: Path, data: bytes | str) -> None:
        if "elsewhere" in path.name:
            raise ColdOpenError("No space left on device.")
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_atomically", full)
        with pytest.raises(DraftError, match="“play” could not be saved: No space left"):
            writer.write()
    assert draft.unwritten
    assert texts(store) == {"play": "theirs"}
    writer.write()
    assert texts(store) == {"play": "xmine", "play (changed elsewhere)": "theirs"}
    draft.close()


def test_another_version_is_shown_once_it_stands_still(tmp_path: Path) -> None:
    store, draft, writer = saved(tmp_path, "mine")
    assert draft.other_version() is None
    draft.path.write_bytes(b"\xef\xbb\xbfhalf")
    assert draft.other_version() is None
    draft.path.write_bytes(b"\xef\xbb\xbfhalf and\r\nwhole")
    assert draft.other_version() is None
    other = draft.other_version()
    assert other is not None
    assert other.text == "half and\nwhole"
    draft.take_up(other)
    writer.put(0, 4, other.text)
    writer.write()
    assert (texts(store), draft.news()) == ({"play": other.text}, "")
    draft.close()


def cut_off(draft: OpenDraft) -> None:
    draft._lock_file.close()


def test_typing_in_a_text_that_is_gone_becomes_a_draft_to_read(tmp_path: Path) -> None:
    store, draft, writer = saved(tmp_path, "A play.\nThe end.")
    for number, letter in enumerate("GUS: zso"):
        writer.put(8 + number, 0, letter)
    writer.put(13, 1, "")
    writer.put(writer.page.length, 0, "\nOh", "1a")
    writer.put(0, 2, "My")
    draft.sync()
    cut_off(draft)
    draft.path.write_text("theirs")
    again = store.open("play")
    assert texts(store) == {"play": "theirs", "play (recovered)": "My\n\nGUS: so\n\nOh"}
    assert "the draft “play (recovered)” and play.unapplied-journal.jsonl" in again.note
    again.close()


@pytest.mark.parametrize("backup", ["play.txt~", "play copy.txt"])
def test_typing_is_recovered_in_its_text_where_that_is_still_there(
    tmp_path: Path, backup: str
) -> None:
    store, draft, writer = saved(tmp_path, "A play.")
    writer.put(2, 0, "short ")
    draft.sync()
    cut_off(draft)
    draft.path.rename(store.folder / backup)
    draft.path.write_text("theirs")
    store.open("play").close()
    assert texts(store)["play (recovered)"] == "A short play."


def test_a_copy_of_a_draft_that_is_being_written_was_not_cut_off(tmp_path: Path) -> None:
    store, draft, writer = saved(tmp_path, "one ")
    writer.put(4, 0, "two", "1a")
    draft.sync()
    copy = DraftStore(store.folder).open(DraftStore(store.folder).duplicate("play"))
    assert (copy.text, copy.origin, copy.recovered, copy.note) == (*writer.state, 0, "")
    copy.close()
    assert after_a_crash(store) == (*writer.state, 1)
    draft.close()


def test_an_open_draft_is_renamed_with_all_that_is_not_saved(tmp_path: Path) -> None:
    store, draft, writer = saved(tmp_path, "one ")
    writer.put(4, 0, "two ", "1a")
    draft.sync()
    writer.put(8, 0, "three")
    store.rename_open(draft, "comedy")
    assert (draft.name, draft.unwritten) == ("comedy", True)
    assert [path.name for path in store.folder.iterdir() if "play" in path.name] == []
    draft.sync()
    assert after_a_crash(store, "comedy")[:2] == writer.state
    with pytest.raises(DraftError, match="open in another window"):
        store.open("comedy")
    store.open("play").close()
    writer.write()
    draft.close()
    assert texts(store)["comedy"] == "one two three"
    assert not draft.files.mark.exists()


@pytest.mark.parametrize("name", ["taken", "open", "a/b", "refused"])
def test_an_open_draft_whose_renaming_is_refused_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    store, draft, writer = saved(tmp_path, "one ")
    (store.folder / "taken.txt").write_text("of another")
    other = store.open("open")
    writer.put(4, 0, "two")
    draft.sync()
    before = files_in(store.folder)
    real = Path.rename

    def no_text(path: Path, target: Path) -> Path:
        if target.name == "refused.txt":
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", no_text)
    with pytest.raises(DraftError):
        store.rename_open(draft, name)
    assert files_in(store.folder) == before
    assert draft.name == "play"
    writer.write()
    assert texts(store)["play"] == "one two"
    draft.close()
    other.close()


def test_the_draft_that_holds_a_script_is_found_by_its_name(tmp_path: Path) -> None:
    store = DraftStore(tmp_path)
    for name in ("a play", "a play 2", "a play-house", "b"):
        (tmp_path / f"{name}.txt").write_text(f"in {name}")
    assert store.holding("in a play 2", "a play") == "a play 2"
    assert store.holding("in a play", "a play") == "a play"
    assert store.holding("in a play-house", "a play") is None
    assert store.holding("in b", "a play") is None
    (tmp_path / "a play 2.txt").write_text("changed")
    assert store.holding("in a play 2", "a play") is None
