"""What the users of many watches may do now, computed from the index bit by bit so that answers go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from itertools import islice
from typing import Final

from rolecall.domain.errors import NotFound, RolecallError, Unavailable
from rolecall.service.authorizer import Authorizer, Seen
from rolecall.service.cache import Name as FactName
from rolecall.service.index import Index, Missing
from rolecall.service.pace import Pace
from rolecall.service.watching.watches import Watch

_TOGETHER: Final = 256
_STRETCH_SECONDS: Final = 0.004
"""Longer than others work: those who watch wait too, and what is sent to many together costs less."""
_ATTEMPTS: Final = 10
_UNFORESEEN: Final = "WATCH_FAILED"
_LASTING: Final = frozenset({_UNFORESEEN, "APP_DELETED"})

Act = Callable[[Watch, int, int, Seen | None], None]
"""Takes a watch, what its user may do as a mask, the revision that this is from, and what it follows from.

That is None when the type is gone.
"""

Failures = dict[Watch, RolecallError]
"""The watches that could not be served, and why."""


class Masks:
    """Computes masks."""

    def __init__(self, index: Index, authorizer: Authorizer) -> None:
        self._index = index
        self._authorizer = authorizer

    async def each(self, app_id: int, watches: Iterable[Watch], act: Act) -> Failures:
        """Act on each of an app's watches at once when its mask is known, from one state of the world.

        What is missing is fetched; returned are those whose mask can't be told or with which nothing can be done.
        """
        waiting, pace, failures = iter(list(watches)), Pace(_STRETCH_SECONDS), Failures()
        while part := list(islice(waiting, _TOGETHER)):
            error: RolecallError | None = None
            for _ in range(_ATTEMPTS):
                part, missing = await self._those_known(part, act, pace, failures)
                if not part or error is not None:
                    break
                error = await self._fetch(app_id, missing)
            for watch in part:
                failures[watch] = error or Unavailable("the facts of this watch are dropped too fast", reason="BUSY")
        return failures

    async def _those_known(
        self, watches: Iterable[Watch], act: Act, pace: Pace, failures: Failures
    ) -> tuple[list[Watch], set[FactName]]:
        """Act on those whose facts are held; return the others, and what they miss."""
        others: list[Watch] = []
        missing: set[FactName] = set()
        for watch in watches:
            if watch.ended:
                continue
            try:
                act(watch, *self._look(watch))
            except Missing as signal:
                others.append(watch)
                missing.update(signal.names)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                failures[watch] = failed(error)
            await pace.give_way()
        return others, missing

    async def _fetch(self, app_id: int, names: Collection[FactName]) -> RolecallError | None:
        try:
            await self._index.fetch(app_id, names)
        except Exception as error:  # noqa: BLE001 - as above
            return failed(error)
        return None

    def _look(self, watch: Watch) -> tuple[int, int, Seen | None]:
        """Return what a user may do now, the revision, and what that follows from; nothing when the type is gone."""
        app = self._index.app(watch.app_id)
        try:
            mask, seen = self._authorizer.look(app, watch.caller, watch.question)
        except NotFound:
            return 0, app.revision, None
        return mask, app.revision, seen


def failed(error: Exception) -> RolecallError:
    """Return what to tell a watch that is cut because of an error; one that nobody foresaw is its cause."""
    if isinstance(error, RolecallError):
        return error
    told = Unavailable("the watch failed; begin anew", reason=_UNFORESEEN)
    told.__cause__ = error
    return told


def passing(error: RolecallError) -> bool:
    """Tell whether an error may not be one the next time: the store is busy, the index is behind."""
    return isinstance(error, Unavailable) and error.code_reason not in _LASTING
