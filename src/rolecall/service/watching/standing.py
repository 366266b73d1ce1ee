"""Callers that stay, on a connection or a stream: each is ended as soon as its token or user no longer counts.

Nobody is asked in turns: a caller is looked at again when something changes that may end it, and when its token ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

from rolecall.domain.errors import RolecallError, Unauthenticated
from rolecall.service.callers import NANOSECONDS, Caller, Callers
from rolecall.service.index import Index
from rolecall.service.pace import Pace
from rolecall.service.watching.masks import failed
from rolecall.service.watching.revocations import Doubtful, check_standing, follow

K = TypeVar("K")
S = TypeVar("S", bound="Stay")

_LONGEST_SLEEP_SECONDS: Final = 86_400.0


class Stay:
    """One caller that stays, and what it came with; `token` is "" for one that needs none.

    `user_is_old` tells that its user has changed, until whoever shows the user takes it back.
    """

    def __init__(self, caller: Caller, key: str, token: str, *, trusted_peer: bool = False) -> None:
        self.caller = caller
        self.key = key
        self.token = token
        self.trusted_peer = trusted_peer
        self.expires: float | None = None
        self.user_is_old = True

    def refuse(self, error: RolecallError) -> None:
        """End it; called once or more, of which the first counts."""
        raise NotImplementedError

    @property
    def refused(self) -> bool:
        """Whether it is ended."""
        raise NotImplementedError


class Standing(Generic[S]):
    """Holds those who stay."""

    def __init__(
        self,
        index: Index,
        callers: Callers,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._index = index
        self._callers = callers
        self._clock = clock
        self._all: dict[S, None] = {}
        self._of_app: dict[int, dict[S, None]] = {}
        self._of_user: dict[tuple[int, str], dict[S, None]] = {}
        self._timers: dict[S, asyncio.TimerHandle] = {}
        self._due: dict[S, None] = {}
        self._looked_at: S | None = None
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unfollow: Callable[[], None] = _nothing

    def __len__(self) -> int:
        return len(self._all)

    def all(self) -> list[S]:
        """Return all who stay."""
        return list(self._all)

    def of_app(self, app_id: int) -> int:
        """Return how many of an app stay."""
        return len(self._of_app.get(app_id, ()))

    def of_user(self, caller: Caller) -> int:
        """Return how many stay as this caller's user."""
        return len(self._of_user.get((caller.app_id, caller.user_id), ()))

    def start(self) -> None:
        """Begin to follow the index."""
        self._unfollow = follow(self._index, self._doubt)
        self._task = asyncio.create_task(self._work(), name="standing")

    async def stop(self) -> None:
        """Look at nobody any more."""
        self._unfollow()
        self._unfollow = _nothing
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    # --- who stays ---------------------------------------------------------------------------------------------------

    def add(self, stay: S) -> None:
        """Hold a caller that was just authenticated; `check` says whether its user may stay."""
        caller = stay.caller
        stay.expires = self._callers.expires(stay.key, stay.token) if stay.token else None
        self._all[stay] = None
        self._of_app.setdefault(caller.app_id, {})[stay] = None
        self._of_user.setdefault((caller.app_id, caller.user_id), {})[stay] = None
        if stay.expires is not None:
            self._wait(stay)

    def discard(self, stay: S) -> None:
        """Forget one; nothing happens when it is not held."""
        if stay not in self._all:
            return
        del self._all[stay]
        caller = stay.caller
        _remove(self._of_app, caller.app_id, stay)
        _remove(self._of_user, (caller.app_id, caller.user_id), stay)
        self._due.pop(stay, None)
        timer = self._timers.pop(stay, None)
        if timer is not None:
            timer.cancel()

    def certain(self, stay: S) -> bool:
        """Tell whether one may be told anything now without being looked at."""
        doubtful = stay in self._due or stay is self._looked_at or stay.refused
        return not doubtful and (stay.expires is None or self._seconds_left(stay) > 0)

    async def stands(self, stay: S) -> bool:
        """Tell whether one may be told anything now; it is ended when not."""
        if not stay.refused and not self.certain(stay):
            self._due.pop(stay, None)
            await self.look_again(stay)
        return not stay.refused

    async def look_again(self, stay: S) -> None:
        """End one whose token or user no longer counts, or of which that can't be told."""
        try:
            await self.check(stay)
        except RolecallError as error:
            stay.refuse(error)
        except Exception as error:  # noqa: BLE001 - whatever it is: one that can't be checked does not stay
            stay.refuse(failed(error))

    async def check(self, stay: S) -> None:
        """Raise unless a caller's token and user count."""
        key, token, own, trusted = stay.key, stay.token, stay.caller, stay.trusted_peer
        if token or trusted:
            known = self._callers.known(key, token, trusted_peer=trusted)
            caller = known or await self._callers.authenticate(key, token, trusted_peer=trusted)
        else:
            caller = self._callers.anonymous(key)
        if caller != own:
            raise Unauthenticated("api_key is invalid", reason="API_KEY_UNKNOWN")
        if not own.server_side:
            check_standing(await self._callers.user(own))

    # --- what ends them ----------------------------------------------------------------------------------------------

    def _seconds_left(self, stay: S) -> float:
        """Return how long a token counts by what it says itself; 0 when it counts no longer."""
        if stay.expires is None:
            return float("inf")
        return max(0.0, stay.expires - self._clock() / NANOSECONDS)

    def _wait(self, stay: S) -> None:
        """Look again when the token ends; a clock that was set meanwhile is asked anew then."""
        seconds = min(self._seconds_left(stay), _LONGEST_SLEEP_SECONDS)
        self._timers[stay] = asyncio.get_running_loop().call_later(seconds, self._expired, stay)

    def _expired(self, stay: S) -> None:
        del self._timers[stay]
        if self._seconds_left(stay) > 0:
            self._wait(stay)
            return
        self._due[stay] = None
        self._woken.set()

    def _doubt(self, doubtful: Doubtful) -> None:
        """Note whom to look at again; this is called from within the index, so it must be quick."""
        if doubtful.everyone:
            self._due.update(self._all)
        for app_id in doubtful.apps:
            self._due.update(self._of_app.get(app_id, {}))
        for user in doubtful.users:
            own = self._of_user.get(user, {})
            self._due.update(own)
            for stay in own:
                stay.user_is_old = True
        if self._due:
            self._woken.set()

    async def _work(self) -> None:
        pace = Pace()
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._due:
                self._looked_at = stay = next(iter(self._due))
                del self._due[stay]
                await self.look_again(stay)
                self._looked_at = None
                await pace.give_way()


def _nothing() -> None:
    """Do nothing: nothing is followed yet."""


def _remove(table: dict[K, dict[S, None]], name: K, stay: S) -> None:
    named = table[name]
    del named[stay]
    if not named:
        del table[name]
