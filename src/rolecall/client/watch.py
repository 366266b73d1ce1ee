"""A watch as an iterator, without asyncio. What its messages mean is told in `following`."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType
from typing import Any, Self

import grpc

from rolecall.client.errors import Cancelled, of_rpc
from rolecall.client.following import Following, Watched
from rolecall.client.rpcs import WATCH
from rolecall.client.values import Change
from rolecall.client.wire import Wire


class Watch:
    """Yields each change, for as long as it is not closed, over as many streams as that takes.

    Ends with an error when asking again can't help. Another thread may close it, which ends the iteration.
    """

    def __init__(self, wire: Wire, watched: Watched) -> None:
        self._wire = wire
        self._following = Following(watched, wire.settings)
        self._changes: deque[Change] = deque()
        self._closed = threading.Event()
        self._stream: Any = None
        self._token = ""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Change:
        while not self._changes:
            if self._closed.is_set():
                raise StopIteration
            self._receive()
        return self._changes.popleft()

    def close(self) -> None:
        """End the watch."""
        self._closed.set()
        stream = self._stream
        if stream is not None:
            stream.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _receive(self) -> None:
        """Wait for one message, opening a stream where there is none; a stream that ended is waited out."""
        try:
            if self._stream is None:
                self._token = self._wire.tokens.current()
                self._stream = self._wire.stream(WATCH, self._following.request())
                if self._closed.is_set():  # while a token was made, when there was no stream to end
                    self._stream.cancel()
            self._changes.extend(self._following.take(next(self._stream)))
        except StopIteration:
            self._lost(None)
        except grpc.RpcError as error:
            self._lost(error)

    def _lost(self, raised: grpc.RpcError | None) -> None:
        self._stream = None
        if self._closed.is_set():
            return
        error = None if raised is None else of_rpc(raised)
        if self._wire.closed.is_set():
            raise Cancelled("the client was closed") from raised
        renewed = error is not None and self._following.may_renew and self._wire.tokens.renew(self._token, error)
        pause = self._following.lost(error, renewed=renewed)
        self._closed.wait(pause)
