"""The gRPC door: grpc.aio on TCP and unix sockets, with health and reflection.

Bytes go in and out of the Edge; grpc.aio only carries them, so another door can take the same method table.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from rolecall.transports.codes import Failure, method_unknown
from rolecall.transports.edge import Edge
from rolecall.transports.listening import cannot_listen
from rolecall.transports.methods import METHODS, SERVICE_NAMES
from rolecall.transports.rpc import Incoming, Method, Receive
from rolecall.transports.unix import check_free

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
_UNIX: Final = "unix:"
_LAME_DUCK_SECONDS: Final = 1.0
_HELD_SECONDS: Final = 0.5
_QUIET_SECONDS: Final = 0.05
_TOLD_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 0.1
_STATUS_DETAILS: Final = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM bytes; with `client_ca`, clients must show a certificate of it (mutual TLS). Unix sockets go without."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None = None


@dataclass(frozen=True, slots=True)
class GrpcOptions:
    """Limits and keepalive of the door; times in seconds, 0 RPCs means unlimited.

    With `shared_ports`, other workers listen on the same ones.
    """

    max_message_bytes: int = 4 * 1024 * 1024
    keepalive_time: int = 60
    keepalive_timeout: int = 20
    max_concurrent_rpcs: int = 0
    trust_unix_sockets: bool = False
    shared_ports: bool = False
    tls: Tls | None = None


class GrpcDoor:
    """One grpc.aio server. Health says NOT_SERVING until `serving(True)`."""

    def __init__(self, edge: Edge, options: GrpcOptions) -> None:
        self._edge = edge
        self._options = options
        self._taken = 0
        self._release = asyncio.Event()
        self._release.set()
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(
            options=_channel_options(options), maximum_concurrent_rpcs=options.max_concurrent_rpcs or None
        )
        self._server.add_generic_rpc_handlers(tuple(self._service_handlers()))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflected = (*SERVICE_NAMES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(reflected, self._server)
        self._server.add_generic_rpc_handlers((_Unknown(),))  # they are asked in turn

    def listen(self, address: str) -> int:
        """Bind `host:port` or `unix:///path` and return the port (0 for a socket); Unavailable when it is taken."""
        try:
            if address.startswith(_UNIX):
                return self._listen_unix(address)
            tls = self._options.tls
            return self._server.add_secure_port(address, _credentials(tls)) if tls else self._insecure(address)
        except (RuntimeError, OSError) as error:
            raise cannot_listen(address, "listen") from error

    def _insecure(self, address: str) -> int:
        return self._server.add_insecure_port(address)

    def _listen_unix(self, address: str) -> int:
        """Bind a socket that only this user and group may open; one left behind by a dead server is replaced."""
        path = Path(address.removeprefix(_UNIX).removeprefix("//"))
        check_free(str(path))
        before = os.umask(0o117)
        try:
            self._insecure(f"unix://{path.absolute()}")
        finally:
            os.umask(before)
        return 0

    async def start(self) -> None:
        """Begin to take calls."""
        await self.serving(ready=False)
        await self._server.start()

    async def crash(self) -> Exception:
        """Wait until the server has crashed, which it may not, and return why: it takes no calls any more.

        grpc.aio's does when it can't read the name of the method that somebody, whoever it is, asks for. No other can
        be put in its place in this process: its memory is not sound.
        """
        try:
            # With a timeout it tells of a crash at once, without one when the last call has ended.
            while await self._server.wait_for_termination(_LOOK_SECONDS):
                pass
        except Exception as error:  # noqa: BLE001 - whatever it was
            return error
        stopped: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        return await stopped

    async def serving(self, *, ready: bool) -> None:
        """Say on the health service, for the server and each service, whether answers are given."""
        reply = health_pb2.HealthCheckResponse
        for name in ("", *SERVICE_NAMES):
            await self._health.set(name, reply.SERVING if ready else reply.NOT_SERVING)

    async def stop(self, drain_seconds: float) -> None:
        """Say NOT_SERVING, let calls end for at most `drain_seconds`, then end them.

        gRPC cuts off calls that were sent but not yet taken up when it stops. So calls go on being taken up until none
        comes; and since clients that wait for an answer before they ask again never stop, answers are held back for
        the moment in which the stop is told to the clients.
        """
        until = time.monotonic() + drain_seconds
        self._edge.over_at(until)
        await self._health.enter_graceful_shutdown()
        await self._quiet(min(_LAME_DUCK_SECONDS, drain_seconds))
        self._release.clear()
        await self._quiet(min(_HELD_SECONDS, drain_seconds))
        stopped = asyncio.create_task(self._server.stop(max(0.0, until - time.monotonic())))
        await asyncio.sleep(_TOLD_SECONDS)
        self._edge.drain()  # not before clients know: they would open their streams here again
        self._release.set()
        await stopped

    async def _quiet(self, seconds: float) -> None:
        """Wait until no call comes for a moment, at most `seconds`."""
        until, taken = time.monotonic() + seconds, -1
        while taken != self._taken and time.monotonic() < until:
            taken = self._taken
            await asyncio.sleep(_QUIET_SECONDS)

    def _service_handlers(self) -> Iterable[grpc.GenericRpcHandler]:
        for service in SERVICE_NAMES:
            methods = {method.name: self._handler(method) for method in METHODS if method.service == service}
            yield grpc.method_handlers_generic_handler(service, methods)

    def _handler(self, method: Method) -> grpc.RpcMethodHandler[Any, Any]:
        if not method.streams_out:
            return grpc.unary_unary_rpc_method_handler(self._unary(method))
        if method.streams_in:
            return grpc.stream_stream_rpc_method_handler(self._stream(method))
        return grpc.unary_stream_rpc_method_handler(self._stream(method))

    def _unary(self, method: Method) -> Callable[[bytes, Any], Awaitable[bytes]]:
        run, trusts, release = self._edge.run, self._options.trust_unix_sockets, self._release

        async def unary(body: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
            self._taken += 1
            result = await run(method, body, _incoming(context, trusts))
            if not release.is_set():
                await release.wait()
            if isinstance(result, Failure):
                await _abort(context, result)
            return result  # type: ignore[return-value] # abort raises

        return unary

    def _stream(self, method: Method) -> Callable[[Any, Any], Awaitable[None]]:
        run, trusts = self._edge.stream, self._options.trust_unix_sockets

        async def stream(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            self._taken += 1

            async def send(messages: Sequence[bytes]) -> None:
                for message in messages:
                    await context.write(message)

            receive = _reading(context) if method.streams_in else _once(request)
            result = await run(method, _incoming(context, trusts), receive, send)
            if result is not None:
                await _abort(context, result)

        return stream


class _Unknown(grpc.GenericRpcHandler):
    """Says of any method that there is none, without waiting for a message."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        failure = method_unknown(handler_call_details.method)

        async def refuse(_: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
            await _abort(context, failure)

        return grpc.stream_stream_rpc_method_handler(refuse)


def _reading(context: grpc.aio.ServicerContext[Any, Any]) -> Receive:
    """Return what receives the messages of a stream, one at a time."""

    async def receive() -> Sequence[bytes]:
        message = await context.read()
        return () if message is grpc.aio.EOF else (message,)

    return receive


def _once(request: bytes) -> Receive:
    """Return what receives one message and then no more."""
    waiting = [request]

    async def receive() -> Sequence[bytes]:
        return (waiting.pop(),) if waiting else ()

    return receive


def _incoming(context: grpc.aio.ServicerContext[Any, Any], trusts_unix: bool) -> Incoming:
    key = authorization = request_id = ""
    for name, value in context.invocation_metadata() or ():
        if name == "x-api-key":
            key = str(value)
        elif name == "authorization":
            authorization = str(value)
        elif name == "x-request-id":
            request_id = str(value)[:128]
    trusted = trusts_unix and not authorization and context.peer().startswith(_UNIX)
    return Incoming(key, authorization, request_id, trusted, context.time_remaining)


async def _abort(context: grpc.aio.ServicerContext[Any, Any], failure: Failure) -> None:
    details = ((_STATUS_DETAILS, failure.status().SerializeToString()),)
    await context.abort(_CODES[failure.code], failure.message, trailing_metadata=details)


def _channel_options(options: GrpcOptions) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", int(options.shared_ports)),  # else a second server on the port is an error
        ("grpc.max_receive_message_length", options.max_message_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.keepalive_time_ms", options.keepalive_time * 1000),
        ("grpc.keepalive_timeout_ms", options.keepalive_timeout * 1000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials(
        [(tls.key, tls.certificate)],
        root_certificates=tls.client_ca,
        require_client_auth=tls.client_ca is not None,
    )
