"""Finding what stands word for word in the corpus, against searching for it plainly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.corpus.browse import text_of
from engine.corpus.corpus import Corpus, load_corpus
from engine.corpus.tokenizer import is_word, tokenize
from engine.errors import CorpusError
from engine.generation.copied import CopiedIndex, copied_spans
from engine.generation.spans import tokens_in
from engine.generation.suffix_array import interval, lower_bounds, suffix_array
from engine.generation.writer import Writer
from engine.protocol.values import ModelCard

words = st.lists(st.integers(0, 3), max_size=60)


@given(words)
def test_a_suffix_array_is_in_the_order_of_the_suffixes(text: list[int]) -> None:
    made = suffix_array(np.array(text, dtype=np.int32))
    assert made.tolist() == sorted(range(len(text)), key=lambda i: text[i:])


def test_a_long_repeat_is_sorted_as_deep_as_asked() -> None:
    text = np.tile(np.arange(50, dtype=np.int32), 60)
    made = suffix_array(text)
    keys = [text[i : i + 1024].tolist() for i in made.tolist()]
    assert keys == sorted(keys)


@given(words, st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_every_place_of_a_query_is_found(text: list[int], query: list[int]) -> None:
    array = np.array(text, dtype=np.int32)
    suffixes = suffix_array(array)
    low, high = interval(array, suffixes, query)
    there = [i for i in range(len(text)) if text[i : i + len(query)] == query]
    assert sorted(suffixes[low:high].tolist()) == there
    if text:
        assert lower_bounds(array, suffixes, np.array([query], dtype=np.int32))[0] == low


@given(words, words, st.integers(1, 4))
def test_copies_are_the_longest_from_left_to_right(
    corpus: list[int], draft: list[int], least: int
) -> None:
    array = np.array(corpus, dtype=np.int32)
    index = CopiedIndex(None, array, suffix_array(array), array)  # type: ignore[arg-type]
    expected, start = [], 0
    while start < len(draft):
        longest = max(
            (
                length
                for length in range(len(draft) - start + 1)
                if any(
                    corpus[i : i + length] == draft[start : start + length]
                    for i in range(len(corpus))
                )
            ),
            default=0,
        )
        if longest >= least:
            expected.append((start, longest))
            start += longest
        else:
            start += 1
    found = index.find(draft, least)
    assert [(copy.start, copy.length) for copy in found] == expected
    for copy in found:
        there = corpus[copy.place : copy.place + copy.length]
        assert there == draft[copy.start : copy.start + copy.length]


@given(words, words)
def test_what_follows_the_last_words_of_a_draft(corpus: list[int], draft: list[int]) -> None:
    array = np.array(corpus, dtype=np.int32)
    index = CopiedIndex(None, array, suffix_array(array), array)  # type: ignore[arg-type]
    places = range(len(corpus))
    if draft:
        tail = draft[-2:]
        after = {
            corpus[i + len(tail)]
            for i in places
            if corpus[i : i + len(tail)] == tail and i + len(tail) < len(corpus)
        }
        assert set(index.continuations(tail).tolist()) == after


texts = st.text(st.sampled_from(list("abC:\n\n\n \t.-'\"\r\x0c(é…İ")), max_size=80)


@given(texts)
@example("C\tC:")
def test_tokens_in_a_text_are_its_tokens_with_their_places(text: str) -> None:
    found = tokens_in(text)
    assert [token for token, _start, _end in found] == tokenize(text)
    last = 0
    for token, start, end in found:
        assert last <= start < end <= len(text)
        last = end
        if token not in ("...", "--", "\n"):
            assert text[start:end].lower().replace("\t", " ") == token


@pytest.fixture(scope="module")
def index(bundled_corpus: Corpus) -> CopiedIndex:
    paths = [source.path for source in bundled_corpus.sources]
    return CopiedIndex.of_corpus(load_corpus(paths, cutoff=1))


def test_a_passage_of_the_corpus_is_found_in_a_draft_with_its_line(
    index: CopiedIndex, bundled_corpus: Corpus
) -> None:
    browse = text_of([source.path for source in bundled_corpus.sources])
    checked = 0
    for number in range(0, browse.total_lines, 97):
        line = browse.page(number, 1)[0]
        spoken = [token for token in tokenize(line) if is_word(token)]
        if len(spoken) < 12:
            continue
        passage = line.partition(": ")[2] or line
        draft = f"DELIA: Blorp!\n\n\nOZ: Fnord, {passage.upper()}\r\n\r\nXYZ"
        spans = copied_spans(index, draft, 8)
        assert spans, line
        assert "Fnord" not in draft[spans[0].start : spans[0].end]
        there = browse.page(spans[0].corpus_line, 1)[0].lower()
        first = next(t for t in tokenize(draft[spans[0].start : spans[0].end]) if is_word(t))
        assert first in there
        assert sum(span.words for span in spans) >= 8
        checked += 1
    assert checked > 20


def test_every_words_line_is_the_line_it_stands_in(tmp_path: Path, own_cache: Path) -> None:
    first = "\n\nA: one two.\n\n\n\n   \nB: three\n(four)\n\n\n"
    second = "\n\nC: five\r\nsix\x0c seven\n\n\n\neight"
    third = "nine"
    paths = []
    for name, text in (("a.txt", first), ("b.txt", second), ("c.txt", third)):
        (tmp_path / name).write_bytes(text.encode())
        paths.append(tmp_path / name)
    index = CopiedIndex.of_corpus(load_corpus(paths, cutoff=1))
    browse = text_of(paths)
    spelled = [index.vocabulary.words[number] for number in index.words]
    assert spelled == ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    for word, line in zip(spelled, index.lines.tolist(), strict=True):
        assert word in browse.page(line, 1)[0]


def test_the_index_is_kept_and_a_torn_one_made_anew(
    index: CopiedIndex, own_cache: Path, bundled_corpus: Corpus
) -> None:
    (folder,) = [
        f
        for f in (own_cache / "coldopen" / "copied").iterdir()
        if f.name.startswith(bundled_corpus.key)
    ]
    before = (folder / "suffixes.npy").stat().st_ino
    corpus = load_corpus([source.path for source in bundled_corpus.sources], cutoff=1)
    CopiedIndex.of_corpus(corpus)
    assert (folder / "suffixes.npy").stat().st_ino == before
    (folder / "suffixes.npy").unlink()  # the other index still maps the old file
    (folder / "suffixes.npy").write_bytes(b"torn")
    again = CopiedIndex.of_corpus(corpus)
    assert np.array_equal(again.suffixes, index.suffixes)


def test_a_corpus_that_has_changed_is_said(writer: Writer, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("A: Something else altogether.\n")
    import msgspec

    card = msgspec.structs.replace(writer.card or _no_card(), corpus_paths=(str(other),))
    moved = Writer("small", writer.model, writer.tables, "", card)
    with pytest.raises(CorpusError, match="has changed"):
        moved.copied()
    gone = msgspec.structs.replace(card, corpus_paths=(str(tmp_path / "gone.txt"),))
    with pytest.raises(CorpusError, match="no file"):
        Writer("small", writer.model, writer.tables, "", gone).copied()


def _no_card() -> ModelCard:
    raise AssertionError("the writer has a card")
