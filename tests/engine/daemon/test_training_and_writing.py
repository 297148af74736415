"""The main job through the real engine: train, watch, pause, stop, resume, write, write again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from engine import paths
from engine.client import EngineClient
from engine.errors import ColdOpenError
from engine.protocol import messages as m
from engine.protocol.values import JobInfo, ModelCard, SamplerSettings, StopRule

TINY: dict[str, Any] = {
    "embedding_size": 16,
    "hidden_size": 16,
    "batch_size": 8,
    "sequence_length": 16,
    "attention_span": 32,
    "device": "cpu",
    "precision": "float32",
}


class Ears:
    """Hears every event of the engine and waits for the one that is wanted."""

    def __init__(self) -> None:
        self.heard: list[m.AnyEvent] = []
        self._news = asyncio.Event()

    def __call__(self, event: m.AnyEvent) -> None:
        self.heard.append(event)
        self._news.set()

    async def until(self, wanted: Callable[[m.AnyEvent], bool], within: float = 150.0) -> Any:
        seen = 0
        async with asyncio.timeout(within):
            while True:
                for event in self.heard[seen:]:
                    if wanted(event):
                        return event
                seen = len(self.heard)
                self._news.clear()
                await self._news.wait()

    async def state(self, *states: str) -> JobInfo:
        event = await self.until(
            lambda e: isinstance(e, m.TrainingStateChanged) and e.info.state in states
        )
        info: JobInfo = event.info
        return info


@pytest.fixture
async def ears() -> Ears:
    return Ears()


@pytest.fixture
async def studio(engine_home: Path, ears: Ears) -> AsyncIterator[EngineClient]:
    client = await EngineClient.connect("tests", on_event=ears)
    yield client
    await client.close()


async def train(client: EngineClient, ears: Ears, corpus: Path, **settings: Any) -> str:
    job = await client.call(
        m.StartTraining(name="tiny", paths=(str(corpus),), settings={**TINY, **settings})
    )
    await client.call(m.WatchTraining(job=job.job))
    return job.job


async def own_models(client: EngineClient) -> list[ModelCard]:
    return [card for card in (await client.call(m.ListModels())).models if not card.bundled]


async def written(client: EngineClient, ears: Ears, request: Any) -> tuple[str, m.StreamEnded]:
    """The text of branch 0 of a stream, and how it ended."""
    begun = len(ears.heard)
    stream = (await client.call(request)).stream
    end = await ears.until(lambda e: isinstance(e, m.StreamEnded) and e.stream == stream)
    tokens = [
        token.text
        for event in ears.heard[begun:]
        if isinstance(event, m.TokensWritten)
        and event.stream == stream
        and event.branch == end.branch
        for token in event.tokens
    ]
    return "".join(tokens), end


async def test_from_corpus_to_words(studio: EngineClient, ears: Ears, tiny_corpus: Path) -> None:
    job = await train(studio, ears, tiny_corpus, epochs=2)
    info = await ears.state("finished", "failed")
    assert info.state == "finished", info.message
    snapshot = await studio.call(m.WatchTraining(job=job))
    assert snapshot.validations
    assert snapshot.validations[-1].perplexity is not None
    (card,) = await own_models(studio)
    assert (card.name, card.state, card.kind) == ("tiny", "finished", "script")
    assert card.config.epochs == 2
    history = await studio.call(m.GetModelHistory(name="tiny"))
    assert [p.step for p in history.validations] == [p.step for p in snapshot.validations]

    ready = await studio.call(m.LoadModel(name="tiny"))
    assert "DELIA" in {speaker.name for speaker in ready.speakers}
    request = m.Write(
        model="tiny",
        before="OZ: Hear me out.\n\n",
        speaker="DELIA",
        settings=SamplerSettings(temperature=1.0),
        stop=StopRule(tokens=30),
        seed=5,
    )
    text, end = await written(studio, ears, request)
    assert text.startswith("DELIA:")
    assert "<unk>" not in text
    assert end.reason == "length"
    assert end.record is not None
    again, _end = await written(studio, ears, m.WriteAgain(record=end.record))
    assert again == text

    evaluation = await studio.call(m.Evaluate(name="tiny", paths=(str(tiny_corpus),)))
    assert evaluation.tokens > 2000
    assert 1 < evaluation.perplexity < 5000


async def test_three_branches_and_a_change_of_mind_are_repeatable(
    studio: EngineClient, ears: Ears, tiny_corpus: Path
) -> None:
    await train(studio, ears, tiny_corpus, epochs=1)
    await ears.state("finished")
    begun = len(ears.heard)
    started = await studio.call(
        m.Write(model="tiny", before="", branches=3, stop=StopRule(tokens=20_000), seed=1)
    )
    await ears.until(lambda e: isinstance(e, m.TokensWritten))
    await studio.call(
        m.AdjustStream(stream=started.stream, settings=SamplerSettings(temperature=0.1))
    )
    heard = len(ears.heard)
    await ears.until(
        lambda _e: sum(isinstance(e, m.TokensWritten) for e in ears.heard[heard:]) >= 9
    )
    await studio.call(m.StopStream(stream=started.stream))
    ends = {}
    while len(ends) < 3:
        end = await ears.until(
            lambda e: (
                isinstance(e, m.StreamEnded) and e.stream == started.stream and e.branch not in ends
            )
        )
        ends[end.branch] = end
    texts = {
        branch: "".join(
            token.text
            for event in ears.heard[begun:]
            if isinstance(event, m.TokensWritten) and event.branch == branch
            for token in event.tokens
        )
        for branch in range(3)
    }
    assert len(set(texts.values())) == 3
    record = ends[2].record
    assert len(record.changes) == 2
    again, _end = await written(studio, ears, m.WriteAgain(record=record))
    assert again == texts[2]


async def test_stop_keeps_what_came(studio: EngineClient, ears: Ears, tiny_corpus: Path) -> None:
    await train(studio, ears, tiny_corpus, epochs=1)
    await ears.state("finished")
    started = await studio.call(
        m.Write(model="tiny", before="", stop=StopRule(tokens=20_000), seed=2)
    )
    await ears.until(lambda e: isinstance(e, m.TokensWritten))
    await studio.call(m.StopStream(stream=started.stream))
    end = await ears.until(lambda e: isinstance(e, m.StreamEnded))
    assert end.reason == "stopped"
    came = sum(len(e.tokens) for e in ears.heard if isinstance(e, m.TokensWritten))
    assert 0 < came == end.record.drawn < 20_000


async def test_pause_reattach_stop_and_resume(
    studio: EngineClient, ears: Ears, tiny_corpus: Path
) -> None:
    job = await train(studio, ears, tiny_corpus, epochs=10_000)
    await ears.until(lambda e: isinstance(e, m.TrainingMetrics))
    await studio.call(m.ControlTraining(job=job, command="pause"))
    await ears.state("pausing")
    await ears.state("paused")

    other = Ears()
    second = await EngineClient.connect("second", on_event=other)
    snapshot = await second.call(m.WatchTraining(job=job))
    assert snapshot.info.state == "paused"
    assert snapshot.metrics
    assert not snapshot.resumed
    with pytest.raises(ColdOpenError, match="still training"):
        await second.call(m.StartTraining(name="b", paths=(str(tiny_corpus),), settings=TINY))
    await second.call(m.ControlTraining(job=job, command="resume"))
    event = await other.until(lambda e: isinstance(e, m.TrainingMetrics))
    assert event.sequence > snapshot.sequence
    await second.call(m.ControlTraining(job=job, command="stop"))
    await other.state("stopping")
    info = await other.state("stopped", "failed")
    assert info.state == "stopped", info.message
    await second.close()

    before = await studio.call(m.GetModelHistory(name="tiny"))
    assert before.card.state == "stopped"
    resumed = (await studio.call(m.ResumeTraining(name="tiny"))).job
    ears.heard.clear()
    assert (await studio.call(m.WatchTraining(job=resumed))).resumed
    point = await ears.until(lambda e: isinstance(e, m.TrainingMetrics))
    assert point.metrics.step > before.metrics[-1].step
    await studio.call(m.ControlTraining(job=resumed, command="discard"))
    await ears.state("stopped")
    assert not (paths.models_dir() / "tiny").exists()


async def test_a_run_without_a_checkpoint_is_left_as_it_is(
    studio: EngineClient, ears: Ears, tiny_corpus: Path
) -> None:
    job = await train(studio, ears, tiny_corpus, epochs=10_000)
    await ears.until(lambda e: isinstance(e, m.TrainingMetrics))
    await studio.call(m.ControlTraining(job=job, command="stop"))
    await ears.state("stopped")
    for step in (paths.models_dir() / "tiny" / "checkpoints").glob("step-*"):
        shutil.rmtree(step)
    with pytest.raises(ColdOpenError, match="cut off before its first checkpoint"):
        await studio.call(m.ResumeTraining(name="tiny"))
    (card,) = [c for c in (await studio.call(m.ListModels())).models if c.name == "tiny"]
    assert (card.state, card.failure) == ("stopped", "")
    assert (await studio.call(m.LoadModel(name="tiny"))).card.perplexity


async def test_a_killed_run_fails_in_words_and_its_model_can_go_on(
    studio: EngineClient, ears: Ears, tiny_corpus: Path
) -> None:
    job = await train(studio, ears, tiny_corpus, epochs=10_000)
    await ears.until(lambda e: isinstance(e, m.TrainingMetrics))
    await studio.call(m.ControlTraining(job=job, command="pause"))
    await ears.state("paused")
    children = Path(f"/proc/{studio.engine_pid}/task/{studio.engine_pid}/children")
    if not children.exists():
        pytest.skip("needs /proc to find the training process")
    pids = [
        int(pid)
        for task in Path(f"/proc/{studio.engine_pid}/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    info = await ears.state("failed")
    assert "signal 9" in info.message
    (card,) = await own_models(studio)
    assert (card.state, card.failure) == ("failed", info.message)
    resumed = (await studio.call(m.ResumeTraining(name="tiny"))).job
    ears.heard.clear()
    await studio.call(m.WatchTraining(job=resumed))
    await ears.until(lambda e: isinstance(e, m.TrainingMetrics))
    await studio.call(m.ControlTraining(job=resumed, command="stop"))
    await ears.state("stopped")
    (card,) = await own_models(studio)
    assert (card.state, card.failure) == ("stopped", "")


async def test_a_model_is_replaced_only_by_a_run_that_begins(
    studio: EngineClient, ears: Ears, tiny_corpus: Path, tmp_path: Path
) -> None:
    async def replaced_from(corpus: Path) -> JobInfo:
        ears.heard.clear()
        job = await studio.call(
            m.StartTraining(
                name="tiny",
                paths=(str(corpus),),
                settings={**TINY, "epochs": 1, "hidden_size": 24},
                replace=True,
            )
        )
        info = (await studio.call(m.WatchTraining(job=job.job))).info
        ended = info.state in ("finished", "failed")
        return info if ended else await ears.state("finished", "failed")

    await train(studio, ears, tiny_corpus, epochs=1)
    await ears.state("finished")
    (old,) = await own_models(studio)

    info = await replaced_from(tmp_path / "no-such-script.txt")
    assert info.state == "failed"
    assert "no-such-script.txt" in info.message
    listed = await studio.call(m.ListModels())
    assert old in listed.models
    assert listed.deleted == ()

    info = await replaced_from(tiny_corpus)
    assert info.state == "finished", info.message
    (new,) = await own_models(studio)
    assert new.config.hidden_size == 24
    assert (await studio.call(m.ListModels())).deleted == ("tiny",)
    await studio.call(m.RenameModel(name="tiny", new_name="newer"))
    await studio.call(m.RestoreModel(name="tiny"))
    assert {card.name: card.config.hidden_size for card in await own_models(studio)} == {
        "tiny": 16,
        "newer": 24,
    }


@pytest.mark.parametrize("command", ["stop", "discard"])
async def test_a_run_stopped_before_it_began_leaves_the_model_that_it_was_to_replace(
    studio: EngineClient, ears: Ears, tiny_corpus: Path, command: Any
) -> None:
    await train(studio, ears, tiny_corpus, epochs=1)
    await ears.state("finished")
    before = await studio.call(m.ListModels())
    ears.heard.clear()
    again = m.StartTraining(name="tiny", paths=(str(tiny_corpus),), settings=TINY, replace=True)
    job = (await studio.call(again)).job
    await studio.call(m.ControlTraining(job=job, command=command))
    info = (await studio.call(m.WatchTraining(job=job))).info
    if info.state != "stopped":
        info = await ears.state("stopped", "failed")
    assert (info.state, info.message) == ("stopped", "Stopped before it began.")
    assert await studio.call(m.ListModels()) == before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02" * 100, "not a text file"),
        (b"hello", "one word"),
        (b"A: too short to learn from.\n", "words to learn from"),
    ],
)
async def test_hostile_corpora_are_refused_in_words(
    studio: EngineClient, ears: Ears, tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "hostile.txt"
    path.write_bytes(content)
    job = await studio.call(m.StartTraining(name="bad", paths=(str(path),), settings=TINY))
    snapshot = await studio.call(m.WatchTraining(job=job.job))
    info = snapshot.info if snapshot.info.state == "failed" else await ears.state("failed")
    assert complaint in info.message
    assert "Traceback" not in info.message
    assert await own_models(studio) == []
