"""Callers that wait for a revision: however many they are, one task looks at the store for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from rolecall.domain.errors import OverLimit, RolecallError
from rolecall.service.state import AppState

_LOOK_SECONDS: Final = 0.005
_MOST: Final = 10_000


class Waiters:
    """Who waits for which revision of which app. `look` applies what was committed, when anything was."""

    def __init__(self, look: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._waiting: dict[asyncio.Future[None], tuple[int, int]] = {}
        self._watcher: asyncio.Task[None] | None = None

    async def wait(self, app_id: int, revision: int) -> None:
        """Wait until the revision is applied or the app is gone; what `look` raises ends the wait."""
        if len(self._waiting) >= _MOST:
            raise OverLimit(f"{_MOST:,} calls wait for a revision already", reason="TOO_MANY_WAITERS")
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = app_id, revision
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch(), name="revision watcher")
        try:
            await waiter
        finally:
            self._waiting.pop(waiter, None)

    def wake(self, apps: Mapping[int, AppState]) -> None:
        """Let those go on whose revision has come, or whose app is gone."""
        for waiter, (app_id, revision) in self._waiting.items():
            app = apps.get(app_id)
            if (app is None or app.revision >= revision) and not waiter.done():
                waiter.set_result(None)

    def stop(self) -> None:
        """Stop looking."""
        if self._watcher is not None:
            self._watcher.cancel()

    async def _watch(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(_LOOK_SECONDS)
                await self._look()
        except RolecallError as error:
            for waiter in self._waiting:
                if not waiter.done():
                    waiter.set_exception(error)
        finally:
            self._watcher = None
