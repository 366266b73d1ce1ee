"""Room for everybody: how many connections and watches there may be, what a client may send, and what waits for it."""

from __future__ import annotations

import asyncio
import json
import socket as sockets
from pathlib import Path
from typing import Any, Final, cast

import pytest

from rolecall.domain.errors import OverLimit
from rolecall.service.administration.calls.values import CallChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.watching.watches import CapabilitiesChanged
from rolecall.transports.rest import connections as holding
from rolecall.transports.rest.connection import Connection, Queued, Timing
from rolecall.transports.rest.connections import Bounds, bounds_of
from tests.integration.rest.sockets import PATIENCE, Line, Socket
from tests.integration.rest.test_websocket_limits import NEVER, NOW, Stand, handshake, standing

FLOOD: Final = 150
"""More frames than a client may send at once, and too few to fill any buffer."""
_PING: Final = b"\x89\xfd\0\0\0\0" + b"x" * 125
_HELLO: Final = {"stream-auth-type": "jwt"}


# --- how many --------------------------------------------------------------------------------------------------------


async def _refused(socket: Socket, code: int) -> None:
    assert socket.first["type"] == "connection.error"
    assert socket.first["error"]["code"] == code


@pytest.mark.parametrize("bounds", [Bounds(of_app=2), Bounds(of_user=2)])
async def test_neither_an_app_nor_a_user_takes_all_connections(tmp_path: Path, bounds: Bounds) -> None:
    async with standing(tmp_path, bounds=bounds) as (stand, line):
        first = await line.chat("alice")
        await line.video("alice")
        await _refused(await line.chat("alice"), 9)
        await first.wire.close()
        await stand.until(1)
        assert (await line.chat("alice")).first["type"] == "health.check"


async def test_callers_without_a_token_leave_room_for_those_with_one(tmp_path: Path) -> None:
    async with standing(tmp_path, bounds=Bounds(of_user=1, of_anonymous=2)) as (_, line):
        for _ in range(2):
            assert (await _anonymous(line)).first["type"] == "health.check"
        await _refused(await _anonymous(line), 9)
        assert (await line.chat("alice")).first["type"] == "health.check"


async def _anonymous(line: Line) -> Socket:
    return await line.dial("/connect", **{"stream-auth-type": "anonymous"})


@pytest.mark.parametrize("most", [1, 2, 600, 12_000])
def test_bounds_follow_from_how_many_connections_there_may_be(most: int) -> None:
    bounds = bounds_of(most)
    assert bounds.connections == min(most, 10_000)
    assert 1 <= bounds.of_anonymous <= max(1, bounds.of_app // 5) <= bounds.connections


async def test_who_is_refused_for_a_passing_reason_may_come_again(tmp_path: Path) -> None:
    async with standing(tmp_path, bounds=Bounds(of_user=1)) as (_, line):
        await line.chat("alice")
        assert await (await line.chat("alice")).end() == (None, 1013)
        assert await (await line.chat("bob", token="xx")).end() == (None, 1000)
        assert await (await line.video("bob", {"id": 7})).end() == (None, 1000)


async def test_what_nobody_foresaw_is_a_passing_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with standing(tmp_path) as (stand, line):

        async def welcome(*_: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(stand.administration.visitors, "welcome", welcome)
        assert await (await line.chat("alice")).end() == (None, 1013)


# --- watches ---------------------------------------------------------------------------------------------------------


async def test_where_there_is_no_room_the_oldest_watch_goes(tmp_path: Path) -> None:
    async with standing(tmp_path, bounds=Bounds(watches_each=2)) as (stand, line):
        socket = await line.video("alice")
        for call in ("one", "two", "one", "three"):  # one was asked for again: two is the oldest
            await stand.watch("alice", socket.id, f"default:{call}")
        (connection,) = stand.connections.all()
        assert [question.call for question in connection.watches] == ["default:one", "default:three"]
        assert len(stand.watching) == 2


async def test_before_others_the_watch_of_a_call_that_has_ended_goes(tmp_path: Path) -> None:
    async with standing(tmp_path, bounds=Bounds(watches_each=2)) as (stand, line):
        socket = await line.video("alice")
        for call in ("one", "two"):
            await stand.administration.calls.upsert(stand.server, CallChange(f"default:{call}"))
            await stand.watch("alice", socket.id, f"default:{call}")
        await stand.administration.calls.end(stand.server, "default:two")
        await socket.until("call.ended")
        await stand.watch("alice", socket.id, "default:three")
        (connection,) = stand.connections.all()
        assert [question.call for question in connection.watches] == ["default:one", "default:three"]


async def test_with_no_room_in_the_process_one_s_own_oldest_goes_or_nothing_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing(tmp_path) as (stand, line):
        has, none = await line.video("alice"), await line.video("bob")
        await stand.watch("alice", has.id, "default:one")
        monkeypatch.setattr(holding, "MOST_WATCHES", 1)
        stand.connections.check_room(Caller(stand.server.app_id, "alice"), has.id)
        await stand.watch("alice", has.id, "default:two")
        assert len(stand.watching) == 1
        with pytest.raises(OverLimit):
            stand.connections.check_room(Caller(stand.server.app_id, "bob"), none.id)


# --- what clients send -----------------------------------------------------------------------------------------------


async def _raw(stand: Stand) -> sockets.socket:
    """Return a socket that has shaken hands and will say no more, nor read."""
    raw = sockets.socket()
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", stand.port))
    await loop.sock_sendall(raw, handshake(stand, "/video/connect", _HELLO))
    assert (await loop.sock_recv(raw, 12)) == b"HTTP/1.1 101"
    return raw


async def test_a_flood_of_ping_frames_ends_a_connection_before_it_says_who_it_is(tmp_path: Path) -> None:
    async with standing(tmp_path) as (stand, _):
        raw = await _raw(stand)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            try:
                await loop.sock_sendall(raw, _PING * FLOOD)
                while await loop.sock_recv(raw, 65_536):
                    pass
            except ConnectionError:
                pass
            finally:
                raw.close()


async def test_pongs_are_not_kept_for_a_client_that_does_not_read(tmp_path: Path) -> None:
    async with standing(tmp_path) as (stand, line):
        await line.chat("alice")
        (protocol,) = cast("Any", stand.door._server.server_state.connections)  # noqa: SLF001 - a client can't see it
        written: list[bytes] = []
        protocol.transport.write = written.append
        protocol.data_received(_PING)
        assert len(written) == 1
        protocol.pause_writing()
        protocol.data_received(_PING * 10)
        assert len(written) == 1
        protocol.transport.abort()


async def test_a_flood_of_messages_ends_a_connection(tmp_path: Path) -> None:
    async with standing(tmp_path) as (stand, line):
        socket = await line.chat("alice")
        for _ in range(FLOOD):
            await socket.say("[]")
        error, code = await socket.end()
        assert (error, code in {1006, 1008}) == (None, True)
        await stand.until(0)


async def test_a_client_that_is_in_says_little_at_once(tmp_path: Path) -> None:
    async with standing(tmp_path) as (_, line):
        user = {"id": "alice", "custom": {"pad": "x" * 4_500}}
        socket = await line.video("alice", user)
        assert socket.first["type"] == "connection.ok"
        await socket.say([{"type": "health.check", "client_id": "x" * 500}])
        assert (await socket.next())["type"] == "health.check"
        await socket.say([{"type": "health.check", "client_id": "x" * 2_000}])
        error, code = await socket.end()
        assert error is not None
        assert (error["code"], code) == (4, 1013)


# --- what waits ------------------------------------------------------------------------------------------------------


async def test_nothing_is_told_once_a_token_has_expired_however_much_waits(tmp_path: Path) -> None:
    async with standing(tmp_path, Timing(health=NEVER)) as (stand, line):
        socket = await line.video("alice", token=stand.app.token("alice", exp=NOW + 60))
        await stand.watch("alice", socket.id)
        stand.now += 61
        await stand.administration.calls.upsert(stand.server, CallChange("default:standup", custom={"n": 1}))
        message = await socket.next()
        assert (message["type"], message.get("error", {}).get("code")) == ("connection.error", 40)


async def test_nothing_is_told_to_a_user_in_doubt_before_it_is_looked_at(tmp_path: Path) -> None:
    """Who looks at all that are in doubt has much to do: here it never comes to this one."""
    async with standing(tmp_path, Timing(health=NEVER)) as (stand, line):
        socket = await line.video("alice")
        await stand.watch("alice", socket.id)
        assert stand.connections._standing._task is not None  # noqa: SLF001 - a client can't hold it up
        stand.connections._standing._task.cancel()  # noqa: SLF001
        await stand.administration.users.upsert(stand.server, [UserChange("alice", deactivated=True)])
        await stand.administration.calls.upsert(stand.server, CallChange("default:standup", custom={"n": 1}))
        kinds = []
        while "connection.error" not in kinds:
            kinds.append((await socket.next())["type"])
        assert kinds == ["connection.error"]


async def test_a_health_check_that_is_overdue_comes_before_what_waits() -> None:
    connection = Connection("c1", Caller(1, "alice"), "key", "", video=True, queued=Queued())
    notice = CapabilitiesChanged(Question(call="default:standup"), (), (), (), "call", 1, whole=True, lists=False)
    assert connection.tell(notice)
    assert await connection.next(0.0) is None
    assert await connection.next(NEVER) is notice


async def test_what_waits_is_bound_by_its_size_too(tmp_path: Path) -> None:
    """The client is never told anything here, since its writer is busy; what is cut is what waits."""
    async with standing(tmp_path, Timing(health=NEVER), Bounds(queued=Queued(1_000, 20_000))) as (stand, line):
        socket = await line.video("alice")
        await stand.watch("alice", socket.id)
        (connection,) = stand.connections.all()
        notices: list[Any] = []
        tell = connection.tell

        def told(notice: Any) -> bool:
            notices.append(notice)
            return tell(notice)

        connection.tell = told  # type: ignore[method-assign]
        await stand.administration.calls.upsert(stand.server, CallChange("default:standup", custom={"x": "y" * 4_000}))
        assert "y" * 4_000 in json.dumps(await socket.until("call.updated"))
        taken = 0
        while tell(notices[-1]):
            taken += 1
            assert taken < 100
        assert 2 <= taken <= 5
