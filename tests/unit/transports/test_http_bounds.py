"""What the HTTP door lets a client have: a connection, time to ask and to read, and files that are left to others."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket

from rolecall.domain.errors import OverLimit
from rolecall.transports.files import most_connections, most_files
from rolecall.transports.http import HttpDoor
from rolecall.transports.protocol import HttpBounds
from rolecall.transports.rest.many import written
from rolecall.transports.rest.surface import Surface, Time, encoded
from rolecall.transports.rest.wire import Wire
from rolecall.transports.sockets import FRAMES_A_SECOND, FRAMES_AT_ONCE, Allowance
from tests.doors import page

NEVER: Final = 3_600.0
PATIENCE: Final = 15.0
SOON: Final = 0.05
ASK: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
POST: Final = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Client:
    """Opens connections to a door, and closes them with it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._open: list[asyncio.StreamWriter] = []

    async def __call__(self, said: bytes = b"") -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._open.append(writer)
        writer.write(said)
        await writer.drain()
        return reader

    def last(self) -> asyncio.StreamWriter:
        return self._open[-1]

    def close(self) -> None:
        for writer in self._open:
            writer.close()


async def _echo(request: Request) -> Response:
    return PlainTextResponse(await request.body())


@asynccontextmanager
async def _door(**bounds: Any) -> AsyncIterator[Client]:
    given = {"head": NEVER, "body": NEVER, "unread": NEVER, **bounds}
    routes = [Route("/echo", _echo, methods=["POST"])]
    door = HttpDoor(page(b"x" * 20_000_000), lambda: "", api=routes, bounds=HttpBounds(**given))
    client = Client(door.listen("127.0.0.1", 0))
    await door.start()
    try:
        yield client
    finally:
        client.close()
        await door.stop()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """Return all that comes until the connection is closed."""
    async with asyncio.timeout(PATIENCE):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def _answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await reader.readline()


# --- connections -----------------------------------------------------------------------------------------------------


async def test_a_connection_too_many_is_told_so_and_closed() -> None:
    async with _door(connections=2) as client:
        held = [await client(ASK) for _ in range(2)]
        for reader in held:
            assert b" 200 " in await _answer(reader)
        assert (await _rest(await client(ASK))).startswith(b"HTTP/1.1 503 ")
        client.last().close()
        client.close()
        async with asyncio.timeout(PATIENCE):
            while b" 200 " not in await (await client(ASK)).readline():
                pass


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_connection_without_a_request_is_closed(said: bytes) -> None:
    async with _door(head=SOON) as client:
        assert await _rest(await client(said)) == b""


async def test_the_second_request_of_a_connection_has_no_more_time_than_the_first() -> None:
    async with _door(head=SOON) as client:
        reader = await client(POST + b"0123456789")
        assert b" 200 " in await _answer(reader)
        client.last().write(b"GET / HTTP/1.1\r\n")
        await _rest(reader)


async def test_a_body_that_never_ends_is_not_waited_for() -> None:
    async with _door(body=SOON) as client:
        assert await _rest(await client(POST + b"01234")) == b""


async def test_a_request_that_is_there_takes_the_time_it_takes() -> None:
    async with _door(head=SOON, body=SOON) as client:
        assert b" 200 " in await _answer(await client(POST + b"0123456789"))


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async with _door(unread=SOON) as client:
        reader, writer = await asyncio.open_connection("127.0.0.1", client._port, limit=1)  # noqa: SLF001
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            await reader.readexactly(1)
            while not writer.transport.is_closing():  # its own reading is paused: it hears of the end by writing
                writer.write(b"x")
                await asyncio.sleep(0)
        writer.close()


# --- files -----------------------------------------------------------------------------------------------------------


def test_files_are_left_to_others() -> None:
    assert most_connections(12_000, 65_536) == 12_000
    assert most_connections(12_000, 1_024) == 768
    assert most_connections(12_000, 1) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_a_process_may_have_as_many_files_as_it_can() -> None:
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(256, hard) if hard != resource.RLIM_INFINITY else 256
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
        most = most_files()
        assert most == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        assert most == (65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- sockets ---------------------------------------------------------------------------------------------------------


def test_so_many_frames_at_once_and_so_many_a_second() -> None:
    now = 0.0
    allowance = Allowance(lambda: now)
    assert allowance.take(FRAMES_AT_ONCE)
    assert not allowance.take(1)
    now += 2
    assert allowance.take(2 * FRAMES_A_SECOND - 1)
    assert not allowance.take(1)
    now += NEVER
    assert allowance.take(FRAMES_AT_ONCE)
    assert not allowance.take(1)


class _Stuck:
    """A socket that takes nothing."""

    def __init__(self) -> None:
        self.aborted = 0
        self.scope = {"state": {"abort": self._abort, "writable": asyncio.Event()}}

    def _abort(self) -> None:
        self.aborted += 1

    async def send_text(self, _: str) -> None:
        await asyncio.Event().wait()

    close = send_text


@pytest.mark.parametrize("last", ["", "goodbye"])
async def test_a_client_that_does_not_take_the_end_is_dropped(last: str) -> None:
    stuck = _Stuck()
    with pytest.raises(OverLimit):
        await Wire(cast("WebSocket", stuck), SOON).close(1000, last)
    assert stuck.aborted == 1


async def test_a_client_that_makes_no_room_is_not_waited_for() -> None:
    with pytest.raises(OverLimit):
        await Wire(cast("WebSocket", _Stuck()), SOON).room()


# --- long answers ----------------------------------------------------------------------------------------------------


async def test_who_writes_many_lets_others_go_first() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def slow(n: int) -> Any:
        for _ in range(100_000):
            pass
        return {"n": n, "at": Time(n)}

    task = asyncio.create_task(other())
    done = await written(Surface.V2, range(50), slow)
    task.cancel()
    assert turns >= 25
    assert encoded(Surface.V2, done[:2]) == b'[{"n":0,"at":0},{"n":1,"at":1}]'
