"""Who speaks next, and which candidate leads best into what follows."""

from __future__ import annotations

import pytest
import torch

from engine.corpus.tokenizer import is_cue, tokenize
from engine.corpus.vocabulary import NEWLINE_ID
from engine.errors import ModelError
from engine.generation.ranking import rank
from engine.generation.sample_text import sample_text
from engine.generation.speakers import next_speakers
from engine.generation.writer import Writer

TALK = "DELIA: Who took it?\n\nOZ: Not me.\n\nDELIA: Who then?\n\n"


@pytest.mark.parametrize("before", ["", TALK, TALK.rstrip(), TALK + "OZ: I was", "\n\n\n"])
def test_speakers_come_with_odds_as_the_script_writes_them(writer: Writer, before: str) -> None:
    found = next_speakers(writer, before)
    odds = [share for _name, share in found]
    assert odds == sorted(odds, reverse=True)
    assert 0 < sum(odds) <= 1 + 1e-9
    assert {"DELIA", "OZ"} <= {name for name, _share in found}
    assert all(not name.endswith(":") and name.isupper() for name, _share in found)


def test_names_of_the_draft_and_of_the_cast_are_among_them(writer: Writer) -> None:
    draft = "ZORBLAX: I came far.\n\nDELIA: How far?\n\n" * 3
    found = dict(next_speakers(writer, draft, ("Quuxa",), most=500))
    assert found["ZORBLAX"] > 0.01
    assert found["QUUXA"] > 0


def test_the_stand_in_for_unknown_names_never_speaks(writer: Writer) -> None:
    found = dict(next_speakers(writer, TALK, most=10_000))
    assert len(found) == sum(map(is_cue, writer.vocabulary.words)) - 1
    assert not any("<" in name for name in found)


def test_a_candidate_that_leads_into_what_follows_ranks_first(writer: Writer) -> None:
    after = "\n\nDELIA: Yes."
    good, bad = rank(writer, TALK + "OZ: ", ("The machine.", "The machine is in the"), after)
    assert good < bad


def test_the_score_is_that_of_reading_on_word_by_word(writer: Writer) -> None:
    before, after = TALK + "OZ: The mach", "ine is hungry.\n\nDELIA: No."
    together = tokenize(before + after)
    first = len(tokenize(before)) - 1  # the word at the seam is whole only together
    state, nats = writer.model.initial_state(1), []
    previous = NEWLINE_ID
    for number, token in enumerate(together):
        odds, state, _traces = writer.model.step(torch.tensor([previous]), state)
        previous = writer.vocabulary.id_of(token)
        if number >= first:
            nats.append(-float(odds[0, previous]))
    assert rank(writer, before, ("",), after)[0] == pytest.approx(sum(nats) / len(nats), abs=1e-3)


def test_a_name_that_the_draft_knows_fits_better_than_one_that_nobody_does(writer: Writer) -> None:
    draft = "ZORBLAX: I want my quarters.\n\nDELIA: No, Zorblax.\n\n" * 4
    said = {
        name: rank(writer, draft + "ZORBLAX: Now.\n\nDELIA: No", ("",), f", {name}.\n\n")[0]
        for name in ("Zorblax", "Quuxia")
    }
    assert said["Zorblax"] < said["Quuxia"] - 0.1


def test_ranking_into_nothing_is_refused(writer: Writer) -> None:
    with pytest.raises(ModelError, match="Nothing follows"):
        rank(writer, TALK, ("a",), " \n")


@pytest.mark.parametrize("before", ["", "DELIA: Hel", "x" * 6000])
def test_ranking_works_at_any_seam(writer: Writer, before: str) -> None:
    scores = rank(writer, before, ("", "lo", " there.\n"), "lo there.\n\nOZ: Yes, zorblax?")
    assert all(0 < score < 20 for score in scores)


def test_a_sample_is_the_same_for_the_same_seed(writer: Writer) -> None:
    first = sample_text(writer.model, writer.tables, tokens=30, seed=4)
    assert first == sample_text(writer.model, writer.tables, tokens=30, seed=4)
    assert first
