"""How WebSocket clients say who they are: chat in the query of the address, video in its first message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from rolecall.domain.errors import InvalidInput, Unauthenticated
from rolecall.transports.rest import body as reading

FIELD: Final = "user_details"
ONCE: Final = ("api_key", "authorization", "stream-auth-type", "json")
"""What the query may name only once: which of two counts would be anyone's guess."""

_JWT: Final = "jwt"
_LARGE: Final = 4_096

S = TypeVar("S", bound=msgspec.Struct)


class ChatHello(msgspec.Struct, kw_only=True):
    """What a chat client says of itself, as JSON in the query."""

    user_id: str | None = None
    user_details: dict[str, Any] | None = None


class VideoHello(msgspec.Struct, kw_only=True):
    """What a video client says of itself, in its first message."""

    token: str
    user_details: dict[str, Any] | None = None


class Hello(NamedTuple):
    """What a client has said: who it wants to be, and what it says of that user."""

    key: str
    kind: str
    token: str
    user_id: str
    details: Mapping[str, Any]
    video: bool


async def chat_hello(socket: WebSocket) -> Hello:
    """Read what a chat client says in the query."""
    query = socket.query_params
    said = await _said((query.get("json") or "{}").encode(), ChatHello, "json")
    details = said.user_details or {}
    token = query.get("authorization", "") or socket.headers.get("authorization", "")
    user_id = said.user_id or _id_of(details)
    return Hello(query.get("api_key", ""), _kind(socket), token, user_id, details, video=False)


async def video_hello(socket: WebSocket, seconds: float) -> Hello:
    """Read what a video client says in its first message, which must come in time."""
    if _kind(socket) != _JWT:
        raise Unauthenticated("stream-auth-type must be `jwt`", reason="AUTH_TYPE_INVALID")
    try:
        async with asyncio.timeout(seconds):
            message = await said_next(socket)
    except TimeoutError:
        raise Unauthenticated("no message with a token came in time", reason="AUTH_TIMEOUT") from None
    said = await _said(message, VideoHello, "message")
    details = said.user_details or {}
    return Hello(socket.query_params.get("api_key", ""), _JWT, said.token, _id_of(details), details, video=True)


async def _said(text: bytes, shape: type[S], field: str) -> S:
    """Read JSON in its shape; much of it beside the loop, since nobody has shown a token yet."""

    def read() -> S:
        return reading.shaped(reading.parsed(text, field), shape, field)

    return await asyncio.to_thread(read) if len(text) > _LARGE else read()


async def said_next(socket: WebSocket) -> bytes:
    """Return the next text of a client; what is not text is empty JSON, which says nothing."""
    message = await socket.receive()
    if message["type"] != "websocket.receive":
        raise WebSocketDisconnect
    text: str | None = message.get("text")
    return b"{}" if text is None else text.encode()


def _kind(socket: WebSocket) -> str:
    query, headers = socket.query_params, socket.headers
    return (query.get("stream-auth-type") or headers.get("stream-auth-type", "")).lower()


def _id_of(details: Mapping[str, Any]) -> str:
    user_id = details.get("id", "")
    if not isinstance(user_id, str):
        raise InvalidInput(f"`{FIELD}.id` must be text", field=f"{FIELD}.id")
    return user_id
