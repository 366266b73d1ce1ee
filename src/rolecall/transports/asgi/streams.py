"""One streaming call: messages in from pieces of a body, messages out as pieces, and how it ends.

What the server gave us to wait for is never cancelled with the call, since the server still sets it.
"""

from __future__ import annotations

from asyncio import Future, isfuture, shield
from collections.abc import Awaitable, Sequence

from rolecall.transports.asgi.calls import DISCONNECT, AsgiReceive, AsgiSend, Call, Gone
from rolecall.transports.asgi.framing import Frames, Refused, framed
from rolecall.transports.asgi.wire import refusal, start, trailers
from rolecall.transports.codes import Failure


class Incoming:
    """The messages of a stream as the client sends them."""

    __slots__ = ("_call", "_frames", "_over", "_receive")

    def __init__(self, receive: AsgiReceive, call: Call, frames: Frames) -> None:
        self._receive = receive
        self._call = call
        self._frames = frames
        self._over = False

    async def receive(self) -> Sequence[bytes]:
        """Return the messages that have come, at least one; none when the client sends no more."""
        try:
            return await self._next()
        except Refused as refused:
            raise self._call.leave(refused.failure) from None

    async def _next(self) -> Sequence[bytes]:
        frames = self._frames
        while True:
            if frames.ready:
                messages = frames.feed(b"")
            elif self._over:
                frames.end()
                return ()
            else:
                event = await shield(self._receive())
                if event["type"] == DISCONNECT:
                    raise self._call.leave(None)
                messages = frames.feed(event.get("body", b""))
                if not event.get("more_body", False):
                    self._over = self._call.complete = True
            if messages:
                return messages


class Only:
    """The one message of a call whose answers stream."""

    __slots__ = ("_messages",)

    def __init__(self, message: bytes) -> None:
        self._messages: Sequence[bytes] = (message,)

    async def receive(self) -> Sequence[bytes]:
        """Return the message, once."""
        messages, self._messages = self._messages, ()
        return messages


class Outgoing:
    """The messages of a stream as they are sent, one piece at a time. What a client does not read is waited for.

    Where the server gives a future to wait for, it is waited for when there is more to send and not before: most pieces
    are taken by then, and nobody need be woken to hear of it.
    """

    __slots__ = ("_call", "_encoding", "_send", "_sent", "_started")

    def __init__(self, send: AsgiSend, call: Call, encoding: bytes) -> None:
        self._send = send
        self._call = call
        self._encoding = encoding
        self._started = False
        self._sent: Future[None] | None = None

    async def send(self, messages: Sequence[bytes]) -> None:
        """Send messages together, once the piece before them is taken."""
        body = framed(messages, self._encoding)
        try:
            if not self._started:
                self._started = True
                await self._send(start(self._encoding))
            elif self._sent is not None:
                await shield(self._sent)
            taken = self._piece(body)
            if taken is not None:
                await shield(taken)
        except Exception:  # noqa: BLE001 - servers have errors of their own for a client who has left
            raise self._call.leave(None) from None

    def send_now(self, message: bytes) -> bool:
        """Send a message if that needs no waiting, and tell whether it is sent."""
        sent = self._sent
        if sent is None or not sent.done() or sent.exception() is not None:
            return False
        return self._piece(framed((message,), self._encoding)) is None

    def _piece(self, body: bytes) -> Awaitable[None] | None:
        """Send a piece; returns what must be waited for at once, None when that can be done later."""
        taken = self._send({"type": "http.response.body", "body": body, "more_body": True})
        self._sent = taken if isfuture(taken) else None
        return None if isfuture(taken) else taken

    def close(self) -> None:
        """Hear no more of what was sent."""
        if self._sent is not None:
            self._sent.add_done_callback(_heard)

    async def end(self, failure: Failure | None) -> None:
        """Send the status."""
        try:
            if self._started or failure is None:
                if not self._started:
                    await self._send(start(self._encoding))
                await self._send({"type": "http.response.body", "body": b""})
                await self._send(trailers(failure))
            else:
                await self._send(refusal(failure))
                await self._send({"type": "http.response.body", "body": b""})
        except Exception:  # noqa: BLE001 - see above
            raise Gone from None


def _heard(sent: Future[None]) -> None:
    """Take note that a piece was not taken: its client has left, and there is nobody to tell."""
    if not sent.cancelled():
        sent.exception()
