"""gRPC's frames: messages cut out of a body as its bytes come, and made into one. Nothing is held beyond the limit."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Final

from google.rpc import code_pb2

from rolecall.transports.codes import Failure

HEAD: Final = struct.Struct(">BI")
"""The compressed flag and the length of the message that follows."""

ENCODINGS: Final[dict[bytes, int]] = {b"gzip": 31, b"deflate": 15}
"""How messages may be compressed, and the window that tells zlib so."""

GAINFUL: Final = 16 * 1024
"""Shorter messages are sent as they are: a few packets cost less than the work."""

_LEVEL: Final = 1


class Refused(Exception):
    """The protocol was not kept; `failure` is the answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def _refused(code: int, reason: str, message: str) -> Refused:
    return Refused(Failure(code, message, reason, "", {}))


class Frames:
    """Cuts a request's body into messages.

    What one call of `feed` opens of compressed messages is bounded as well: what is over stays, and `ready` says so.
    """

    __slots__ = ("_encoding", "_held", "_limit", "_need")

    def __init__(self, limit: int, encoding: bytes = b"") -> None:
        self._limit = limit
        self._encoding = encoding
        self._held = bytearray()
        self._need = 0

    @property
    def ready(self) -> bool:
        """Whether there are whole messages that `feed` has not returned yet."""
        return len(self._held) >= self._need > 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes and return the messages that are now whole."""
        held = self._held
        if held:
            held += chunk
            if len(held) < self._need:
                return []
            chunk = bytes(held)
            held.clear()
        messages: list[bytes] = []
        at, size, need, opened = 0, len(chunk), HEAD.size, 0
        while size - at >= HEAD.size:
            flag, length = HEAD.unpack_from(chunk, at)
            if length > self._limit:
                raise self._too_large(length)
            need = HEAD.size + length
            if at + need > size or opened > self._limit:
                break
            message = chunk[at + HEAD.size : at + need]
            if flag:
                message = self._opened(flag, message)
                opened += len(message)
            messages.append(message)
            at += need
            need = HEAD.size
        if at < size:
            held += chunk[at:]
            self._need = need
        return messages

    def end(self) -> None:
        """Refuse a body that ends within a message."""
        if self._held:
            raise _refused(code_pb2.INTERNAL, "FRAME_TRUNCATED", "the request ends in the middle of a message")

    def _opened(self, flag: int, message: bytes) -> bytes:
        if flag != 1:
            raise _refused(code_pb2.INTERNAL, "FRAME_MALFORMED", f"a message has the unknown flag {flag}")
        if not self._encoding:
            raise _refused(
                code_pb2.INTERNAL, "FRAME_MALFORMED", "a message is marked as compressed, and no grpc-encoding says how"
            )
        opener = zlib.decompressobj(ENCODINGS[self._encoding])
        try:
            plain = opener.decompress(message, self._limit + 1)
        except zlib.error:
            raise self._corrupt() from None
        if len(plain) > self._limit:
            raise self._too_large(len(plain))
        if not opener.eof or opener.unused_data:
            raise self._corrupt()
        return plain

    def _corrupt(self) -> Refused:
        return _refused(code_pb2.INTERNAL, "FRAME_MALFORMED", f"a message is not valid {self._encoding.decode()}")

    def _too_large(self, length: int) -> Refused:
        return _refused(
            code_pb2.RESOURCE_EXHAUSTED,
            "MESSAGE_TOO_LARGE",
            f"received message larger than max ({length} vs. {self._limit})",
        )


def framed(messages: Sequence[bytes], encoding: bytes) -> bytes:
    """Return messages as one piece of a body; long ones are compressed where the encoding is not empty."""
    parts: list[bytes] = []
    for message in messages:
        if encoding and len(message) >= GAINFUL:
            parts += _packed(message, encoding)
        else:
            parts += HEAD.pack(0, len(message)), message
    return b"".join(parts)


def _packed(message: bytes, encoding: bytes) -> tuple[bytes, bytes]:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, ENCODINGS[encoding])
    packed = packer.compress(message) + packer.flush()
    if len(packed) < len(message):
        return HEAD.pack(1, len(packed)), packed
    return HEAD.pack(0, len(message)), message
