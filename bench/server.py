"""`python -m bench.server FLAGS`: `rolecall serve` with one more method on each door, which only answers.

The methods are on the same servers and return constant bytes: the floor under every other call.
"""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Iterable
from contextlib import ExitStack
from typing import Any, Final
from unittest.mock import patch

import grpc
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import rolecall.app.launch
import rolecall.app.server
from bench.http2 import framed
from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.api.v1 import core_pb2
from rolecall.cli import main
from rolecall.transports.asgi import AsgiDoor
from rolecall.transports.asgi.wire import OK, START
from rolecall.transports.grpc import GrpcDoor
from rolecall.transports.http import HttpDoor

NULL_PATH: Final = "/bench.Floor/Null"
CONSTANT: Final = pb.CheckCapabilityResponse(
    allowed=True, reason=core_pb2.REASON_ROLE_GRANT, role="call_member", permission="send-audio", revision=2
).SerializeToString()
"""As long as a real answer."""

HTTP_NULL_PATH: Final = "/bench/null"
HTTP_CONSTANT: Final = b"{" + b" " * 3_000 + b"}"
"""As long as an answer of GetCall."""


async def _null(body: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
    return CONSTANT


class FloorDoor(GrpcDoor):
    """The door with the method that only answers."""

    def _service_handlers(self) -> Iterable[grpc.GenericRpcHandler]:
        yield from super()._service_handlers()
        _, service, method = NULL_PATH.split("/")
        yield grpc.method_handlers_generic_handler(service, {method: grpc.unary_unary_rpc_method_handler(_null)})


class FloorAsgiDoor(AsgiDoor):
    """The door behind Envoy with the method that only answers."""

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]:
        """Hand a call on, without a step of its own."""
        return _asgi_null(receive, send) if scope["raw_path"] == _NULL_PATH else super().__call__(scope, receive, send)


_NULL_PATH: Final = NULL_PATH.encode()
_FRAME: Final = framed(CONSTANT)


async def _asgi_null(receive: Any, send: Any) -> None:
    await receive()
    await send(START)
    await send({"type": "http.response.body", "body": _FRAME})
    await send(OK)


async def _http_null(request: Request) -> Response:
    await request.body()
    return Response(HTTP_CONSTANT, media_type="application/json")


class FloorHttpDoor(HttpDoor):
    """The HTTP door with the handler that only answers."""

    def __init__(self, render: Any, why_not_ready: Any, *, api: Iterable[Any] = (), **others: Any) -> None:
        null = Route(HTTP_NULL_PATH, _http_null, methods=["GET", "POST"])
        super().__init__(render, why_not_ready, api=[null, *api], **others)


def floored() -> ExitStack:
    """Put the doors with such methods where the server's own are, until the stack is closed."""
    stack = ExitStack()
    for name, door in (("GrpcDoor", FloorDoor), ("AsgiDoor", FloorAsgiDoor), ("HttpDoor", FloorHttpDoor)):
        stack.enter_context(patch.object(rolecall.app.server, name, door))
    return stack


if __name__ == "__main__":
    with floored(), patch.object(rolecall.app.launch, "INSIDE", "bench.inside:app"):
        sys.exit(main(["serve", *sys.argv[1:]]))
