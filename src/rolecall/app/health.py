"""What the health service says while a server runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from rolecall.domain.errors import RolecallError, Unavailable
from rolecall.observe.logs import get_logger
from rolecall.service.index import Index

_HEALTH_SECONDS: Final = 0.25


class Door(Protocol):
    """A gRPC door as its server sees it once it listens."""

    async def serving(self, *, ready: bool) -> None:
        """Say on the health service whether answers are given."""

    async def stop(self, drain_seconds: float) -> None:
        """Say NOT_SERVING, let calls end for at most so long, then end them."""


@asynccontextmanager
async def following(door: Door, index: Index, lost: Callable[[RolecallError], None]) -> AsyncIterator[None]:
    """Say SERVING, and from then on only while answers are given; `lost` hears of it when they are no more."""
    await door.serving(ready=True)
    task = asyncio.create_task(_follow(door, index, lost), name="health")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _follow(door: Door, index: Index, lost: Callable[[RolecallError], None]) -> None:
    said = True
    while True:
        await asyncio.sleep(_HEALTH_SECONDS)
        if index.ready != said:
            said = index.ready
            await door.serving(ready=said)
            if said:
                get_logger().info("serving again")
            else:
                get_logger().error("not serving", why=index.why_not_ready())
                lost(Unavailable(index.why_not_ready(), reason="INDEX_STALE"))
