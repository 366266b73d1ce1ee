"""Calls that wait: what ends them from outside (the deadline, the client, the server's stop), and who has left.

When the request is complete, the server we run behind (pyvoy) tells that a client has left to those who ask only. So
the calls that wait are asked about in turn, few at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Generator, MutableMapping
from contextlib import suppress
from types import coroutine
from typing import Any, Final, TypeVar, cast

from google.rpc import code_pb2

from rolecall.transports.codes import Failure

AsgiEvent = MutableMapping[str, Any]
AsgiReceive = Callable[[], Awaitable[AsgiEvent]]
AsgiSend = Callable[[AsgiEvent], Awaitable[None]]
T = TypeVar("T")

DISCONNECT: Final = "http.disconnect"
_TOGETHER: Final = 20
_PAUSE_SECONDS: Final = 0.02
_ROUND_SECONDS: Final = 1.0
_STOPPING: Final = Failure(code_pb2.UNAVAILABLE, "the server is stopping", "SERVER_STOPPING", "", {})
_LATE: Final = Failure(code_pb2.DEADLINE_EXCEEDED, "the deadline has passed", "DEADLINE_EXCEEDED", "", {})


class Gone(Exception):
    """The client has left; there is nobody to answer."""


class Deadline:
    """When a call must be answered."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left."""
        return max(0.0, self._at - time.monotonic())


class Call:
    """One call that waits, run by the current task.

    `complete` is whether the request has come whole; only then the client may be asked for by `look`. An `endless` call
    lasts until it is ended.
    """

    __slots__ = (
        "_before", "_cancelled", "_look", "_receive", "_task", "_timer",
        "closed", "complete", "ended", "endless", "failure",
    )  # fmt: skip

    def __init__(self, receive: AsgiReceive, deadline: Deadline | None, *, complete: bool) -> None:
        task = asyncio.current_task()
        assert task is not None, "a call runs in a task"  # noqa: S101 - for the type
        self._task = task
        self._before = task.cancelling()
        self._cancelled = False
        self._receive = receive
        self._look: asyncio.Future[AsgiEvent] | None = None
        self._timer: asyncio.TimerHandle | None = None
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_later(deadline.remaining(), self.end, _LATE)
        self.complete = complete
        self.closed = False
        self.ended = False
        self.endless = False
        self.failure: Failure | None = None

    def end(self, failure: Failure | None) -> None:
        """End the call, to be answered with a failure; with None nobody is there to be answered."""
        if not self.closed:
            self._ended(failure)
            self._cancelled = True
            self._task.cancel()

    def leave(self, failure: Failure | None) -> asyncio.CancelledError:
        """End the call from within its handler; returns what the handler must raise."""
        if asyncio.current_task() is not self._task:
            self.end(failure)
        elif not self.closed:
            self._ended(failure)
        return asyncio.CancelledError()

    def _ended(self, failure: Failure | None) -> None:
        self.close()
        self.ended, self.failure = True, failure

    def close(self) -> None:
        """Let nothing end the call any more."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._look is not None:
            self._look.remove_done_callback(self._looked)  # not cancelled: the server still sets it
            self._look = None

    def cancelled_by_others(self) -> bool:
        """Tell, once it is over, whether its task was cancelled by somebody else."""
        return self._cancelled and self._task.uncancel() > self._before

    def look(self) -> None:
        """Begin to ask whether the client is there; it is, unless told otherwise."""
        if self._look is None:
            self._look = asyncio.ensure_future(self._receive())
            self._look.add_done_callback(self._looked)

    def _looked(self, answer: asyncio.Future[AsgiEvent]) -> None:
        self._look = None
        if not answer.cancelled() and (answer.exception() is not None or answer.result()["type"] == DISCONNECT):
            self.end(None)


class Calls:
    """The calls that wait now."""

    def __init__(self) -> None:
        self._calls: dict[Call, None] = {}
        self._looking: asyncio.Task[None] | None = None
        self._emptied: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self._calls)

    async def over(self, seconds: float) -> None:
        """Wait until no call waits, at most for some seconds."""
        self._emptied = asyncio.Event()
        if self._calls:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._emptied.wait(), seconds)

    async def run(self, call: Call, work: Awaitable[T]) -> T | Failure:
        """Wait for work and return its result, or the failure that the call was ended with; Gone without a client."""
        self._calls[call] = None
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="clients who leave")
        result: T | None = None
        try:
            result = await work
        except asyncio.CancelledError:
            if not call.ended:
                raise
        finally:
            call.close()
            del self._calls[call]
            if not self._calls and self._emptied is not None:
                self._emptied.set()
        if not call.ended:
            return cast("T", result)
        if call.cancelled_by_others():
            raise asyncio.CancelledError
        if call.failure is None:
            raise Gone
        return call.failure

    def stop(self, *, endless: bool = False) -> None:
        """End all calls, or those alone that are endless, since the server stops."""
        for call in list(self._calls):
            if call.endless or not endless:
                call.end(_STOPPING)

    async def _look(self) -> None:
        """Ask for the clients of calls that have waited for a round, until none waits."""
        old: list[Call] = []
        while self._calls:
            await asyncio.sleep(_ROUND_SECONDS)
            for at in range(0, len(old), _TOGETHER):
                for call in old[at : at + _TOGETHER]:
                    if call.complete and not call.closed:
                        call.look()
                await asyncio.sleep(_PAUSE_SECONDS)
            old = list(self._calls)
        self._looking = None


@coroutine
def rest(steps: Coroutine[Any, Any, T], waiting: Any) -> Generator[Any, Any, T]:
    """Run a coroutine on from its first wait, as `await` would have."""
    try:
        while True:
            try:
                yield waiting
            except BaseException as error:  # noqa: BLE001 - what is thrown in here is the coroutine's
                waiting = steps.throw(error)
            else:
                waiting = steps.send(None)
    except StopIteration as done:
        return cast("T", done.value)
