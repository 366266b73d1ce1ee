"""A watch as an asynchronous iterator: the twin of `watch`."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Any, Self

import grpc

from rolecall.client.errors import Cancelled, RolecallClientError, of_rpc
from rolecall.client.following import Following, Watched
from rolecall.client.rpcs import WATCH
from rolecall.client.values import Change
from rolecall.client.wire_aio import AsyncWire


class AsyncWatch:
    """Yields each change, for as long as it is not closed, over as many streams as that takes.

    Ends with an error when asking again can't help.
    """

    def __init__(self, wire: AsyncWire, watched: Watched) -> None:
        self._wire = wire
        self.following = Following(watched, wire.settings)
        self._changes: deque[Change] = deque()
        self._closed = False
        self._stream: Any = None
        self._pausing: asyncio.Future[object] | None = None
        self._token = ""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        while not self._changes:
            if self._closed:
                raise StopAsyncIteration
            self._changes.extend(await self.receive())
        return self._changes.popleft()

    async def aclose(self) -> None:
        """End the watch; an iteration that waits ends too."""
        self._closed = True
        if self._stream is not None:
            self._stream.cancel()
        if self._pausing is not None:
            self._pausing.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def receive(self) -> list[Change]:
        """Return what one message changes, opening a stream where there is none; one that ended is waited out."""
        try:
            if self._stream is None:
                self._token = await self._wire.tokens.current()
                self._stream = await self._wire.stream(WATCH, self.following.request())
                if self._closed:  # while a token was made, when there was no stream to end
                    self._stream.cancel()
            message = await self._stream.read()
        except grpc.aio.AioRpcError as raised:
            await self._lost(of_rpc(raised))
        except asyncio.CancelledError:
            # A cancelled call raises what a cancelled task raises: it is ours unless the task was meant.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                if self._stream is not None:
                    self._stream.cancel()
                raise
            await self._lost(Cancelled("the client was closed") if self._wire.closed else None)
        else:
            if message is grpc.aio.EOF:
                await self._lost(None)
            else:
                return self.following.take(message)
        return []

    async def _lost(self, error: RolecallClientError | None) -> None:
        self._stream = None
        if self._closed:
            return
        may_renew = error is not None and self.following.may_renew
        renewed = may_renew and error is not None and await self._wire.tokens.renew(self._token, error)
        pause = self.following.lost(error, renewed=renewed)
        if self._closed:
            return
        self._pausing = asyncio.ensure_future(self._wire.sleep(pause))
        try:
            await asyncio.wait([self._pausing])
        finally:
            self._pausing.cancel()
