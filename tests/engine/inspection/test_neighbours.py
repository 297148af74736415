"""What a table of vectors says of words, with vectors whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.config import TrainingConfig
from engine.corpus.corpus import Corpus, load_corpus
from engine.errors import ModelError
from engine.generation.writer import Writer
from engine.inspection import projection
from engine.inspection.neighbours import analogy, neighbours, odd_one_out
from engine.inspection.projection import pca, word_map
from engine.inspection.speakers import SAYS, similar_speakers, what_they_say
from engine.inspection.tables import EMBEDDING, INPUT, OUTPUT, SKIP_GRAM, chosen, tables_of
from engine.storage.library import read_card
from engine.vectors.word_vectors import WordVectors, load_vectors, save_vectors


def table(**vectors: list[float]) -> WordVectors:
    return WordVectors(
        tuple(vectors), tuple(range(len(vectors), 0, -1)), np.array([*vectors.values()], np.float32)
    )


KIN = table(
    king=[1, 1, 0], queen=[1, 0, 1], man=[0, 1, 0.1], woman=[0, 0.1, 1], apple=[-1, 0.1, 0.2]
)


def test_neighbours_are_by_cosine_and_not_the_word_itself() -> None:
    found = neighbours({"a": KIN, "b": table(queen=[1, 0], king=[-1, 0])}, " King ", 2)
    assert found.word == "king"
    assert found.count == 5
    assert [n.word for n in found.tables[0].neighbours] == ["man", "queen"]
    assert found.tables[0].neighbours[1].similarity == pytest.approx(0.5)
    assert [(n.word, n.similarity) for n in found.tables[1].neighbours] == [("queen", -1.0)]


def test_a_word_that_one_table_lacks_is_noted() -> None:
    found = neighbours({"a": KIN, "b": table(queen=[1, 0])}, "apple", 3)
    assert [t.table for t in found.tables] == ["a"]
    assert "b vectors" in found.note


def test_analogies_add_and_subtract() -> None:
    found = analogy({"a": KIN}, "king", "man", "woman", 3)
    words = [n.word for n in found.tables[0].neighbours]
    assert words[0] == "queen"
    assert not {"king", "man", "woman"} & set(words)


def test_the_odd_one_is_out() -> None:
    found = odd_one_out({"a": KIN}, ("king", "apple", "queen", "woman"))
    assert (found.word, found.table) == ("apple", "a")
    assert found.words[0].word == "apple"
    alike = {one.word: one.similarity for one in found.words}
    unit = dict(zip(KIN.words, KIN.unit, strict=True))
    others = np.mean([unit["queen"] @ unit[word] for word in ("king", "apple", "woman")])
    assert alike["queen"] == pytest.approx(float(others), abs=1e-6)
    assert sorted(alike.values()) == [one.similarity for one in found.words]
    with pytest.raises(ModelError, match="three"):
        odd_one_out({"a": KIN}, ("king", "KING", "queen"))


def test_an_unknown_word_names_those_that_look_like_it() -> None:
    with pytest.raises(ModelError, match="“quen”") as caught:
        neighbours({"a": KIN}, "quen", 3)
    assert "queen" in caught.value.hint
    with pytest.raises(ModelError, match="does not know"):
        analogy({"a": KIN}, "king", "man", "\x1b[2J")


def test_a_model_has_its_own_tables(
    writer: Writer, make_writer: Callable[..., Writer], engine_home: Path
) -> None:
    assert list(tables_of(writer)) == [EMBEDDING]
    reply = make_writer(TrainingConfig(model="reply", embedding_size=8, hidden_size=8))
    assert list(tables_of(reply)) == [EMBEDDING]
    classic = make_writer(TrainingConfig(model="classic", embedding_size=8, hidden_size=8))
    assert list(tables_of(classic)) == [INPUT, OUTPUT]
    found = neighbours(tables_of(writer), "Delia:", 5)
    assert found.word == "delia:"
    assert all(not n.word.startswith("<unk>") for n in found.tables[0].neighbours)
    with pytest.raises(ModelError, match="no table"):
        chosen(tables_of(classic), SKIP_GRAM)


def test_vectors_come_back_from_the_disk_as_they_were(tmp_path: Path) -> None:
    save_vectors(tmp_path, KIN)
    back = load_vectors(tmp_path)
    assert (back.words, back.counts) == (KIN.words, KIN.counts)
    assert np.array_equal(back.vectors, KIN.vectors)
    data = (tmp_path / "vectors.safetensors").read_bytes()
    (tmp_path / "vectors.safetensors").write_bytes(data[:-1] + b"\x01")
    with pytest.raises(ModelError, match="checksum"):
        load_vectors(tmp_path)
    (tmp_path / "vectors.json").write_text("[]")
    with pytest.raises(ModelError, match="cannot be read"):
        load_vectors(tmp_path)


def test_speakers_are_compared_by_cue_and_by_what_they_say(
    writer: Writer, trained_folder: Path, engine_home: Path
) -> None:
    tables, card = tables_of(writer), read_card(trained_folder)
    found = similar_speakers(tables, card, writer.casing, "delia", 4)
    assert found.word == "DELIA"
    assert [t.table for t in found.tables] == [EMBEDDING, SAYS]
    for list_ in found.tables:
        assert len(list_.neighbours) == 4
        assert "DELIA" not in [n.word for n in list_.neighbours]
    with pytest.raises(ModelError, match="Nobody") as caught:
        similar_speakers(tables, card, writer.casing, "Dellia")
    assert "delia" in caught.value.hint


def test_who_talks_of_the_same_things_is_alike(tmp_path: Path, own_cache: Path) -> None:
    lines = []
    for _ in range(30):
        lines += ["ANNA: fish boat sea net", "BERT: fish sea net boat", "CARL: bread oven flour"]
        lines += ["", "[a narrator speaks of bread and oven]", ""]
    path = tmp_path / "talk.txt"
    path.write_text("\n".join(lines))
    said = what_they_say(load_corpus([path], cutoff=1))
    anna = said.nearest(said.vectors[said.ids["anna:"]], 2, [said.ids["anna:"]])
    assert said.words[anna[0][0]] == "bert:"
    assert anna[0][1] == pytest.approx(1, abs=1e-5)
    assert anna[1][1] == pytest.approx(0, abs=1e-5)
    assert said.counts == (30, 30, 30)


def test_pca_finds_the_directions_of_most_variance() -> None:
    dice = np.random.default_rng(1)
    flat = dice.normal(size=(200, 2)) * [5, 2]
    turned = flat @ np.linalg.qr(dice.normal(size=(6, 6)))[0][:2]
    plane = pca(turned)
    assert plane.shape == (200, 2)
    assert plane.var(axis=0) == pytest.approx(np.linalg.eigvalsh(np.cov(flat.T, bias=True))[::-1])
    again = pca(turned[::-1])[::-1]
    assert np.allclose(plane, again)


def test_a_map_holds_the_most_frequent_words(bundled_corpus: Corpus, writer: Writer) -> None:
    found = word_map({EMBEDDING: tables_of(writer)[EMBEDDING]}, words=50)
    assert len(found.points) == 50
    assert max(max(abs(p.x), abs(p.y)) for p in found.points) == pytest.approx(1)
    counts = [p.count for p in found.points]
    assert counts == sorted(counts, reverse=True)
    assert not {".", ",", "("} & {p.word for p in found.points}
    assert found.variance is not None
    assert 0 < found.variance < 1
    with pytest.raises(ModelError, match="too few"):
        word_map({"a": table(a=[1], b=[2])})


def test_a_map_says_how_much_of_the_words_it_shows() -> None:
    flat = table(a=[1, 0, 0], b=[0, 1, 0], c=[-1, 0, 0], d=[0, -1, 0])
    assert word_map({"a": flat}).variance == pytest.approx(1)
    third = table(a=[1, 0, 0], b=[-1, 0, 0], c=[0, 1, 0], d=[0, -1, 0], e=[0, 0, 1], f=[0, 0, -1])
    assert word_map({"a": third}).variance == pytest.approx(2 / 3)


def test_without_the_library_t_sne_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(projection.importlib, "import_module", missing)
    with pytest.raises(ModelError) as caught:
        word_map({"a": KIN}, method="tsne")
    assert "pip install" in caught.value.hint
