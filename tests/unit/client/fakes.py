"""Stand-ins for a server and for time: answers are written beforehand, and pauses are noted instead of waited."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc.aio import AioRpcError, Metadata

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.client.rpcs import SERVING, Rpc
from rolecall.client.settings import Clock, Settings
from rolecall.client.wire import Wire
from rolecall.client.wire_aio import AsyncWire

PATIENCE: Final = 20.0
Code = grpc.StatusCode


class Time:
    """A clock that moves when it is told to, or by a pause; chance is always the most."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pauses: list[float] = []

    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, chance=lambda: 1.0)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


# --- calls of one answer ---------------------------------------------------------------------------------------------


class Refused(grpc.RpcError):
    """What gRPC raises for a call that is refused."""

    def __init__(self, code: grpc.StatusCode, reason: str = "", field: str = "", **metadata: str) -> None:
        super().__init__(code)
        self.of = code
        self.trailers = trailers(code, reason, field, **metadata)

    def code(self) -> grpc.StatusCode:
        return self.of

    def details(self) -> str:
        return "no luck"

    def trailing_metadata(self) -> Any:
        return self.trailers


def trailers(code: grpc.StatusCode, reason: str, field: str = "", **metadata: str) -> tuple[tuple[str, bytes], ...]:
    """Return the details of an error as the server sends them; none without a reason."""
    if not reason:
        return ()
    status = status_pb2.Status(code=code.value[0], message="no luck")
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason, domain="rolecall", metadata=metadata))
    if field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=field)
        status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    return (("grpc-status-details-bin", status.SerializeToString()),)


class Asked:
    """What a stand-in for a server was asked, and what it says: outcomes in their order, the last one for ever."""

    def __init__(self, *outcomes: Any, seconds: float = 0.0) -> None:
        self.outcomes = list(outcomes)
        self.seconds = seconds
        self.tokens: list[str] = []
        self.timeouts: list[float] = []

    def outcome(self, timeout: float, metadata: Sequence[tuple[str, str]]) -> Any:
        self.tokens.append(dict(metadata).get("authorization", ""))
        self.timeouts.append(timeout)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


Ask = Callable[..., Any]
"""`ask(rpc, request, timeout, token=…)`: makes one call of a stand-in."""


class Stage:
    """A client's wire in front of a stand-in."""

    def __init__(self, asked: Asked, *, token: Any = "t", timeout: float = 1.0, **settings: Any) -> None:
        self.time = Time()
        self.asked = asked
        self.token = token
        self.timeout = timeout
        self.settings = Settings(target="nowhere:1", key="k", clock=self.time.clock(), **settings)
        self._method: Any = None

    def sync(self, rpc: Rpc[Any, Any], request: Any) -> Any:
        wire = Wire(self.settings, self.token, channel=self, sleep=self.time.sleep)
        self._method = self._answer
        return wire.unary(rpc, request, self.timeout)

    def aio(self, rpc: Rpc[Any, Any], request: Any) -> Any:
        async def answer(request: Any, **more: Any) -> Any:
            try:
                return self._answer(request, **more)
            except Refused as refused:
                none = Metadata()
                raise AioRpcError(refused.of, none, Metadata(*refused.trailers), refused.details()) from refused

        self._method = answer
        wire = AsyncWire(self.settings, self.token, channel=self, sleep=self.time.asleep)
        return asyncio.run(wire.unary(rpc, request, self.timeout))

    def unary_unary(self, path: str, **coders: Any) -> Any:
        """Be the channel."""
        return self._method

    def _answer(self, request: Any, timeout: float, metadata: Any) -> Any:
        outcome = self.asked.outcome(timeout, metadata)
        self.time.now += self.asked.seconds
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


# --- streams ---------------------------------------------------------------------------------------------------------


class Stream:
    """A watch that a client has opened here."""

    def __init__(self, request: pb.WatchCapabilitiesRequest, token: str) -> None:
        self.request = request
        self.token = token
        self.said: queue.Queue[Any] = queue.Queue()
        self.over = threading.Event()

    def gone(self) -> None:
        """Hear that the client has ended it, or the server."""
        self.over.set()
        self.end()

    def say(
        self,
        user_id: str = "",
        *names: str,
        cause: str = "snapshot",
        revision: int = 1,
        last: bool = False,
        left: bool = False,
    ) -> None:
        """Send one message; `last` ends the snapshot."""
        message = pb.WatchCapabilitiesResponse(
            user_id=user_id, own_capabilities=names, cause=cause, revision=revision, snapshot_complete=last, left=left
        )
        self.said.put(message)

    def end(self, code: grpc.StatusCode = Code.OK, reason: str = "") -> None:
        """End the stream."""
        self.said.put((code, reason))


class FakeServer:
    """Takes watches and asks for its health; what watches are told is up to the test. A port of its own."""

    def __init__(self) -> None:
        self.healthy = True
        self.probes: queue.Queue[bool] = queue.Queue()
        self.checks: queue.Queue[pb.CheckCapabilityRequest] = queue.Queue()
        self._opened: queue.Queue[Stream] = queue.Queue()
        self._server = grpc.server(ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0)])
        service = "rolecall.api.v1.AuthorizationService"
        watch = grpc.unary_stream_rpc_method_handler(self._watch, pb.WatchCapabilitiesRequest.FromString, _body)
        check = grpc.unary_unary_rpc_method_handler(self._check, pb.CheckCapabilityRequest.FromString, _body)
        health: Any = grpc.unary_unary_rpc_method_handler(self._health)
        self._server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(service, {"WatchCapabilities": watch, "CheckCapability": check}),
                grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": health}),
            )
        )
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def opened(self) -> Stream:
        """Wait for the next watch that is opened."""
        return self._opened.get(timeout=PATIENCE)

    def nothing_opened(self) -> bool:
        return self._opened.empty()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def _watch(self, request: pb.WatchCapabilitiesRequest, context: Any) -> Iterator[Any]:
        token = dict(context.invocation_metadata()).get("authorization", "")
        stream = Stream(request, token)
        context.add_callback(stream.gone)
        self._opened.put(stream)
        while isinstance(said := stream.said.get(), pb.WatchCapabilitiesResponse):
            yield said
        code, reason = said
        if code is not Code.OK:
            context.set_trailing_metadata(trailers(code, reason))
            context.abort(code, "no luck")

    def _check(self, request: pb.CheckCapabilityRequest, context: Any) -> pb.CheckCapabilityResponse:
        self.checks.put(request)
        if not self.healthy:
            context.abort(Code.INTERNAL, "no luck")
        return pb.CheckCapabilityResponse(allowed=True, reason=1, revision=9)  # type: ignore[arg-type]

    def _health(self, body: bytes, context: Any) -> bytes:
        self.probes.put(self.healthy)
        return SERVING if self.healthy else b"\x08\x02"


def _body(message: Any) -> bytes:
    body: bytes = message.SerializeToString()
    return body
