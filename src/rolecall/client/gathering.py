"""Questions asked at once, in the same turn of the loop, gathered into one request. Who asks does not notice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from rolecall.api.v1 import authorization_pb2 as pb
from rolecall.client.errors import RolecallClientError
from rolecall.client.values import CheckError, Verdict

Ask = Callable[[Sequence[pb.CheckCapabilityRequest], float], Awaitable[Sequence[Verdict | CheckError]]]
"""Asks several questions with a deadline in seconds and returns the outcomes in their order."""
_Waiting = list[tuple[pb.CheckCapabilityRequest, "asyncio.Future[Verdict]"]]


class Gathering:
    """Questions that wait for the turn to end.

    Only those of one deadline and one `min_revision` go together: a batch waits for the newest revision that is asked
    for in it, and ends for all at once.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: dict[tuple[float, int], _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, question: pb.CheckCapabilityRequest, timeout: float) -> Verdict:
        """Return the answer to one question, asked together with others."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Verdict] = loop.create_future()
        name = (timeout, question.min_revision)
        waiting = self._waiting.get(name)
        if waiting is None:
            waiting = self._waiting[name] = []
            loop.call_soon(self._turn_over, name)
        waiting.append((question, future))
        return await future

    def _turn_over(self, name: tuple[float, int]) -> None:
        waiting = [(question, future) for question, future in self._waiting.pop(name) if not future.done()]
        if waiting:
            task = asyncio.ensure_future(self._answer(waiting, name[0]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, waiting: _Waiting, timeout: float) -> None:
        futures = [future for _, future in waiting]
        try:
            outcomes = await self._ask([question for question, _ in waiting], timeout)
            for future, outcome in zip(futures, outcomes, strict=True):
                _settle(future, outcome)
        except asyncio.CancelledError:
            for future in futures:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where each question was asked
            for future in futures:
                _fail(future, error)


def _settle(future: asyncio.Future[Verdict], outcome: Verdict | CheckError) -> None:
    if isinstance(outcome, CheckError):
        _fail(future, outcome.error())
    elif not future.done():
        future.set_result(outcome)


def _fail(future: asyncio.Future[Verdict], error: Exception) -> None:
    """End one question with an error of its own, since an error that is raised grows a traceback."""
    if not future.done():
        future.set_exception(error.copy() if isinstance(error, RolecallClientError) else error)
