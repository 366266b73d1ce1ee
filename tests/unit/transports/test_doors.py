"""Stopping the doors: neither a client that does not read nor a successor on the same socket is in the way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import grpc.aio

from rolecall.transports.edge import Edge
from rolecall.transports.grpc import GrpcDoor, GrpcOptions
from rolecall.transports.http import HttpDoor
from rolecall.transports.methods import METHODS


async def test_a_client_that_never_reads_does_not_hold_up_the_stop() -> None:
    door = HttpDoor(lambda: (b"x" * 1_000_000, "text/plain"), lambda: "")
    port = door.listen("127.0.0.1", 0)
    await door.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
    await writer.drain()
    await reader.readexactly(1)
    await asyncio.wait_for(door.stop(), timeout=60)
    writer.close()


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
