"""The doors: answers are sent at once, and neither a slow client nor a successor is in the way of stopping."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any, cast

import grpc.aio

from rolecall.transports.edge import Edge
from rolecall.transports.grpc import GrpcDoor, GrpcOptions
from rolecall.transports.http import HttpDoor
from rolecall.transports.methods import METHODS
from tests.doors import page


async def test_a_client_that_never_reads_does_not_hold_up_the_stop() -> None:
    door = HttpDoor(page(b"x" * 1_000_000), lambda: "")
    reader, writer = await asyncio.open_connection("127.0.0.1", await _started(door), limit=1)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
    await writer.drain()
    await reader.readexactly(1)
    await asyncio.wait_for(door.stop(), timeout=60)
    writer.close()


async def test_answers_are_sent_at_once() -> None:
    """Without TCP_NODELAY every answer but a connection's first waits until the client has acknowledged its head."""
    door = HttpDoor(page(), lambda: "")
    reader, writer = await asyncio.open_connection("127.0.0.1", await _started(door))
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    (connection,) = door._server.server_state.connections  # noqa: SLF001 - a client can't see it
    accepted = cast("Any", connection).transport.get_extra_info("socket")
    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    writer.close()
    await door.stop()


async def _started(door: HttpDoor) -> int:
    port = door.listen("127.0.0.1", 0)
    await door.start()
    return port


async def test_a_server_that_drains_leaves_the_socket_of_its_successor(tmp_path: Path) -> None:
    address, path = f"unix://{tmp_path}/door.sock", tmp_path / "door.sock"
    edge = _SlowEdge()
    old, new = (GrpcDoor(cast("Edge", edge), GrpcOptions()) for _ in range(2))
    old.listen(address)
    await old.start()
    async with grpc.aio.insecure_channel(address) as channel:
        ask: Any = channel.unary_unary(METHODS[0].path)
        call = ask(b"")
        await edge.asked.wait()
        stopping = asyncio.create_task(old.stop(30))
        while path.exists():  # noqa: ASYNC110 - a file tells nobody when it goes
            await asyncio.sleep(0)
        new.listen(address)
        await new.start()
        edge.answer.set()
        await call
        await stopping
        assert path.is_socket()
    await new.stop(1)


class _SlowEdge:
    def __init__(self) -> None:
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def run(self, *_: Any) -> bytes:
        self.asked.set()
        await self.answer.wait()
        return b""

    async def stream(self, *_: Any) -> None:
        pass

    def drain(self) -> None:
        pass

    def over_at(self, moment: float) -> None:
        pass
