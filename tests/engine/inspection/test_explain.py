"""What the inspector shows is what the model did."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import TrainingConfig
from engine.corpus.tokenizer import tokenize
from engine.generation.stream import Stream
from engine.generation.writer import CHUNK, Writer
from engine.inspection.explain import explain
from engine.inspection.reading import predictions, read_text
from engine.models.contract import PredictsWindows
from engine.models.script import ScriptModel
from engine.protocol.framing import MAX_FRAME_BYTES
from engine.protocol.messages import Answer, Explain, Write
from engine.protocol.values import SamplerSettings, StopRule

SCENE = """[The laundromat, late. Rain.]

DELIA: Who took the quarters?

OZ: Which quarters?

ZORBLAX: The ones in the can.

DELIA: Zorblax, nobody asked you.

"""


def asked(text: str = SCENE, **fields: Any) -> Explain:
    return Explain(model="small", text=text, **fields)


@pytest.mark.parametrize(
    "setting",
    [
        SamplerSettings(temperature=1.0, top_p=1.0),
        SamplerSettings(temperature=0.7, top_p=0.9, min_p=0.01, repetition_penalty=1.2),
        SamplerSettings(temperature=1.3, top_k=40, no_repeat_ngram=2, banned=("the",)),
    ],
)
def test_the_odds_are_those_that_the_words_were_drawn_with(
    writer: Writer, setting: SamplerSettings
) -> None:
    stream = Stream(
        writer,
        Write(model="small", before=SCENE, settings=setting, seed=9, stop=StopRule(tokens=60)),
    )
    drawn = []
    while not stream.over:
        drawn += [token for _branch, token in stream.step().tokens]
    text = SCENE + "".join(token.text for token in drawn)
    assert tokenize(text)[-60:] == [token.word for token in drawn]
    shown = explain(writer, asked(text, tokens=60, settings=setting, alternatives=8)).tokens
    for was, now in zip(drawn, shown, strict=True):
        assert now.word == was.word
        assert now.probability == pytest.approx(was.probability, abs=1e-5)
        assert now.entropy == pytest.approx(was.entropy, abs=1e-3)
        assert now.copy_share == pytest.approx(was.copy_share, abs=1e-5)
        assert [a.probability for a in now.alternatives] == pytest.approx(
            [a.probability for a in was.alternatives], abs=1e-5
        )
        parts = now.from_softmax + now.from_ngrams + now.from_copying + now.from_said
        assert parts == pytest.approx(now.probability)


def test_tokens_stand_where_the_text_has_them(writer: Writer) -> None:
    text = "\n\n  " + SCENE.replace("\n\n", "\r\n\r\n\r\n") + "…and “so” on?! \u202eé"
    told = explain(writer, asked(text)).tokens
    assert [token.word for token in told] == tokenize(text)
    for token in told:
        assert text[token.start : token.end] == token.text
    assert explain(writer, asked(text, tokens=3)).cut == len(told) - 3


@pytest.mark.parametrize("kind", ["dot", "general", "additive"])
def test_attention_is_what_the_plain_formula_gives(
    make_writer: Callable[..., Writer], kind: Any
) -> None:
    writer = make_writer(
        TrainingConfig(
            embedding_size=12, hidden_size=24, layers=1, attention=kind, attention_span=16
        )
    )
    assert isinstance(writer.model, ScriptModel)
    model = copy.deepcopy(writer.model).double()
    assert model.scorer is not None
    read = read_text(writer, SCENE, 200)
    states, state = [], model.initial_state(1)
    for number in read.ids:
        _odds, state, traces = model.step(torch.tensor([number]), state, len(read.draft_words))
        states.append(traces.hidden[0, -1].numpy())
    hidden = np.stack(states)
    keys = hidden @ model.scorer.key.weight.numpy().T
    asks = model.scorer.query or model.scorer.key
    queries = hidden @ asks.weight.numpy().T + (0 if asks.bias is None else asks.bias.numpy())
    for step, row in enumerate(predictions(writer, read)):
        assert row.attention is not None
        begin = max(0, step + 1 - 16)
        seen = keys[begin : step + 1]
        if model.scorer.measure is not None:
            scores = np.tanh(queries[step] + seen) @ model.scorer.measure.numpy()
        else:
            scores = seen @ queries[step] / np.sqrt(model.size)
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        assert row.attention.shape == (1, len(weights))
        assert row.attention[0].sum() == pytest.approx(1, abs=1e-6)
        assert np.abs(row.attention[0] - weights).max() < 1e-5


def test_a_reply_looks_at_the_speech_before_it_and_nowhere_else(
    make_writer: Callable[..., Writer],
) -> None:
    writer = make_writer(TrainingConfig(model="reply", embedding_size=12, hidden_size=24, layers=1))
    vocabulary = writer.vocabulary
    writer.model.prime(torch.tensor(vocabulary.counts), torch.from_numpy(vocabulary.cues()))
    shown = explain(writer, asked())
    assert (shown.heads, shown.attention) == (1, "general")
    words = [token.word for token in shown.tokens]
    cues = [place for place, word in enumerate(words) if word.endswith(":")]
    for begin, cue, end in zip(cues, cues[1:], [*cues[2:], len(words)], strict=False):
        for place in range(cue + 1, end):
            weights = shown.tokens[place].attention[0]
            first = shown.tokens[place].first_attended
            looked_at = [first + offset for offset, weight in enumerate(weights) if weight > 0]
            assert looked_at == list(range(begin, cue))
            assert sum(weights) == pytest.approx(1, abs=1e-3)


def test_a_step_shows_all_that_it_looked_at(make_writer: Callable[..., Writer]) -> None:
    """The speech before it is whole, up to an answer as long as the reach."""
    config = TrainingConfig(
        model="reply", embedding_size=12, hidden_size=24, layers=1, attention_span=8
    )
    writer = make_writer(config)
    vocabulary = writer.vocabulary
    writer.model.prime(torch.tensor(vocabulary.counts), torch.from_numpy(vocabulary.cues()))
    text = "DELIA: one two three four five six seven eight.\n\nOZ: a b c d e f g h i j k l"
    sums = [sum(t.attention[0]) for t in explain(writer, asked(text)).tokens if t.attention]
    answer = sums[-12:]
    assert answer[:8] == pytest.approx([1.0] * 8, abs=1e-3)  # the cue and seven words before it
    assert answer[8] < 0.99


def test_weights_lie_over_the_tokens_that_they_name(writer: Writer) -> None:
    text = SCENE * 12
    whole = explain(writer, asked(text, tokens=2000))
    part = explain(writer, asked(text, tokens=10))
    assert part.heads == 1
    assert part.attention == "general"
    places = {(t.start, t.end): i for i, t in enumerate(whole.tokens)}
    shift = len(whole.tokens) - 10
    for offset, token in enumerate(part.tokens):
        last = token.first_attended + len(token.attention[0])
        assert last == offset  # the newest word that it could see is the one before
        assert sum(token.attention[0]) == pytest.approx(1, abs=0.01)
        assert sum(token.copy_weights) == pytest.approx(1, abs=0.01)
        other = whole.tokens[shift + offset]
        assert other.attention[0][-40:] == pytest.approx(token.attention[0][-40:], abs=2e-4)
        if token.first_attended < 0:
            where = part.reached[len(part.reached) + token.first_attended]
            assert places[where] == shift + token.first_attended


def test_copying_is_told_apart(writer: Writer) -> None:
    """A name that only the draft has can come from what was said, but for its cue's share."""
    told = explain(writer, asked(SCENE + "OZ: Well, Zorblax")).tokens
    name = told[-1]
    assert name.word == "zorblax"
    assert name.from_copying + name.from_said == pytest.approx(name.probability)
    assert name.from_copying > 0.5 * name.probability
    assert name.from_said > 0
    assert name.probability > 0
    first = next(token for token in told if token.word == "zorblax:")
    assert 0 < first.probability < 1  # that of an unknown cue


@pytest.mark.parametrize(
    "config",
    [
        TrainingConfig(model="classic", embedding_size=8, hidden_size=8, layers=1),
        TrainingConfig(copying=False, embedding_size=8, hidden_size=8),
    ],
)
def test_where_nothing_is_copied_an_unknown_word_stays_unknown(
    make_writer: Callable[..., Writer], config: TrainingConfig
) -> None:
    writer = make_writer(config)
    text = "DELIA: The zorblefrotz is broken.\n\nGUS: The zorblefrotz"
    told = explain(writer, asked(text)).tokens
    mentions = [token for token in told if token.word == "zorblefrotz"]
    read = read_text(writer, text, 200)
    rows = predictions(writer, read)
    for token in mentions:
        odds = rows[told.index(token)].odds[writer.vocabulary.id_of("zorblefrotz")]
        assert token.probability == pytest.approx(float(np.exp(odds)), rel=1e-4)
        assert 0 < token.surprise < 60
        assert (token.unknown, token.rank) == (True, None)
    assert len(mentions) == 2
    assert not any(token.unknown for token in told if token not in mentions)


def test_a_word_is_unknown_until_it_can_be_copied(writer: Writer) -> None:
    text = "DELIA: The zorblefrotz is broken.\n\nGUS: The zorblefrotz"
    told = explain(writer, asked(text)).tokens
    first, second = (token for token in told if token.word == "zorblefrotz")
    assert (first.unknown, first.rank) == (True, None)
    assert not second.unknown
    assert second.rank is not None


def test_what_comes_next_is_what_would_be_written(writer: Writer) -> None:
    for text in (SCENE, ""):
        stream = Stream(
            writer,
            Write(
                model="small",
                before=text,
                settings=SamplerSettings(temperature=1.0, top_p=1.0),
                seed=3,
                stop=StopRule(tokens=1),
            ),
        )
        ((_branch, drawn),) = stream.step().tokens
        shown = explain(writer, asked(text, next=True, alternatives=8))
        assert [token.word for token in shown.tokens] == tokenize(text)
        assert shown.next is not None
        assert shown.next.entropy == pytest.approx(drawn.entropy, abs=1e-3)
        assert shown.next.copy_share == pytest.approx(drawn.copy_share, abs=1e-5)
        assert [a.word for a in shown.next.alternatives] == [a.word for a in drawn.alternatives]
        assert [a.text for a in shown.next.alternatives] == [a.text for a in drawn.alternatives]
        assert [a.probability for a in shown.next.alternatives] == pytest.approx(
            [a.probability for a in drawn.alternatives], abs=1e-5
        )


def test_only_who_asks_is_told_what_comes_next(make_writer: Callable[..., Writer]) -> None:
    """And what came is told as it is without."""
    writer = make_writer(TrainingConfig(model="classic", embedding_size=8, hidden_size=8, layers=1))
    alone, more = explain(writer, asked()), explain(writer, asked(next=True))
    assert alone.next is None
    assert more.next is not None
    assert alone.tokens == more.tokens


def test_a_sentence_sums_it_up(writer: Writer) -> None:
    shown = explain(writer, asked(SCENE + "DELIA: The machine"))
    assert shown.summary.startswith("For “machine”: looked most at: ")
    assert "\n" not in shown.summary


def test_the_sentence_names_whatever_was_looked_at_most(writer: Writer) -> None:
    """Marks in quotes, and the line ends as such, where a table of the weights has them, too."""
    text = "\n\n" + SCENE + "OZ: Machine. Machine, machine. " * 3
    whole = explain(writer, asked(text, tokens=2000))
    for count in range(5, len(whole.tokens)):
        end = whole.tokens[count].end
        shown = explain(writer, asked(text[:end], tokens=2000))
        last = shown.tokens[-1]
        weights: dict[str, float] = {}
        seen = ["\n", *(token.word for token in shown.tokens)]
        for place, weight in enumerate(last.attention[0]):
            word = seen[len(shown.reached) + last.first_attended + place]
            weights[word] = weights.get(word, 0.0) + weight
        best = max(weights, key=lambda word: weights[word])
        name = "line ends" if best == "\n" else f"“{best}”"
        assert f"looked most at: {name}" in shown.summary


@pytest.mark.parametrize(
    "config",
    [
        TrainingConfig(model="classic", embedding_size=8, hidden_size=8, layers=1),
        TrainingConfig(attention="none", copying=False, embedding_size=8, hidden_size=8),
    ],
)
def test_a_model_that_does_not_look_back_says_so(
    make_writer: Callable[..., Writer], config: TrainingConfig
) -> None:
    shown = explain(make_writer(config), asked())
    assert shown.heads == 0
    assert shown.attention == ""
    assert shown.reached == ()
    assert all(token.attention == () and token.from_copying == 0 for token in shown.tokens)
    assert "does not look back" in shown.summary


def test_a_model_that_only_copies_shows_where_from(make_writer: Callable[..., Writer]) -> None:
    shown = explain(
        make_writer(TrainingConfig(attention="none", embedding_size=8, hidden_size=8)), asked()
    )
    assert shown.heads == 0
    assert any(token.copy_weights for token in shown.tokens)


def test_predicting_at_once_is_stepping(make_writer: Callable[..., Writer]) -> None:
    """What the inspector reads in one go is what writing reads word by word."""
    for cell in ("lstm", "gru", "elman"):
        writer = make_writer(
            TrainingConfig(cell=cell, embedding_size=12, hidden_size=20, attention_span=8)  # type: ignore[arg-type]
        )
        model = writer.model
        assert isinstance(model, PredictsWindows)
        read = read_text(writer, SCENE, 50)
        state, rows = model.initial_state(1), []
        for number in read.ids[:-1]:
            odds, state, _seen = model.step(torch.tensor([number]), state, len(read.draft_words))
            rows.append(odds[0].exp().numpy())
        for row, stepped in zip(predictions(writer, read), rows[read.first :], strict=True):
            assert np.abs(np.exp(row.odds) - stepped).max() < 1e-5


def test_what_a_stream_has_read_is_not_read_again(
    make_writer: Callable[..., Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inspector opens on a long draft as fast as on a short one."""
    writer = make_writer(TrainingConfig(embedding_size=12, hidden_size=20, attention_span=8))
    draft = (SCENE * 80)[:11_000]
    stream = Stream(writer, Write(model="small", before=draft, seed=2, stop=StopRule(tokens=3)))
    while not stream.over:
        stream.step()
    lengths: list[int] = []
    read = writer.model.read

    def counted(ids: torch.Tensor, state: Any) -> Any:
        lengths.append(ids.shape[1])
        return read(ids, state)

    monkeypatch.setattr(writer.model, "read", counted)
    assert len(explain(writer, asked(draft, tokens=40)).tokens) == 40
    assert sum(lengths) < CHUNK
    lengths.clear()
    explain(writer, asked(draft.replace("quarters", "dimes"), tokens=40))
    assert sum(lengths) > 4 * CHUNK


def test_an_empty_draft_is_said_to_be_empty(writer: Writer) -> None:
    for text in ("", "  \t "):
        shown = explain(writer, asked(text))
        assert shown.tokens == ()
        assert "no text" in shown.summary


def test_the_longest_answer_fits_a_frame(writer: Writer) -> None:
    text = SCENE * 60
    shown = explain(writer, asked(text, tokens=2000, alternatives=50))
    assert len(shown.tokens) == 2000
    assert len(msgspec.json.encode(Answer(id=1, reply=shown))) < MAX_FRAME_BYTES
    assert shown.tokens[-1].attention
    assert len(shown.tokens[-1].alternatives) == 50


hostile = st.text(
    st.sampled_from(list("aB:\n\r\t .-…'\"[](){}é\u202e\u200b\x1b\0İß\u0301小")), max_size=150
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile)
def test_any_text_can_be_explained(writer: Writer, text: str) -> None:
    shown = explain(writer, asked(text, alternatives=2))
    assert [token.word for token in shown.tokens] == tokenize(text)
    for token in shown.tokens:
        assert text[token.start : token.end] == token.text
        assert 0 <= token.probability <= 1
        assert np.isfinite([token.surprise, token.entropy, token.copy_share]).all()
