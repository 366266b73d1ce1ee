"""gRPC's headers: timeouts, messages and encodings."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

import pytest
from google.rpc import code_pb2
from hypothesis import given
from hypothesis import strategies as st

from rolecall.transports.asgi import wire
from rolecall.transports.asgi.framing import Refused

_UNITS = {"H": 3600, "M": 60, "S": 1, "m": 1e-3, "u": 1e-6, "n": 1e-9}


@given(st.integers(0, 99_999_999), st.sampled_from(sorted(_UNITS)))
def test_timeouts(number: int, unit: str) -> None:
    assert wire.seconds(f"{number}{unit}".encode()) == pytest.approx(number * _UNITS[unit])


@given(st.binary(max_size=10))
def test_what_is_no_timeout_is_refused(value: bytes) -> None:
    if re.fullmatch(rb"[0-9]{1,8}[HMSmun]", value):
        return
    with pytest.raises(Refused) as refused:
        wire.seconds(value)
    assert refused.value.failure.code == code_pb2.INTERNAL


@given(st.text())
def test_messages_are_plain_ascii_and_come_back(text: str) -> None:
    encoded = wire.percent_encoded(text)
    assert re.fullmatch(rb"[\x20-\x7e]*", encoded)
    assert unquote_to_bytes(encoded) == text.encode("utf-8", "replace")


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="%")))
def test_plain_messages_stay_as_they_are(text: str) -> None:
    assert wire.percent_encoded(text) == text.encode()


def test_encodings() -> None:
    assert [wire.request_encoding(value) for value in (None, b"identity", b"gzip")] == [b"", b"", b"gzip"]
    with pytest.raises(Refused) as refused:
        wire.request_encoding(b"snappy")
    assert refused.value.failure.code == code_pb2.UNIMPLEMENTED
    assert dict(wire.refusal(refused.value.failure)["headers"])[b"grpc-accept-encoding"] == b"identity,gzip,deflate"
    assert [wire.response_encoding(value) for value in (None, b"identity", b"br, gzip", b"xgzip")] == [
        b"",
        b"",
        b"gzip",
        b"",
    ]


def test_content_types() -> None:
    for right in (
        b"application/grpc",
        b"application/grpc+proto",
        b"application/grpc;charset=utf-8",
        b"Application/gRPC",
    ):
        assert wire.is_grpc(right)
    for wrong in (None, b"", b"application/json", b"application/grpc-web", b"application/grpc+json"):
        assert not wire.is_grpc(wrong)
