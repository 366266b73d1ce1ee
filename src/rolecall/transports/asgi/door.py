"""The gRPC door as an ASGI app: the same methods and edge as grpc.aio's, on what an HTTP/2 server hands over.

A unary call is answered in one pass, without tasks, timers or objects it does not need; `_careful` does all that is
out of the ordinary.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final, NamedTuple

from google.rpc import code_pb2

from rolecall.transports.asgi.calls import (
    AsgiEvent,
    AsgiReceive,
    AsgiSend,
    Call,
    Calls,
    Deadline,
    Gone,
    rest,
)
from rolecall.transports.asgi.framing import GAINFUL, HEAD, Frames, Refused
from rolecall.transports.asgi.standard import Standard
from rolecall.transports.asgi.streams import Incoming as Messages
from rolecall.transports.asgi.streams import Only, Outgoing
from rolecall.transports.asgi.unary import Headers, Source, answer, only_message, say
from rolecall.transports.asgi.wire import (
    CONTENT_TYPES,
    OK,
    START,
    is_grpc,
    plain,
    refused,
    request_encoding,
    response_encoding,
    seconds,
)
from rolecall.transports.codes import Failure, method_unknown
from rolecall.transports.edge import Edge
from rolecall.transports.grpc import GrpcOptions
from rolecall.transports.methods import METHODS
from rolecall.transports.rpc import Incoming, Method, Receive, Send, SendNow

Scope = Mapping[str, Any]
Run = Callable[[Method, bytes, Incoming], Coroutine[Any, Any, bytes | Failure]]
Stream = Callable[[Method, Incoming, Receive, Send, SendNow], Awaitable[Failure | None]]

_HEAD_BYTES: Final = HEAD.size
_pack: Final = HEAD.pack
_new: Final = tuple.__new__
_LONGEST_REQUEST_ID: Final = 128
_QUIET_SECONDS: Final = 0.05
_LAME_DUCK_SECONDS: Final = 1.0
_ACCEPT_POST: Final = (b"accept-post", b"application/grpc")


class _Route(NamedTuple):
    """One method and what runs it: `run` one that is unary, `stream` any other; `endless` are not the edge's to end."""

    method: Method
    run: Run
    stream: Stream
    endless: bool = False


def _unlimited() -> None:
    return None


def _never(_: Scope) -> bool:
    return False


class AsgiDoor:
    """Answers gRPC. Health says NOT_SERVING from `start` until `serving(ready=True)`.

    `by_unix_socket` tells of a request whether it came by a unix socket of the server's own; asked only where those are
    trusted.
    """

    def __init__(self, edge: Edge, options: GrpcOptions, by_unix_socket: Callable[[Scope], bool] = _never) -> None:
        self._limit = options.max_message_bytes
        self._most = options.max_concurrent_rpcs
        self._trusted = by_unix_socket if options.trust_unix_sockets else _never
        self._trusts = options.trust_unix_sockets
        self._edge = edge
        self._calls = Calls()
        self._taken = 0
        self._standard = Standard()
        routes = [_Route(method, edge.run, edge.stream) for method in METHODS]
        routes += [
            _Route(method, self._standard.run, self._standard.stream, endless=True) for method in self._standard.methods
        ]
        self._unary = {route.method.path.encode(): route[:2] for route in routes if not route.method.streams_out}
        self._routes = {route.method.path.encode(): route for route in routes}

    async def __call__(self, scope: Scope, receive: AsgiReceive, send: AsgiSend) -> None:
        """Answer one call; the ASGI app."""
        unary = self._unary.get(scope["raw_path"]) if scope["type"] == "http" else None
        headers: Headers = dict(scope["headers"]) if unary else {}
        said = headers.get
        if (
            unary is None
            or said(b"grpc-encoding", b"identity") != b"identity"
            or said(b"content-type") not in CONTENT_TYPES
            or scope["method"] != "POST"
            or (self._most and len(self._calls) >= self._most)
        ):
            await self._careful(scope, receive, send)
            return
        event = await receive()
        body = event.get("body", b"")
        size = len(body) - _HEAD_BYTES
        if size < 0 or size > self._limit or body[:_HEAD_BYTES] != _pack(0, size) or event.get("more_body"):
            await self._careful(scope, receive, send, event)
            return
        timeout = said(b"grpc-timeout")
        try:
            deadline = None if timeout is None else Deadline(seconds(timeout))
        except Refused:
            await self._careful(scope, receive, send, event)
            return
        self._taken += 1
        authorization = said(b"authorization", b"").decode("latin-1")
        incoming = _new(
            Incoming,
            (
                said(b"x-api-key", b"").decode("latin-1"),
                authorization,
                said(b"x-request-id", b"").decode("latin-1")[:_LONGEST_REQUEST_ID],
                self._trusts and not authorization and self._trusted(scope),
                _unlimited if deadline is None else deadline.remaining,
            ),
        )
        method, run = unary
        steps = run(method, body[_HEAD_BYTES:], incoming)
        try:
            waiting = steps.send(None)
        except StopIteration as done:
            result = done.value
        else:
            call = Call(receive, deadline, complete=True)
            try:
                result = await self._calls.run(call, rest(steps, waiting))
            except Gone:
                return
        if type(result) is bytes and len(result) < GAINFUL:
            await send(START)
            await send({"type": "http.response.body", "body": _pack(0, len(result)) + result})
            await send(OK)
        else:
            await answer(send, headers, result)

    async def start(self) -> None:
        """Begin to say on the health service that no answers are given."""
        await self.serving(ready=False)

    async def serving(self, *, ready: bool) -> None:
        """Say on the health service, for the server and each service, whether answers are given."""
        await self._standard.serving(ready=ready)

    async def stop(self, drain_seconds: float) -> None:
        """Say NOT_SERVING, end streams when no more calls come, let calls end for at most `drain_seconds`.

        The server before this one is the one to tell clients that they must go elsewhere.
        """
        until = time.monotonic() + drain_seconds
        await self._standard.stop()
        taken, quiet_by = -1, time.monotonic() + min(_LAME_DUCK_SECONDS, drain_seconds)
        while taken != self._taken and time.monotonic() < quiet_by:
            taken = self._taken
            await asyncio.sleep(_QUIET_SECONDS)
        self._edge.drain()
        self._calls.stop(endless=True)
        await self._calls.over(max(0.0, until - time.monotonic()))
        self._edge.over_at(time.monotonic())
        self._calls.stop()
        await asyncio.sleep(_QUIET_SECONDS)  # what they are answered goes out

    # --- what is out of the ordinary --------------------------------------------------------------------------------

    async def _careful(
        self, scope: Scope, receive: AsgiReceive, send: AsgiSend, event: AsgiEvent | None = None
    ) -> None:
        """Answer any request; `event` is what has been received of it."""
        if scope["type"] != "http":
            return
        headers: Headers = dict(scope["headers"])
        if scope["method"] != "POST":
            await say(send, *plain(405, "gRPC is asked by POST", [(b"allow", b"POST")]))
        elif not is_grpc(headers.get(b"content-type")):
            await say(send, *plain(415, "the content-type must be application/grpc", [_ACCEPT_POST]))
        else:
            try:
                await self._grpc(scope, headers, receive, send, event)
            except Refused as why:
                await answer(send, headers, why.failure)
            except Gone:
                return

    async def _grpc(
        self, scope: Scope, headers: Headers, receive: AsgiReceive, send: AsgiSend, event: AsgiEvent | None
    ) -> None:
        route = self._routes.get(scope["raw_path"])
        if route is None:
            raise Refused(method_unknown(scope["raw_path"].decode(errors="backslashreplace")))
        if self._most and len(self._calls) >= self._most:
            raise refused(code_pb2.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS", "concurrent RPC limit exceeded")
        timeout = headers.get(b"grpc-timeout")
        deadline = None if timeout is None else Deadline(seconds(timeout))
        frames = Frames(self._limit, request_encoding(headers.get(b"grpc-encoding")))
        incoming = self._incoming(scope, headers, deadline)
        call = Call(receive, deadline, complete=False)
        self._taken += 1
        if route.method.streams_out:
            out = Outgoing(send, call, response_encoding(headers.get(b"grpc-accept-encoding")))
            try:
                await out.end(await self._calls.run(call, _stream(route, incoming, Source(receive, call, frames), out)))
            finally:
                out.close()
        else:
            source = Source(receive, call, frames)
            await answer(send, headers, await self._calls.run(call, _unary(route, incoming, source, event)))

    def _incoming(self, scope: Scope, headers: Headers, deadline: Deadline | None) -> Incoming:
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        return Incoming(
            headers.get(b"x-api-key", b"").decode("latin-1"),
            authorization,
            headers.get(b"x-request-id", b"").decode("latin-1")[:_LONGEST_REQUEST_ID],
            self._trusts and not authorization and self._trusted(scope),
            _unlimited if deadline is None else deadline.remaining,
        )


async def _unary(route: _Route, incoming: Incoming, source: Source, event: AsgiEvent | None) -> bytes | Failure:
    return await route.run(route.method, await only_message(source, event), incoming)


async def _stream(route: _Route, incoming: Incoming, source: Source, out: Outgoing) -> Failure | None:
    if route.method.streams_in:
        receive = Messages(source.receive, source.call, source.frames).receive
    else:
        receive = Only(await only_message(source, None)).receive
    source.call.endless = route.endless
    return await route.stream(route.method, incoming, receive, out.send, out.send_now)
