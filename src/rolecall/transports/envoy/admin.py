"""What Envoy is asked and told while it runs, over its private unix socket."""

from __future__ import annotations

import asyncio
from typing import Final

from rolecall.transports.envoy.bootstrap import STATISTICS

_SECONDS: Final = 5.0
_REQUEST: Final = "{method} {path} HTTP/1.1\r\nHost: envoy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_ACTIVE, _STARTED = STATISTICS


class Admin:
    """The admin interface of one Envoy. An Envoy that does not answer is an OSError."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def serves(self) -> bool:
        """Tell whether it accepts connections; it is not an error when it can't be asked yet."""
        try:
            return await self._statistic(_STARTED) > 0
        except OSError:
            return False

    async def active(self) -> int:
        """Return how many requests are being answered."""
        return await self._statistic(_ACTIVE)

    async def drain(self) -> None:
        """Tell clients with each answer that they must connect anew, and go on accepting connections."""
        await self._ask("POST", "/drain_listeners?graceful&skip_exit")

    async def close(self) -> None:
        """Accept no more connections."""
        await self._ask("POST", "/drain_listeners")

    async def _statistic(self, name: str) -> int:
        """Return a figure, 0 for one that Envoy has not heard of yet."""
        for line in (await self._ask("GET", "/stats")).splitlines():
            found, _, value = line.partition(": ")
            if found == name:
                return int(value)
        return 0

    async def _ask(self, method: str, path: str) -> str:
        """Return the body as it comes: a short answer is one chunk, whose size stands on a line of its own."""
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_unix_connection(self._path)
            try:
                writer.write(_REQUEST.format(method=method, path=path).encode())
                head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
            finally:
                writer.close()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise OSError(f"envoy refused {path}")
        return body.decode()
