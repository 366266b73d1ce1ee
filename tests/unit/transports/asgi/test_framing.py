"""Messages in frames: cut wherever, packed or not, and never more of them held than is allowed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Final

import pytest
from google.rpc import code_pb2
from hypothesis import given
from hypothesis import strategies as st

from rolecall.transports.asgi.framing import GAINFUL, Frames, Refused, framed
from tests.asgi_client import frame

LIMIT = 1_000
PACKED: Final = gzip.compress(b"x", mtime=0)
"""Without the time in it, which would make the name of a test another one for each process that collects it."""

PACKERS: Final[dict[bytes, Callable[[bytes], bytes]]] = {b"gzip": gzip.compress, b"deflate": zlib.compress}


def _all(frames: Frames, body: bytes) -> list[bytes]:
    messages = frames.feed(body)
    frames.end()
    return messages


@given(st.lists(st.binary(max_size=40), max_size=6), st.data())
def test_messages_come_out_wherever_the_body_is_cut(messages: list[bytes], data: st.DataObject) -> None:
    body = b"".join(map(frame, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    frames = Frames(LIMIT)
    seen = []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        seen += frames.feed(body[start:end])
    frames.end()
    assert seen == messages


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=300)), max_size=6), st.sampled_from(sorted(PACKERS)))
def test_packed_and_plain_messages_may_be_mixed(messages: list[tuple[bool, bytes]], encoding: bytes) -> None:
    pack = PACKERS[encoding]
    body = b"".join(frame(pack(message), 1) if packed else frame(message) for packed, message in messages)
    frames = Frames(LIMIT, encoding)
    seen = frames.feed(body)
    while frames.ready:
        seen += frames.feed(b"")
    frames.end()
    assert seen == [message for _, message in messages]


@given(st.binary(max_size=60))
def test_any_bytes_are_messages_or_refused(body: bytes) -> None:
    code: int | None = None
    try:
        _all(Frames(LIMIT, b"gzip"), body)
    except Refused as refused:
        code = refused.failure.code
    assert code in {None, code_pb2.INTERNAL, code_pb2.RESOURCE_EXHAUSTED}


def test_a_long_message_is_refused_before_it_comes() -> None:
    assert Frames(LIMIT).feed(frame(b"x" * LIMIT)) == [b"x" * LIMIT]
    with pytest.raises(Refused) as refused:
        Frames(LIMIT).feed(frame(b"x" * (LIMIT + 1))[:5])
    assert refused.value.failure.code == code_pb2.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("encoding", sorted(PACKERS))
def test_a_bomb_is_not_unpacked(encoding: bytes) -> None:
    pack = PACKERS[encoding]
    assert Frames(LIMIT, encoding).feed(frame(pack(b"x" * LIMIT), 1)) == [b"x" * LIMIT]
    with pytest.raises(Refused) as refused:
        Frames(100_000, encoding).feed(frame(pack(b"x" * 10_000_000), 1))
    assert refused.value.failure.code == code_pb2.RESOURCE_EXHAUSTED


def test_many_bombs_are_unpacked_bit_by_bit() -> None:
    frames = Frames(LIMIT, b"gzip")
    one = frame(gzip.compress(b"x" * LIMIT), 1)
    seen = frames.feed(one * 100)
    assert len(seen) == 2
    while frames.ready:
        more = frames.feed(b"")
        assert 1 <= len(more) <= 2
        seen += more
    assert seen == [b"x" * LIMIT] * 100


@pytest.mark.parametrize(
    ("body", "encoding", "told"),
    [
        (frame(b"x", 1), b"", "no grpc-encoding"),
        (frame(b"x", 2), b"gzip", "unknown flag 2"),
        (frame(b"no gzip", 1), b"gzip", "not valid gzip"),
        (frame(PACKED[:-3], 1), b"gzip", "not valid gzip"),
        (frame(PACKED + b"more", 1), b"gzip", "not valid gzip"),
        (frame(b"whole")[:-1], b"", "middle of a message"),
        (b"\0\0", b"", "middle of a message"),
    ],
)
def test_what_is_no_frame_is_internal(body: bytes, encoding: bytes, told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        _all(Frames(LIMIT, encoding), body)
    assert refused.value.failure.code == code_pb2.INTERNAL


def test_only_what_gains_is_packed() -> None:
    short, long, random = b"x", b"x" * GAINFUL, zlib.compress(bytes(range(256)) * GAINFUL, 9)
    assert framed([short, long], b"") == frame(short) + frame(long)
    body = framed([short, long], b"gzip")
    assert body.startswith(frame(short))
    assert len(body) < 1_000
    assert Frames(2 * GAINFUL, b"gzip").feed(body) == [short, long]
    assert Frames(len(random) + GAINFUL, b"gzip").feed(framed([random], b"gzip")) == [random]
