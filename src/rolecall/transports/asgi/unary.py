"""What a unary call receives and sends: its one message out of the request's body, and its answer."""

from __future__ import annotations

from asyncio import shield
from collections.abc import Mapping
from typing import NamedTuple

from google.rpc import code_pb2

from rolecall.transports.asgi.calls import DISCONNECT, AsgiEvent, AsgiReceive, AsgiSend, Call, Gone
from rolecall.transports.asgi.framing import GAINFUL, Frames, framed
from rolecall.transports.asgi.wire import OK, refusal, refused, response_encoding, start
from rolecall.transports.codes import Failure

Headers = Mapping[bytes, bytes]


class Source(NamedTuple):
    """Where the request of a call comes from."""

    receive: AsgiReceive
    call: Call
    frames: Frames


async def only_message(source: Source, event: AsgiEvent | None) -> bytes:
    """Return the one message of a request."""
    messages: list[bytes] = []
    more = True
    while more:
        if event is None:
            event = await shield(source.receive())
        if event["type"] == DISCONNECT:
            raise Gone
        messages += source.frames.feed(event.get("body", b""))
        if len(messages) > 1:
            break
        more, event = event.get("more_body", False), None
    source.frames.end()
    source.call.complete = True
    if len(messages) != 1:
        number = "more than one" if messages else "none"
        raise refused(code_pb2.UNIMPLEMENTED, "MESSAGE_COUNT", f"the method takes one message, and there was {number}")
    return messages[0]


async def answer(send: AsgiSend, headers: Headers, result: bytes | Failure) -> None:
    """Send the whole answer of a unary call."""
    if isinstance(result, Failure):
        await say(send, refusal(result), {"type": "http.response.body", "body": b""})
        return
    encoding = response_encoding(headers.get(b"grpc-accept-encoding")) if len(result) >= GAINFUL else b""
    await say(send, start(encoding), {"type": "http.response.body", "body": framed([result], encoding)}, OK)


async def say(send: AsgiSend, *events: AsgiEvent) -> None:
    """Send events in order."""
    for event in events:
        await send(event)
