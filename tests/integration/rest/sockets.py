"""A client of the WebSocket door, as Stream's SDKs speak to it, and the REST calls that go with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.doors import App
from tests.integration.rest.test_http_api import Door

PATIENCE: Final = 15.0


class Socket:
    """One connection; `first` is the message that resolved it, or refused it."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire
        self.first: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return str(self.first["connection_id"])

    async def next(self) -> dict[str, Any]:
        """Return the next message; TimeoutError when none comes."""
        async with asyncio.timeout(PATIENCE):
            return dict(json.loads(await self.wire.recv()))

    async def until(self, event: str) -> dict[str, Any]:
        """Return the next message of a type; what comes before is passed over."""
        while True:
            message = await self.next()
            if message["type"] == event:
                return message

    async def through(self, event: str) -> list[dict[str, Any]]:
        """Return every message up to one of a type."""
        messages = [await self.next()]
        while messages[-1]["type"] != event:
            messages.append(await self.next())
        return messages

    async def say(self, message: Any) -> None:
        await self.wire.send(message if isinstance(message, str) else json.dumps(message))

    async def end(self) -> tuple[dict[str, Any] | None, int]:
        """Return the error that is told last and the code of the close; what comes before is passed over."""
        error = None
        try:
            while True:
                message = await self.next()
                error = message["error"] if message["type"] == "connection.error" else error
        except ConnectionClosed as closed:
            return error, closed.rcvd.code if closed.rcvd else 1006


class Line:
    """Connects users of one app to one server."""

    def __init__(self, base: str, app: App) -> None:
        self._base = base.replace("http", "ws", 1)
        self._app = app
        self._open = AsyncExitStack()

    async def chat(self, user: str = "", details: Any = None, token: str | None = None, **query: Any) -> Socket:
        """Connect as stream-chat does; a parameter that is None is left out."""
        said = json.dumps({"user_id": user or None, "user_details": details})
        token = self._app.token(user or None) if token is None else token
        return await self.dial("/connect", **{"json": said, "authorization": token, "stream-auth-type": "jwt", **query})

    async def video(self, user: str, details: Any = None, token: str | None = None, **query: Any) -> Socket:
        """Connect as video-client does."""
        token = self._app.token(user) if token is None else token
        sent = {"token": token, "products": ["video"], "user_details": details or {"id": user}}
        return await self.dial("/video/connect", first=sent, **{"stream-auth-type": "jwt", **query})

    async def dial(self, path: str, first: Any = None, **query: Any) -> Socket:
        """Open a connection and wait for its first message; it is closed with the line."""
        sent = {"api_key": self._app.key, "X-Stream-Client": "stream-test-1.0", **query}
        text = urlencode({name: value for name, value in sent.items() if value is not None}, doseq=True)
        wire = await self._open.enter_async_context(connect(f"{self._base}{path}?{text}", max_size=None))
        socket = Socket(wire)
        if first is not None:
            await socket.say(first)
        socket.first = await socket.next()
        return socket

    async def close(self) -> None:
        await self._open.aclose()


@asynccontextmanager
async def lines(base: str, app: App) -> AsyncIterator[Line]:
    line = Line(base, app)
    try:
        yield line
    finally:
        await line.close()


class Rest:
    """REST calls of one user with a connection, or of a server."""

    def __init__(self, door: Door, user: str | None = None, socket: Socket | None = None) -> None:
        self._door = door
        self._token = door.app.token(user)
        self._params = {} if socket is None else {"connection_id": socket.id}

    def __call__(self, method: str, path: str, body: Any = None, *, status: int = 0) -> Any:
        """Call; any success will do unless a status is named."""
        more = {} if body is None else {"json": body}
        answer = self._door.raw(method, path, token=self._token, params=self._params, **more)
        assert answer.status_code == status if status else answer.is_success, answer.text
        return answer.json()
