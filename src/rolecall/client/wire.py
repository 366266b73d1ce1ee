"""Calls over one channel, without asyncio: token, deadline, retries of reads, errors. What is asked is not known here.

`wire_aio` is its twin; what both decide stands in `settings`.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeVar

import grpc

from rolecall.client.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidArgument,
    RolecallClientError,
    Unauthenticated,
    of_rpc,
)
from rolecall.client.rpcs import Rpc
from rolecall.client.settings import Settings
from rolecall.client.tokens import sendable

Q = TypeVar("Q")
R = TypeVar("R")
Token = str | Callable[[], str] | None

RENEWABLE: Final = frozenset({"TOKEN_EXPIRED", "TOKEN_REVOKED"})
"""Reasons for which another token may help."""
IN_FLIGHT: Final = 4
"""How many batches of one question are on their way at once."""


class Tokens:
    """The token in use, and another when that is over."""

    def __init__(self, source: Token) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._current: str | None = sendable("token", source or "") if not callable(source) else None

    def current(self) -> str:
        """Return the token in use; the first time it may have to be made."""
        if self._current is None:
            with self._lock:
                if self._current is None:
                    self._current = self._made()
        return self._current

    def renew(self, used: str, error: RolecallClientError) -> bool:
        """Return whether there is another token than the one that was used and refused with this error."""
        if not (callable(self._source) and type(error) is Unauthenticated and error.reason in RENEWABLE):
            return False
        with self._lock:
            if self._current == used:
                self._current = self._made()
            return self._current != used

    def _made(self) -> str:
        return sendable("token", self._source() if callable(self._source) else self._source or "")


class Wire:
    """One channel. `sleep` waits for seconds; `channel` is opened from the settings unless it is given."""

    def __init__(
        self,
        settings: Settings,
        token: Token,
        *,
        channel: Any = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.settings = settings
        self.tokens = Tokens(token)
        self.closed = threading.Event()
        self._channel = channel or _open(settings)
        self._sleep = sleep
        self._calls: dict[str, Any] = {}

    def close(self) -> None:
        """Close the channel; what is on its way ends with Cancelled."""
        self.closed.set()
        self._channel.close()

    def unary(self, rpc: Rpc[Q, R], request: Q, timeout: float) -> R:
        """Send a request and return the response; a read is sent again while that can help and there is time."""
        return self._unary(rpc, request, self.settings.clock.now() + timeout)

    def many(self, rpc: Rpc[Q, R], requests: Iterable[Q], timeout: float) -> Iterator[R]:
        """Send requests, a few at once, and yield the responses in their order; the deadline is of each."""
        waiting: deque[tuple[Q, float, Any]] = deque()
        try:
            for request in requests:
                if len(waiting) == IN_FLIGHT:
                    yield self._finished(rpc, *waiting.popleft())
                deadline = self.settings.clock.now() + timeout
                waiting.append((request, deadline, self._begin(rpc, request, timeout)))
            while waiting:
                yield self._finished(rpc, *waiting.popleft())
        finally:
            for _, _, call in waiting:
                call.cancel()

    def stream(self, rpc: Rpc[Q, R], request: Q, timeout: float | None = None) -> Any:
        """Begin a call that is answered by a stream: an iterator with `cancel`, which raises what gRPC raises."""
        call = self._call(rpc, "unary_stream")
        return call(request, timeout=timeout, metadata=self.settings.metadata(self.tokens.current()))

    def streams(self, rpc: Rpc[Q, R], requests: Iterator[Q], timeout: float | None = None) -> Any:
        """Begin a call of streams both ways."""
        call = self._call(rpc, "stream_stream")
        return call(requests, timeout=timeout, metadata=self.settings.metadata(self.tokens.current()))

    # --- attempts ----------------------------------------------------------------------------------------------------

    def _unary(self, rpc: Rpc[Q, R], request: Q, deadline: float) -> R:
        clock, call = self.settings.clock, self._call(rpc, "unary_unary")
        attempt, renewed = 0, False
        while True:
            token = self.tokens.current()
            left = deadline - clock.now()
            if left <= 0:
                raise DeadlineExceeded("there was no time left to ask")
            try:
                response: R = call(request, timeout=left, metadata=self.settings.metadata(token))
                return response
            except grpc.RpcError as raised:
                error = of_rpc(raised)
                if not renewed and self.tokens.renew(token, error):
                    renewed = True  # it was refused before anything was done, so a write may be sent again too
                    continue
                pause = self.settings.pause_before_retry(error, attempt, deadline - clock.now()) if rpc.read else None
                if pause is None:
                    raise error from raised
            except ValueError as raised:
                raise self._closed_or(raised) from raised
            self._sleep(pause)
            attempt += 1

    def _begin(self, rpc: Rpc[Q, R], request: Q, timeout: float) -> Any:
        call = self._call(rpc, "unary_unary")
        return call.future(request, timeout=timeout, metadata=self.settings.metadata(self.tokens.current()))

    def _finished(self, rpc: Rpc[Q, R], request: Q, deadline: float, begun: Any) -> R:
        """Wait for the response of a call; where it failed in a way that may pass, it is made once more as usual."""
        try:
            response: R = begun.result()
            return response
        except grpc.FutureCancelledError as raised:
            raise Cancelled("the client was closed") from raised
        except grpc.RpcError as raised:
            error = of_rpc(raised)
            may_pass = self.settings.pause_before_retry(error, 0, deadline - self.settings.clock.now()) is not None
            if not (may_pass and rpc.read) and error.reason not in RENEWABLE:
                raise error from raised
        return self._unary(rpc, request, deadline)

    def _closed_or(self, raised: ValueError) -> RolecallClientError:
        """Return what gRPC means by a ValueError: mostly a channel that was closed meanwhile."""
        return Cancelled("the client was closed") if self.closed.is_set() else InvalidArgument(str(raised))

    def _call(self, rpc: Rpc[Any, Any], kind: str) -> Any:
        if self.closed.is_set():
            raise Cancelled("the client is closed")
        call = self._calls.get(rpc.path)
        if call is None:
            make = getattr(self._channel, kind)
            call = make(rpc.path, request_serializer=rpc.encode, response_deserializer=rpc.decode)
            self._calls[rpc.path] = call
        return call


def _open(settings: Settings) -> grpc.Channel:
    options = settings.channel_options()
    if settings.credentials is None:
        return grpc.insecure_channel(settings.target, options=options)
    return grpc.secure_channel(settings.target, settings.credentials, options=options)
