"""Length-prefixed JSON frames: four bytes of length, big-endian, then the message.

Reading never trusts the other side: a frame over the cap, a torn frame or bytes that are no
message raise :class:`ProtocolError`, and nothing is allocated before the length is checked.
"""

from __future__ import annotations

import asyncio
import struct
from typing import BinaryIO, TypeVar

import msgspec

from engine.errors import ColdOpenError

MAX_FRAME_BYTES = 4 * 1024 * 1024
_LENGTH = struct.Struct(">I")

T = TypeVar("T")


class ProtocolError(ColdOpenError):
    """Bytes that are not a message of this protocol."""


class NotUnderstoodError(ProtocolError):
    """A whole frame whose ``body`` is no message: those behind it can be read."""

    def __init__(self, message: str, body: bytes) -> None:
        super().__init__(message)
        self.body = body


def encode_frame(message: msgspec.Struct) -> bytes:
    """``message`` as one frame.

    Raises:
        ProtocolError: when it would be over the cap, or has a name in it that is not UTF-8.
    """
    try:
        body = msgspec.json.encode(message)
    except UnicodeEncodeError as error:
        shown = error.object.encode(errors="backslashreplace").decode()
        raise ProtocolError(
            f"{shown[:200]} has bytes that are no UTF-8.", "Give the file or the text another form."
        ) from None
    if len(body) > MAX_FRAME_BYTES:
        raise ProtocolError(
            f"A message of {len(body):,} bytes is over the limit of {MAX_FRAME_BYTES:,}."
        )
    return _LENGTH.pack(len(body)) + body


def decode_body(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The message in ``body``.

    Raises:
        NotUnderstoodError: when it is not one that ``decoder`` knows.
    """
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotUnderstoodError(f"A message could not be understood: {error}", body) from None


def _checked_length(prefix: bytes) -> int:
    (length,) = _LENGTH.unpack(prefix)
    if length > MAX_FRAME_BYTES:
        raise ProtocolError(
            f"A frame of {length:,} bytes is over the limit of {MAX_FRAME_BYTES:,}."
        )
    return int(length)


async def read_frame(reader: asyncio.StreamReader, decoder: msgspec.json.Decoder[T]) -> T | None:
    """The next message, or None where the other side closed between two frames.

    Raises:
        ProtocolError: for a torn, oversized or unknown message.
    """
    try:
        length = _checked_length(await reader.readexactly(_LENGTH.size))
        body = await reader.readexactly(length)
    except asyncio.IncompleteReadError as cut:
        if not cut.partial and cut.expected == _LENGTH.size:
            return None
        raise ProtocolError("The connection closed in the middle of a message.") from None
    return decode_body(body, decoder)


def read_frame_blocking(stream: BinaryIO, decoder: msgspec.json.Decoder[T]) -> T | None:
    """:func:`read_frame` for a pipe read by a thread."""
    prefix = stream.read(_LENGTH.size)
    if not prefix:
        return None
    if len(prefix) < _LENGTH.size:
        raise ProtocolError("The pipe closed in the middle of a message.")
    length = _checked_length(prefix)
    body = stream.read(length)
    if len(body) < length:
        raise ProtocolError("The pipe closed in the middle of a message.")
    return decode_body(body, decoder)
