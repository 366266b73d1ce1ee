"""gRPC over HTTP/2 as headers and trailers: content types, timeouts, statuses. Nothing here knows what is called."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Any, Final

from google.rpc import code_pb2

from rolecall.transports.asgi.framing import ENCODINGS, Refused
from rolecall.transports.codes import Failure

Header = tuple[bytes, bytes]

CONTENT_TYPES: Final = frozenset({b"application/grpc", b"application/grpc+proto"})
ACCEPTED: Final = b",".join([b"identity", *ENCODINGS])

_CONTENT_TYPE: Final[Header] = (b"content-type", b"application/grpc")
_ACCEPT: Final[Header] = (b"grpc-accept-encoding", ACCEPTED)
START: Final[dict[str, Any]] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [_CONTENT_TYPE],
    "trailers": True,
}
OK: Final[dict[str, Any]] = {"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]}
"""Made once: a server does not change what it is given."""

_UNITS: Final = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_TIMEOUT: Final = re.compile(rb"([0-9]{1,8})([HMSmun])")
_PLAIN: Final = re.compile(rb"[\x20-\x24\x26-\x7e]*")
_REST: Final = re.compile(rb"[^\x20-\x24\x26-\x7e]")


def refused(code: int, reason: str, message: str) -> Refused:
    """Return a refusal of what the protocol does not allow."""
    return Refused(Failure(code, message, reason, "", {}))


def start(encoding: bytes) -> dict[str, Any]:
    """Return what begins an answer, of which messages may be compressed."""
    return START if not encoding else {**START, "headers": [_CONTENT_TYPE, (b"grpc-encoding", encoding), _ACCEPT]}


def seconds(timeout: bytes) -> float:
    """Return the seconds of a `grpc-timeout`."""
    found = _TIMEOUT.fullmatch(timeout)
    if found is None:
        shown = ascii(timeout[:20].decode("latin-1"))[1:-1]
        raise refused(code_pb2.INTERNAL, "TIMEOUT_MALFORMED", f"malformed grpc-timeout `{shown}`")
    digits, unit = found.groups()
    return int(digits) * _UNITS[unit]


def is_grpc(content_type: bytes | None) -> bool:
    """Tell whether a content type is gRPC with protobuf."""
    return content_type is not None and content_type.partition(b";")[0].rstrip().lower() in CONTENT_TYPES


def request_encoding(value: bytes | None) -> bytes:
    """Return how the messages of a request may be compressed, "" for not at all."""
    if value is None or value == b"identity":
        return b""
    if value in ENCODINGS:
        return value
    shown = ascii(value[:20].decode("latin-1"))[1:-1]
    raise refused(
        code_pb2.UNIMPLEMENTED, "ENCODING_UNSUPPORTED", f"grpc-encoding `{shown}` is not one of {ACCEPTED.decode()}"
    )


def response_encoding(value: bytes | None) -> bytes:
    """Return how the messages of a response may be compressed, "" for not at all."""
    return b"gzip" if value is not None and b"gzip" in value.replace(b" ", b"").split(b",") else b""


def percent_encoded(message: str) -> bytes:
    """Return a status message as a header's value: UTF-8, of which all but printable ASCII is percent-encoded."""
    raw = message.encode("utf-8", "replace")
    return raw if _PLAIN.fullmatch(raw) else _REST.sub(lambda found: b"%%%02X" % ord(found[0]), raw)


def status_headers(failure: Failure) -> list[Header]:
    """Return a failure as trailers, with its details."""
    details = base64.b64encode(failure.status().SerializeToString()).rstrip(b"=")
    return [
        (b"grpc-status", b"%d" % failure.code),
        (b"grpc-message", percent_encoded(failure.message)),
        (b"grpc-status-details-bin", details),
    ]


def trailers(failure: Failure | None) -> dict[str, Any]:
    """Return what ends an answer of which messages were sent."""
    return OK if failure is None else {"type": "http.response.trailers", "headers": status_headers(failure)}


def refusal(failure: Failure) -> dict[str, Any]:
    """Return the whole head of an answer without messages: a status and nothing after it."""
    headers = [_CONTENT_TYPE, *status_headers(failure)]
    if failure.reason == "ENCODING_UNSUPPORTED":
        headers.append(_ACCEPT)
    return {"type": "http.response.start", "status": 200, "headers": headers}


def plain(status: int, text: str, more: Iterable[Header] = ()) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an answer to what is no gRPC."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *more]
    return (
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": f"{text}\n".encode()},
    )
