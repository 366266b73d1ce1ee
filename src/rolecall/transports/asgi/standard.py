"""Health and reflection: grpcio's own servicers, called as an edge calls handlers. They need no authentication."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final, NoReturn

import grpc
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import code_pb2
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from rolecall.transports.codes import Failure
from rolecall.transports.methods import SERVICE_NAMES
from rolecall.transports.rpc import Incoming, Method, Receive, Send, SendNow

_HEALTH: Final = health_pb2.DESCRIPTOR.services_by_name["Health"]
_REFLECTION: Final = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
_HEALTH_METHODS: Final = ("Check", "Watch")  # grpcio's servicer does not answer List


class _Aborted(Exception):
    """A servicer has ended its call with an error."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Context:
    """What the servicers use of a grpc.aio context."""

    def __init__(self, send: Send | None = None) -> None:
        self._send = send

    async def abort(self, code: grpc.StatusCode, details: str = "") -> NoReturn:
        number, text = code.value
        raise _Aborted(Failure(number, details or text, code.name, "", {}))

    async def write(self, message: Message) -> None:
        assert self._send is not None, "a unary call returns its answer"  # noqa: S101 - for the type
        await self._send([message.SerializeToString()])


class Standard:
    """The services every gRPC server has; `methods` are theirs."""

    def __init__(self) -> None:
        self._health = health.aio.HealthServicer()
        names = (*SERVICE_NAMES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        self._reflection = reflection.aio.ReflectionServicer(names)
        self.methods: Final = (
            *(_method(_HEALTH, name, self._health) for name in _HEALTH_METHODS),
            _method(_REFLECTION, "ServerReflectionInfo", self._reflection),
        )

    async def serving(self, *, ready: bool) -> None:
        """Say, for the server and each service, whether answers are given."""
        reply = health_pb2.HealthCheckResponse
        for name in ("", *SERVICE_NAMES):
            await self._health.set(name, reply.SERVING if ready else reply.NOT_SERVING)

    async def stop(self) -> None:
        """Say NOT_SERVING from now on."""
        await self._health.enter_graceful_shutdown()

    async def run(self, method: Method, body: bytes, incoming: Incoming) -> bytes | Failure:
        """Answer a unary call."""
        try:
            response = await method.handler(_parsed(method, body), _Context())
        except _Aborted as aborted:
            return aborted.failure
        return bytes(response.SerializeToString())

    async def stream(
        self, method: Method, incoming: Incoming, receive: Receive, send: Send, _: SendNow
    ) -> Failure | None:
        """Answer a stream until it ends, and return why, None when all is well."""
        context = _Context(send)
        try:
            if not method.streams_in:
                (body,) = await receive()
                await method.handler(_parsed(method, body), context)
                return None
            async for response in method.handler(_requests(method, receive), context):
                await context.write(response)
        except _Aborted as aborted:
            return aborted.failure
        return None


async def _requests(method: Method, receive: Receive) -> AsyncIterator[Any]:
    while bodies := await receive():
        for body in bodies:
            yield _parsed(method, body)


def _parsed(method: Method, body: bytes) -> Any:
    try:
        return method.request.FromString(body)
    except DecodeError:
        message = f"the request is not a valid {method.request.DESCRIPTOR.name}"
        raise _Aborted(Failure(code_pb2.INVALID_ARGUMENT, message, "MALFORMED", "", {})) from None


def _method(service: Any, name: str, servicer: Any) -> Method:
    rpc = service.methods_by_name[name]
    return Method(
        f"/{service.full_name}/{name}",
        service.full_name,
        name,
        GetMessageClass(rpc.input_type),
        GetMessageClass(rpc.output_type),
        getattr(servicer, name),
        streams_in=rpc.client_streaming,
        streams_out=rpc.server_streaming,
    )
