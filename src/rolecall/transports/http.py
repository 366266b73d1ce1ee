"""The HTTP door: metrics and health on Starlette and uvicorn, in the server's own event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from rolecall.transports.listening import cannot_listen
from rolecall.transports.protocol import HttpBounds, bounded
from rolecall.transports.sockets import SocketProtocol
from rolecall.transports.web import around

_BACKLOG: Final = 1024
_STOP_SECONDS: Final = 2
_LARGEST_SOCKET_MESSAGE: Final = 64 * 1024  # a token and what a user says of itself; all else is pings
_OWN: Final = frozenset({"/metrics", "/healthz", "/readyz"})

Missing = Callable[[Request, Exception], Awaitable[Response]]
"""Answers a request for what is not there."""


class HttpDoor:
    """`render` returns the metrics and their content type; `why_not_ready` the reason, "" when answers are given.

    `api` are routes to be served beside these, and `missing` answers what no route is for. Web pages of `origins` may
    call them from a browser.
    """

    def __init__(
        self,
        render: Callable[[], Awaitable[tuple[bytes, str]]],
        why_not_ready: Callable[[], str],
        api: Sequence[BaseRoute] = (),
        missing: Missing | None = None,
        origins: Sequence[str] = (),
        bounds: HttpBounds = HttpBounds(),  # noqa: B008 - immutable
    ) -> None:
        self._render = render
        self._why_not_ready = why_not_ready
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None
        routes = [
            Route("/metrics", self._metrics, methods=["GET"]),
            Route("/healthz", self._alive, methods=["GET"]),
            Route("/readyz", self._ready, methods=["GET"]),
            *api,
        ]
        unknown: dict[Any, Any] = {} if missing is None else {404: missing, 405: _except_own(missing)}
        app = Starlette(routes=routes, exception_handlers=unknown, middleware=around(origins, _OWN))
        app.router.redirect_slashes = False  # an id that ends in a slash is no reason to ask for something else
        self._server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                http=bounded(bounds),
                ws=SocketProtocol,
                ws_max_size=_LARGEST_SOCKET_MESSAGE,
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=_STOP_SECONDS,
            )
        )

    def listen(self, host: str, port: int, *, shared: bool = False) -> int:
        """Bind and return the port; Unavailable when it is taken. When shared, others may have bound it as well."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Named, the protocol tells asyncio to send at once; else the second answer on a connection waits 40 ms (Nagle).
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            bound.bind((host, port))
            bound.listen(_BACKLOG)
        except OSError as error:
            bound.close()
            raise cannot_listen(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", "http") from error
        self._socket = bound
        return int(bound.getsockname()[1])

    def listen_unix(self, path: str) -> None:
        """Bind a socket of this server's own processes, in a folder that is theirs alone.

        Who asks there is believed how it was asked itself.
        """
        self._server.config.forwarded_allow_ips = "*"
        Path(path).unlink(missing_ok=True)
        bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        bound.bind(path)
        bound.listen(_BACKLOG)
        self._socket = bound

    async def start(self) -> None:
        """Begin to answer on the bound socket."""
        if self._socket is not None:
            self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="http door")

    async def stop(self) -> None:
        """Answer what is being asked and close; clients that do not read are left after a few seconds."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.wait([self._task], timeout=2 * _STOP_SECONDS)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _metrics(self, _: Request) -> Response:
        body, content_type = await self._render()
        return Response(body, media_type=content_type)

    async def _alive(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _ready(self, _: Request) -> Response:
        why_not = self._why_not_ready()
        return PlainTextResponse(f"not ready: {why_not}\n" if why_not else "ok\n", status_code=503 if why_not else 200)


def _except_own(missing: Missing) -> Missing:
    """Return what answers a method that is not there; the door's own paths tell which they have."""

    async def answer(request: Request, error: Exception) -> Response:
        if request.url.path in _OWN and isinstance(error, HTTPException):
            return PlainTextResponse("method not allowed\n", status_code=405, headers=error.headers)
        return await missing(request, error)

    return answer


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the process has one place that stops everything in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
