"""One client's socket as the server writes to it: all that is sent is taken in time, or the client is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

from starlette.websockets import WebSocket

from rolecall.domain.errors import OverLimit

_ABORT: Final = "abort"
_WRITABLE: Final = "writable"


class Wire:
    """Writes to a socket; `seconds` is how long a client may take to make room."""

    def __init__(self, socket: WebSocket, seconds: float) -> None:
        self._socket = socket
        self._state = socket.scope.get("state", {})
        self._seconds = seconds

    async def room(self) -> None:
        """Wait until there is room: what is sent right after this goes out as it is now."""
        writable: asyncio.Event | None = self._state.get(_WRITABLE)
        if writable is not None and not writable.is_set():
            await self._in_time(writable.wait())

    async def send(self, text: str) -> None:
        """Send a message, or raise OverLimit when the client takes nothing for so long."""
        await self._in_time(self._socket.send_text(text))

    async def close(self, code: int, last: str = "") -> None:
        """Send the last message and close; a client that takes neither is dropped."""
        try:
            if last:
                await self.send(last)
            await self._in_time(self._socket.close(code))
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Drop the client at once, with all that it has not read."""
        abort = self._state.get(_ABORT)
        if abort is not None:
            abort()

    async def _in_time(self, sending: Awaitable[object]) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await sending
        except TimeoutError:
            raise OverLimit("the client reads too slowly", reason="SLOW_READER") from None
