"""The RPCs a client calls: where each is, how its messages are written and read, and whether it may be repeated."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from google.protobuf.message import Message

from rolecall.api.v1 import authorization_pb2 as pb

Q = TypeVar("Q")
R = TypeVar("R")
Sent = TypeVar("Sent", bound=Message)
Read = TypeVar("Read", bound=Message)

_READS: Final = re.compile(r"/(?:Check|BatchCheck|Explain|List|Get)[A-Za-z]*$")


class Rpc(NamedTuple, Generic[Q, R]):
    """One RPC. `read`: it changes nothing, so it may be sent again when it is not known whether it arrived."""

    path: str
    encode: Callable[[Q], bytes]
    decode: Callable[[bytes], R]
    read: bool


def is_read(path: str) -> bool:
    """Return whether an RPC only reads, by its name; one of an unknown kind counts as a write."""
    return _READS.search(path) is not None


def _rpc(name: str, request: type[Sent], response: type[Read]) -> Rpc[Sent, Read]:
    path = f"/rolecall.api.v1.AuthorizationService/{name}"
    return Rpc(path, request.SerializeToString, response.FromString, read=True)


CHECK: Final = _rpc("CheckCapability", pb.CheckCapabilityRequest, pb.CheckCapabilityResponse)
BATCH: Final = _rpc("BatchCheckCapabilities", pb.BatchCheckCapabilitiesRequest, pb.BatchCheckCapabilitiesResponse)
LIST: Final = _rpc("ListCapabilities", pb.ListCapabilitiesRequest, pb.ListCapabilitiesResponse)
ROSTER: Final = _rpc("ListRosterCapabilities", pb.ListRosterCapabilitiesRequest, pb.ListRosterCapabilitiesResponse)
EXPLAIN: Final = _rpc("ExplainCapability", pb.ExplainCapabilityRequest, pb.ExplainCapabilityResponse)
ADMISSION: Final = _rpc("CheckAdmission", pb.CheckAdmissionRequest, pb.CheckAdmissionResponse)
WATCH: Final = _rpc("WatchCapabilities", pb.WatchCapabilitiesRequest, pb.WatchCapabilitiesResponse)


def _same(body: bytes) -> bytes:
    return body


HEALTH: Final[Rpc[bytes, bytes]] = Rpc("/grpc.health.v1.Health/Check", _same, _same, read=False)
"""The health of the whole server, as bytes: an empty request, answered with SERVING. Tried once: it is a probe."""
SERVING: Final = b"\x08\x01"
