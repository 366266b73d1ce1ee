"""The one way into the store for a write and the one way for a read, which every part of the administration takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from rolecall.domain.errors import Unavailable
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.store import Reader, Store, Transaction
from rolecall.store.connection import finished

T = TypeVar("T")


class Access:
    """Opens the app of a caller.

    For a user the index is brought up to date first, so that what the user may do is judged by what is stored.
    """

    def __init__(self, store: Store, index: Index) -> None:
        self._store = store
        self._index = index
        self._turn = asyncio.Lock()

    async def write(
        self,
        caller: Caller,
        work: Callable[[Transaction], Awaitable[T]],
        precheck: Callable[[Reader], Awaitable[object]] | None = None,
    ) -> tuple[T, int]:
        """Do the work in one transaction; return its result and the revision.

        A caller that is cancelled while it waits for its turn writes nothing; once begun, a write goes on to its end
        although the caller's task is cancelled. What `precheck` raises for a user refuses before the one writer is
        asked for; the work must check again.
        """
        if precheck is not None and not caller.server_side:
            async with self.read(caller) as (reader, _):
                await precheck(reader)
        await self._turn.acquire()
        task = asyncio.create_task(self._write(caller, work))  # gives the turn back
        await finished(task)
        return task.result()

    async def _write(self, caller: Caller, work: Callable[[Transaction], Awaitable[T]]) -> tuple[T, int]:
        try:
            async with self._store.transaction(caller.app_id) as tx:
                if not caller.server_side:
                    await self._index.catch_up()
                result = await work(tx)
        finally:
            self._turn.release()
        with suppress(Exception):  # the write is committed whatever becomes of this; the follower catches up
            await self._index.refresh()
        return result, tx.revision

    @asynccontextmanager
    async def read(self, caller: Caller, *, searching: bool = False) -> AsyncIterator[tuple[Reader, int]]:
        """Open a consistent view of the app and tell its revision; for searching it holds up no other reads."""
        async with self._store.snapshot(caller.app_id, searching=searching) as reader:
            app = await reader.app_by_id(caller.app_id)
            if app is None:
                raise Unavailable("the app was deleted", reason="APP_DELETED")
            if not caller.server_side:
                await self._index.catch_up()
            yield reader, app.revision
