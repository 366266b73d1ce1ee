"""Whether the server is there, asked for all deciders of a client together: one connection has one answer."""

from __future__ import annotations

import asyncio
import math

from rolecall.client.errors import RolecallClientError
from rolecall.client.rpcs import HEALTH, SERVING
from rolecall.client.wire_aio import AsyncWire


class Pulse:
    """When the server was last known to serve, by its health service.

    A server that can't read its store any more does not serve, though its connections live.
    """

    def __init__(self, wire: AsyncWire) -> None:
        self._wire = wire
        self._heard = -math.inf
        self._probe: asyncio.Task[float] | None = None

    async def beat(self, within: float, timeout: float) -> float:
        """Return when the server last served, by the client's clock, asking it unless that is `within` seconds ago.

        It is the moment before it was asked. Where it does not answer in time, that is a moment long ago, or never.
        """
        now = self._wire.settings.clock.now()
        if now - self._heard <= within:
            return self._heard
        if self._probe is None or self._probe.done():
            self._probe = asyncio.ensure_future(self._ask(now, timeout))
        return await asyncio.shield(self._probe)

    async def _ask(self, now: float, timeout: float) -> float:
        try:
            if await self._wire.unary(HEALTH, b"", timeout) == SERVING:
                self._heard = now
        except RolecallClientError:
            pass  # silence is the answer
        return self._heard
