"""uvicorn's HTTP protocol with bounds: how many connections there are, and how long a request may be on its way.

A connection that sends nothing, or half a request, costs a file for as long as it likes; here it does not.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, NamedTuple

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_FULL: Final = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: 1\r\n\r\n"


class HttpBounds(NamedTuple):
    """How many connections there may be, WebSockets among them, and how many seconds things may take.

    `head`: until the head of a request is there; `body`: from then on until the rest is; `unread`: how long a client
    may take to read what is written to it.
    """

    connections: int = 12_000
    head: float = 10.0
    body: float = 60.0
    unread: float = 60.0

    @property
    def for_sockets(self) -> int:
        """How many of the connections may be WebSockets, which stay: requests find room beside them."""
        return max(1, self.connections * 5 // 6)


class HttpProtocol(H11Protocol):
    """One connection. `bounds` is set by whoever makes the class: uvicorn makes the objects."""

    bounds = HttpBounds()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._arriving: asyncio.TimerHandle | None = None
        self._awaited: Any = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; one connection too many is told so and closed."""
        super().connection_made(transport)
        if len(self.connections) > self.bounds.connections:
            transport.write(_FULL)
            transport.close()
            return
        self._expect(self.conn.their_state)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is for nobody any more."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.transport.get_protocol() is self:
            self._expect(self.conn.their_state)

    def on_response_complete(self) -> None:
        """Go on to the next request, of which a part may be there already."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._expect(h11.SEND_BODY)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection to the WebSocket protocol."""
        self._forget()
        super().handle_websocket_upgrade(event)

    def pause_writing(self) -> None:
        """Wait until the client has read, but not forever."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.bounds.unread, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _expect(self, awaited: Any) -> None:
        """Wait for the head or for the rest of a request; bytes that come one by one do not make it longer."""
        if self._arriving is not None:
            if awaited is self._awaited:
                return
            self._arriving.cancel()
            self._arriving = None
        self._awaited = awaited
        if awaited is h11.SEND_BODY:
            self._arriving = self.loop.call_later(self.bounds.body, self.transport.abort)
        elif awaited is h11.IDLE:
            self._arriving = self.loop.call_later(self.bounds.head, self.transport.abort)

    def _forget(self) -> None:
        for timer in (self._arriving, self._unread):
            if timer is not None:
                timer.cancel()
        self._arriving = self._unread = None


def bounded(bounds: HttpBounds) -> type[HttpProtocol]:
    """Return the protocol with these bounds."""
    return type("BoundedHttpProtocol", (HttpProtocol,), {"bounds": bounds})
