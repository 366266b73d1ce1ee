"""What lies around every answer of the HTTP door: gzip, and the leave for web pages to read answers (CORS)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_LEAST_BYTES: Final = 1024
_LEVEL: Final = 5
_BESIDE: Final = 32 * 1024  # bytes beyond which packing would keep others waiting
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SENT: Final = (
    "Authorization",
    "Content-Type",
    "stream-auth-type",
    "X-Stream-Client",
    "x-client-request-id",
    "x-api-key",
    "x-request-id",
    "Connect-Protocol-Version",
    "Connect-Timeout-Ms",
)
_READ: Final = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "Retry-After")


def around(origins: Collection[str], own: Collection[str]) -> list[Middleware]:
    """Return what to put around the routes: pages of `origins` may call all but the door's `own` paths.

    There are no credentials: a page needs a token, which no browser sends by itself.
    """
    gzip = Middleware(GZipMiddleware, minimum_size=_LEAST_BYTES, compresslevel=_LEVEL, thread_minimum_size=_BESIDE)
    return [Middleware(_Cors, own=own, origins=origins), gzip] if origins else [gzip]


class _Cors(CORSMiddleware):
    """CORS for every path but those of `own`."""

    def __init__(self, app: ASGIApp, own: Collection[str], origins: Collection[str]) -> None:
        shared: dict[str, Any] = {"allow_methods": _METHODS, "allow_headers": _SENT, "expose_headers": _READ}
        super().__init__(app, allow_origins=tuple(origins), **shared)
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it when it is a browser's question beforehand."""
        if scope["type"] == "http" and scope["path"] in self._own:
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
