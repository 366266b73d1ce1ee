"""A server inside Envoy: the ASGI app that pyvoy runs there. Its lifespan is the server's, and its calls are gRPC's.

Signals are Envoy's, and this is not the main thread. What is heavy is imported once there is a line to say on what
went wrong.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import TYPE_CHECKING, Any

from rolecall.app.handover import Handover
from rolecall.app.orders import LEAVE, Failed, Line, Post, vanish

if TYPE_CHECKING:
    from rolecall.app.server import Running

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Calls = Callable[[Any, Receive, Send], Coroutine[Any, Any, None]]


class Inside:
    """The app. It hands calls on without a step of its own."""

    _asgi_single_callable = True  # else pyvoy takes a plain function for an app of the old kind

    def __init__(self, post: Post) -> None:
        self._post = post
        self._calls: Calls
        self._handover = Handover()
        self._orders: asyncio.Task[None] | None = None

    def __call__(self, scope: Any, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """Answer a call, or begin and end with Envoy."""
        return self._calls(scope, receive, send) if scope["type"] == "http" else self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        line = await Line.inherited(self._post)
        try:
            await self._serve(line, receive, send)
        except BaseException as error:  # noqa: BLE001 - nobody else would hear of it
            await line.failed(self._failed(error))
            await line.hear()  # until Envoy is ended: it would have more to say about it
        finally:
            line.close()

    async def _serve(self, line: Line, receive: Receive, send: Send) -> None:
        from rolecall.app.server import server  # noqa: PLC0415 - see above
        from rolecall.config import SERVER_NAMES, resolve  # noqa: PLC0415
        from rolecall.observe.logs import configure  # noqa: PLC0415

        settings = resolve({}, os.environ, names=SERVER_NAMES).settings
        configure(settings.log_level, settings.log_format, sys.stderr)
        async with server(settings, self._post.place, self._handover.loading) as running:
            self._calls = self._first(running.door)
            self._orders = asyncio.create_task(self._obey(line, running), name="orders")
            await line.started(running.started)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self._orders.cancel()
        await send({"type": "lifespan.shutdown.complete"})

    def _first(self, door: Calls) -> Calls:
        """Return what answers the first call: by then, and only then, pyvoy's threads are sure to be there."""

        def first(scope: Any, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
            self._calls = door
            self._handover.begin()
            return door(scope, receive, send)

        return first

    async def _obey(self, line: Line, running: Running) -> None:
        word, _ = await line.hear()
        if word == LEAVE:
            await running.leave()
            await line.say("left")
            word, _ = await line.hear()
        if not word:
            vanish(self._post)

    @staticmethod
    def _failed(error: BaseException) -> Failed:
        from rolecall.domain.errors import RolecallError  # noqa: PLC0415

        if isinstance(error, RolecallError):
            return Failed(error.message, error.field)
        traceback.print_exception(error)
        return Failed(f"can't go on inside Envoy: {type(error).__name__}: {error}")


def _made() -> Inside:
    """Make the app. pyvoy looks for modules in the working folder first, which is ours and empty, up to here."""
    post = Post.of(os.environ)
    sys.path[:] = [path for path in sys.path if path != "."]
    os.chdir(post.folder)
    return Inside(post)


app = _made()
