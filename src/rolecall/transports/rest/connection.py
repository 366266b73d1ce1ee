"""One client's WebSocket connection: what waits to be sent, in what order it goes out, and how it ends."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, NamedTuple

from rolecall.domain.errors import Forbidden, InvalidInput, RolecallError, Unauthenticated
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.service.watching.standing import Stay
from rolecall.service.watching.watches import Notice, Told, Watch
from rolecall.transports.rest.weights import weight

GOING_AWAY: Final = 1001
_REFUSED: Final = 1008
_TRY_AGAIN: Final = 1013
FOR_GOOD: Final = 1000
"""Stream's clients come back after any other code, with a new token when the error says that theirs is over."""

_FINAL: Final = frozenset({"USER_DELETED", "USER_DEACTIVATED"})
_ENDED: Final = "call.ended"


class Timing(NamedTuple):
    """How long things may take, in seconds: between health checks, to authenticate, to take a message."""

    health: float = 25.0
    auth: float = 10.0
    send: float = 10.0


class Queued(NamedTuple):
    """How much may wait to be sent on one connection; of bytes, which are estimated, the last notice may be over it."""

    notices: int = 1_000
    bytes: int = 1024 * 1024


class Ending(NamedTuple):
    """How a connection ends: the code it is closed with, and the error that is told before."""

    code: int
    error: RolecallError | None = None


class Connection(Stay):
    """A connected user. `queued` is how much may wait; whoever reads too slowly for it is cut.

    It is the sink of its watches, which are in the order of their age.
    """

    def __init__(
        self, connection_id: str, caller: Caller, key: str, token: str, *, video: bool, queued: Queued
    ) -> None:
        super().__init__(caller, key, token)
        self.id = connection_id
        self.video = video
        self.watches: dict[Question, Watch] = {}
        self.ending: Ending | None = None
        self._queued = queued
        self._notices: deque[Notice] = deque()
        self._bytes = 0
        self._over: dict[Question, None] = {}
        self._health_is_due = False
        self._ready = asyncio.Event()

    def tell(self, notice: Notice) -> bool:
        """Take a notice to be sent; False when too much waits already."""
        if self.ending is not None or len(self._notices) >= self._queued.notices or self._bytes >= self._queued.bytes:
            return False
        if isinstance(notice, Told):
            if notice.last:
                self.drop(notice.target)
            elif notice.happening.type == _ENDED:
                self._over[notice.target] = None
        self._notices.append(notice)
        self._bytes += weight(notice)
        self._ready.set()
        return True

    def drop(self, question: Question) -> Watch | None:
        """Forget a watch, and return it when there is one."""
        self._over.pop(question, None)
        return self.watches.pop(question, None)

    def least_wanted(self) -> Question | None:
        """Return what to watch no longer when there is no room: a watch or call that has ended, or what is oldest."""
        over = (question for question, watch in self.watches.items() if watch.ended or question in self._over)
        return next(over, None) or next(iter(self.watches), None)

    def cut(self, error: RolecallError) -> None:
        """End the connection, since one of its watches can't go on: the client comes back and asks anew."""
        self.end(ending_by(error))

    def refuse(self, error: RolecallError) -> None:
        """End the connection, since its caller may not stay."""
        self.end(ending_by(error))

    @property
    def refused(self) -> bool:
        """Whether the connection ends, for whatever reason."""
        return self.ending is not None

    def answer_health(self) -> None:
        """Send a health check soon; one is enough for many pings."""
        self._health_is_due = True
        self._ready.set()

    def end(self, ending: Ending) -> None:
        """End the connection; what waits is not sent, and the first reason counts."""
        if self.ending is None:
            self.ending = ending
            self._notices.clear()
            self._bytes = 0
            self._ready.set()

    async def next(self, seconds: float) -> Notice | Ending | None:
        """Return what to send next: the end before all else, then a health check (None), which is due in `seconds`."""
        if seconds > 0 and not self._ready.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._ready.wait()
            except TimeoutError:
                return self.ending
        if self.ending is not None:
            return self.ending
        if self._health_is_due or seconds <= 0:
            self._health_is_due = False
            self._settle()
            return None
        notice = self._notices.popleft()
        self._bytes -= weight(notice)
        self._settle()
        return notice

    def _settle(self) -> None:
        if not self._notices and not self._health_is_due and self.ending is None:
            self._ready.clear()


def ending_by(error: RolecallError) -> Ending:
    """Return how a connection that was open ends by an error."""
    if error.code_reason in _FINAL:
        return Ending(FOR_GOOD, error)
    return Ending(_REFUSED if isinstance(error, Unauthenticated) else _TRY_AGAIN, error)


def refusal_by(error: Exception) -> int:
    """Return the code with which a client is refused: for good, unless another attempt may go better."""
    if isinstance(error, Unauthenticated | InvalidInput | Forbidden):
        return FOR_GOOD
    return ending_by(error).code if isinstance(error, RolecallError) else _TRY_AGAIN
