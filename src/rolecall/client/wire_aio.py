"""Calls over one channel, with asyncio: the twin of `wire`, where each part is explained."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, TypeVar

import grpc

from rolecall.client.errors import Cancelled, DeadlineExceeded, RolecallClientError, Unauthenticated, of_rpc
from rolecall.client.rpcs import Rpc
from rolecall.client.settings import Settings
from rolecall.client.tokens import sendable
from rolecall.client.wire import IN_FLIGHT, RENEWABLE

Q = TypeVar("Q")
R = TypeVar("R")
AsyncToken = str | Callable[[], str | Awaitable[str]] | None


class AsyncTokens:
    """The token in use, and another when that is over."""

    def __init__(self, source: AsyncToken) -> None:
        self._source = source
        self._lock = asyncio.Lock()
        self._current: str | None = sendable("token", source or "") if not callable(source) else None

    async def current(self) -> str:
        """Return the token in use; the first time it may have to be made."""
        if self._current is None:
            async with self._lock:
                if self._current is None:
                    self._current = await self._made()
        return self._current

    async def renew(self, used: str, error: RolecallClientError) -> bool:
        """Return whether there is another token than the one that was used and refused with this error."""
        if not (callable(self._source) and type(error) is Unauthenticated and error.reason in RENEWABLE):
            return False
        async with self._lock:
            if self._current == used:
                self._current = await self._made()
            return self._current != used

    async def _made(self) -> str:
        made = self._source() if callable(self._source) else self._source or ""
        return sendable("token", made if isinstance(made, str) else await made)


class AsyncWire:
    """One channel, opened at the first call, in the loop of that."""

    def __init__(
        self,
        settings: Settings,
        token: AsyncToken,
        *,
        channel: Any = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self.tokens = AsyncTokens(token)
        self.closed = False
        self.sleep = sleep
        self._channel = channel
        self._calls: dict[str, Any] = {}

    async def close(self) -> None:
        """Close the channel; what is on its way ends with Cancelled."""
        self.closed = True
        if self._channel is not None:
            await self._channel.close()

    async def unary(self, rpc: Rpc[Q, R], request: Q, timeout: float) -> R:
        """Send a request and return the response; a read is sent again while that can help and there is time."""
        clock, call = self.settings.clock, self._call(rpc, "unary_unary")
        deadline = clock.now() + timeout
        attempt, renewed = 0, False
        while True:
            token = await self.tokens.current()
            left = deadline - clock.now()
            if left <= 0:
                raise DeadlineExceeded("there was no time left to ask")
            try:
                response: R = await call(request, timeout=left, metadata=self.settings.metadata(token))
                return response
            except grpc.aio.AioRpcError as raised:
                error = of_rpc(raised)
                if not renewed and await self.tokens.renew(token, error):
                    renewed = True  # it was refused before anything was done, so a write may be sent again too
                    continue
                pause = self.settings.pause_before_retry(error, attempt, deadline - clock.now()) if rpc.read else None
                if pause is None:
                    raise error from raised
            except (asyncio.CancelledError, grpc.aio.UsageError) as raised:
                if self._was_closed():
                    raise Cancelled("the client was closed") from raised
                raise
            await self.sleep(pause)
            attempt += 1

    async def many(self, rpc: Rpc[Q, R], requests: Iterable[Q], timeout: float) -> list[R]:
        """Send requests, a few at once, and return the responses in their order; the deadline is of each."""
        room = asyncio.Semaphore(IN_FLIGHT)

        async def one(request: Q) -> R:
            async with room:
                return await self.unary(rpc, request, timeout)

        tasks = [asyncio.ensure_future(one(request)) for request in requests]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def stream(self, rpc: Rpc[Q, R], request: Q, timeout: float | None = None) -> Any:
        """Begin a call that is answered by a stream: an iterator with `cancel`, which raises what gRPC raises."""
        metadata = self.settings.metadata(await self.tokens.current())
        return self._call(rpc, "unary_stream")(request, timeout=timeout, metadata=metadata)

    async def streams(
        self,
        rpc: Rpc[Q, R],
        requests: AsyncIterator[Q],
        timeout: float | None = None,
    ) -> Any:
        """Begin a call of streams both ways."""
        metadata = self.settings.metadata(await self.tokens.current())
        return self._call(rpc, "stream_stream")(requests, timeout=timeout, metadata=metadata)

    def _call(self, rpc: Rpc[Any, Any], kind: str) -> Any:
        if self.closed:
            raise Cancelled("the client is closed")
        call = self._calls.get(rpc.path)
        if call is None:
            if self._channel is None:
                self._channel = _open(self.settings)
            make = getattr(self._channel, kind)
            call = make(rpc.path, request_serializer=rpc.encode, response_deserializer=rpc.decode)
            self._calls[rpc.path] = call
        return call

    def _was_closed(self) -> bool:
        """Return whether a call ended because the channel was closed, and not because its task was cancelled."""
        task = asyncio.current_task()
        return self.closed and not (task is not None and task.cancelling())


def _open(settings: Settings) -> grpc.aio.Channel:
    options = settings.channel_options()
    if settings.credentials is None:
        return grpc.aio.insecure_channel(settings.target, options=options)
    return grpc.aio.secure_channel(settings.target, settings.credentials, options=options)
