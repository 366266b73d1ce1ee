"""uvicorn's WebSocket protocol, quiet and with bounds.

Quiet, since addresses hold tokens, and no line of it may stand in a log. With bounds, since a client decides what it
sends and whether it reads: neither may cost memory or the loop's time without end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_LOG: Final = logging.getLogger("rolecall.websocket")
_LOG.setLevel(logging.ERROR)

FRAMES_AT_ONCE: Final = 100
FRAMES_A_SECOND: Final = 10
"""How many frames of any kind a client may send: so many at once, and so many a second for as long as it likes."""

_POLICY: Final = 1008
_PIECE: Final = 4_096
"""Bytes that are read at once: a client that sends too much is noticed before all of it is read."""
_LEAVE_SECONDS: Final = 15.0
"""How long a connection may take to go once nobody serves it: a client that does not read would keep it forever."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """Lets the application drop a client that reads nothing, and wait until there is room to write.

    They are `state["abort"]` and `state["writable"]` of its scope.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _LOG
        self.conn.logger = _LOG
        self.conn.debug = False
        self._allowance = Allowance()
        self._leaving: asyncio.TimerHandle | None = None

    async def run_asgi(self) -> None:
        """Run the application for this connection."""
        own = {"abort": self.transport.abort, "writable": self.writable}
        self.scope["state"] = {**self.scope.get("state", {}), **own}
        try:
            await super().run_asgi()
        finally:
            self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self._leaving is not None:
            self._leaving.cancel()

    def data_received(self, data: bytes) -> None:
        """Read what came, piece by piece, until it is too much."""
        for start in range(0, len(data), _PIECE):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + _PIECE])

    def handle_events(self) -> None:
        """Take frames, as long as they are not too many."""
        if self._allowance.take(len(self.conn.events)):
            super().handle_events()
        else:
            self._put_out()

    def handle_ping(self) -> None:
        """Answer a ping; to a client that does not read nothing is added."""
        output = self.conn.data_to_send()
        if self.writable.is_set() and not self.transport.is_closing():
            self.transport.write(b"".join(output))

    def keepalive_timeout(self) -> None:
        """End a connection whose client is gone."""
        super().keepalive_timeout()
        self._leave()

    def _put_out(self) -> None:
        """End a connection that sends too much; what it was to be answered is not."""
        self.conn.data_to_send()
        if not self.handshake_complete or self.close_sent or not self.writable.is_set():
            self.transport.abort()
            return
        self.conn.fail(_POLICY, "too many messages")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": _POLICY})
        self.transport.close()
        self._leave()

    def _leave(self) -> None:
        if self._leaving is None and not self.disconnected:
            self._leaving = self.loop.call_later(_LEAVE_SECONDS, self.transport.abort)


class Allowance:
    """How many frames a client may still send: each takes one, and time gives them back."""

    __slots__ = ("_clock", "_left", "_since")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left = float(FRAMES_AT_ONCE)
        self._since = clock()

    def take(self, frames: int) -> bool:
        """Count frames; False when they are too many."""
        now = self._clock()
        self._left = min(FRAMES_AT_ONCE, self._left + (now - self._since) * FRAMES_A_SECOND) - frames
        self._since = now
        return self._left >= 0
