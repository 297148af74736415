"""Writing with a real model: what comes, when it ends, and that it can be made again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.config import TrainingConfig
from engine.corpus.tokenizer import tokenize
from engine.errors import ModelError
from engine.generation.branch import Branch
from engine.generation.odds import NextWord
from engine.generation.stopping import MOST_MORE
from engine.generation.stream import Ended, Stream, repeated
from engine.generation.writer import Writer
from engine.protocol.messages import Write
from engine.protocol.values import SamplerSettings, SettingsChange, StopRule, WrittenToken

SCENE = """[The laundromat, late. Rain.]

DELIA: Who took the quarters?

OZ: Which quarters?

DELIA: The ones in the can.

"""


def asked(**fields: Any) -> Write:
    fields = {"model": "small", "before": SCENE, "seed": 1, "stop": StopRule(tokens=40), **fields}
    return Write(**fields)


def run(
    stream: Stream, adjust: dict[int, SamplerSettings] | None = None
) -> tuple[dict[int, list[WrittenToken]], dict[int, Ended]]:
    tokens: dict[int, list[WrittenToken]] = {}
    ends: dict[int, Ended] = {}
    index = 0
    while not stream.over:
        if adjust and index in adjust:
            stream.adjust(adjust[index])
        step = stream.step()
        for branch, token in step.tokens:
            tokens.setdefault(branch, []).append(token)
        for end in step.ended:
            ends[end.branch] = end
        index += 1
    return tokens, ends


def text(tokens: list[WrittenToken]) -> str:
    return "".join(token.text for token in tokens)


def test_a_continuation_has_its_length_and_never_an_unknown_word(writer: Writer) -> None:
    tokens, ends = run(Stream(writer, asked(stop=StopRule(tokens=300))))
    assert len(tokens[0]) == 300
    assert ends[0].reason == "length"
    assert "<unk>" not in text(tokens[0])
    for token in tokens[0]:
        assert 0 < token.probability <= 1
        assert token.rank >= 1
        assert token.surprise == pytest.approx(-np.log2(token.probability), abs=1e-6)
        assert len(token.alternatives) <= 8
        odds = [a.probability for a in token.alternatives]
        assert odds == sorted(odds, reverse=True)
        if token.rank == 1:
            assert token.alternatives[0].word == token.word


@pytest.mark.parametrize(("at", "least"), [("length", 25), ("speech", 4)])
def test_a_sentence_may_end_before_the_length_counts(writer: Writer, at: Any, least: int) -> None:
    stop = StopRule(tokens=least, at=at, finish=True)
    request = asked(branches=8, stop=stop, settings=SamplerSettings(paired_brackets=True))
    tokens, ends = run(Stream(writer, request))
    longer = 0
    for number, end in ends.items():
        if end.reason != "length":
            continue
        written = SCENE + text(tokens[number])
        assert least <= len(tokens[number]) <= least + MOST_MORE
        longer += len(tokens[number]) > least
        if len(tokens[number]) < least + MOST_MORE:
            assert written.rstrip()[-1] in '.!?]")' or written.endswith("...")
            assert not written.endswith("\n")
    assert longer
    for number, end in ends.items():  # to the last bit, though others were over before
        again, again_ends = run(repeated(writer, end.record, alternatives=8))
        assert again.get(number, []) == tokens.get(number, [])
        assert list(again_ends) == [number]


def test_a_record_of_before_ends_where_its_rule_says(writer: Writer) -> None:
    tokens, ends = run(Stream(writer, asked(stop=StopRule(tokens=30), seed=4)))
    rule = StopRule(tokens=12)
    record = replace(ends[0].record, drawn=None, stop=rule)
    assert run(repeated(writer, record, alternatives=8))[0][0] == tokens[0][:12]
    turned = SettingsChange(index=5, settings=SamplerSettings(), at="line")
    record = replace(record, changes=(*record.changes, turned))
    _again, again_ends = run(repeated(writer, record, alternatives=8))
    assert again_ends[0].reason in ("line", "length")
    assert again_ends[0].record.changes[-1].stop == StopRule(tokens=12, at="line")


def test_the_same_seed_writes_the_same_and_another_something_else(writer: Writer) -> None:
    first, again, other = (run(Stream(writer, asked(seed=s)))[0][0] for s in (5, 5, 6))
    assert first == again
    assert text(first) != text(other)


@pytest.mark.parametrize("at", ["length", "line", "speech", "scene"])
def test_records_write_the_same_words_again(writer: Writer, at: Any) -> None:
    """Also after the settings changed on the way, for every branch, whatever ended it."""
    request = asked(branches=3, stop=StopRule(tokens=70, at=at), seed=11)
    change = {3: SamplerSettings(temperature=1.4, top_k=50), 9: SamplerSettings(temperature=0.3)}
    tokens, ends = run(Stream(writer, request), change)
    fresh = Writer("small", writer.model, writer.tables, writer.weights)  # nothing remembered
    for branch in range(3):
        record = ends[branch].record
        assert record.context == request.before
        again, again_ends = run(repeated(fresh, record, alternatives=8))
        assert list(again_ends) == [branch]
        assert again.get(branch, []) == tokens.get(branch, [])


def test_where_it_ends_and_the_seed_change_on_the_way_and_are_made_again(writer: Writer) -> None:
    plain = SamplerSettings()
    seen = set()
    for at in ("length", "line", "speech"):
        stream = Stream(writer, asked(branches=2, stop=StopRule(tokens=60), seed=3))
        came: dict[int, list[WrittenToken]] = {0: [], 1: []}
        ends: dict[int, Ended] = {}
        for index in itertools.count():
            if index == 2:
                stream.adjust(plain, seed=77)
            if index == 9:
                stream.adjust(plain, StopRule(tokens=25, at=at), seed=78)
            step = stream.step()
            for branch, token in step.tokens:
                came[branch].append(token)
            ends |= {end.branch: end for end in step.ended}
            if stream.over:
                break
        assert all(len(tokens) <= 25 for tokens in came.values())
        seen |= {end.reason for end in ends.values()}
        record = ends[1].record
        assert [(change.index, change.seed) for change in record.changes] == [
            (0, None),
            (2, 77),
            (9, 78),
        ]
        again, again_ends = run(repeated(writer, record, alternatives=8))
        assert again[1] == came[1]
        if ends[1].reason in ("line", "speech"):
            assert again_ends[1].reason == ends[1].reason
    assert seen > {"length"}


def test_a_change_before_the_first_word_is_made_again(writer: Writer) -> None:
    stream = Stream(writer, asked(stop=StopRule(tokens=60)))
    stream.adjust(SamplerSettings(), StopRule(tokens=30, at="line"), seed=5)
    stream.adjust(SamplerSettings(temperature=1.2))
    tokens, ends = run(stream)
    record = ends[0].record
    changed = StopRule(tokens=30, at="line")
    assert [(c.index, c.stop, c.seed) for c in record.changes] == [(0, changed, 5)]
    assert run(repeated(writer, record, alternatives=8))[0] == tokens


def test_a_record_of_a_stopped_stream_repeats_what_came(writer: Writer) -> None:
    stream = Stream(writer, asked(branches=2))
    came: list[WrittenToken] = []
    for _ in range(7):
        came += [token for branch, token in stream.step().tokens if branch == 1]
    stream.stop()
    step = stream.step()
    assert stream.over
    end = next(end for end in step.ended if end.branch == 1)
    assert end.reason == "stopped"
    again, _ends = run(repeated(writer, end.record, alternatives=8))
    assert again[1] == came


def test_a_record_of_other_weights_is_refused(writer: Writer) -> None:
    record = Stream(writer, asked()).records[0]
    other = Writer("small", writer.model, writer.tables, "f" * 64)
    with pytest.raises(ModelError, match="trained further"):
        repeated(other, record, 8)


def test_settings_change_from_the_next_token_on(writer: Writer) -> None:
    stream = Stream(writer, asked(settings=SamplerSettings(temperature=2.0, top_p=1.0)))
    before = [stream.step().tokens[0][1] for _ in range(5)]
    stream.adjust(SamplerSettings(temperature=0.0))
    after = stream.step().tokens[0][1]
    assert any(token.probability < 1 for token in before)
    assert after.probability == 1
    assert after.rank == 1
    assert [c.index for c in stream.records[0].changes] == [0, 5]


def test_a_line_ends_at_its_end(writer: Writer) -> None:
    for seed in range(8):
        tokens, ends = run(Stream(writer, asked(stop=StopRule(tokens=200, at="line"), seed=seed)))
        if ends[0].reason == "line":
            written = text(tokens[0])
            assert "\n" not in written.strip("\n")
            assert not written.endswith("\n")
            return
    pytest.fail("no line ever ended")


def test_a_speech_ends_before_the_next_cue(writer: Writer) -> None:
    done = 0
    for seed in range(6):
        request = asked(speaker="Oz", stop=StopRule(tokens=200, at="speech"), seed=seed)
        tokens, ends = run(Stream(writer, request))
        if ends[0].reason == "speech":
            done += 1
            cues = [t for t in tokens[0] if t.word.endswith(":") and len(t.word) > 1]
            assert [cue.word for cue in cues] == ["oz:"]
            assert not text(tokens[0]).endswith("\n")
    assert done >= 4


@pytest.mark.parametrize(
    ("before", "start"),
    [
        ("", "OZ:"),
        ("DELIA: Hello.", "\n\nOZ:"),
        ("DELIA: Hello.\n", "\nOZ:"),
        ("DELIA: Hello.\n\n  ", "\nOZ:"),
        ("DELIA: Hello.\n  ", "\nOZ:"),
        (SCENE, "OZ:"),
        ("DELIA: Hello.\nTEO: Hi.", "\nOZ:"),
        ("GUS: Not March and half a wo", "\n\nOZ:"),
    ],
)
def test_a_speaker_is_forced_on_a_line_of_its_own(writer: Writer, before: str, start: str) -> None:
    tokens, _ends = run(Stream(writer, asked(before=before, speaker="Oz")))
    assert text(tokens[0]).startswith(start)
    forced = [token.forced for token in tokens[0]]
    count = forced.count(True)
    assert all(forced[:count])
    assert not any(forced[count:])


def test_a_speaker_that_the_model_never_saw_speaks(writer: Writer) -> None:
    tokens, _ends = run(Stream(writer, asked(speaker="Dr. Zorblax")))
    assert text(tokens[0]).startswith("DR. ZORBLAX:")
    lower, _ends = run(Stream(writer, asked(before="delia: so.\n\noz: no.\n\n", speaker="gus")))
    assert text(lower[0]).startswith("gus:")


@pytest.mark.parametrize("name", ["", ":", "(x)", "a\nb", "one two three four five six"])
def test_what_cannot_be_a_name_is_refused(writer: Writer, name: str) -> None:
    with pytest.raises(ModelError, match="speaker's name"):
        Stream(writer, asked(speaker=name))


def test_names_of_the_draft_are_written_as_the_draft_writes_them(writer: Writer) -> None:
    draft = SCENE + "ZORBLAX: I am Zorblax.\n\nDELIA: Zorblax?\n\nZORBLAX: Zorblax.\n\n"
    context = writer.context(draft)
    assert context.draft_words.slots == ("zorblax", "zorblax:")
    raw = writer.read(context).odds[0]
    odds = np.exp(NextWord(writer, context, SamplerSettings()).writable(raw, context.ids))
    cue = context.id_of("zorblax:")
    assert odds[cue] > 1e-3
    assert odds[0] == odds[1] == 0
    stream = Stream(
        writer,
        asked(before=draft, alternatives=50, settings=SamplerSettings(temperature=1.0, top_p=1.0)),
    )
    shown = {a.word: a.text for a in stream.step().tokens[0][1].alternatives}
    assert shown["zorblax:"] == "ZORBLAX:"


def test_a_cast_that_is_not_in_sight_can_speak(make_writer: Callable[..., Writer]) -> None:
    """Even with a model that cannot copy."""
    writer = make_writer(
        TrainingConfig(model="classic", embedding_size=16, hidden_size=16, layers=1)
    )
    context = writer.context("DELIA: Hello.\n\n", ("Zorblax",))
    raw = writer.read(context).odds[0]
    odds = np.exp(NextWord(writer, context, SamplerSettings()).writable(raw, context.ids))
    assert odds[context.id_of("zorblax:")] > 0


@pytest.mark.parametrize(
    ("begun", "beginning"), [("DELIA: I need my qu", "qu"), ("DELIA: Ma", "ma"), ("DEL", "del")]
)
def test_a_word_that_was_begun_is_completed(writer: Writer, begun: str, beginning: str) -> None:
    for seed in range(5):
        tokens, _ends = run(Stream(writer, asked(before=begun, seed=seed)))
        first = tokens[0][0]
        assert first.word.startswith(beginning)
        whole = begun + first.text
        assert whole.lower().endswith(first.word)
        assert not first.text.startswith(" ")


@pytest.mark.parametrize("model", ["script", "reply", "classic"])
def test_a_new_word_is_completed_by_a_model_that_cannot_copy(
    make_writer: Callable[..., Writer], model: Any
) -> None:
    sizes: dict[str, Any] = {"embedding_size": 16, "hidden_size": 16, "layers": 1}
    copying = {"copying": False} if model == "script" else {}
    writer = make_writer(TrainingConfig(model=model, **sizes, **copying))
    before = "DELIA: Zorgblatt is here. So Zorg"
    for seed in range(4):
        tokens, _ends = run(Stream(writer, asked(before=before, seed=seed)))
        assert tokens[0][0].text == "blatt"
        assert 0 < tokens[0][0].probability <= 1


def test_where_all_completions_are_banned_the_word_is_whole(writer: Writer) -> None:
    begun = "DELIA: Who took the quarters"
    settings = SamplerSettings(banned=("quarters",))
    for seed in range(6):
        tokens, _ends = run(Stream(writer, asked(before=begun, seed=seed, settings=settings)))
        first = tokens[0][0]
        assert first.word != "quarters"
        assert first.text[:1] in " \n" or not first.text[:1].isalnum()


@pytest.mark.parametrize("blanks", ["  ", "\t"])
def test_no_cue_is_written_behind_blanks(writer: Writer, blanks: str) -> None:
    before = f"DELIA: Yes.\n{blanks}"
    stream = Stream(writer, asked(before=before, settings=SamplerSettings(top_p=1.0)))
    token = stream.step().tokens[0][1]
    assert not [a.word for a in token.alternatives if len(a.word) > 1 and a.word.endswith(":")]
    cues = [t.word for t in run(Stream(writer, asked(before="DELIA: Yes.\n\n")))[0][0]]
    assert cues[0].endswith(":"), "where a cue is likely"


def test_a_word_that_nothing_completes_stands_as_it_is(writer: Writer) -> None:
    tokens, _ends = run(Stream(writer, asked(before="DELIA: Xyzzyplugh")))
    assert text(tokens[0])[0] in " \n.,;:!?-"


def test_an_upper_case_beginning_is_completed_in_upper_case(writer: Writer) -> None:
    tokens, _ends = run(Stream(writer, asked(before="DELIA: MACHI")))
    assert tokens[0][0].text in ("NE", "NES", "NE'S")


def test_banned_words_and_phrases_never_come(writer: Writer) -> None:
    banned = ("delia", "the machine", "Oz")
    setting = SamplerSettings(temperature=1.0, top_p=1.0, banned=banned)
    tokens, _ends = run(
        Stream(writer, asked(settings=setting, stop=StopRule(tokens=1000), branches=2))
    )
    for branch in tokens.values():
        words = [token.word for token in branch]
        assert not {"delia", "delia:", "oz", "oz:"} & set(words)
        assert ("the", "machine") not in set(itertools.pairwise(words))


def test_no_phrase_of_words_comes_twice(writer: Writer) -> None:
    setting = SamplerSettings(temperature=0.5, no_repeat_ngram=3)
    tokens, _ends = run(
        Stream(writer, asked(before="", settings=setting, stop=StopRule(tokens=400)))
    )
    words = [t.word for t in tokens[0] if t.word[-1] != ":" and any(c.isalnum() for c in t.word)]
    words = words[:190]
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    assert len(set(trigrams)) == len(trigrams)
    assert text(tokens[0]).count("\n\n") > 2  # layout is no repetition


def test_the_corpus_is_not_copied_beyond_what_is_allowed(writer: Writer) -> None:
    cold = SamplerSettings(temperature=0.4, max_copied_words=2)
    tokens, _ends = run(Stream(writer, asked(before="", settings=cold, stop=StopRule(tokens=300))))
    index = writer.copied()
    spoken = [t.word for t in tokens[0] if t.word[-1] != ":" and any(c.isalnum() for c in t.word)]
    found = index.find([index.id_of(w) for w in spoken], 3)
    assert found == []
    free = SamplerSettings(temperature=0.4)
    tokens, _ends = run(Stream(writer, asked(before="", settings=free, stop=StopRule(tokens=300))))
    spoken = [t.word for t in tokens[0] if t.word[-1] != ":" and any(c.isalnum() for c in t.word)]
    assert index.find([index.id_of(w) for w in spoken], 3) != []


def test_a_long_copy_is_ended_too(writer: Writer) -> None:
    """The draft is a copy of 260 words already, marks and cues aside."""
    index = writer.copied()
    words = [index.vocabulary.words[number] for number in index.words[:261].tolist()]
    context = writer.context(" ".join(words[:260]) + " ", complete_word=False)
    branch = Branch.begin(0, 1, context, writer, ())
    for most, copied in ((250, False), (300, True)):
        scores = np.zeros(len(writer.vocabulary) + len(context.draft_words), dtype=np.float32)
        settings = SamplerSettings(max_copied_words=most)
        NextWord(writer, context, settings).restrict(scores, branch.recent, branch.words)
        assert np.isfinite(scores[context.id_of(words[260])]) == copied


def test_going_on_after_accepting_reads_the_same_whether_remembered_or_not(writer: Writer) -> None:
    draft = SCENE * 30
    tokens, _ends = run(Stream(writer, asked(before=draft)))
    longer = draft + text(tokens[0]) + " "
    warm = writer.read(writer.context(longer))
    cold = Writer("small", writer.model, writer.tables, "").read(writer.context(longer))
    assert np.array_equal(warm.odds, cold.odds)


def test_a_long_draft_is_read_in_part_and_its_record_holds_that_part(writer: Writer) -> None:
    draft = "".join(f"DELIA: This is line number {i} of the draft.\n\n" for i in range(4000))
    stream = Stream(writer, asked(before=draft))
    assert len(stream.context.text) <= 5000
    assert draft.endswith(stream.context.text)
    assert stream.records[0].context == stream.context.text
    tokens, ends = run(stream)
    again, _ends = run(repeated(writer, ends[0].record, 8))
    assert again == tokens


def test_branches_are_told_apart_and_end_on_their_own(writer: Writer) -> None:
    request = asked(branches=4, stop=StopRule(tokens=120, at="line"), seed=3)
    tokens, ends = run(Stream(writer, request))
    assert sorted(ends) == [0, 1, 2, 3]
    assert len({text(t) for t in tokens.values()}) > 1


def test_what_follows_ranks_the_candidates(writer: Writer) -> None:
    request = asked(after="\n\nDELIA: In the can. I said so.", branches=3)
    _tokens, ends = run(Stream(writer, request))
    assert all(end.fit is not None and 0 < end.fit < 20 for end in ends.values())
    _tokens, ends = run(Stream(writer, asked()))
    assert ends[0].fit is None


hostile = st.text(st.characters(codec="utf-8"), max_size=300) | st.text(
    st.sampled_from(list("aB:\n\r\t .-…'\"[](){}é\u202e\u200b\x1b\0İß")), max_size=120
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=hostile, cast=st.lists(st.text(max_size=20), max_size=3))
def test_any_text_can_be_continued(writer: Writer, before: str, cast: list[str]) -> None:
    request = asked(before=before, cast=tuple(cast), stop=StopRule(tokens=6), alternatives=3)
    tokens, ends = run(Stream(writer, request))
    assert ends[0].reason == "length"
    assert len(tokens[0]) == 6
    assert all(t.word in tokenize(t.word) or "<" not in t.word for t in tokens[0])


@pytest.mark.parametrize("at", ["length", "line"])
def test_a_complete_line_is_not_gone_on_with_and_that_is_made_again(
    writer: Writer, at: Any
) -> None:
    before = SCENE + "OZ: I walked at the door"
    request = asked(before=before, new_line=True, branches=2, stop=StopRule(tokens=30, at=at))
    tokens, ends = run(Stream(writer, request))
    for branch in (0, 1):
        first = tokens[branch][0]
        assert (first.text, first.forced) == ("\n", True)
        assert text(tokens[branch]).strip()
        again, _ends = run(repeated(writer, ends[branch].record, alternatives=8))
        assert again == {branch: tokens[branch]}
    at_line_end, _ends = run(Stream(writer, asked(new_line=True)))
    assert at_line_end == run(Stream(writer, asked()))[0]
