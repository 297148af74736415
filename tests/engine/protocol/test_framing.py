"""Frames: what goes in comes out, and nothing from outside gets further than an error."""

from __future__ import annotations

import asyncio
import contextlib
import io
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import messages as m
from engine.protocol.framing import (
    MAX_FRAME_BYTES,
    NotUnderstoodError,
    ProtocolError,
    encode_frame,
    read_frame,
    read_frame_blocking,
)
from engine.protocol.values import SamplerSettings

DECODER = msgspec.json.Decoder(m.FromClient)

writes = st.builds(
    m.Write,
    model=st.text(min_size=1, max_size=20),
    before=st.text(max_size=200),
    after=st.text(max_size=50),
    cast=st.lists(st.text(max_size=10), max_size=4).map(tuple),
    settings=st.builds(
        SamplerSettings,
        temperature=st.floats(0, 5),
        top_k=st.integers(0, 1000),
        banned=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    ),
    seed=st.none() | st.integers(0, 2**63 - 1),
)
calls = st.builds(m.Call, id=st.integers(0, 2**31), request=writes | st.just(m.ListModels()))


def read_all(data: bytes) -> list[m.FromClient]:
    stream = io.BytesIO(data)
    found = []
    while (message := read_frame_blocking(stream, DECODER)) is not None:
        found.append(message)
    return found


async def read_all_async(data: bytes) -> list[m.FromClient]:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    found = []
    while (message := await read_frame(reader, DECODER)) is not None:
        found.append(message)
    return found


@given(st.lists(calls, max_size=4))
def test_messages_survive_the_wire(sent: list[m.Call]) -> None:
    data = b"".join(encode_frame(call) for call in sent)
    assert read_all(data) == sent
    assert asyncio.run(read_all_async(data)) == sent


@given(st.binary(max_size=300))
def test_noise_is_an_error_or_nothing(noise: bytes) -> None:
    for read in (read_all, lambda data: asyncio.run(read_all_async(data))):
        with contextlib.suppress(ProtocolError):
            assert all(isinstance(message, m.Hello | m.Call) for message in read(noise))


@given(calls, st.data())
def test_a_torn_frame_is_an_error(call: m.Call, data: st.DataObject) -> None:
    frame = encode_frame(call)
    cut = data.draw(st.integers(1, len(frame) - 1))
    with pytest.raises(ProtocolError):
        read_all(frame[:cut])
    with pytest.raises(ProtocolError):
        asyncio.run(read_all_async(frame[:cut]))


def test_an_oversized_frame_is_refused_before_it_is_read() -> None:
    claim = struct.pack(">I", MAX_FRAME_BYTES + 1)
    with pytest.raises(ProtocolError, match="over the limit"):
        read_all(claim)


def test_an_oversized_message_is_never_sent() -> None:
    huge = m.Call(id=1, request=m.Write(model="x", before="a" * MAX_FRAME_BYTES))
    with pytest.raises(ProtocolError, match="over the limit"):
        encode_frame(huge)


def test_a_name_that_is_not_utf8_is_refused_in_words() -> None:
    call = m.Call(id=1, request=m.LoadCorpus(paths=("show/caf\udce9.txt",)))
    with pytest.raises(ProtocolError, match=r"show/caf\\udce9\.txt") as caught:
        encode_frame(call)
    assert caught.value.hint
    caught.value.message.encode()


@pytest.mark.parametrize("body", [b'{"type":"nothing"}', b"{", b"\xff", b""])
def test_behind_a_frame_that_is_no_message_the_next_can_be_read(body: bytes) -> None:
    call = m.Call(id=1, request=m.ListModels())
    stream = io.BytesIO(struct.pack(">I", len(body)) + body + encode_frame(call))
    with pytest.raises(NotUnderstoodError, match="could not be understood") as caught:
        read_frame_blocking(stream, DECODER)
    assert caught.value.body == body
    assert read_frame_blocking(stream, DECODER) == call


def test_deep_nesting_is_an_error() -> None:
    body = b"[" * 100_000
    with pytest.raises(ProtocolError):
        read_all(struct.pack(">I", len(body)) + body)


@pytest.mark.parametrize("temperature", [-0.1, 5.1, "hot", None])
def test_a_setting_out_of_range_is_refused(temperature: object) -> None:
    body = msgspec.json.encode(
        {
            "type": "call",
            "id": 1,
            "request": {
                "type": "write",
                "model": "x",
                "before": "",
                "settings": {"temperature": temperature},
            },
        }
    )
    with pytest.raises(ProtocolError):
        read_all(struct.pack(">I", len(body)) + body)


def test_every_request_has_its_own_tag() -> None:
    tags = [member.__struct_config__.tag for member in m.AnyRequest.__args__]
    assert len(tags) == len(set(tags))
