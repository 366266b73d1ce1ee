"""The metrics page of a server: of this process, and from the first of several, of them all."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from rolecall.app.place import Place, http_socket
from rolecall.observe.metrics import Metrics
from rolecall.observe.pages import merged

_SECONDS: Final = 2.0
_REQUEST: Final = b"GET /metrics HTTP/1.0\r\nHost: worker\r\n\r\n"


class Pages:
    """What a scrape is answered with. A worker that does not answer in time is left out."""

    def __init__(self, metrics: Metrics, place: Place) -> None:
        self._metrics = metrics
        self._place = place

    async def render(self) -> tuple[bytes, str]:
        """Return the page and its content type."""
        body, content_type = self._metrics.render()
        if self._place.number or self._place.workers == 1:
            return body, content_type
        others = range(1, self._place.workers)
        pages = await asyncio.gather(*(_page(http_socket(self._place.folder, number)) for number in others))
        said = {number: page for number, page in zip(others, pages, strict=True) if page is not None}
        return merged({0: body.decode(), **said}).encode(), content_type


async def _page(path: str) -> str | None:
    with suppress(OSError, TimeoutError, ValueError):
        async with asyncio.timeout(_SECONDS):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                writer.write(_REQUEST)
                answer = await reader.read(-1)
            finally:
                writer.close()
            head, _, body = answer.partition(b"\r\n\r\n")
            if head.split(b" ", 2)[1] == b"200":
                return body.decode()
    return None
