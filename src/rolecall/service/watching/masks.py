"""What the users of many watches may do now, computed from the index bit by bit so that answers go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import Final

from rolecall.domain.errors import NotFound, RolecallError, Unavailable
from rolecall.service.authorizer import Authorizer
from rolecall.service.cache import Name as FactName
from rolecall.service.index import Index, Missing
from rolecall.service.pace import Pace
from rolecall.service.watching.watches import Watch, Watches

_TOGETHER: Final = 256
_ATTEMPTS: Final = 10

Act = Callable[[Watch, int, int], None]
"""Takes a watch, what its user may do as a mask, and the revision that this is from."""


class Masks:
    """Computes masks. A watch whose mask can't be told, or with which nothing can be done, is `cut`."""

    def __init__(
        self, index: Index, authorizer: Authorizer, watches: Watches, cut: Callable[[Watch, RolecallError], None]
    ) -> None:
        self._index = index
        self._authorizer = authorizer
        self._watches = watches
        self._cut = cut

    async def each(self, watches: Iterable[Watch], act: Act) -> None:
        """Act on each watch at once when its mask is known, from one state of the world; what is missing is fetched."""
        waiting, pace = iter(list(watches)), Pace()
        while part := list(islice(waiting, _TOGETHER)):
            for _ in range(_ATTEMPTS):
                part, missing = await self._those_known(part, act, pace)
                if not part:
                    break
                await self._fetch(part, missing)
            for watch in part:
                self._cut(watch, Unavailable("the facts of this watch do not fit into the cache", reason="BUSY"))

    async def _those_known(
        self, watches: Iterable[Watch], act: Act, pace: Pace
    ) -> tuple[list[Watch], dict[int, set[FactName]]]:
        """Act on those whose facts are held; return the others, and what they miss of each app."""
        others: list[Watch] = []
        missing: dict[int, set[FactName]] = {}
        for watch in watches:
            if watch not in self._watches:
                continue
            try:
                act(watch, *self._mask(watch))
            except Missing as signal:
                others.append(watch)
                missing.setdefault(watch.app_id, set()).update(signal.names)
            except Exception as error:  # noqa: BLE001 - as above
                self._cut(watch, failed(error))
            await pace.give_way()
        return others, missing

    async def _fetch(self, watches: Iterable[Watch], missing: Mapping[int, Collection[FactName]]) -> None:
        for app_id, names in missing.items():
            try:
                await self._index.fetch(app_id, names)
            except Exception as error:  # noqa: BLE001 - as above
                for watch in watches:
                    if watch.app_id == app_id:
                        self._cut(watch, failed(error))

    def _mask(self, watch: Watch) -> tuple[int, int]:
        """Return what a user may do now and the revision; nothing when the type is gone."""
        app = self._index.app(watch.app_id)
        try:
            return self._authorizer.mask_of(app, watch.caller, watch.question), app.revision
        except NotFound:
            return 0, app.revision


def failed(error: Exception) -> RolecallError:
    """Return what to tell a watch that is cut because of an error; one that nobody foresaw is its cause."""
    if isinstance(error, RolecallError):
        return error
    told = Unavailable("the watch failed; begin anew", reason="WATCH_FAILED")
    told.__cause__ = error
    return told
