"""Unary calls that end before their handler answers: each is counted once, by the code its client sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, cast

import grpc.aio
import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.service.callers import Caller
from rolecall.transports import edge as edges
from rolecall.transports.asgi import AsgiDoor
from rolecall.transports.edge import Edge
from rolecall.transports.grpc import GrpcDoor, GrpcOptions
from rolecall.transports.methods import METHODS
from rolecall.transports.rpc import Incoming, Services
from tests.asgi_client import Request, frame

METHOD: Final = next(method for method in METHODS if method.name == "CheckCapability")
QUESTION: Final = pb.CheckCapabilityRequest(user_id="ann", capability="search-user", min_revision=2).SerializeToString()


class Rig:
    """An edge whose calls wait for a revision that never comes."""

    def __init__(self) -> None:
        self.counted: list[str] = []
        self.told = asyncio.Event()
        self.waiting = asyncio.Event()
        callers = SimpleNamespace(known=lambda *_, **__: Caller(1))
        services = Services(cast("Any", SimpleNamespace(reach=self._reach)), cast("Any", None))
        standing = SimpleNamespace(all=tuple)
        self.edge = Edge(services, cast("Any", callers), {METHOD.path: self._count}, _nobody, cast("Any", standing))

    async def _reach(self, *_: Any) -> None:
        self.waiting.set()
        await asyncio.Event().wait()

    async def ended(self) -> None:
        """Wait until a call is counted."""
        async with asyncio.timeout(10):
            await self.told.wait()

    def _count(self, code: str, seconds: float) -> None:
        assert seconds >= 0
        self.counted.append(code)
        self.told.set()


def _nobody(_: Any) -> None:
    raise AssertionError("observers hear of failures alone")


@pytest.fixture
async def rig() -> Rig:
    return Rig()


# --- the edge --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "remaining", "seconds"),
    [
        ("CANCELLED", None, 1.0),
        ("CANCELLED", 19.0, 1.0),
        ("CANCELLED", 0.021, 1.0),
        ("DEADLINE_EXCEEDED", 0.019, 1.0),
        ("DEADLINE_EXCEEDED", 0.0, 1.0),
        ("CANCELLED", 1.01, 100.0),
        ("DEADLINE_EXCEEDED", 0.99, 100.0),
    ],
)
async def test_who_leaves_just_before_the_deadline_leaves_for_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, code: str, remaining: float | None, seconds: float
) -> None:
    clock = SimpleNamespace(monotonic=lambda: 0.0, perf_counter=partial(next, iter((0.0, seconds))))
    monkeypatch.setattr(edges, "time", clock)
    running = asyncio.create_task(rig.edge.run(METHOD, QUESTION, Incoming("k", "t", "", False, lambda: remaining)))
    await rig.waiting.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert rig.counted == [code]


# --- the doors -------------------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """A door, and a call that waits there."""

    door: GrpcDoor | AsgiDoor
    call: Any
    """What ends when the call does; cancelled, its client has left."""


@asynccontextmanager
async def _over_grpc(rig: Rig) -> AsyncIterator[Asked]:
    door = GrpcDoor(rig.edge, GrpcOptions())
    port = door.listen("127.0.0.1:0")
    await door.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask: Any = channel.unary_unary(METHOD.path)
        yield Asked(door, ask(QUESTION))
    await door.stop(0)


@asynccontextmanager
async def _over_asgi(rig: Rig) -> AsyncIterator[Asked]:
    door = AsgiDoor(rig.edge, GrpcOptions())
    await door.start()
    request = Request(METHOD.path).send(frame(QUESTION))

    async def call() -> None:
        await door(request.scope, request.receive, request.take)
        assert request.answer().code == "UNAVAILABLE"

    yield Asked(door, asyncio.create_task(call()))


DOORS: Final = pytest.mark.parametrize("door", [_over_grpc, _over_asgi], ids=["grpc", "asgi"])


@DOORS
async def test_a_call_that_the_stop_ends_is_unavailable(rig: Rig, door: Any) -> None:
    async with door(rig) as asked:
        await rig.waiting.wait()
        await asked.door.stop(0)
        with suppress(grpc.aio.AioRpcError):
            await asked.call
        if isinstance(asked.call, grpc.aio.Call):
            assert await asked.call.code() == grpc.StatusCode.UNAVAILABLE
        await rig.ended()
    assert rig.counted == ["UNAVAILABLE"]


@DOORS
async def test_a_client_that_leaves_while_the_server_stops_has_cancelled(rig: Rig, door: Any) -> None:
    async with door(rig) as asked:
        await rig.waiting.wait()
        stopping = asyncio.create_task(asked.door.stop(30))
        await asyncio.sleep(0)
        asked.call.cancel()
        await stopping
        await rig.ended()
    assert rig.counted == ["CANCELLED"]
