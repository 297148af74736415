"""A client whose engine goes away hears of that, and of nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from engine.client import EngineClient
from engine.client.launch import socket_path
from engine.errors import EngineUnavailable
from engine.protocol import messages as m
from engine.protocol.framing import encode_frame, read_frame

_DECODER = msgspec.json.Decoder(m.FromClient)


@pytest.fixture
async def leaving(engine_home: Path) -> AsyncIterator[asyncio.Event]:
    """An engine that greets and tells two events.

    It hangs up with the first call or when the event is set.
    """
    leave = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_frame(reader, _DECODER)
        welcome = m.Welcome(protocol=m.PROTOCOL_VERSION, version="1", pid=1)
        writer.write(encode_frame(welcome))
        for _ in range(2):
            writer.write(encode_frame(m.Told(event=m.JobsChanged(jobs=()))))
        called = asyncio.create_task(read_frame(reader, _DECODER))
        told = asyncio.create_task(leave.wait())
        await asyncio.wait([called, told], return_when=asyncio.FIRST_COMPLETED)
        called.cancel()
        told.cancel()
        writer.close()

    socket_path().parent.mkdir(parents=True, mode=0o700)
    server = await asyncio.start_unix_server(serve, str(socket_path()))
    yield leave
    server.close()
    socket_path().unlink()


async def test_a_call_that_is_cut_off_is_told_and_the_client_closed(leaving: asyncio.Event) -> None:
    client = await EngineClient.connect("one", start=False)

    async def ask() -> None:
        try:
            await client.call(m.GetEngineState())
        finally:
            await client.close()

    with pytest.raises(EngineUnavailable):
        await ask()
    await client.close()


@pytest.mark.parametrize("bounded", [True, False])
async def test_who_waits_for_the_end_can_close_at_once(
    leaving: asyncio.Event, bounded: bool
) -> None:
    gone = asyncio.Event()
    client = await EngineClient.connect("one", start=False, on_lost=gone.set)
    asyncio.get_running_loop().call_later(0.05, leaving.set)
    async with asyncio.timeout(60) if bounded else contextlib.nullcontext():
        await gone.wait()
        await client.close()
    assert not client.connected


async def test_who_cannot_take_an_event_is_reported_and_hears_the_next(
    leaving: asyncio.Event,
) -> None:
    reported: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: reported.append(context["exception"])
    )
    heard: list[m.AnyEvent] = []
    gone = asyncio.Event()

    def stumbles(event: m.AnyEvent) -> None:
        heard.append(event)
        raise ValueError(f"event {len(heard)}")

    def stumbles_at_the_end() -> None:
        gone.set()
        raise ValueError("the end")

    client = await EngineClient.connect(
        "one", start=False, on_event=stumbles, on_lost=stumbles_at_the_end
    )
    leaving.set()
    await asyncio.wait_for(gone.wait(), 60)
    assert client._writer.is_closing()
    await client.close()
    assert heard == [m.JobsChanged(jobs=())] * 2
    assert [str(error) for error in reported] == ["event 1", "event 2", "the end"]


async def test_who_cannot_take_a_report_of_progress_still_gets_the_answer(
    client: EngineClient, tiny_corpus: Path
) -> None:
    reported: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: reported.append(context["exception"])
    )

    def stumbles(_progress: m.Progress) -> None:
        raise ValueError("progress")

    loaded = await client.call(m.LoadCorpus(paths=(str(tiny_corpus),)), on_progress=stumbles)
    assert loaded.summary.files == 1
    assert {str(error) for error in reported} == {"progress"}
