"""WebSocket connections in a server whose clock, patience and bounds are the test's: expiry, silence, slow readers."""

from __future__ import annotations

import asyncio
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from rolecall.domain.errors import InvalidInput
from rolecall.domain.records import UserRecord
from rolecall.service.administration import Administration, create_app
from rolecall.service.administration.calls.values import CallChange
from rolecall.service.administration.changes import AppChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller, Callers
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.service.watching.engine import Watching
from rolecall.store import Store
from rolecall.transports.edge import Event
from rolecall.transports.http import HttpDoor
from rolecall.transports.rest.connection import Queued, Timing
from rolecall.transports.rest.connections import Bounds, Connections
from rolecall.transports.rest.limits import Limits
from rolecall.transports.rest.websocket import Sockets
from tests.doors import App, page
from tests.integration.rest.sockets import PATIENCE, Line, lines

NOW: Final = 1_700_000_000
SECOND: Final = 1_000_000_000
NEVER: Final = 3_600.0
CALL: Final = "default:standup"
USUAL: Final = Timing()
BOUNDS: Final = Bounds()


class Stand:
    """A server of WebSockets in the test's own loop; `now` is its clock, in Unix seconds."""

    def __init__(self, store: Store, app: App, app_id: int, timing: Timing, bounds: Bounds, per_minute: int) -> None:
        self.now = float(NOW)
        self.app = app
        self.server = Caller(app_id)
        self.events: list[Event] = []
        self.index = Index(store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
        authorizer = Authorizer(self.index)
        self.administration = Administration(store, self.index, authorizer)
        self.authorizer = authorizer
        callers = Callers(self.index, clock=self.clock)
        self.watching = Watching(self.index, authorizer, self.administration.scenes.read)
        self.connections = Connections(self.index, callers, self.watching, bounds, self.clock)
        limits = Limits(per_minute)
        door = Sockets(callers, self.connections, self.administration, limits, self.events.append, timing)
        self.door = HttpDoor(page(), lambda: "", api=door.routes())
        self.port = self.door.listen("127.0.0.1", 0)

    def clock(self) -> int:
        return int(self.now * SECOND)

    async def watch(self, user: str, connection_id: str, cid: str = CALL) -> None:
        caller, target = Caller(self.server.app_id, user), Question(call=cid)
        own, revision = await self.authorizer.capabilities(caller, target)
        await self.connections.watch(caller, connection_id, target, revision, own)

    async def until(self, connections: int) -> None:
        """Wait until so many connections are open."""
        async with asyncio.timeout(PATIENCE):
            while len(self.connections) != connections:  # noqa: ASYNC110 - the server works in the same loop
                await asyncio.sleep(0)


@asynccontextmanager
async def standing(
    path: Path, timing: Timing = USUAL, bounds: Bounds = BOUNDS, per_minute: int = 10_000
) -> AsyncIterator[tuple[Stand, Line]]:
    async with AsyncExitStack() as stack:
        store = await Store.open(str(path / "rolecall.db"))
        stack.push_async_callback(store.close)
        record, key, secret = await create_app(store, "acme")
        async with store.transaction(record.id) as tx:
            await tx.put_users([UserRecord("alice"), UserRecord("bob")])
        stand = Stand(store, App("acme", key, secret), record.id, timing, bounds, per_minute)
        await stand.index.start()
        stack.push_async_callback(stand.index.stop)
        await stand.administration.calls.upsert(stand.server, CallChange(CALL))
        stand.watching.start()
        stack.push_async_callback(stand.watching.stop)
        await stand.door.start()
        stack.push_async_callback(stand.door.stop)
        stand.connections.start()
        stack.push_async_callback(stand.connections.stop)
        line = await stack.enter_async_context(lines(f"http://127.0.0.1:{stand.port}", stand.app))
        yield stand, line


# --- tokens that end -------------------------------------------------------------------------------------------------


async def test_a_token_that_expires_ends_its_connection(tmp_path: Path) -> None:
    """Its connection asks how long it has left; here that is nothing as soon as the health check is due."""
    async with standing(tmp_path, Timing(health=0.01)) as (stand, line):
        lasting = await line.chat("alice", token=stand.app.token("alice"))
        ending = await line.chat("alice", token=stand.app.token("alice", exp=NOW + 60))
        assert (await ending.next())["type"] == "health.check"
        stand.now += 60
        error, code = await ending.end()
        assert error is not None
        assert (error["code"], code) == (40, 1008)
        assert (await lasting.next())["type"] == "health.check"
        assert len(stand.connections) == 1


async def test_a_connection_wakes_when_its_token_expires(tmp_path: Path) -> None:
    """No health check is due for an hour: what wakes it is the token's own end, a moment ahead by its clock."""
    async with standing(tmp_path, Timing(health=NEVER)) as (stand, line):
        stand.now += 59.95
        socket = await line.chat("alice", token=stand.app.token("alice", exp=NOW + 60))
        assert socket.first["type"] == "health.check"
        stand.now += 1
        error, code = await socket.end()
        assert error is not None
        assert (error["code"], code) == (40, 1008)


async def test_a_token_that_has_expired_ends_at_the_next_change_that_may_matter(tmp_path: Path) -> None:
    async with standing(tmp_path, Timing(health=NEVER)) as (stand, line):
        socket = await line.video("alice", token=stand.app.token("alice", exp=NOW + 60))
        stand.now += 61
        await stand.administration.users.upsert(stand.server, [UserChange("alice", custom={"n": 1})])
        error, _ = await socket.end()
        assert error is not None
        assert error["code"] == 40


async def test_revoking_all_tokens_of_the_app_ends_every_connection(tmp_path: Path) -> None:
    async with standing(tmp_path, Timing(health=NEVER)) as (stand, line):
        old = [await line.chat("alice", token=stand.app.token("alice", iat=NOW - 10)), await line.chat("bob")]
        new = await line.chat("alice", token=stand.app.token("alice", iat=NOW))
        change = AppChange(revoke_tokens_issued_before=NOW * SECOND)
        await stand.administration.apps.update(stand.server, change)
        for socket in old:
            error, code = await socket.end()
            assert error is not None
            assert (error["code"], code) == (5, 1008)
        await new.say([{"type": "health.check"}])
        assert (await new.next())["type"] == "health.check"


async def test_a_user_that_is_deleted_while_it_comes_in_does_not_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path) as (stand, line):
        real = stand.administration.visitors.welcome

        async def welcome(caller: Caller, *given: Any) -> UserRecord:
            user = await real(caller, *given)
            await stand.administration.users.delete(stand.server, [caller.user_id])
            return user

        monkeypatch.setattr(stand.administration.visitors, "welcome", welcome)
        socket = await line.chat("alice")
        assert (socket.first["type"], socket.first["error"]["code"]) == ("connection.error", 5)
        assert len(stand.connections) == 0


# --- silence ---------------------------------------------------------------------------------------------------------


async def test_health_checks_come_by_themselves(tmp_path: Path) -> None:
    async with standing(tmp_path, Timing(health=0.001)) as (_, line):
        socket = await line.video("alice")
        for _ in range(3):
            message = await socket.next()
            assert (message["type"], message["connection_id"]) == ("health.check", socket.id)


async def test_a_video_client_that_says_nothing_is_refused(tmp_path: Path) -> None:
    async with standing(tmp_path, Timing(auth=0.01)) as (_, line):
        socket = await line.dial("/video/connect", **{"stream-auth-type": "jwt"})
        assert socket.first["error"]["code"] == 5
        assert "in time" in socket.first["error"]["message"]
        assert await socket.end() == (None, 1000)


async def test_a_client_that_goes_before_it_says_anything_leaves_nothing(tmp_path: Path) -> None:
    async with standing(tmp_path) as (stand, line):
        reader, writer = await asyncio.open_connection("127.0.0.1", stand.port)
        writer.write(handshake(stand, "/video/connect", {"stream-auth-type": "jwt"}))
        assert (await reader.readline()).startswith(b"HTTP/1.1 101")
        writer.close()
        await writer.wait_closed()
        await line.chat("alice")
        assert len(stand.connections) == 1
        assert stand.events == []


# --- bounds ----------------------------------------------------------------------------------------------------------


async def test_there_are_only_so_many_connections(tmp_path: Path) -> None:
    async with standing(tmp_path, bounds=Bounds(connections=2)) as (stand, line):
        first = await line.chat("alice")
        await line.video("bob")
        refused = await line.chat("alice")
        assert (refused.first["error"]["code"], refused.first["error"]["StatusCode"]) == (9, 429)
        await first.wire.close()
        await stand.until(1)
        assert (await line.chat("alice")).first["type"] == "health.check"


async def test_there_are_only_so_many_attempts_a_minute(tmp_path: Path) -> None:
    async with standing(tmp_path, per_minute=2) as (_, line):
        for token, code in (("xx", 5), (None, None)):  # who is not alice uses up nothing of hers
            answers = [await line.chat("alice", token=token) for _ in range(3)]
            assert [answer.first.get("error", {}).get("code") for answer in answers] == [code, code, 9]


async def test_a_connection_watches_each_thing_once_and_only_its_own(tmp_path: Path) -> None:
    async with standing(tmp_path) as (stand, line):
        socket = await line.video("alice")
        for _ in range(3):
            await stand.watch("alice", socket.id)
        await stand.watch("alice", socket.id, "default:other")
        assert len(stand.watching) == 2
        for user, connection_id in (("bob", socket.id), ("alice", "nothing")):
            with pytest.raises(InvalidInput) as caught:
                await stand.watch(user, connection_id)
            assert caught.value.code_reason == "CONNECTION_NOT_FOUND"
        await socket.wire.close()
        await stand.until(0)
        assert len(stand.watching) == 0


async def test_who_reads_too_slowly_is_cut_and_nobody_else(tmp_path: Path) -> None:
    """A client that reads nothing: once the buffers are full and the queue too, it is dropped."""
    timing = Timing(health=NEVER, send=0.05)
    async with standing(tmp_path, timing, Bounds(queued=Queued(5))) as (stand, line):
        quick = await line.video("bob")
        await stand.watch("bob", quick.id)
        slow = _deaf()
        try:
            loop = asyncio.get_running_loop()
            await loop.sock_connect(slow, ("127.0.0.1", stand.port))
            token = stand.app.token("alice")
            said = {"stream-auth-type": "jwt", "authorization": token}
            await loop.sock_sendall(slow, handshake(stand, "/connect", said))
            await stand.until(2)
            (connection,) = [one for one in stand.connections.all() if one.caller.user_id == "alice"]
            await stand.watch("alice", connection.id)
            places = 0
            while len(stand.connections) == 2:
                places += 1
                assert places < 2_000
                custom = {"n": places, "much": "x" * 4_000}
                await stand.administration.calls.upsert(stand.server, CallChange(CALL, custom=custom))
                while (await quick.until("call.updated"))["call"]["custom"]["n"] != places:
                    pass
        finally:
            slow.close()
        assert len(stand.watching) == 1
        assert "SLOW_READER" in [event.failure.reason for event in stand.events if event.failure]


def _deaf() -> sockets.socket:
    """Return a socket that has room for little and is not read."""
    deaf = sockets.socket()
    deaf.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4_096)
    deaf.setblocking(False)
    return deaf


def handshake(stand: Stand, path: str, query: dict[str, str]) -> bytes:
    lines = [
        f"GET {path}?{urlencode({'api_key': stand.app.key, **query})} HTTP/1.1",
        f"Host: 127.0.0.1:{stand.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def test_what_nobody_foresaw_ends_the_connection_and_is_told_to_the_log_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path) as (stand, line):
        socket = await line.video("alice")
        await stand.watch("alice", socket.id)
        monkeypatch.setattr(stand.authorizer, "look", _broken)
        await stand.administration.calls.upsert(stand.server, CallChange(CALL, custom={"n": 1}))
        error, code = await socket.end()
        assert error is not None
        assert (error["code"], error["StatusCode"], code) == (-1, 500, 1013)
        assert "broken" not in error["message"]
        (event,) = stand.events
        assert isinstance(event.cause, ZeroDivisionError)
        assert len(stand.watching) == 0


def _broken(*_: Any) -> int:
    raise ZeroDivisionError("broken")


async def test_stopping_ends_connections_and_lets_nobody_in(tmp_path: Path) -> None:
    async with standing(tmp_path) as (stand, line):
        open_ones = [await line.chat("alice"), await line.video("bob")]
        stopping = asyncio.create_task(stand.connections.stop())
        assert [await socket.end() for socket in open_ones] == [(None, 1001), (None, 1001)]
        await stopping
        assert (await line.chat("alice")).first["error"]["StatusCode"] == 503
        stand.connections.start()
