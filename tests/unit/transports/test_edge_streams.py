"""What the edge does around streams: who may have one, what ends it, and that it is counted once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.domain.errors import OverLimit
from rolecall.domain.records import UserRecord
from rolecall.service.administration import Administration, create_app
from rolecall.service.administration.users.values import UserChange
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller, Callers, make_token
from rolecall.service.index import Index
from rolecall.service.watching.standing import Standing
from rolecall.store import Store
from rolecall.transports.codes import Failure
from rolecall.transports.edge import Edge, Event, Stream
from rolecall.transports.methods import METHODS
from rolecall.transports.rpc import Context, Incoming, Receive, Send, SendNow, Services

NEVER, NOW, SECOND = 3_600.0, 1_700_000_000, 1_000_000_000
METHOD = next(method for method in METHODS if method.name == "StreamCheckCapabilities")
Handler = Callable[[Services, Context, Receive, Send], Awaitable[None]]


class Rig:
    def __init__(self, store: Store, app: tuple[Any, str, str]) -> None:
        self.now = float(NOW)
        self.store = store
        self.record, self.key, self.secret = app
        self.index = Index(store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
        authorizer = Authorizer(self.index)
        self.administration = Administration(store, self.index, authorizer)
        callers = Callers(self.index, clock=self.clock)
        self.standing = Standing[Stream](self.index, callers, self.clock)
        self.counted: list[str] = []
        self.events: list[Event] = []
        count = {METHOD.path: lambda code, _: self.counted.append(code)}
        self.edge = Edge(Services(authorizer, self.administration), callers, count, self.events.append, self.standing)
        self.opened = asyncio.Event()

    def clock(self) -> int:
        return int(self.now * SECOND)

    def open(
        self, user: str | None = None, handler: Handler | None = None, now: SendNow | None = None, **claims: Any
    ) -> asyncio.Task[Any]:
        """Open a stream whose client sends nothing."""
        claims = claims if user is None else {"user_id": user, **claims}
        incoming = Incoming(self.key, make_token(self.secret, claims), "", False, lambda: None)
        method = METHOD._replace(handler=handler or self.idle)
        return asyncio.create_task(self.edge.stream(method, incoming, _silence, _nowhere, now))

    async def idle(self, services: Services, context: Context, receive: Receive, send: Send) -> None:
        self.opened.set()
        await receive()

    async def ended(self, stream: asyncio.Task[Any]) -> Failure | None:
        async with asyncio.timeout(10):
            failure: Failure | None = await stream
        assert len(self.standing) == 0
        return failure


async def _silence() -> Sequence[bytes]:
    await asyncio.Event().wait()
    return ()


async def _nowhere(_: Sequence[bytes]) -> None:
    pass


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = await Store.open(str(tmp_path / "rolecall.db"))
    app = await create_app(store, "acme")
    async with store.transaction(app[0].id) as tx:
        await tx.put_users([UserRecord("ann"), UserRecord("ben"), UserRecord("bad", deactivated=True)])
    rig = Rig(store, app)
    await rig.index.start()
    rig.standing.start()
    yield rig
    await rig.standing.stop()
    await rig.index.stop()
    await store.close()


async def test_an_idle_stream_ends_when_its_token_expires_by_the_servers_clock(rig: Rig) -> None:
    """The timer asks the clock: one that was set back has the stream go on until it says so."""
    rig.now += 9.95
    stream = rig.open("ann", exp=NOW + 10)
    await rig.opened.wait()
    rig.now += 1
    failure = await rig.ended(stream)
    assert failure is not None
    assert (failure.name, failure.reason, rig.counted) == ("UNAUTHENTICATED", "TOKEN_EXPIRED", ["UNAUTHENTICATED"])
    assert [event.caller for event in rig.events] == [Caller(rig.record.id, "ann")]


@pytest.mark.parametrize("user", ["bad", "nobody"])
async def test_who_may_not_stay_does_not_come_in(rig: Rig, user: str) -> None:
    failure = await rig.ended(rig.open(user))
    assert failure is not None
    assert failure.name == "UNAUTHENTICATED"
    assert not rig.opened.is_set()


async def test_a_change_of_the_user_ends_only_what_it_must(rig: Rig) -> None:
    ann, ben = rig.open("ann"), rig.open("ben")
    await rig.opened.wait()
    server = Caller(rig.record.id)
    await rig.administration.users.upsert(server, [UserChange("ann", custom={"mood": "fine"}), UserChange("ben")])
    assert not ann.done()
    await rig.administration.users.upsert(server, [UserChange("ann", deactivated=True)])
    async with asyncio.timeout(10):
        failure = await ann
    assert failure is not None
    assert (failure.reason, len(rig.standing), ben.done()) == ("USER_DEACTIVATED", 1, False)
    ben.cancel()
    with suppress(asyncio.CancelledError):
        await ben


async def test_a_client_that_goes_is_counted_as_cancelled_and_cancels(rig: Rig) -> None:
    stream = rig.open("ann")
    await rig.opened.wait()
    stream.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stream
    assert (rig.counted, rig.events, len(rig.standing)) == (["CANCELLED"], [], 0)


async def test_a_client_that_goes_while_its_stream_is_ended_cancels(rig: Rig) -> None:
    stream = rig.open("ann")
    await rig.opened.wait()
    rig.edge.drain()
    stream.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stream
    assert (rig.counted, len(rig.standing)) == (["CANCELLED"], 0)


async def test_a_drain_ends_open_streams_and_those_that_come(rig: Rig) -> None:
    stream = rig.open("ann")
    await rig.opened.wait()
    rig.edge.drain()
    for ending in (stream, rig.open("ann"), rig.open()):
        failure = await rig.ended(ending)
        assert failure is not None
        assert (failure.name, failure.reason) == ("UNAVAILABLE", "SERVER_STOPPING")
    assert rig.counted == ["UNAVAILABLE"] * 3


async def test_a_handler_may_end_its_stream_while_it_sends(rig: Rig) -> None:
    async def handler(services: Services, context: Context, receive: Receive, send: Send) -> None:
        asyncio.get_running_loop().call_soon(context.end, OverLimit("too slow", reason="SLOW_READER"))
        await receive()

    failure = await rig.ended(rig.open("ann", handler))
    assert failure is not None
    assert (failure.name, failure.reason, rig.counted) == (
        "RESOURCE_EXHAUSTED",
        "SLOW_READER",
        ["RESOURCE_EXHAUSTED"],
    )


async def test_nothing_is_sent_to_a_caller_in_doubt_before_it_is_looked_at(rig: Rig) -> None:
    """Who looks at all that are in doubt has much to do: here it never comes to this one."""
    go, sent = asyncio.Event(), []

    async def handler(services: Services, context: Context, receive: Receive, send: Send) -> None:
        await send([b"before"])
        sent.append("before")
        rig.opened.set()
        await go.wait()
        await send([b"after"])
        sent.append("after")

    stream = rig.open("ann", handler)
    await rig.opened.wait()
    await rig.standing.stop()
    rig.standing._due.update(dict.fromkeys(rig.standing.all()))  # noqa: SLF001 - as the index does
    async with rig.store.transaction(rig.record.id) as tx:
        await tx.put_user(UserRecord("ann", deactivated=True))
    await rig.index.refresh()
    go.set()
    failure = await rig.ended(stream)
    assert failure is not None
    assert (failure.reason, sent) == ("USER_DEACTIVATED", ["before"])
    await asyncio.sleep(0)  # no cancellation is left for whoever sends the failure


async def test_nothing_is_sent_at_once_to_a_caller_in_doubt_or_refused(rig: Rig) -> None:
    sent: list[bytes] = []
    contexts: list[Context] = []

    async def handler(services: Services, context: Context, receive: Receive, send: Send) -> None:
        contexts.append(context)
        rig.opened.set()
        await receive()

    def now(message: bytes) -> bool:
        sent.append(message)
        return True

    stream = rig.open("ann", handler, now)
    await rig.opened.wait()
    (context,) = contexts
    assert context.send_now(b"certain")
    await rig.standing.stop()
    rig.standing._due.update(dict.fromkeys(rig.standing.all()))  # noqa: SLF001 - as the index does
    assert not context.send_now(b"in doubt")
    rig.standing._due.clear()  # noqa: SLF001
    context.end(OverLimit("too slow", reason="SLOW_READER"))
    assert not context.send_now(b"refused")
    await rig.ended(stream)
    assert sent == [b"certain"]


async def test_a_door_that_can_t_send_at_once_need_not(rig: Rig) -> None:
    async def handler(services: Services, context: Context, receive: Receive, send: Send) -> None:
        assert not context.send_now(b"now")

    assert await rig.ended(rig.open("ann", handler)) is None


async def test_an_unforeseen_error_is_told_with_an_incident_only(rig: Rig) -> None:
    async def handler(services: Services, context: Context, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("secret")

    failure = await rig.ended(rig.open("ann", handler))
    assert failure is not None
    assert failure.name == "INTERNAL"
    assert "secret" not in failure.message
    assert isinstance(rig.events[0].cause, ZeroDivisionError)


async def test_a_stream_that_ends_well(rig: Rig) -> None:
    async def handler(services: Services, context: Context, receive: Receive, send: Send) -> None:
        await send([b"done"])

    assert await rig.ended(rig.open(None, handler)) is None
    assert (rig.counted, rig.events) == (["OK"], [])


async def test_a_question_that_waits_for_a_revision_does_not_hold_up_those_before_it(rig: Rig) -> None:
    """Those after it come after it; all that come together are answered, in order."""
    revision = rig.index.app(rig.record.id).revision
    wanted = [0, revision, revision + 1, 0]
    asked = [_asked(str(number), min_revision) for number, min_revision in enumerate(wanted)]
    told: asyncio.Queue[list[str]] = asyncio.Queue()

    async def once() -> Sequence[bytes]:
        return asked.copy() if told.empty() and asked else ()

    async def send(messages: Sequence[bytes]) -> None:
        asked.clear()
        told.put_nowait([pb.StreamCheckCapabilitiesResponse.FromString(message).id for message in messages])

    incoming = Incoming(rig.key, make_token(rig.secret, {}), "", False, lambda: None)
    stream = asyncio.create_task(rig.edge.stream(METHOD, incoming, once, send))
    async with asyncio.timeout(10):
        assert await told.get() == ["0", "1"]
        await rig.administration.users.upsert(Caller(rig.record.id), [UserChange("ben", role="admin")])
        assert await told.get() == ["2", "3"]
    assert await rig.ended(stream) is None


def _asked(name: str, min_revision: int) -> bytes:
    check = pb.CheckCapabilityRequest(
        user_id="ann", call="default:x", capability="send-audio", min_revision=min_revision
    )
    return pb.StreamCheckCapabilitiesRequest(id=name, check=check).SerializeToString()
