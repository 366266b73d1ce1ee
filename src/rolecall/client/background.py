"""An event loop in a thread of its own, for what a client without asyncio follows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from rolecall.client.aio import AsyncClient
from rolecall.client.errors import Cancelled

T = TypeVar("T")


class Background:
    """One thread, its loop, and a client on it. The thread does not keep the process alive."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rolecall-client", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something there and return what it comes to."""
        if not self._thread.is_alive():
            work.close()
            raise Cancelled("the client's thread is gone: it was made before a fork")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def close(self) -> None:
        """Close the client, end what still runs, and the thread."""
        if not self._thread.is_alive():
            return
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        await self.client.aclose()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
