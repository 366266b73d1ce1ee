"""`python -m bench.empty FLAGS`: the Envoy front with a Python app inside that does nothing.

What a server has more in memory than this, is its own. To every call it says what a health service says that serves.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any, NamedTuple
from unittest.mock import patch

import rolecall.app.launch
from bench.http2 import framed
from rolecall.app.orders import Line, Post
from rolecall.app.started import Started
from rolecall.cli import main

_SERVING = framed(b"\x08\x01")


class _Leaving(NamedTuple):
    """Nothing is open, so taking leave is done at once."""

    async def leave(self) -> None:
        """Be done."""


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    headers = [(b"content-type", b"application/grpc")]
    await send({"type": "http.response.start", "status": 200, "headers": headers, "trailers": True})
    await send({"type": "http.response.body", "body": _SERVING})
    await send({"type": "http.response.trailers", "headers": [(b"grpc-status", b"0")]})


if __name__ == "__main__":
    with patch.object(rolecall.app.launch, "INSIDE", "bench.empty:app"):
        sys.exit(main(["serve", *sys.argv[1:]]))
else:
    from rolecall.app.inside import Inside  # makes an app of its own, for inside Envoy only

    class Empty(Inside):
        """The app that does nothing."""

        async def _serve(self, line: Line, receive: Any, send: Any) -> None:
            self._calls = _answer
            leaving: Any = _Leaving()
            self._orders = asyncio.create_task(self._obey(line, leaving))
            await line.started(Started((), None, 0, None))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self._orders.cancel()
            await send({"type": "lifespan.shutdown.complete"})

    app = Empty(Post.of(os.environ))
