"""`python -m bench.server FLAGS`: `rolecall serve` with one more method, which only answers.

The method is on the same gRPC server and returns constant bytes: the floor under every other call.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Final
from unittest.mock import patch

import grpc

import rolecall.app
from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import core_pb2
from rolecall.cli import main
from rolecall.transports.grpc import GrpcDoor

NULL_PATH: Final = "/bench.Floor/Null"
CONSTANT: Final = pb.CheckCapabilityResponse(
    allowed=True, reason=core_pb2.REASON_ROLE_GRANT, role="call_member", permission="send-audio", revision=2
).SerializeToString()
"""As long as a real answer."""


async def _null(body: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
    return CONSTANT


class FloorDoor(GrpcDoor):
    """The door with the method that only answers."""

    def _service_handlers(self) -> Iterable[grpc.GenericRpcHandler]:
        yield from super()._service_handlers()
        _, service, method = NULL_PATH.split("/")
        yield grpc.method_handlers_generic_handler(service, {method: grpc.unary_unary_rpc_method_handler(_null)})


if __name__ == "__main__":
    with patch.object(rolecall.app, "GrpcDoor", FloorDoor):
        sys.exit(main(["serve", *sys.argv[1:]]))
