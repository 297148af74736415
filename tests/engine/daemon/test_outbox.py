"""The outbox: bounded, coalescing, and never losing an answer."""

from __future__ import annotations

import threading

import msgspec
import pytest

from engine.daemon.outbox import (
    MAX_WAITING,
    MOST_TOKENS,
    THIN_METRICS_AT,
    Outbox,
    OutboxClosed,
)
from engine.protocol import messages as m
from engine.protocol.framing import encode_frame
from engine.protocol.values import Alternative, Metrics, WrittenToken


def token(text: str) -> WrittenToken:
    return WrittenToken(text=text, word=text, probability=0.5, rank=1, surprise=1.0, entropy=1.0)


def written(stream: str, branch: int, *texts: str) -> m.TokensWritten:
    return m.TokensWritten(stream=stream, branch=branch, tokens=tuple(map(token, texts)))


def metrics(step: int) -> m.TrainingMetrics:
    point = Metrics(
        step=step,
        epoch=0.0,
        tokens=step,
        seconds=1.0,
        loss=1.0,
        learning_rate=0.1,
        gradient_norm=1.0,
        tokens_per_second=1.0,
        progress=0.0,
    )
    return m.TrainingMetrics(job="j", sequence=step, metrics=point)


def drained(outbox: Outbox) -> list[object]:
    outbox.close()
    found: list[object] = []
    while True:
        try:
            message = outbox.get()
        except OutboxClosed:
            return found
        found.append(message.event if isinstance(message, m.Told) else message)


def test_tokens_of_one_branch_become_one_event() -> None:
    outbox = Outbox()
    for message in (written("s", 0, "a"), written("s", 0, "b"), written("s", 1, "c")):
        outbox.put(message)
    assert drained(outbox) == [written("s", 0, "a", "b"), written("s", 1, "c")]


def test_tokens_for_a_client_that_sleeps_still_fit_into_frames() -> None:
    outbox = Outbox()
    likely = tuple(Alternative(text=" longish", word="longish", probability=0.1) for _ in range(9))
    for number in range(20_000):
        one = msgspec.structs.replace(token(f" word{number}"), alternatives=likely)
        outbox.put(m.TokensWritten(stream="s", branch=0, tokens=(one,)))
    told = drained(outbox)
    texts = [t.text for event in told if isinstance(event, m.TokensWritten) for t in event.tokens]
    assert texts == [f" word{number}" for number in range(20_000)]
    for event in told:
        assert isinstance(event, m.TokensWritten)
        encode_frame(m.Told(event=event))
    assert len(told) <= 20_000 // MOST_TOKENS + 1


def test_a_heartbeat_replaces_the_one_before() -> None:
    outbox = Outbox()
    outbox.put(m.Heartbeat(monotonic=1.0, busy=""))
    outbox.put(written("s", 0, "a"))
    outbox.put(m.Heartbeat(monotonic=2.0, busy="x"))
    assert drained(outbox) == [m.Heartbeat(monotonic=2.0, busy="x"), written("s", 0, "a")]


def test_progress_replaces_the_one_before_of_the_same_call() -> None:
    def progress(call: int, done: int) -> m.Progress:
        return m.Progress(id=call, stage="reading", done=done, total=9)

    outbox = Outbox()
    for done in range(9):
        outbox.put(progress(1, done))
        outbox.put(written("s", 0, "a"))
        outbox.put(progress(2, done))
    assert drained(outbox) == [
        progress(1, 8),
        written("s", 0, "a"),
        progress(2, 8),
        written("s", 0, *"a" * 8),
    ]


def test_a_curve_that_piles_up_is_thinned_and_answers_are_kept() -> None:
    outbox = Outbox()
    outbox.put(m.Answer(id=7, reply=m.Done()))
    for step in range(20 * THIN_METRICS_AT):
        outbox.put(metrics(step))
    left = drained(outbox)
    assert left[0] == m.Answer(id=7, reply=m.Done())
    assert len(left) <= THIN_METRICS_AT + 2
    assert left[-1] == metrics(20 * THIN_METRICS_AT - 1)


def test_a_client_that_reads_nothing_is_cut_off() -> None:
    outbox = Outbox()
    alive = [outbox.put(m.Answer(id=i, reply=m.Done())) for i in range(MAX_WAITING + 1)]
    assert all(alive[:-1])
    assert not alive[-1]
    with pytest.raises(OutboxClosed):
        outbox.get()


def test_what_is_sent_is_neither_waiting_nor_in_hand() -> None:
    outbox = Outbox()
    assert outbox.wait_until_sent(0)
    outbox.put(m.Answer(id=1, reply=m.Done()))
    assert not outbox.wait_until_sent(0)
    outbox.get()
    assert not outbox.wait_until_sent(0)
    writer = threading.Thread(target=drained, args=(outbox,), daemon=True)
    writer.start()
    assert outbox.wait_until_sent(60)


def test_nothing_is_waited_for_once_the_client_is_gone() -> None:
    outbox = Outbox()
    outbox.put(m.Answer(id=1, reply=m.Done()))
    outbox.put(m.Answer(id=2, reply=m.Done()))
    outbox.get()
    assert not outbox.wait_until_sent(0)
    outbox.give_up()
    assert outbox.wait_until_sent(0)
    with pytest.raises(OutboxClosed):
        outbox.get()
